package points

import (
	"cmp"
	"context"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Hold is points that are set aside until they are spent or given back.
type Hold struct {
	// Number is that of the entry that made it.
	Number int64
	// Ends is when it ends by itself, to the microsecond.
	Ends time.Time
	// Shares are its points by the lots they came from, in their order.
	Shares []Lot
}

// Points are all that it holds.
func (h Hold) Points() int64 {
	n := int64(0)
	for _, l := range h.Shares {
		n += l.Points
	}
	return n
}

// maxHolds is how many holds of an account may be open: they lie in the account.
const maxHolds = 20

// A HoldEnd is how a hold ended.
type HoldEnd struct {
	// Number is that of the hold, Entry that of the entry that ended it: of the
	// kind Kind, at Time.
	Number, Entry int64
	Kind          Kind
	Time          time.Time
	// Points are all that it held, Spent those of them that were spent.
	Points, Spent int64
}

// A HoldLine is a hold with what was said of it.
type HoldLine struct {
	// Entry made it: points, times and texts.
	Entry Entry
	// End is nil where it has not ended.
	End *HoldEnd
}

// A NewHold is one that is asked for.
type NewHold struct {
	Points        int64
	Reason, RefID string
	// For is how long it lasts, or Until until when; neither: as the tenant's
	// settings say.
	For   time.Duration
	Until time.Time
}

// The client errors about holds. Compare with [errors.Is].
var (
	ErrHoldUnknown  = errs.New(errs.NotFound, "hold_unknown", "")
	ErrHoldEnded    = &errs.Client{Kind: errs.Invalid, Code: "hold_ended"}
	ErrHoldTime     = &errs.Client{Kind: errs.Invalid, Code: "bad_hold_time"}
	ErrHoldTooSmall = &errs.Client{Kind: errs.Invalid, Code: "hold_too_small"}
	ErrTooManyHolds = errs.New(errs.Invalid, "too_many_holds", "hold", maxHolds)
)

// hold sets points aside. They come from the lots that a subtraction would take
// them from.
func (d *draft) hold(h NewHold, actor string) error {
	ends, err := d.holdEnds(h)
	if err != nil {
		return err
	}
	if err := d.covers(h.Points, 0); err != nil {
		return err
	}
	if len(d.Holds) >= maxHolds {
		return ErrTooManyHolds
	}
	d.Holds = append(d.Holds, Hold{Number: d.Version + 1, Ends: ends, Shares: d.setAside(h.Points)})
	d.bound()
	d.enter(Entry{Kind: KindHold, Text: Text{Reason: h.Reason, RefID: h.RefID, Actor: actor}, Ends: ends})
	return nil
}

// holdEnds is when a hold ends that begins now.
func (d *draft) holdEnds(h NewHold) (time.Time, error) {
	most := time.Duration(d.rules.Holds.MaxExpiresIn) * time.Second
	field, lasts := "expires_in", h.For
	switch {
	case !h.Until.IsZero():
		field, lasts = "expires_at", h.Until.Truncate(time.Microsecond).Sub(d.now)
	case h.For == 0:
		lasts = time.Duration(d.rules.Holds.ExpiresIn) * time.Second
	}
	switch {
	case lasts <= 0:
		return time.Time{}, errs.New(ErrHoldTime.Kind, "bad_hold_time/past", field)
	case lasts > most:
		return time.Time{}, errs.New(ErrHoldTime.Kind, "bad_hold_time/long", field, d.rules.Holds.MaxExpiresIn).DependingOnSettings()
	}
	return d.now.Add(lasts), nil
}

// open is the open hold of that number, or nil.
func (d *draft) open(number int64) *Hold {
	for i := range d.Holds {
		if d.Holds[i].Number == number {
			return &d.Holds[i]
		}
	}
	return nil
}

// end ends an open hold by an entry of a kind: so many of its points are spent, as
// ever those that expire soonest, and the others go back to the lots they came from.
func (d *draft) end(h Hold, kind Kind, spent int64, text Text) {
	d.Holds = slices.DeleteFunc(d.Holds, func(g Hold) bool { return g.Number == h.Number })
	d.Held -= h.Points()
	d.Used += spent
	left := spent
	for _, share := range h.Shares {
		if left = take(&share.Points, left); share.Points > 0 {
			d.gain(share.Points, share.Day, share.Order)
		}
	}
	d.enter(Entry{Kind: kind, Text: text, Hold: h.Number})
	d.ended = append(d.ended, HoldEnd{Number: h.Number, Entry: d.Version, Kind: kind, Time: d.now, Points: h.Points(), Spent: spent})
}

// release ends the holds whose time is over.
func (d *draft) release() {
	for _, h := range slices.Clone(d.Holds) {
		if !h.Ends.After(d.now) {
			d.end(h, KindRelease, 0, Text{Actor: systemActor})
		}
	}
}

// close ends a hold by request. points of a commit are what is spent, 0: all.
func (d *draft) close(l HoldLine, kind Kind, points int64, text Text) error {
	text.RefID = l.Entry.RefID
	h := d.open(l.Entry.Seq)
	if h == nil {
		i := slices.IndexFunc(d.ended, func(e HoldEnd) bool { return e.Number == l.Entry.Seq })
		if i >= 0 {
			l.End = &d.ended[i]
		}
		if l.End == nil { // it ended after it was read
			return errs.ErrConflict
		}
		return l.End.rejects()
	}
	held := h.Points()
	if kind == KindCommit {
		if d.Disabled {
			return ErrDisabled
		}
		if points == 0 {
			points = held
		}
		if points > held {
			return errs.New(ErrHoldTooSmall.Kind, "hold_too_small", "points", held, points)
		}
	}
	d.end(*h, kind, points, text)
	return d.within("points")
}

// rejects is the error about a hold that ended so.
func (e HoldEnd) rejects() error {
	switch e.Kind {
	case KindCommit:
		return errs.New(ErrHoldEnded.Kind, "hold_ended/commit", "hold", e.Entry)
	case KindVoid:
		return errs.New(ErrHoldEnded.Kind, "hold_ended/void", "hold", e.Entry)
	}
	return errs.New(ErrHoldEnded.Kind, "hold_ended/release", "hold")
}

// setAside takes available points out of the lots, those that expire soonest first,
// and returns from which ones.
func (a *Account) setAside(points int64) (shares []Lot) {
	a.Available -= points
	a.Held += points
	for i := range a.Lots {
		l := a.Lots[i]
		lacked := take(&a.Lots[i].Points, points)
		if l.Points = points - lacked; l.Points > 0 {
			shares = append(shares, l)
		}
		points = lacked
	}
	a.Lots = slices.DeleteFunc(a.Lots, func(l Lot) bool { return l.Points == 0 })
	return shares
}

// mergeShares lets the points of one share of a hold expire with the next, where the
// holds have too many: the two of the largest hold whose days are nearest.
func (a *Account) mergeShares() {
	total := 0
	for _, h := range a.Holds {
		total += len(h.Shares)
	}
	for ; total > maxLots; total-- {
		h := slices.MaxFunc(a.Holds, func(g, h Hold) int { return cmp.Compare(len(g.Shares), len(h.Shares)) })
		i := slices.IndexFunc(a.Holds, func(g Hold) bool { return g.Number == h.Number })
		a.Holds[i].Shares = mergeNearest(slices.Clone(h.Shares))
	}
}

// A HoldAnswer makes the answer to a request about a hold.
type HoldAnswer func(Profile, HoldLine) ([]byte, error)

// Hold sets points aside. It rejects with [ErrNotFound], [ErrInsufficient],
// [ErrDisabled], [ErrHoldTime] or [ErrTooManyHolds].
func (s *Service) Hold(ctx context.Context, r Request, h NewHold, show HoldAnswer) (Result, error) {
	var line HoldLine
	r.Show = func(p Profile) ([]byte, error) { return show(p, line) }
	return s.change(ctx, r, step{unique: r.reference(SetAside, h.RefID), decide: func(d *draft, _ loaded, _ *Commit) error {
		if err := d.hold(h, r.Actor); err != nil {
			return err
		}
		line = HoldLine{Entry: d.made[len(d.made)-1]}
		return nil
	}})
}

// CommitHold spends so many points of a hold, 0: all of them, and gives the others
// back. It rejects with [ErrNotFound], [ErrHoldUnknown], [ErrHoldEnded],
// [ErrHoldTooSmall] or [ErrDisabled].
func (s *Service) CommitHold(ctx context.Context, r Request, number, points int64, reason string, show HoldAnswer) (Result, error) {
	return s.endHold(ctx, r, number, KindCommit, points, reason, show)
}

// VoidHold gives the points of a hold back. It rejects with [ErrNotFound],
// [ErrHoldUnknown] or [ErrHoldEnded].
func (s *Service) VoidHold(ctx context.Context, r Request, number int64, reason string, show HoldAnswer) (Result, error) {
	return s.endHold(ctx, r, number, KindVoid, 0, reason, show)
}

func (s *Service) endHold(ctx context.Context, r Request, number int64, kind Kind, points int64, reason string, show HoldAnswer) (Result, error) {
	var line HoldLine
	r.Show = func(p Profile) ([]byte, error) { return show(p, line) }
	return s.change(ctx, r, step{load: func(ctx context.Context, r Request, _ *loaded) (err error) {
		line, err = s.store.Hold(ctx, r.Tenant, r.ID, number)
		return err
	}, decide: func(d *draft, _ loaded, _ *Commit) error {
		if line.Entry.Kind != KindHold {
			return ErrHoldUnknown
		}
		if err := d.close(line, kind, points, r.text(reason, "")); err != nil {
			return err
		}
		line.End = &d.ended[len(d.ended)-1]
		return nil
	}})
}

// OpenHolds returns the holds of an account that have not ended, the newest first.
// It rejects with [ErrNotFound].
func (s *Service) OpenHolds(ctx context.Context, tenant int, id customer.ID) ([]HoldLine, error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil || len(profile.Account.Holds) == 0 {
		return nil, err
	}
	var numbers []int64
	for _, h := range profile.Account.Holds {
		numbers = append(numbers, h.Number)
	}
	slices.Reverse(numbers)
	return s.holdLines(ctx, tenant, profile.ledger(), numbers, nil)
}

// EndedHolds returns up to limit holds of an account that ended and whose numbers are
// below one, or the newest where that is 0, the newest first, and the number of the
// last one where more may follow, else 0. It rejects with [ErrNotFound].
func (s *Service) EndedHolds(ctx context.Context, tenant int, id customer.ID, below int64, limit int) (lines []HoldLine, next int64, err error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil {
		return nil, 0, err
	}
	id = profile.ledger()
	var ends []HoldEnd
	err = errs.Retry(ctx, func(int) (err error) {
		ends, err = s.store.HoldEnds(ctx, tenant, id, below, limit)
		return err
	})
	if err != nil || len(ends) == 0 {
		return nil, 0, err
	}
	var numbers []int64
	for _, e := range ends {
		numbers = append(numbers, e.Number)
	}
	if len(ends) == limit {
		next = numbers[len(numbers)-1]
	}
	lines, err = s.holdLines(ctx, tenant, id, numbers, ends)
	return lines, next, err
}

// holdLines reads the entries of holds. ends are how they ended, in the same order,
// or nil where they did not.
func (s *Service) holdLines(ctx context.Context, tenant int, id customer.ID, numbers []int64, ends []HoldEnd) (lines []HoldLine, err error) {
	var found map[int64]LineRecord
	err = errs.Retry(ctx, func(int) (err error) {
		found, err = s.store.Lines(ctx, tenant, id, numbers)
		return err
	})
	for i, n := range numbers {
		record, ok := found[n]
		if !ok {
			continue
		}
		line := HoldLine{Entry: record.Entry}
		if ends != nil {
			line.End = &ends[i]
		}
		lines = append(lines, line)
	}
	return lines, err
}

// OneHold returns a hold, open or ended. It rejects with [ErrNotFound] or
// [ErrHoldUnknown].
func (s *Service) OneHold(ctx context.Context, tenant int, id customer.ID, number int64) (line HoldLine, err error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil {
		return line, err
	}
	id = profile.ledger()
	err = errs.Retry(ctx, func(int) (err error) {
		line, err = s.store.Hold(ctx, tenant, id, number)
		return err
	})
	if err == nil && line.Entry.Kind != KindHold {
		err = ErrHoldUnknown
	}
	return line, err
}
