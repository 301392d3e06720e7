package points

import (
	"context"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// A DryRun makes a request one that is decided and not carried out: it is answered as
// it would be, and nothing is written or promised. Of requests with the same DryRun,
// which come one after another, each is decided on what those before came to.
type DryRun struct {
	account *Record // nil: as the store has it
}

// on replaces the account of a profile by what the requests before came to.
func (d *DryRun) on(p Profile) Profile {
	if d != nil && d.account != nil {
		p.Account = *d.account
	}
	return p
}

// commit commits, or for a dry run only looks whether that was done before.
func (s *Service) commit(ctx context.Context, r Request, c Commit) error {
	if r.DryRun == nil {
		return s.store.CommitPoints(ctx, c)
	}
	if err := s.store.CheckPoints(ctx, c); err != nil {
		return err
	}
	left := c.leaves()
	r.DryRun.account = &left
	return nil
}

// CheckClaim is [Service.Claim] of a dry run: it takes nothing.
func (s *Service) CheckClaim(ctx context.Context, tenant int, key idempotency.Key) (again bool, err error) {
	err = errs.Retry(ctx, func(int) error { return s.store.CheckClaim(ctx, tenant, key) })
	_, again, err = idempotency.OfCommit[customer.Recorded](err, &key)
	return again && err == nil, err
}

// A Trial is what an order would come to.
type Trial struct {
	// Profile is as the order would leave it.
	Profile Profile
	// Entries are those that it would make, what fell due before it among them.
	Entries []Entry
}

// Try decides an order by the rules of the request, as one that is new, and carries
// nothing out. It asks neither whether the order came before nor about a key. Its
// client errors are those of [Service.Subtract].
func (s *Service) Try(ctx context.Context, r Request, o Order) (Trial, error) {
	profile, err := s.Profile(ctx, r.Tenant, r.ID)
	if err != nil {
		return Trial{}, err
	}
	d := newDraft(profile, r.Rules, s.now())
	d.settle()
	if _, err := d.order(o, r.Actor); err != nil {
		return Trial{}, err
	}
	d.settle() // an old order may have earned what has expired since
	profile.Account.Account = d.Account
	return Trial{Profile: profile, Entries: d.made}, nil
}
