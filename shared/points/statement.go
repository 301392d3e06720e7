package points

import (
	"context"
	"sort"
	"time"

	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// A Line is an entry and the entries that undid it.
type Line struct {
	Entry
	ReversedBy []int64
}

// A Period is which lines of a ledger are asked for.
type Period struct {
	// From and To bound the time of the entries, both inclusive; zero: unbounded.
	From, To time.Time
	// RefID, unless empty, is their reference.
	RefID string
	// Below, unless 0, is a number that they are below: what a page ended with.
	Below int64
	Limit int
}

// Statement returns lines of an account's ledger, the newest first, and the
// number of the last one where more may follow, else 0. It refuses with
// [ErrNotFound].
func (s *Service) Statement(ctx context.Context, tenant int, id customer.ID, p Period) (lines []Line, next int64, err error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil || profile.Account.Absent() {
		return nil, 0, err
	}
	err = outcome.Retry(ctx, func(int) error {
		lines, next, err = s.lines(ctx, tenant, profile.Account.Account, p)
		return err
	})
	return lines, next, err
}

func (s *Service) lines(ctx context.Context, tenant int, a Account, p Period) ([]Line, int64, error) {
	top := a.Version
	if p.Below > 0 {
		top = min(top, p.Below-1)
	}
	var err error
	if !p.To.IsZero() && a.Changed.After(p.To) {
		if top, err = s.lastAt(ctx, tenant, a.ID, top, p.To); err != nil {
			return nil, 0, err
		}
	}
	if top < 1 {
		return nil, 0, nil
	}
	entries, ended, err := s.entries(ctx, tenant, a.ID, top, p)
	if err != nil {
		return nil, 0, err
	}
	for i, e := range entries {
		if e.Time.Before(p.From) {
			entries, ended = entries[:i], true
			break
		}
	}
	if len(entries) == 0 {
		return nil, 0, nil
	}
	lines, err := s.withReversals(ctx, tenant, a.ID, entries)
	if ended || err != nil {
		return lines, 0, err
	}
	return lines, entries[len(entries)-1].Seq, nil
}

// withReversals adds the entries that undid them: those of neighbours are read
// together.
func (s *Service) withReversals(ctx context.Context, tenant int, id customer.ID, entries []Entry) ([]Line, error) {
	lines := make([]Line, len(entries))
	first, last := entries[0].Seq, entries[len(entries)-1].Seq
	neighbours := first-last == int64(len(entries)-1)
	var together map[int64]Reversal
	var err error
	if neighbours {
		if together, err = s.store.Reversals(ctx, tenant, id, last, first); err != nil {
			return nil, err
		}
	}
	for i, e := range entries {
		lines[i] = Line{e, together[e.Seq].By}
		if neighbours {
			continue
		}
		one, err := s.store.Reversal(ctx, tenant, id, e.Seq)
		if err != nil {
			return nil, err
		}
		lines[i].ReversedBy = one.By
	}
	return lines, nil
}

// entries are the next ones from top down, and whether these are the last.
func (s *Service) entries(ctx context.Context, tenant int, id customer.ID, top int64, p Period) (entries []Entry, ended bool, err error) {
	if p.RefID == "" {
		entries, err = s.store.Entries(ctx, tenant, id, top, 1, p.Limit)
		return entries, len(entries) == 0 || entries[len(entries)-1].Seq == 1, err
	}
	numbers, err := s.store.EntriesByRef(ctx, tenant, id, p.RefID, top+1, p.Limit)
	if err != nil {
		return nil, false, err
	}
	for _, n := range numbers {
		e, err := s.store.Entry(ctx, tenant, id, n)
		if err != nil {
			return nil, false, err
		}
		if e != nil {
			entries = append(entries, *e)
		}
	}
	return entries, len(numbers) < p.Limit, nil
}

// lastAt is the highest number up to top of an entry that is not later than t, or
// 0. Times never go back, so it takes one read for each doubling of the ledger.
func (s *Service) lastAt(ctx context.Context, tenant int, id customer.ID, top int64, t time.Time) (int64, error) {
	var err error
	later := sort.Search(int(top), func(i int) bool {
		if err != nil {
			return true
		}
		var e *Entry
		e, err = s.store.Entry(ctx, tenant, id, int64(i)+1)
		return err == nil && e != nil && e.Time.After(t)
	})
	return int64(later), err
}

// Line returns one line of an account's ledger. It refuses with [ErrNotFound] or
// [ErrEntryUnknown].
func (s *Service) Line(ctx context.Context, tenant int, id customer.ID, seq int64) (Line, error) {
	if _, err := s.Profile(ctx, tenant, id); err != nil {
		return Line{}, err
	}
	var line Line
	err := outcome.Retry(ctx, func(int) error {
		e, err := s.store.Entry(ctx, tenant, id, seq)
		if err != nil {
			return err
		}
		if e == nil {
			return ErrEntryUnknown
		}
		reversal, err := s.store.Reversal(ctx, tenant, id, seq)
		line = Line{*e, reversal.By}
		return err
	})
	return line, err
}

// A Report is what a verification came to.
type Report struct {
	// Entries that were looked at.
	Entries int64
	// Account as it was read before.
	Account Account
	// Flaw is the first there is, or nil.
	Flaw *Flaw
}

// verifyPage is how many entries a verification reads at once.
const verifyPage = 200

// Verify recomputes an account from its entries, also that of a deleted customer.
// It refuses with [ErrNotFound] where there never was one.
func (s *Service) Verify(ctx context.Context, tenant int, id customer.ID) (Report, error) {
	report, err := s.verify(ctx, tenant, id)
	if err == nil && report.Flaw != nil && !report.Account.Deleted {
		return s.verify(ctx, tenant, id) // who was deleted meanwhile has lost texts
	}
	return report, err
}

func (s *Service) verify(ctx context.Context, tenant int, id customer.ID) (Report, error) {
	var profile Profile
	err := outcome.Retry(ctx, func(int) (err error) {
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
	for report.Flaw == nil && report.Entries < report.Account.Version {
		var entries []Entry
		err := outcome.Retry(ctx, func(int) (err error) {
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
			if report.Flaw = v.Next(e); report.Flaw != nil {
				return report, nil
			}
			report.Entries++
		}
	}
	report.Flaw = v.Account()
	return report, nil
}
