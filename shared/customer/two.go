package customer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"regulars/shared/errs"
)

// PlanTwo decides what becomes of two customers that change together, for a commit of
// another domain with the given id. One may take over the values that the other holds.
// The match keys of both are in the first commit; the points accounts are not decided
// on. It rejects what [Service.Apply] rejects.
func (s *Service) PlanTwo(ctx context.Context, rules Rules, id string, before, after [2]Record) (commits [2]Commit, err error) {
	now := s.instant()
	for i := range commits {
		c := Commit{ID: id, Tenant: rules.Tenant, Before: before[i], After: after[i].Clone(), HistoryDays: rules.HistoryDays}
		c.After.Changed = now
		if err := c.checkSegments(); err != nil {
			return commits, err
		}
		if c.Idents, err = c.identChanges(rules.IdentKeys); err != nil {
			return commits, err
		}
		c.Extensions = c.stamp()
		commits[i] = c
	}
	return commits, s.planSharedKeys(ctx, rules, &commits)
}

// planSharedKeys adds the keys that change hands to the first of two commits.
func (s *Service) planSharedKeys(ctx context.Context, rules Rules, commits *[2]Commit) error {
	var held, holds [2]holdings
	differ := map[Key]bool{}
	for i, c := range commits {
		held[i], holds[i] = c.Before.allHeld(rules), c.After.allHeld(rules)
		if len(holds[i]) > MaxKeys && len(holds[i]) > len(held[i]) {
			return errs.New(errs.Invalid, "too_many_keys/match_keys", "", len(holds[i]), MaxKeys).DependingOnSettings()
		}
		for _, k := range changed(held[i], holds[i], rules) {
			differ[k.key] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(differ), compareKeys)
	if len(keys) == 0 {
		return nil
	}
	records, err := s.store.Keys(ctx, rules.Tenant, keys)
	if err != nil {
		return err
	}
	first := &commits[0]
	first.UnchangedKeys = map[Key]Rev{}
	for _, key := range keys {
		record, next := records[key], records[key].Owners
		if owner := record.Primary(); (holds[0].roles(key)|holds[1].roles(key))&Primary != 0 && owner != 0 && owner != first.After.ID && owner != commits[1].After.ID {
			if next, err = s.release(ctx, rules, first, key, owner, next); err != nil {
				return err
			}
		}
		for i, c := range commits {
			next = next.With(c.After.ID, holds[i].roles(key))
		}
		if !next.Equal(record.Owners) {
			first.Keys = append(first.Keys, KeyChange{key, record, next})
		} else if !record.Overflowed {
			first.UnchangedKeys[key] = record.Rev
		}
	}
	return nil
}

// release takes the owner of a unique value out of its key where it does not hold it any
// more, which the commit checks then; else it rejects.
func (s *Service) release(ctx context.Context, rules Rules, c *Commit, key Key, id ID, owners Owners) (Owners, error) {
	rejected := taken(key, id, rules.IdentKeys)
	claim, ok := errors.AsType[*uniqueClaim](rejected)
	if !ok {
		return owners, rejected
	}
	owner, err := s.store.CustomerWithExtensions(ctx, rules.Tenant, id)
	if err != nil {
		return owners, err
	}
	if owner.holds(claim) {
		return owners, errs.New(errs.FailedPrecondition, "not_unique_key", claim.key.Name, Named{owner.ID, owner.ClientID}, claim.key.Qualified()).DependingOnSettings()
	}
	c.checkOwner(owner)
	return owners.With(id, 0), nil
}

// Pair reads two customers with the records of their extensions, or absent records.
func (s *Service) Pair(ctx context.Context, tenant int, ids [2]ID) (pair [2]Record, err error) {
	for i, id := range ids {
		if pair[i], err = s.store.CustomerWithExtensions(ctx, tenant, id); err != nil {
			return pair, fmt.Errorf("customer %s: %w", id.Hex(), err)
		}
	}
	return pair, nil
}
