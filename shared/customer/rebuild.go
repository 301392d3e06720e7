package customer

import (
	"context"
	"crypto/rand"

	"regulars/shared/errs"
)

// An overflowed key names nobody, so a writer that gives its value to a customer, or
// takes it away, leaves it alone. To name its owners again a job marks the key. From
// then on writers name them beside what the key says; those who have read it before
// have ended some 25 seconds later. Then the job looks at every customer. When it has seen
// all, the owners that were collected become those of the key.

// BeginRebuild marks an overflowed key as being rebuilt by a job. It reports whether
// the key is: one that is not overflowed need not be, and one that the job rebuilds in
// vain cannot.
func (s *Service) BeginRebuild(ctx context.Context, tenant int, key Key, job string) (begun bool, err error) {
	err = s.changeOwners(ctx, tenant, key, func(o Owners) (Owners, error) {
		if begun = o.Overflowed && o.RebuiltBy != inVain+job; begun && o.RebuiltBy != job {
			o.RebuiltBy, o.Collected, o.Walked = job, nil, 0
		}
		return o, nil
	})
	return begun, err
}

// CollectOwner names a customer as an owner of a key that the job rebuilds, if it holds
// the value. A customer that is gone is rejected with [ErrNotFound].
func (s *Service) CollectOwner(ctx context.Context, rules Rules, key Key, job string, id ID) (changed bool, err error) {
	err = errs.Retry(ctx, func(int) error {
		changed = false
		record, err := s.record(ctx, rules.Tenant, id, false)
		if err != nil {
			return err
		}
		if record.Absent() || record.Deleted {
			return ErrNotFound
		}
		roles := record.held(rules.MatchFields, canonicalForms).roles(key)
		if roles == 0 {
			return nil
		}
		loaded, err := s.store.Keys(ctx, rules.Tenant, []Key{key})
		if err != nil {
			return err
		}
		before := loaded[key]
		after := before.With(id, roles)
		if before.RebuiltBy != job || after.Equal(before.Owners) {
			return nil
		}
		changed = true
		return s.store.Commit(ctx, Commit{
			ID: rand.Text(), Tenant: rules.Tenant, Before: record, After: record.Customer,
			Keys: []KeyChange{{key, before, after}}, UnchangedCustomers: []Record{record},
		})
	})
	return changed && err == nil, err
}

// EndRebuildPart says that the job has named all owners of a shard.
func (s *Service) EndRebuildPart(ctx context.Context, tenant int, key Key, job string, shard int) error {
	return s.changeOwners(ctx, tenant, key, func(o Owners) (Owners, error) {
		if o.RebuiltBy == job {
			o.Walked |= 1 << shard
		}
		return o, nil
	})
}

// FinishRebuild makes the owners that were collected those of the key. It does nothing
// where that is done, and rejects with rebuild_in_vain where more customers hold the
// value than a key names, or did for a moment.
func (s *Service) FinishRebuild(ctx context.Context, tenant int, key Key, job string) error {
	return s.changeOwners(ctx, tenant, key, func(o Owners) (Owners, error) {
		switch {
		case !o.Overflowed:
			return o, nil
		case o.RebuiltBy == job && o.Walked == 1<<Shards-1:
			return Owners{Roles: o.Collected}, nil
		}
		return o, errs.New(errs.FailedPrecondition, "rebuild_in_vain", "", maxOwners)
	})
}

// changeOwners makes the owners of a key what next makes of them.
func (s *Service) changeOwners(ctx context.Context, tenant int, key Key, next func(Owners) (Owners, error)) error {
	return errs.Retry(ctx, func(int) error {
		loaded, err := s.store.Keys(ctx, tenant, []Key{key})
		if err != nil {
			return err
		}
		before := loaded[key]
		after, err := next(before.Owners)
		if err != nil || after.Equal(before.Owners) {
			return err
		}
		return s.store.Commit(ctx, Commit{ID: rand.Text(), Tenant: tenant, Keys: []KeyChange{{key, before, after}}})
	})
}
