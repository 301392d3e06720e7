package customer

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"regulars/shared/errs"
)

// identsAtOnce is how many identification values a step changes in one
// transaction: each may bring a match key and the check of a former owner along.
const identsAtOnce = 30

// A Duplicate says that two customers have the same values under a key that is to
// be unique.
type Duplicate struct{ Customer, Other ID }

func (d *Duplicate) Error() string {
	return fmt.Sprintf("customers %s and %s have the same values", d.Customer.Base36(), d.Other.Base36())
}

// KeepIdents makes what is stored of the customer's values under a key what it
// should be, in several transactions if need be. A customer that is gone is
// rejected with [ErrNotFound]; values that another one has under a unique key are a
// [*Duplicate].
func (s *Service) KeepIdents(ctx context.Context, tenant int, key IdentKey, id ID) (changed bool, err error) {
	return s.storeIdents(ctx, tenant, key, id, Customer.identValues)
}

// DropIdents removes all that is stored of the customer's values under a key.
// Otherwise it is as [Service.KeepIdents].
func (s *Service) DropIdents(ctx context.Context, tenant int, key IdentKey, id ID) (changed bool, err error) {
	return s.storeIdents(ctx, tenant, key, id, func(Customer, IdentKey) []IdentValue { return nil })
}

// storeIdents makes what is stored what want says.
func (s *Service) storeIdents(ctx context.Context, tenant int, key IdentKey, id ID, want func(Customer, IdentKey) []IdentValue) (changed bool, err error) {
	for more := true; more && err == nil; {
		var wrote bool
		err = errs.Retry(ctx, func(int) (err error) {
			wrote, more, err = s.storeSome(ctx, tenant, key, id, want)
			return err
		})
		changed = changed || wrote
	}
	return changed, err
}

// storeSome is one transaction of storeIdents: a check of the customer, values and
// match keys. The customer says which extensions it has, so its check stands for
// theirs.
func (s *Service) storeSome(ctx context.Context, tenant int, key IdentKey, id ID, want func(Customer, IdentKey) []IdentValue) (wrote, more bool, err error) {
	record, err := s.store.CustomerWithExtensions(ctx, tenant, id)
	if err != nil {
		return false, false, err
	}
	if record.Absent() || record.Deleted {
		return false, false, ErrNotFound
	}
	stored, err := s.store.Idents(ctx, tenant, id, key.Number)
	if err != nil {
		return false, false, err
	}
	changes := missingIdents(key.Number, want(record.Customer, key), stored)
	if len(changes) == 0 {
		return false, false, nil
	}
	commit := Commit{
		ID: rand.Text(), Tenant: tenant, Before: record, After: record.Customer,
		Idents: changes[:min(identsAtOnce, len(changes))], UnchangedCustomers: []Record{record},
	}
	if key.Unique {
		if err := s.ownIdents(ctx, &commit, key, id); err != nil {
			return false, false, err
		}
	}
	return true, len(changes) > identsAtOnce, s.store.Commit(ctx, commit)
}

// missingIdents are the changes that make what is stored what is wanted: first
// what must go, so that a value never stands for long where it should not.
func missingIdents(key int, wanted []IdentValue, stored []string) []IdentChange {
	var changes []IdentChange
	hashes := map[string]bool{}
	for _, v := range wanted {
		hashes[v.Hash()] = true
	}
	for _, hash := range stored {
		if !hashes[hash] {
			changes = append(changes, IdentChange{Key: key, Hash: hash})
		}
	}
	for _, v := range wanted {
		if !slices.Contains(stored, v.Hash()) {
			changes = append(changes, IdentChange{key, v.Hash(), v.Texts()})
		}
	}
	return changes
}

// ownIdents adds the match keys that make the commit's values the customer's
// alone, or give them up.
func (s *Service) ownIdents(ctx context.Context, commit *Commit, key IdentKey, id ID) error {
	var keys []Key
	for _, change := range commit.Idents {
		keys = append(keys, Key{key.kind(), change.Hash})
	}
	loaded, err := s.store.Keys(ctx, commit.Tenant, keys)
	if err != nil {
		return err
	}
	for i, change := range commit.Idents {
		before := loaded[keys[i]]
		roles := Roles(0)
		if change.Put() {
			if !newIdentValue(key.Number, change.Texts).complete() {
				continue
			}
			roles = Primary
			if other := before.Primary(); other != 0 && other != id {
				if err := s.outlived(ctx, commit, key, keys[i], id, other); err != nil {
					return err
				}
				before.Owners = before.With(other, 0)
			}
		}
		after := before.With(id, roles)
		if stored := loaded[keys[i]]; !after.Equal(stored.Owners) {
			commit.Keys = append(commit.Keys, KeyChange{keys[i], stored, after})
		}
	}
	return nil
}

// outlived returns a [*Duplicate] where the other customer has the value indeed;
// else the commit depends on its not having it.
func (s *Service) outlived(ctx context.Context, commit *Commit, key IdentKey, match Key, id, other ID) error {
	owner, err := s.store.CustomerWithExtensions(ctx, commit.Tenant, other)
	if err != nil {
		return err
	}
	if owner.allHeld(Rules{IdentKeys: IdentKeys{key}}).roles(match) != 0 {
		return &Duplicate{id, other}
	}
	commit.checkOwner(owner)
	return nil
}

// RemoveExtension removes the records that a customer has of an extension that is
// being removed. The values of identification keys over it are left to their own
// removal, without which an extension is not removed. A customer that is gone is
// rejected with [ErrNotFound].
func (s *Service) RemoveExtension(ctx context.Context, rules Rules, number int, id ID) (changed bool, err error) {
	rules.MatchFields, rules.IdentKeys = nil, nil
	result, err := s.Apply(ctx, Request{Rules: rules, Search: Search{ID: id}, WithExtensions: true, Edit: clearExtension(number)})
	return result.Changed, err
}
