package customer

import (
	"context"
	"crypto/rand"
	"slices"

	"regulars/shared/errs"
)

// Shards is over how many values the lists of a tenant's customers are spread.
const Shards = 8

// keysAtOnce is how many keys a step changes in one transaction, beside its check
// of the customer.
const keysAtOnce = MaxItems - 1

// KeepField makes the customer an owner of each value it has in the field. Where
// it is one already nothing is written. All its values are kept, in several
// transactions if need be, even where it comes to hold more than [MaxKeys]
// thereby: a value that did not lead to its customer would have another one made.
// A customer that is gone is rejected with [ErrNotFound].
func (s *Service) KeepField(ctx context.Context, tenant int, field MatchField, id ID) (changed bool, err error) {
	return s.ownField(ctx, tenant, field, id, func(o Owners) Owners { return o.With(id, InCustom) })
}

// DropField releases the customer's values of a field that is being removed. An
// overflowed key, which names nobody, goes with the first. Otherwise it is as
// [Service.KeepField].
func (s *Service) DropField(ctx context.Context, tenant int, field MatchField, id ID) (changed bool, err error) {
	return s.ownField(ctx, tenant, field, id, func(o Owners) Owners {
		if o.Overflowed {
			return Owners{}
		}
		return o.With(id, 0)
	})
}

// ownField makes the owners of the customer's values what next makes of them.
func (s *Service) ownField(ctx context.Context, tenant int, field MatchField, id ID, next func(Owners) Owners) (changed bool, err error) {
	for more := true; more && err == nil; {
		var wrote bool
		err = errs.Retry(ctx, func(int) (err error) {
			wrote, more, err = s.ownSome(ctx, tenant, field, id, next)
			return err
		})
		changed = changed || wrote
	}
	return changed, err
}

// ownSome is one transaction of ownField: a check of the customer and the keys.
func (s *Service) ownSome(ctx context.Context, tenant int, field MatchField, id ID, next func(Owners) Owners) (wrote, more bool, err error) {
	customers, err := s.store.Customers(ctx, tenant, []ID{id})
	if err != nil {
		return false, false, err
	}
	record, found := customers[id]
	if !found || record.Deleted {
		return false, false, ErrNotFound
	}
	held := record.fieldKeys(field)
	if len(held) == 0 {
		return false, false, nil
	}
	loaded, err := s.store.Keys(ctx, tenant, held)
	if err != nil {
		return false, false, err
	}
	var changes []KeyChange
	for _, key := range held {
		before := loaded[key]
		if after := next(before.Owners); !after.Equal(before.Owners) {
			changes = append(changes, KeyChange{key, before, after})
		}
	}
	if len(changes) == 0 {
		return false, false, nil
	}
	commit := Commit{
		ID: rand.Text(), Tenant: tenant, Before: record, After: record.Customer,
		Keys: changes[:min(keysAtOnce, len(changes))], UnchangedCustomers: []Record{record},
	}
	return true, len(changes) > keysAtOnce, s.store.Commit(ctx, commit)
}

// fieldKeys are the keys of the customer's values of a field, in a fixed order.
func (c Customer) fieldKeys(f MatchField) []Key {
	values := c.fieldValues(f, canonicalForms)
	slices.Sort(values)
	var keys []Key
	for _, v := range slices.Compact(values) {
		keys = append(keys, Key{f.Kind(), v})
	}
	return keys
}
