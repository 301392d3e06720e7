package points

import (
	"context"
	"fmt"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Verifier recomputes an account from its entries.
type Verifier struct {
	of      Account
	seq     int64
	figures Figures
	head    Hash
	time    time.Time
	last    time.Time // order
	level   int64     // previous one
	holds   map[int64]heldPoints
}

// heldPoints are those of a hold that has not ended.
type heldPoints struct {
	points int64
	ends   time.Time
}

// NewVerifier begins with the first entry of an account, which may have texts
// erased where the customer was deleted.
func NewVerifier(of Account) *Verifier { return &Verifier{of: of, holds: map[int64]heldPoints{}} }

// A Mismatch is where a ledger first does not add up.
type Mismatch struct {
	// Seq is the entry that does not fit; one after the last where the account
	// does not.
	Seq     int64
	Problem string
}

// Next looks at the next entry and returns its flaw, or nil.
func (v *Verifier) Next(e Entry) *Mismatch {
	want := v.figures.plus(e.Change)
	switch {
	case e.Seq != v.seq+1:
		return &Mismatch{v.seq + 1, fmt.Sprintf("entry %d is missing; %d follows", v.seq+1, e.Seq)}
	case e.Balance != want:
		return &Mismatch{e.Seq, fmt.Sprintf("the balance is %+v, the sum of the entries %+v", e.Balance, want)}
	case e.Time.Before(v.time):
		return &Mismatch{e.Seq, "it is older than the entry before"}
	case e.Erased() && !v.of.Deleted:
		return &Mismatch{e.Seq, "its text is erased, and the customer is not deleted"}
	case e.Erased() && e.Text != Text{}, !e.Erased() && e.Digest != e.digest():
		return &Mismatch{e.Seq, "its text is not the one that was written"}
	case e.Hash != e.hash(v.of.Number, v.head):
		return &Mismatch{e.Seq, "its hash does not cover it and the entry before"}
	}
	if problem := v.hold(e); problem != "" {
		return &Mismatch{e.Seq, problem}
	}
	v.seq, v.figures, v.head, v.time = e.Seq, e.Balance, e.Hash, e.Time
	if e.PaidAt.After(v.last) || e.Kind == KindUnmerge {
		v.last = e.PaidAt
	}
	if e.Level != e.PreviousLevel {
		v.level = e.PreviousLevel
	}
	return nil
}

// hold takes in what an entry does to holds and returns what is wrong with it.
func (v *Verifier) hold(e Entry) (problem string) {
	switch {
	case e.Kind == KindHold:
		v.holds[e.Seq] = heldPoints{e.Change.Held, e.Ends}
	case e.Hold != 0:
		h, open := v.holds[e.Hold]
		if delete(v.holds, e.Hold); !open || h.points != -e.Change.Held {
			return fmt.Sprintf("it ends hold %d, which is not open with %d points", e.Hold, -e.Change.Held)
		}
	case e.Change.Held != 0:
		return "it changes what is held, and names no hold"
	}
	return ""
}

// sameHolds reports whether the account has the holds that the entries left open.
func (v *Verifier) sameHolds() bool {
	held := int64(0)
	for _, h := range v.of.Holds {
		if want, open := v.holds[h.Number]; !open || want.points != h.Points() || !want.ends.Equal(h.Ends) {
			return false
		}
		held += h.Points()
	}
	return len(v.of.Holds) == len(v.holds) && held == v.of.Held
}

// Account compares the account with all its entries and returns the flaw, or nil.
func (v *Verifier) Account() *Mismatch {
	a := v.of
	lots, waiting := int64(0), int64(0)
	for _, l := range a.Lots {
		lots += l.Points
	}
	for _, w := range a.Waiting {
		waiting += w.Points
	}
	problem := ""
	switch {
	case a.Version != v.seq:
		problem = fmt.Sprintf("the account counts %d entries, there are %d", a.Version, v.seq)
	case a.Figures != v.figures:
		problem = fmt.Sprintf("the figures are %+v, the sum of the entries %+v", a.Figures, v.figures)
	case a.Head != v.head:
		problem = "the account's hash is not that of the last entry"
	case !a.LastOrder.Equal(v.last) || a.PreviousLevel != v.level || !a.Changed.Equal(v.time):
		problem = "last order, previous level or time are not those of the entries"
	case lots != max(0, a.Available):
		problem = fmt.Sprintf("the lots hold %d points, %d are available", lots, a.Available)
	case waiting != a.Incoming:
		problem = fmt.Sprintf("%d points wait, %d are incoming", waiting, a.Incoming)
	case !v.sameHolds():
		problem = "the open holds are not those of the entries"
	default:
		return nil
	}
	return &Mismatch{v.seq + 1, problem}
}

// A Report is what a verification came to.
type Report struct {
	// Entries that were looked at.
	Entries int64
	// Account as it was read before.
	Account Account
	// Flaw is the first there is, or nil.
	Mismatch *Mismatch
}

// verifyPage is how many entries a verification reads at once.
const verifyPage = 200

// Verify recomputes an account from its entries, also that of a deleted customer.
// It rejects with [ErrNotFound] where there never was one.
func (s *Service) Verify(ctx context.Context, tenant int, id customer.ID) (Report, error) {
	report, err := s.verify(ctx, tenant, id)
	if err == nil && report.Mismatch != nil && !report.Account.Deleted {
		return s.verify(ctx, tenant, id) // who was deleted meanwhile has lost texts
	}
	return report, err
}

// Ledgers are those of a customer: the first, and those of further wallets.
func (s *Service) Ledgers(ctx context.Context, tenant int, id customer.ID) (ledgers []customer.ID, err error) {
	ledgers = []customer.ID{id}
	err = errs.Retry(ctx, func(int) error {
		further, err := s.store.Wallets(ctx, tenant, id)
		ledgers = ledgers[:1]
		for wallet := range further {
			ledgers = append(ledgers, LedgerOf(id, wallet))
		}
		slices.Sort(ledgers)
		return err
	})
	return ledgers, err
}

// verifyPeer looks whether the other half of a transfer is where the entry says. That
// of an entry without texts is not known any more.
func (s *Service) verifyPeer(ctx context.Context, tenant int, number string, e Entry) (*Mismatch, error) {
	if e.Peer == "" || e.Erased() {
		return nil, nil
	}
	var other *Entry
	err := errs.Retry(ctx, func(int) (err error) {
		other, err = s.store.Entry(ctx, tenant, e.PeerID, e.PeerSeq)
		return err
	})
	if err == nil && !e.mirrors(other, number) {
		return &Mismatch{e.Seq, fmt.Sprintf("the other half of the transfer is not entry %d of profile %s", e.PeerSeq, ownerOf(e.PeerID).Decimal())}, nil
	}
	return nil, err
}

func (s *Service) verify(ctx context.Context, tenant int, id customer.ID) (Report, error) {
	var profile Profile
	err := errs.Retry(ctx, func(int) (err error) {
		profile, err = s.store.Profile(ctx, tenant, id)
		return err
	})
	if err != nil {
		return Report{}, err
	}
	if profile.Account.Absent() && profile.Gone() {
		return Report{}, ErrNotFound
	}
	report := Report{Account: profile.Account.Account}
	v := NewVerifier(report.Account)
	for report.Mismatch == nil && report.Entries < report.Account.Version {
		var entries []Entry
		err := errs.Retry(ctx, func(int) (err error) {
			entries, err = s.store.Entries(ctx, tenant, id, report.Entries+1, report.Account.Version, verifyPage)
			return err
		})
		if err != nil {
			return Report{}, err
		}
		if len(entries) == 0 {
			break // the account counts more than there are
		}
		for _, e := range entries {
			if report.Mismatch = v.Next(e); report.Mismatch != nil {
				return report, nil
			}
			if report.Mismatch, err = s.verifyPeer(ctx, tenant, report.Account.Number, e); err != nil || report.Mismatch != nil {
				return report, err
			}
			report.Entries++
		}
	}
	report.Mismatch = v.Account()
	return report, nil
}
