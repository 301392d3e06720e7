package points

import (
	"context"
	"sort"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
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
// number of the last one where more may follow, else 0. It rejects with
// [ErrNotFound].
func (s *Service) Statement(ctx context.Context, tenant int, id customer.ID, p Period) (lines []Line, next int64, err error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil || profile.Account.Absent() {
		return nil, 0, err
	}
	err = errs.Retry(ctx, func(int) error {
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
	lines, ended, err := s.page(ctx, tenant, a.ID, top, p)
	if err != nil {
		return nil, 0, err
	}
	for i, l := range lines {
		if l.Time.Before(p.From) {
			lines, ended = lines[:i], true
			break
		}
	}
	if ended || len(lines) == 0 {
		return lines, 0, nil
	}
	return lines, lines[len(lines)-1].Seq, nil
}

// page is the next lines from top down, and whether these are the last.
func (s *Service) page(ctx context.Context, tenant int, id customer.ID, top int64, p Period) (lines []Line, ended bool, err error) {
	if p.RefID != "" {
		return s.referring(ctx, tenant, id, top, p)
	}
	entries, err := s.store.Entries(ctx, tenant, id, top, 1, p.Limit)
	if err != nil || len(entries) == 0 {
		return nil, true, err
	}
	last := entries[len(entries)-1].Seq
	undone, err := s.store.Reversals(ctx, tenant, id, last, top)
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		lines = append(lines, Line{e, undone[e.Seq].By})
	}
	return lines, last == 1, nil
}

// referring is the page of the lines with the reference.
func (s *Service) referring(ctx context.Context, tenant int, id customer.ID, top int64, p Period) (lines []Line, ended bool, err error) {
	numbers, err := s.store.EntriesByRef(ctx, tenant, id, p.RefID, top+1, p.Limit)
	if err != nil {
		return nil, false, err
	}
	found, err := s.store.Lines(ctx, tenant, id, numbers)
	if err != nil {
		return nil, false, err
	}
	for _, n := range numbers {
		if record, ok := found[n]; ok {
			lines = append(lines, record.line())
		}
	}
	return lines, len(numbers) < p.Limit, nil
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

// Line returns one line of an account's ledger. It rejects with [ErrNotFound] or
// [ErrEntryUnknown].
func (s *Service) Line(ctx context.Context, tenant int, id customer.ID, seq int64) (Line, error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil {
		return Line{}, err
	}
	id = profile.ledger()
	var record *LineRecord
	err = errs.Retry(ctx, func(int) (err error) {
		record, err = s.line(ctx, tenant, id, seq)
		return err
	})
	switch {
	case err != nil:
		return Line{}, err
	case record == nil:
		return Line{}, ErrEntryUnknown
	}
	return record.line(), nil
}

// line reads one, or nil.
func (s *Service) line(ctx context.Context, tenant int, id customer.ID, seq int64) (*LineRecord, error) {
	found, err := s.store.Lines(ctx, tenant, id, []int64{seq})
	if record, ok := found[seq]; ok {
		return &record, err
	}
	return nil, err
}
