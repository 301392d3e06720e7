package points

import (
	"context"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Transfer is the [Direction] of references of transfers.
const Transfer Direction = "transfer"

// The client errors about transfers. Compare with [errors.Is].
var (
	ErrTransferSelf     = errs.New(errs.Invalid, "transfer_to_itself", "to")
	ErrTransferUnknown  = errs.New(errs.Invalid, "transfer_to_unknown", "to")
	ErrTransferDisabled = errs.New(errs.Invalid, "transfer_to_disabled", "to")
)

// A Peer is what a commit changes of a second account.
type Peer struct {
	Before   Record
	After    Account
	Entries  []Entry
	Ended    []HoldEnd
	Customer customer.Record // as in [Commit]
}

// Transfer moves points from the account of the request to another. They keep the days
// on which they expire. It rejects with [ErrNotFound], [ErrInsufficient], [ErrDisabled],
// [ErrTooMany], [ErrTransferSelf], [ErrTransferUnknown] or [ErrTransferDisabled].
func (s *Service) Transfer(ctx context.Context, r Request, to customer.ID, points int64, reason, refID string) (Result, error) {
	return s.change(ctx, r, step{
		unique: r.reference(Transfer, refID),
		load: func(ctx context.Context, r Request, l *loaded) (err error) {
			if ownerOf(to) == ownerOf(r.ID) {
				l.peer.Customer.ID = ownerOf(to)
				return nil
			}
			l.peer, err = s.profile(ctx, r.Tenant, to)
			return err
		},
		decide: func(d *draft, l loaded, c *Commit) error {
			switch {
			case l.peer.Customer.ID == ownerOf(d.ID):
				return ErrTransferSelf
			case l.peer.Gone():
				return ErrTransferUnknown
			}
			peer := newDraft(l.peer, r.Rules, s.now())
			peer.settle()
			if err := d.transfer(peer, points, r.text(reason, refID)); err != nil {
				return err
			}
			peer.settle() // its clock may be ahead, and what it got be over
			c.Peer = &Peer{Before: l.peer.Account, After: peer.Account, Entries: peer.made, Ended: peer.ended, Customer: l.peer.Customer}
			return nil
		},
	})
}

// transfer moves points that are there to another account, in two entries that name
// each other.
func (d *draft) transfer(to *draft, points int64, text Text) error {
	if err := d.covers(points, 0); err != nil {
		return err
	}
	if to.Disabled {
		return ErrTransferDisabled
	}
	moved := d.withdraw(points)
	for _, l := range moved {
		to.gain(l.Points, l.Day, 0)
	}
	gives := Entry{Kind: KindTransferOut, Text: text, Peer: to.Number, PeerSeq: to.Version + 1}
	gets := Entry{Kind: KindTransferIn, Text: text, Peer: d.Number, PeerSeq: d.Version + 1, Expires: oneDay(moved)}
	gives.PeerID, gets.PeerID = to.ID, d.ID
	d.enter(gives)
	to.enter(gets)
	return to.within("value")
}

// withdraw takes points that are there, those that expire soonest first, and returns
// what of them expires when.
func (a *Account) withdraw(points int64) []Lot {
	var taken []Lot
	for _, l := range a.Lots {
		if n := min(l.Points, points); n > 0 {
			taken = append(taken, Lot{Day: l.Day, Points: n})
			points -= n
		}
	}
	for _, l := range taken {
		a.spend(l.Points, noDay)
	}
	return taken
}

// oneDay is the day on which all of the lots expire, or 0 where they do so on several.
func oneDay(lots []Lot) Day {
	for _, l := range lots {
		if l.Day != lots[0].Day {
			return 0
		}
	}
	if len(lots) == 0 {
		return 0
	}
	return lots[0].Day
}

// mirrors reports whether two entries are the halves of one transfer: e in the account
// with the number, and the other where e says.
func (e Entry) mirrors(other *Entry, number string) bool {
	if other == nil || other.Seq != e.PeerSeq || other.PeerSeq != e.Seq || other.Peer != number {
		return false
	}
	if e.Kind == KindMerge || e.Kind == KindUnmerge {
		return other.Kind == e.Kind && e.Change == Figures{}.minus(other.Change)
	}
	return other.Change.Available == -e.Change.Available &&
		(e.Kind == KindTransferOut && other.Kind == KindTransferIn || e.Kind == KindTransferIn && other.Kind == KindTransferOut)
}
