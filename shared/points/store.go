package points

import (
	"context"
	"time"

	"regulars/shared/customer"
	"regulars/shared/idempotency"
)

// An OrderRecord is an order as it was read; where there is none its Rev is
// absent.
type OrderRecord struct {
	Order
	customer.Rev
	// In, unless 0, is the ledger that has it: one that was merged into the account's.
	In customer.ID
	// Answer is the answer to the request that brought it.
	Answer []byte
}

// An OrderChange makes or replaces an order.
type OrderChange struct {
	Before OrderRecord
	After  Order
}

// A ReversalRecord is what was undone of an entry, as it was read.
type ReversalRecord struct {
	Reversal
	customer.Rev
}

// A LineRecord is an entry and what was undone of it, as they were read; nothing
// yet has no Rev.
type LineRecord struct {
	Entry  Entry
	Undone ReversalRecord
}

func (r LineRecord) line() Line { return Line{r.Entry, r.Undone.By} }

// A ReversalChange replaces what was undone of the entry Seq.
type ReversalChange struct {
	Seq    int64
	Before ReversalRecord
	After  Reversal
}

// A Direction says whether points come, go or are set aside.
type Direction string

// The directions.
const (
	Credit   Direction = "add"
	Debit    Direction = "subtract"
	SetAside Direction = "hold"
)

// A Reference may happen once for a customer and direction.
type Reference struct {
	Direction Direction
	RefID     string
}

// An IdempotencyRecord is the answer to a request, kept under its idempotency key.
type IdempotencyRecord = idempotency.Record[[]byte]

// A Commit is what one decision changes: all of it becomes true, or none.
type Commit struct {
	// ID never repeats; it becomes the Rev of each item written.
	ID     string
	Tenant int

	// Before and After are the account, Entries what lies between. Where there are
	// none the account must be as it was read, and nothing but Request is written.
	Before  Record
	After   Account
	Entries []Entry
	// Customer, as it was read, must still be so where there was no account yet:
	// until then nothing else keeps the account in step with the customer. Of a further
	// wallet it must always be so.
	Customer customer.Record

	// Answer is kept with Request, Unique and a new Order.
	Answer []byte
	// Request is recorded, and may not be already, unless nil.
	Request *idempotency.Key
	// Unique may not have happened, unless nil.
	Unique *Reference
	// Order and Reversal are replaced, unless nil.
	Order    *OrderChange
	Reversal *ReversalChange
	// Ended are the holds that end; none of them may have ended already.
	Ended []HoldEnd
	// Peer is what becomes of the other account of a transfer, unless nil.
	Peer *Peer
}

// leaves is the account as the commit leaves it.
func (c Commit) leaves() Record {
	return Record{Account: c.After, Rev: customer.Rev{Commit: c.ID, Bytes: c.Before.Bytes}}
}

// A Store keeps accounts and their entries. Reads are strongly consistent but
// for [Store.EntriesByRef], [Store.DueAccounts] and lists. What says
// [errs.ErrConflict] must be loaded and decided again.
type Store interface {
	// Profile reads customer and account in one read; absent ones have no Rev.
	Profile(ctx context.Context, tenant int, id customer.ID) (Profile, error)

	// Wallets reads the accounts of a customer's further wallets, by their numbers.
	Wallets(ctx context.Context, tenant int, id customer.ID) (map[int]Record, error)

	// Order reads an order; an absent one has no Rev.
	Order(ctx context.Context, tenant int, id customer.ID, order string) (OrderRecord, error)

	// Hold reads the entry that made a hold, or one without a kind, and how it ended.
	Hold(ctx context.Context, tenant int, id customer.ID, number int64) (HoldLine, error)

	// HoldEnds reads how holds ended whose numbers are below one, up to limit, the
	// highest first; below none where that is 0.
	HoldEnds(ctx context.Context, tenant int, id customer.ID, below int64, limit int) ([]HoldEnd, error)

	// Lines reads entries by their numbers, each with what was undone of it; those
	// that there are.
	Lines(ctx context.Context, tenant int, id customer.ID, numbers []int64) (map[int64]LineRecord, error)

	// Reversals reads those of the entries from one number to another, by entry.
	Reversals(ctx context.Context, tenant int, id customer.ID, from, to int64) (map[int64]Reversal, error)

	// IdempotentAnswer and ReferenceAnswer return what was answered, or nil.
	IdempotentAnswer(ctx context.Context, tenant int, id customer.ID, key string) (*IdempotencyRecord, error)
	ReferenceAnswer(ctx context.Context, tenant int, id customer.ID, ref Reference) ([]byte, error)

	// Entry reads one entry, or nil.
	Entry(ctx context.Context, tenant int, id customer.ID, seq int64) (*Entry, error)

	// Entries reads entries from one number to another, up to limit: the lowest
	// first where from is below to, else the highest first.
	Entries(ctx context.Context, tenant int, id customer.ID, from, to int64, limit int) ([]Entry, error)

	// EntriesByRef finds the numbers of the entries with a reference below a
	// number, the highest first.
	EntriesByRef(ctx context.Context, tenant int, id customer.ID, refID string, below int64, limit int) ([]int64, error)

	// CommitPoints makes c true, or returns ErrConflict when something is no longer
	// as it was read. Where its Request is recorded already it returns that as an
	// [idempotency.Carried]. A new order's id becomes the customer's; where it is
	// another's it rejects with [ErrOrderOfOther].
	CommitPoints(ctx context.Context, c Commit) error

	// CommitTogether makes commits of one account true, of which each begins where the one
	// before ended and all have one ID; or none of them, as CommitPoints. recorded are those whose
	// Request or Unique is recorded already, where that is why.
	CommitTogether(ctx context.Context, commits []Commit) (recorded []int, err error)

	// ClaimRequest records a key of the tenant's, without an answer. Where it is recorded
	// already it returns that as an [idempotency.Carried] of a [customer.Recorded].
	ClaimRequest(ctx context.Context, tenant int, key idempotency.Key) error

	// CheckPoints returns what CommitPoints would where the request of c was carried
	// out before, or its new order is of another customer; else nil. It writes nothing.
	CheckPoints(ctx context.Context, c Commit) error

	// CheckClaim returns what ClaimRequest would where the key is recorded, else nil.
	CheckClaim(ctx context.Context, tenant int, key idempotency.Key) error

	// DueAccounts lists accounts of a shard, of further wallets from the shard
	// customer.Shards on, of which something was due by then,
	// the longest due first, from the one after the given place on, and the place
	// of the last; empty where there are no more.
	DueAccounts(ctx context.Context, tenant, shard int, by time.Time, after string, limit int) (ids []customer.ID, place string, err error)

	// EraseEntries replaces entries by those without texts, together with the
	// account, which is as it was read before.
	EraseEntries(ctx context.Context, tenant int, before Record, after Account, entries []Entry) error

	// ForgetOnce deletes up to limit of a deleted customer's orders, references
	// and idempotency records, and reports whether there may be more.
	ForgetOnce(ctx context.Context, tenant int, id customer.ID, limit int) (more bool, err error)
}
