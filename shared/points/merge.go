package points

import (
	"context"
	"fmt"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// The kinds of the entries by which the figures of an account move into that of the
// customer into which its own was merged, and back. The two halves name each other.
const (
	KindMerge   Kind = "merge"
	KindUnmerge Kind = "unmerge"
)

// ErrHoldsOpen rejects a merge while points of the customer that goes are held.
var ErrHoldsOpen = errs.New(errs.FailedPrecondition, "holds_open", "")

// A Merged is what two accounts were when one moved into the other, and the entries by
// which it did. It is kept, so that the accounts can be parted again.
type Merged struct {
	Stays, Goes       Account
	StaysSeq, GoesSeq int64
}

// A Couple is what a commit changes of the account that stays, and of the other.
type Couple [2]Peer

// Merge moves all figures of an account into another's, in an entry of each. The points
// keep the days on which they expire; whose orders earned them is no longer told. It
// rejects with [ErrHoldsOpen] or [ErrTooMany].
func Merge(stays, goes Profile, rules access.Preferences, now time.Time, actor string) (Couple, Merged, error) {
	d, g := newDraft(stays, rules, now), newDraft(goes, rules, now)
	d.settle()
	g.settle()
	if n := len(g.Holds); n > 0 {
		return Couple{}, Merged{}, errs.New(ErrHoldsOpen.Kind, ErrHoldsOpen.Code, "", n)
	}
	was := Merged{Stays: d.copied(), Goes: g.copied(), StaysSeq: d.Version + 1, GoesSeq: g.Version + 1}
	expires := oneDay(g.Lots)
	d.take(g)
	paid := time.Time{}
	if g.LastOrder.After(d.LastOrder) {
		d.LastOrder, paid = g.LastOrder, g.LastOrder
	}
	text := Text{Actor: actor}
	d.enterBoth(g, Entry{Kind: KindMerge, Text: text, PaidAt: paid, Expires: expires}, Entry{Kind: KindMerge, Text: text})
	return couple(d, g, stays, goes), was, d.within("")
}

// Unmerge moves figures back that [Merge] moved, in an entry of each account. Where
// nothing has happened since, both are as they were. Else points that were earned since
// stay; those spent since are taken out of what the one that stays had, and out of the
// other's only where that is used up. A debt goes back to whose it was.
func Unmerge(stays, goes Profile, was Merged, rules access.Preferences, now time.Time, actor string) (Couple, error) {
	d, g := newDraft(stays, rules, now), newDraft(goes, rules, now)
	d.settle()
	if d.Version == was.StaysSeq && g.Version == was.GoesSeq {
		d.restore(was.Stays)
		g.restore(was.Goes)
	} else {
		d.giveBack(g, was)
	}
	text := Text{Actor: actor}
	d.enterBoth(g, Entry{Kind: KindUnmerge, Text: text, PaidAt: d.LastOrder}, Entry{Kind: KindUnmerge, Text: text, PaidAt: g.LastOrder, Expires: oneDay(g.Lots)})
	d.settle() // what goes back may be over since
	g.settle()
	if err := g.within(""); err != nil {
		return Couple{}, err
	}
	return couple(d, g, stays, goes), d.within("")
}

func couple(d, g *draft, stays, goes Profile) Couple {
	return Couple{
		{Before: stays.Account, After: d.Account, Entries: d.made, Ended: d.ended, Customer: stays.Customer},
		{Before: goes.Account, After: g.Account, Entries: g.made, Ended: g.ended, Customer: goes.Customer},
	}
}

// enterBoth enters the halves of a move in both accounts.
func (d *draft) enterBoth(g *draft, mine, other Entry) {
	mine.Peer, mine.PeerSeq, mine.PeerID = g.Number, g.Version+1, g.ID
	other.Peer, other.PeerSeq, other.PeerID = d.Number, d.Version+1, d.ID
	d.enter(mine)
	g.enter(other)
}

// copied is the account, sharing nothing that is altered in place.
func (a Account) copied() Account {
	a.Lots, a.Waiting, a.Holds, a.Expired = slices.Clone(a.Lots), slices.Clone(a.Waiting), slices.Clone(a.Holds), slices.Clone(a.Expired)
	return a
}

// restore makes figures and lots those of an earlier time.
func (d *draft) restore(was Account) {
	was = was.copied()
	d.Figures, d.LastOrder = was.Figures, was.LastOrder
	d.Lots, d.Waiting, d.Expired, d.Untold = was.Lots, was.Waiting, was.Expired, was.Untold
}

// take takes all that another account has.
func (d *draft) take(g *draft) {
	for _, l := range g.Lots {
		d.gain(l.Points, l.Day, 0)
	}
	if g.Available < 0 {
		d.spend(-g.Available, noDay)
	}
	for _, w := range g.Waiting {
		d.wait(w.Points, w.Hour, w.Day, 0)
	}
	d.Used += g.Used
	d.Ranking += g.Ranking
	d.Spent += g.Spent
	d.Orders += g.Orders
	g.Figures, g.Lots, g.Waiting = Figures{}, nil, nil
}

// giveBack gives another account what is left of what was taken of it.
func (d *draft) giveBack(g *draft, was Merged) {
	debt := max(0, -was.Stays.Available) // which points of the other one paid
	for _, l := range was.Goes.Lots {
		paid := min(debt, l.Points)
		debt -= paid
		g.gain(paid, l.Day, l.Order)
		d.giveLot(g, Lot{l.Day, l.Order, l.Points - paid})
	}
	d.spend(max(0, -was.Stays.Available)-debt, noDay)
	for _, w := range was.Goes.Waiting {
		if !w.Hour.Begins().After(d.now) {
			d.giveLot(g, Lot{w.Day, w.Order, w.Points})
			continue
		}
		n := int64(0)
		for i := range d.Waiting {
			if v := &d.Waiting[i]; v.Hour == w.Hour && v.Day == w.Day && v.Order == 0 {
				n = min(v.Points, w.Points)
				v.Points -= n
			}
		}
		d.Incoming -= n
		d.Waiting = slices.DeleteFunc(d.Waiting, func(v Waiting) bool { return v.Points == 0 })
		g.wait(n, w.Hour, w.Day, w.Order)
	}
	if was.Goes.Available < 0 {
		d.regain(-was.Goes.Available, was)
		g.spend(-was.Goes.Available, noDay)
	}
	for _, f := range []struct{ from, to, was *int64 }{
		{&d.Used, &g.Used, &was.Goes.Used}, {&d.Ranking, &g.Ranking, &was.Goes.Ranking},
		{&d.Spent, &g.Spent, &was.Goes.Spent}, {&d.Orders, &g.Orders, &was.Goes.Orders},
	} {
		n := min(*f.was, max(0, *f.from))
		*f.from, *f.to = *f.from-n, *f.to+n
	}
	if was.Goes.LastOrder.After(was.Stays.LastOrder) && d.LastOrder.Equal(was.Goes.LastOrder) {
		d.LastOrder = was.Stays.LastOrder
	}
}

// giveLot gives another account what is left of a lot of its own.
func (d *draft) giveLot(g *draft, l Lot) {
	n := int64(0)
	for i := range d.Lots {
		if m := &d.Lots[i]; m.Day == l.Day && m.Order == 0 {
			n = min(m.Points, l.Points)
			m.Points -= n
		}
	}
	d.Available -= n
	d.Lots = slices.DeleteFunc(d.Lots, func(m Lot) bool { return m.Points == 0 })
	if n > 0 {
		g.gain(n, l.Day, l.Order)
	}
}

// regain gives points back that paid the other's debt, in the lots that they were in.
func (d *draft) regain(points int64, was Merged) {
	for _, l := range was.Stays.Lots {
		n := min(l.Points, points)
		if points -= n; n > 0 {
			d.gain(n, l.Day, l.Order)
		}
	}
	if points > 0 {
		d.gain(points, Never, 0)
	}
}

// profile reads the profile that an id means, or the number of a ledger: where its
// customer was merged into another, that one's.
func (s *Service) profile(ctx context.Context, tenant int, id customer.ID) (Profile, error) {
	p, err := s.store.Profile(ctx, tenant, id)
	if err != nil || p.Customer.MergedInto == 0 {
		return p, err
	}
	owner, wallet := OwnerOf(id)
	stays, err := s.store.Profile(ctx, tenant, LedgerOf(p.Customer.MergedInto, wallet))
	if err == nil && !stays.Customer.Was(owner) {
		err = fmt.Errorf("customer %s was unmerged between two reads: %w", owner.Hex(), errs.ErrConflict)
	}
	return stays, err
}

// ledger is the number of the profile's ledger.
func (p Profile) ledger() customer.ID {
	if p.Ledger != 0 {
		return p.Ledger
	}
	return p.Customer.ID
}

// formerly are the ledgers of those who were merged into the profile's customer: what
// happened once in them is not done again.
func (p Profile) formerly() (ledgers []customer.ID) {
	_, wallet := OwnerOf(p.Ledger)
	for _, f := range p.Customer.Formerly {
		ledgers = append(ledgers, LedgerOf(f.ID, wallet))
	}
	return ledgers
}
