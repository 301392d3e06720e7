package imports

import (
	"context"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/points"
	"regulars/shared/value"
)

// A Store keeps imports. Reads are strongly consistent but for the list. What
// returns [errs.ErrConflict] did nothing and is read and decided again.
type Store interface {
	// Import reads an import; its Rev is empty where there is none.
	Import(ctx context.Context, tenant int, id string) (Import, error)

	// Imports lists the imports of a tenant, the newest first, from before the one
	// that is given on, up to limit; the zero Import is before all.
	Imports(ctx context.Context, tenant int, before Import, limit int) ([]Import, error)

	// ClaimImport saves a new import, unless one with its id is there, and that
	// sequencer is the latest of its file. It returns false where the file has a later
	// one: then it saves nothing.
	ClaimImport(ctx context.Context, im Import, sequencer, commit string) (latest bool, err error)

	// SaveImport replaces the import that was read with its Rev.
	SaveImport(ctx context.Context, im Import, commit string) error
}

// Settings are those of tenants.
type Settings interface {
	// Reload reads a tenant's settings. It rejects with [access.ErrTenantUnknown].
	Reload(ctx context.Context, tenant int) (access.Settings, error)
	// Settings returns those that were read a short while ago, or reads them. It
	// rejects with [access.ErrTenantUnknown].
	Settings(ctx context.Context, tenant int) (access.Settings, error)
}

// A Decoder reads rows as the Altcraft dialect reads the items of an import.
type Decoder interface {
	// Read reads the fields of one row, in the order of their names. The client errors
	// name members of data. It does not keep data.
	Read(data []value.Member) (customer.BatchItem, error)
	// Search reads whom the row names. The client errors are some of those of Read.
	Search(data []value.Member) (customer.Search, error)
}

// A Dialect is how rows are read, and how profiles with points are shown where an
// order's answer is kept.
type Dialect struct {
	// NewDecoder makes the decoder of a file. The client errors are about matching,
	// field_name and resource_id.
	NewDecoder func(settings access.Settings, o Options) (Decoder, error)
	// ShowPoints shows a profile as the dialect of points does.
	ShowPoints func(p points.Profile, settings access.Settings) ([]byte, error)
}
