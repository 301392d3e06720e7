package customer

import (
	"context"
	"slices"

	"regulars/shared/errs"
)

// A Rev identifies the write that left an item as it was read. It never repeats,
// as a counted version would after a deletion. The zero Rev is no item.
type Rev struct {
	// Commit is the id of the commit that wrote the item.
	Commit string
	// Bytes is the item's size, for reckoning what replacing it costs.
	Bytes int
}

// Absent reports whether there was no item.
func (r Rev) Absent() bool { return r.Commit == "" }

// A Record is a customer as it was read.
type Record struct {
	Customer
	Rev
}

// A KeyRecord is a match key's owners as they were read.
type KeyRecord struct {
	Owners
	Rev
}

// A KeyChange replaces the owners of a key.
type KeyChange struct {
	Key    Key
	Before KeyRecord
	After  Owners
}

// A Commit is what one decision changes, and what it requires to be as it was read:
// all of it is written, or nothing.
type Commit struct {
	// ID never repeats; it becomes the Rev of each item written.
	ID     string
	Tenant int

	// Before and After are the customer; the same where it does not change, and
	// without an id where the commit is about none and only remembers.
	Before Record
	After  Customer
	Keys   []KeyChange
	// UnchangedKeys and UnchangedCustomers must still be as they were read.
	UnchangedKeys      map[Key]Rev
	UnchangedCustomers []Record
	// Extensions are those whose records change, Idents the identification values
	// that come and go; the customer's own guard stands for the latter.
	Extensions []ExtensionChange
	Idents     []IdentChange
	// Account is what becomes of the customer's points account. It is nil unless
	// [Commit.ChangesStanding].
	Account *AccountChange
	// Request is recorded with the rest, unless nil.
	Request *IdempotencyRecord
	// Idempotent: nothing but a customer that exists is written, and writing it twice
	// does no harm.
	Idempotent bool
	// Outgrow: the customer may grow beyond [MaxBytes].
	Outgrow bool
	// HistoryDays is that of the tenant's [Rules].
	HistoryDays int
}

// Changes reports whether the customer changes.
func (c Commit) Changes() bool {
	return c.After.ID != 0 && (c.Before.Absent() || !c.After.Same(c.Before.Customer))
}

// KeepsHistory reports whether the history of the customer tells of the commit. That of
// one that is deleted goes with it.
func (c Commit) KeepsHistory() bool {
	return c.HistoryDays > 0 && c.Changes() && (!c.After.Deleted || c.After.MergedInto != 0)
}

// historyItems is how many items a change is in the history.
const historyItems = 2

// CheckValues rejects a change that gives the customer more than [MaxValues] values, or
// more still where it has more already.
func (c Commit) CheckValues() error {
	if n := c.After.Values(); n > MaxValues && n > c.Before.Values() {
		return errs.New(errs.Invalid, "customer_too_large/values", "", n, MaxValues)
	}
	return nil
}

// items is how many items the commit writes or checks, without the account.
func (c Commit) items() int {
	history := 0
	if c.KeepsHistory() {
		history = historyItems
	}
	return 2 + history + len(c.Keys) + len(c.UnchangedKeys) + len(c.UnchangedCustomers) + // the customer and the request
		len(c.Extensions) + len(c.Idents)
}

// A Store keeps customers and match keys. Reads are strongly consistent, but for
// lists. What says [errs.ErrConflict] must be loaded and decided again.
type Store interface {
	// Keys reads match keys, one entry for each; of an unknown key the Rev is
	// absent.
	Keys(ctx context.Context, tenant int, keys []Key) (map[Key]KeyRecord, error)

	// Customers reads customers, one entry for each that exists.
	Customers(ctx context.Context, tenant int, ids []ID) (map[ID]Record, error)

	// FirstCustomers is Customers for the first of the ids: as many as fit into memory
	// together, however large they are, and one at least. It returns how many that
	// are.
	FirstCustomers(ctx context.Context, tenant int, ids []ID) (records map[ID]Record, read int, err error)

	// IDs lists the customers with ids above after and up to the one that is given,
	// ascending, limit of them at most. It asks an index, which may be a moment old.
	IDs(ctx context.Context, tenant int, after, upTo ID, limit int) ([]ID, error)

	// Whole reads a customer with the records of its extensions, or an absent
	// record. It returns ErrConflict where it could not read all of them as one
	// commit left them.
	CustomerWithExtensions(ctx context.Context, tenant int, id ID) (Record, error)

	// Idents reads the hashes of the identification values that are stored of a
	// customer under a key.
	Idents(ctx context.Context, tenant int, id ID, key int) ([]string, error)

	// Identified returns the customers above after, ascending and each once, that
	// have a value of the key that begins with these texts, up to limit. It may be
	// a moment old. It rejects a search that too many customers answer to.
	Identified(ctx context.Context, tenant int, key IdentKey, texts []string, after ID, limit int) ([]ID, error)

	// Account reads the points account of a customer.
	Account(ctx context.Context, tenant int, id ID) (AccountRecord, error)

	// IdempotencyRecord reads what is recorded under the value of an idempotency key,
	// or nil.
	IdempotencyRecord(ctx context.Context, tenant int, key string) (*IdempotencyRecord, error)

	// Weigh says what c takes of a transaction: items, bytes of what is written, and
	// units. It rejects what Commit would for its size.
	Weigh(c Commit) (items, bytes int, units int64, err error)

	// Commit makes c true, or returns ErrConflict when something is no longer as
	// it was read. Where its Request is recorded already it returns that as an
	// [idempotency.Carried]. It fails where the standing changes and Account is nil.
	Commit(ctx context.Context, c Commit) error
}

