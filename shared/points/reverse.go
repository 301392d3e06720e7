package points

import (
	"slices"

	"regulars/shared/errs"
)

// A Reversal is what was undone of an entry so far.
type Reversal struct {
	// Points of it, and by which entries.
	Points int64
	By     []int64
}

// maxReversals is how many entries may undo one: what names them stays small.
const maxReversals = 100

// The client errors about entries. Compare with [errors.Is].
var (
	ErrEntryUnknown    = errs.New(errs.NotFound, "entry_unknown", "")
	ErrNotReversible   = &errs.Client{Kind: errs.Invalid, Code: "not_reversible"}
	ErrAlreadyReversed = &errs.Client{Kind: errs.Invalid, Code: "already_reversed"}
)

// reversible is how many points the entry gave or took that can be taken or given
// back; ok is false where the kind cannot be undone.
func (e Entry) reversible() (points int64, ok bool) {
	switch e.Kind {
	case KindAdd:
		return e.Change.Available + e.Change.Incoming, true
	case KindSubtract:
		return -e.Change.Available, true
	case KindCommit:
		return e.Change.Used, true
	}
	return 0, false
}

// reverse undoes an add, a subtract or the commit of a hold, or so many points of it;
// 0 is all that is left. Points taken back come out of the lot, or the waiting
// sum, that they went into;
// points given back expire like new ones.
func (d *draft) reverse(e Entry, so Reversal, points int64, text Text) (Reversal, error) {
	moved, ok := e.reversible()
	if !ok {
		return so, errs.New(ErrNotReversible.Kind, "not_reversible", "reverse", e.Kind)
	}
	left := moved - so.Points
	if points == 0 {
		points = left
	}
	if left == 0 {
		return so, errs.New(ErrAlreadyReversed.Kind, "already_reversed/all", "reverse")
	}
	if points > left {
		return so, errs.New(ErrAlreadyReversed.Kind, "already_reversed/left", "value", left, points)
	}
	if len(so.By) >= maxReversals {
		return so, errs.New(ErrAlreadyReversed.Kind, "already_reversed/parts", "value", maxReversals)
	}
	day := Day(0)
	if e.Kind == KindAdd {
		lacked := d.unwait(points, Order{Usable: e.Usable, Expires: e.Expires}, d.now) // of no order
		d.spend(lacked, e.Expires)
	} else {
		day = d.expiry(d.now)
		d.gain(points, day, 0)
		if e.Change.Used > 0 {
			d.Used -= points
		}
	}
	text.RefID = e.RefID
	d.enter(Entry{Kind: KindReverse, Text: text, Reverses: e.Seq, Expires: day})
	return Reversal{so.Points + points, append(slices.Clone(so.By), d.Version)}, d.owes("value")
}
