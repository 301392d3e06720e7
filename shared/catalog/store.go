package catalog

import (
	"context"
	"time"

	"regulars/shared/customer"
)

// A Label is a text that only one category or product of a tenant may bear.
type Label struct {
	Kind LabelKind
	Text string
}

// LabelKind says what is unique.
type LabelKind string

// The kinds of label. A product without a label holds the one of the kind
// NoProductLabel, which has no text.
const (
	CategoryLabel  LabelKind = "CATEGORY"
	ProductLabel   LabelKind = "PRODUCT"
	NoProductLabel LabelKind = "UNLABELLED"
	StripeLabel    LabelKind = "STRIPE"
	AppleLabel     LabelKind = "APPLE"
)

// A LabelRecord is who has a label, as it was read; 0 is nobody.
type LabelRecord struct {
	Number int
	customer.Rev
}

// A LabelChange gives a label to somebody, or to nobody.
type LabelChange struct {
	Label  Label
	Before LabelRecord
	After  int
}

// Wanted names what is to be read together; Customer 0 is none.
type Wanted struct {
	Customer   customer.ID
	Categories []int
	Products   []int
	Tasks      []int
	Labels     []Label
}

// Found is what was read; what does not exist is not in the maps.
type Found struct {
	Account    Account
	Categories map[int]Category
	Products   map[int]Product
	Tasks      map[int]Task
	Labels     map[Label]LabelRecord
}

// A Change is what one decision changes: all of it becomes true, or none.
type Change struct {
	// ID never repeats; it becomes the Rev of each item written.
	ID     string
	Tenant int
	// Each replaces what bears its Rev, or nothing where that is absent.
	Category *Category
	Product  *Product
	Task     *Task
	Labels   []LabelChange
	// Account, unless nil, replaces what bears its Rev; Customer then checks or
	// changes whose it is, under the same ID. Started and Ended are the purchases
	// that became active or are so no more.
	Account        *Account
	Customer       customer.Commit
	Started, Ended []Purchase
	// Request is recorded with the rest, unless nil.
	Request *customer.IdempotencyRecord
}

// A Sequence is what numbers are drawn from.
type Sequence string

// The sequences, each from 1 on.
const (
	Categories Sequence = "category"
	Products   Sequence = "product"
	Links      Sequence = "link"
	Tasks      Sequence = "task"
	Purchases  Sequence = "purchase"
	UserTasks  Sequence = "user-task"
	Executions Sequence = "execution"
)

// A Due is an active purchase that a list names, and its place in the list.
type Due struct {
	Customer customer.ID
	Purchase int
	Place    string
}

// A Store keeps the catalog and the purchases. Reads are strongly consistent but
// for Started. What says [errs.ErrConflict] must be loaded and decided again.
type Store interface {
	// Keys reads match keys, by which customers are found.
	Keys(ctx context.Context, tenant int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error)

	// Read reads what is wanted, all at once.
	Read(ctx context.Context, tenant int, w Wanted) (Found, error)

	// Categories, Products and TaskList read all that a tenant has, by number.
	Categories(ctx context.Context, tenant int) ([]Category, error)
	Products(ctx context.Context, tenant int) ([]Product, error)
	TaskList(ctx context.Context, tenant int) ([]Task, error)

	// Numbers draws so many consecutive numbers of each sequence and returns the
	// first of each. No number is drawn twice; some are lost.
	Numbers(ctx context.Context, tenant int, count map[Sequence]int) (map[Sequence]int, error)

	// PurchaseOwner returns whose purchase bears the number, or 0.
	PurchaseOwner(ctx context.Context, tenant, purchase int) (customer.ID, error)

	// IdempotencyRecord is that of [customer.Store].
	IdempotencyRecord(ctx context.Context, tenant int, key string) (*customer.IdempotencyRecord, error)

	// Save makes c true, or returns ErrConflict when something is no longer as it
	// was read. Where its Request is recorded already it returns that as an
	// [idempotency.Carried].
	Save(ctx context.Context, c Change) error

	// Started lists the active purchases of a product that customers of one
	// shard have, in the order of the days on which they were created: those up
	// to and including a day, from the one after a place on, up to limit. It asks
	// an index, which may be a moment old.
	Started(ctx context.Context, tenant, shard, product int, upTo time.Time, after string, limit int) ([]Due, error)

	// RemovePurchases removes purchases of a customer, and once all are gone its
	// account; it removes a bounded number at once, and reports whether there is
	// more.
	RemovePurchases(ctx context.Context, tenant int, id customer.ID) (more bool, err error)
}
