package anchor

import (
	"context"
	"time"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// A Store keeps anchors. Reads are strongly consistent. What returns [errs.ErrConflict]
// did nothing and is read and decided again.
type Store interface {
	// LedgerHeads reads the last entries of customers' ledgers, those of further wallets
	// of these numbers too. One without an entry is left out.
	LedgerHeads(ctx context.Context, tenant int, ids []customer.ID, wallets []int) ([]Head, error)

	// SaveHeads keeps heads of a day until then, and returns what is kept: what was there
	// already of the same shard and place stays.
	SaveHeads(ctx context.Context, tenant int, day string, h Heads, until time.Time) (Heads, error)

	// EachHeads hands on what is kept of a day, by shard and place.
	EachHeads(ctx context.Context, tenant int, day string, each func(Heads) error) error

	// Anchors are the lines of a tenant that are kept still, the earliest day first.
	Anchors(ctx context.Context, tenant int) ([]string, error)

	// SaveAnchor keeps the line of a day until then, unless there is one.
	SaveAnchor(ctx context.Context, tenant int, day, line string, until time.Time) error

	// Entry reads one entry, or nil.
	Entry(ctx context.Context, tenant int, ledger customer.ID, seq int64) (*points.Entry, error)
}
