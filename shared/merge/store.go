package merge

import (
	"context"
	"time"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/points"
)

// A Record keeps what two customers were when they were merged, so that they can be
// parted again.
type Record struct {
	Stays, Goes customer.ID
	// At is when it was, By who did it.
	At time.Time
	By string
	// Ends is until when it can be undone.
	Ends  time.Time
	Rules Rules
	// Before are the customers as they were, After is what they became.
	Before [2]customer.Customer
	After  customer.Customer
	// Ledgers are the accounts that moved, by wallet; 0 is the first.
	Ledgers map[int]points.Merged
	// Catalog is what they had of the catalog, nil where the one that goes had nothing.
	Catalog *[2]catalog.Account
}

// A RecordRead is a record as it was read; an absent one has no Rev.
type RecordRead struct {
	Record
	customer.Rev
}

// A Commit is all that a merge or an unmerge changes. Of a pair the first is about the
// customer that stays.
type Commit struct {
	// ID never repeats; it becomes the Rev of each item written.
	ID     string
	Tenant int
	// Customers have the account's change where the standing changes, and the ledgers
	// that are in Ledgers are not written by them.
	Customers [2]customer.Commit
	// Formers are those who were merged into the customer that goes: their ids lead to
	// where it is.
	Formers []customer.Commit
	Ledgers []points.Couple
	// Catalog is what they have of the catalog then, nil where it stays as it is; one
	// that has nothing loses its account. Moved are the purchases that move.
	Catalog *[2]catalog.Account
	Moved   []catalog.PurchaseMove
	// Record is put by a merge, and removed by an unmerge, as it was read.
	Record  RecordRead
	Removes bool
}

// A Store keeps merges. Reads are strongly consistent. What says [errs.ErrConflict] must
// be loaded and decided again.
type Store interface {
	// Profile and Wallets are those of [points.Store], Read is that of [catalog.Store].
	Profile(ctx context.Context, tenant int, id customer.ID) (points.Profile, error)
	Wallets(ctx context.Context, tenant int, id customer.ID) (map[int]points.Record, error)
	Read(ctx context.Context, tenant int, w catalog.Wanted) (catalog.Found, error)

	// Customers reads those that there are, deleted and merged ones, too.
	Customers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, error)

	// Separations reads what was decided of a customer; the Other of each is not filled in.
	Separations(ctx context.Context, tenant int, id customer.ID) ([]Separation, error)

	// CommitSeparation makes c true, or returns ErrConflict where something is no longer as
	// it was read.
	CommitSeparation(ctx context.Context, c SeparationCommit) error

	// Purchases reads purchases of a customer, active or not; those that there are.
	Purchases(ctx context.Context, tenant int, id customer.ID, numbers []int) (map[int]catalog.Purchase, error)

	// Merge reads the record of the merge of a customer into another, as one commit left
	// it; an absent one has no Rev.
	Merge(ctx context.Context, tenant int, stays, goes customer.ID) (RecordRead, error)

	// WeighMerge says how many items a commit writes or checks, and how many bytes it
	// writes. It rejects one that is too large for a transaction.
	WeighMerge(c Commit) (items, bytes int, err error)

	// CommitMerge makes c true, or returns ErrConflict when something is no longer as
	// it was read, or the two customers of a merge are separate.
	CommitMerge(ctx context.Context, c Commit) error

	// RemoveMerged makes a deleted customer of one that was merged into a customer which
	// was deleted: its records go, and it is removed like any other.
	RemoveMerged(ctx context.Context, tenant int, stays, goes customer.ID) error
}
