package points

import (
	"context"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// AsOf returns the last entry of an account that is not later than a moment, whose
// balance is what the account's figures were then; the zero Entry where there was none
// yet. It takes one read for each doubling of the ledger. It rejects with
// [ErrNotFound].
func (s *Service) AsOf(ctx context.Context, tenant int, id customer.ID, t time.Time) (last Entry, err error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil || profile.Account.Absent() {
		return Entry{}, err
	}
	a := profile.Account
	id = profile.ledger()
	err = errs.Retry(ctx, func(int) error {
		seq := a.Version
		if a.Changed.After(t) {
			if seq, err = s.lastAt(ctx, tenant, id, a.Version, t); err != nil || seq == 0 {
				return err
			}
		}
		e, err := s.store.Entry(ctx, tenant, id, seq)
		if e != nil {
			last = *e
		}
		return err
	})
	return last, err
}