// keyChanges decides which keys change hands when before becomes after: their
// changes in a fixed order. loaded holds the keys that were read. Of the others
// it takes those that before did not hold for absent, unless readAllKeys; what must
// be read before it can say is returned as missing instead. A key that says
// already what it should was read before somebody wrote it, or a backfill is about
// to: nothing is written, but it must still be as it was read, and is in unchanged.
func keyChanges(before Record, after Customer, rules Rules, loaded map[Key]KeyRecord, readAllKeys bool) (changes []KeyChange, unchanged map[Key]Rev, missing []Key, err error) {
	held, holds := before.allHeld(rules), after.allHeld(rules)
	if len(holds) > MaxKeys && len(holds) > len(held) {
		return nil, nil, nil, errs.New(errs.Invalid, "too_many_keys/match_keys", "", len(holds), MaxKeys).DependingOnSettings()
	}
	for _, k := range changed(held, holds, rules) {
		key := k.key
		record, ok := loaded[key]
		if !ok && (readAllKeys || k.before != 0) {
			missing = append(missing, key)
			continue
		}
		owner := record.Primary()
		if k.after&Primary != 0 && owner != 0 && owner != after.ID {
			return nil, nil, nil, taken(key, owner, rules.IdentKeys)
		}
		next := record.With(after.ID, k.after)
		switch {
		case !next.Equal(record.Owners):
			changes = append(changes, KeyChange{key, record, next})
		case !record.Overflowed || record.rebuilding() || (k.before|k.after)&Primary != 0: // of others an overflowed key says nothing
			if unchanged == nil {
				unchanged = map[Key]Rev{}
			}
			unchanged[key] = record.Rev
		}
	}
	return changes, unchanged, missing, nil
}

// A changedKey is a key that a customer holds in other roles than before.
type changedKey struct {
	key           Key
	before, after Roles
}

// changed are the keys whose roles differ, in order. Of a field that is being removed
// values are only released.
func changed(held, holds holdings, rules Rules) (differ []changedKey) {
	for len(held)+len(holds) > 0 {
		switch {
		case len(holds) == 0 || len(held) > 0 && compareKeys(held[0].Key, holds[0].Key) < 0:
			differ = append(differ, changedKey{held[0].Key, held[0].Roles, 0})
			held = held[1:]
		case len(held) == 0 || compareKeys(holds[0].Key, held[0].Key) < 0:
			if kind := holds[0].Key.Kind; !rules.MatchFields.removing(kind) && !rules.IdentKeys.removing(kind) {
				differ = append(differ, changedKey{holds[0].Key, 0, holds[0].Roles})
			}
			holds = holds[1:]
		default:
			if held[0].Roles != holds[0].Roles {
				differ = append(differ, changedKey{held[0].Key, held[0].Roles, holds[0].Roles})
			}
			held, holds = held[1:], holds[1:]
		}
	}
	return differ
}

func (m MatchFields) removing(kind Kind) bool {
	return slices.ContainsFunc(m, func(f MatchField) bool { return f.State == FieldRemoving && f.Kind() == kind })
}

func (k IdentKeys) removing(kind Kind) bool {
	return slices.ContainsFunc(k, func(i IdentKey) bool { return !i.writes() && i.kind() == kind })
}

// ErrTaken rejects an e-mail that is another customer's.
var ErrTaken = errs.New(errs.FailedPrecondition, "email_taken", "email")

// taken says that the key is another customer's alone; of the values of an
// identification key that must be looked into ([uniqueClaim]).
func taken(key Key, owner ID, idents IdentKeys) error {
	for _, k := range idents {
		if k.kind() == key.Kind {
			return &uniqueClaim{key, owner, k}
		}
	}
	if key.Kind == KindClientID {
		return errs.New(errs.FailedPrecondition, "id_taken", "customer_id", owner)
	}
	return errs.New(errs.FailedPrecondition, "email_taken", "email", owner)
}
