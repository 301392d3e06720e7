package access

import (
	"context"
	"time"
)

// A Store keeps tenants and tokens. Single items are read strongly; lists come
// from an index and may be a moment old. What returns [errs.ErrConflict] did
// nothing and is loaded and decided again. Times are kept to the microsecond.
type Store interface {
	// Token returns the token with that hash, and false where there is none.
	Token(ctx context.Context, hash Hash) (Token, bool, error)

	// SaveToken creates the token if its Rev is empty, else it replaces the one
	// that was read with that Rev.
	SaveToken(ctx context.Context, t Token) error

	// Tokens lists the tokens at home in the tenant that were created before
	// the given time (zero: all), the newest first, up to limit.
	Tokens(ctx context.Context, home int, before time.Time, limit int) ([]Token, error)

	// LastUses returns the hours in which tokens were last used, of those of which that
	// is known.
	LastUses(ctx context.Context, hashes []Hash) (map[Hash]time.Time, error)

	// Settings returns a tenant's settings, and false where there is no such
	// tenant.
	Settings(ctx context.Context, tenant int) (Settings, bool, error)

	// SaveSettings creates the tenant if the Rev is empty, else it replaces the
	// settings that were read with that Rev.
	SaveSettings(ctx context.Context, s Settings) error

	// Tenants lists the numbers of the tenants above after, ascending, up to
	// limit.
	Tenants(ctx context.Context, after, limit int) ([]int, error)
}
