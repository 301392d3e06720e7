package points

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

const (
	// duePage is how many due accounts are asked for at once, and erasedAtOnce how
	// many entries are erased in one transaction, which takes 100 items.
	duePage      = 100
	erasedAtOnce = 80
	// dueAtOnce is how many accounts of a shard are settled side by side: they
	// mostly wait for the table.
	dueAtOnce = 4
)

// Settled is what became of due accounts.
type Settled struct {
	// Seen were looked at, of these Changed had something due, and Failed are due
	// still.
	Seen, Changed, Failed int
}

func (s Settled) plus(t Settled) Settled {
	return Settled{s.Seen + t.Seen, s.Changed + t.Changed, s.Failed + t.Failed}
}

// SettleDue settles the accounts of a tenant of which something is due, until
// there are none or ctx ends; what is left is due at the next call. It reads in
// proportion to those that are due. The error joins those of single accounts.
func (s *Service) SettleDue(ctx context.Context, tenant int, rules access.Preferences) (Settled, error) {
	shards := customer.Shards
	if len(rules.Wallets) > 0 {
		shards *= 2 // those of further wallets follow
	}
	settled, errs := make([]Settled, shards), make([]error, shards)
	var group sync.WaitGroup
	for shard := range shards {
		group.Go(func() { settled[shard], errs[shard] = s.settleShard(ctx, tenant, shard, rules) })
	}
	group.Wait()
	var all Settled
	for _, one := range settled {
		all = all.plus(one)
	}
	return all, errors.Join(errs...)
}

func (s *Service) settleShard(ctx context.Context, tenant, shard int, rules access.Preferences) (Settled, error) {
	var all Settled
	var failed error
	by := s.now()
	for place, more := "", true; more && ctx.Err() == nil; {
		var ids []customer.ID
		err := errs.Retry(ctx, func(int) (err error) {
			ids, place, err = s.store.DueAccounts(ctx, tenant, shard, by, place, duePage)
			return err
		})
		if err != nil {
			return all, errors.Join(failed, err)
		}
		settled, err := s.settleAll(ctx, tenant, ids, rules)
		all, failed, more = all.plus(settled), errors.Join(failed, err), place != ""
	}
	return all, failed
}

// settleAll settles accounts, some side by side. One that fails stops no other.
func (s *Service) settleAll(ctx context.Context, tenant int, ids []customer.ID, rules access.Preferences) (Settled, error) {
	var mutex sync.Mutex
	var all Settled
	var failed error
	var group errgroup.Group
	group.SetLimit(dueAtOnce)
	for _, id := range ids {
		group.Go(func() error {
			changed, err := s.Settle(ctx, tenant, id, rules)
			mutex.Lock()
			defer mutex.Unlock()
			all.Seen++
			switch {
			case err != nil:
				all.Failed++
				failed = errors.Join(failed, fmt.Errorf("account %s: %w", id.Decimal(), err))
			case changed:
				all.Changed++
			}
			return nil
		})
	}
	_ = group.Wait() // each has told its error
	return all, failed
}

// Settle enters what is due of one account. Of a deleted customer it erases the
// texts instead.
func (s *Service) Settle(ctx context.Context, tenant int, id customer.ID, rules access.Preferences) (changed bool, err error) {
	err = errs.Retry(ctx, func(int) error {
		changed = false
		profile, err := s.store.Profile(ctx, tenant, id)
		if err != nil || profile.Account.Absent() {
			return err
		}
		if profile.Account.Deleted {
			changed = profile.Account.Erased < profile.Account.Version
			return s.erase(ctx, tenant, profile.Account)
		}
		d := newDraft(profile, rules, s.now())
		if d.settle(); len(d.made) == 0 {
			return nil
		}
		changed = true
		commit := Commit{ID: rand.Text(), Tenant: tenant, Before: profile.Account}
		d.into(&commit)
		return s.store.CommitPoints(ctx, commit)
	})
	return changed && err == nil, err
}

// erase takes the texts out of a deleted customer's ledger, in steps that each
// say how far they came, so that one which breaks off is gone on with.
func (s *Service) erase(ctx context.Context, tenant int, account Record) error {
	for account.Erased < account.Version {
		if err := ctx.Err(); err != nil {
			return err
		}
		more, err := s.store.ForgetOnce(ctx, tenant, account.ID, erasedAtOnce)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		entries, err := s.store.Entries(ctx, tenant, account.ID, account.Erased+1, account.Version, erasedAtOnce)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return fmt.Errorf("entries above %d are missing", account.Erased)
		}
		after := account.Account
		for i, e := range entries {
			entries[i] = e.Erase()
			after.Erased = e.Seq
		}
		if err := s.store.EraseEntries(ctx, tenant, account, after, entries); err != nil {
			return err
		}
		profile, err := s.store.Profile(ctx, tenant, account.ID)
		if err != nil {
			return err
		}
		account = profile.Account
	}
	return nil
}
