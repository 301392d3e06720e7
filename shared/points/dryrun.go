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

// record is the account as a commit would leave it.
func (d *DryRun) record(c Commit) {
	d.account = &Record{Account: c.After, Rev: customer.Rev{Commit: c.ID, Bytes: c.Before.Bytes}}
}

// carryOut commits, or for a dry run only looks whether that was done before.
func (s *Service) carryOut(ctx context.Context, r Request, c Commit) error {
	if r.DryRun == nil {
		return s.store.CommitPoints(ctx, c)
	}
	if err := s.store.CheckPoints(ctx, c); err != nil {
		return err
	}
	r.DryRun.record(c)
	return nil
}

// CheckClaim is [Service.Claim] of a dry run: it takes nothing.
func (s *Service) CheckClaim(ctx context.Context, tenant int, key idempotency.Key) (again bool, err error) {
	err = errs.Retry(ctx, func(int) error { return s.store.CheckClaim(ctx, tenant, key) })
	_, again, err = idempotency.OfCommit[customer.Recorded](err, &key)
	return again && err == nil, err
}
