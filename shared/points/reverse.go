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

// reverse undoes an add or a subtract, or so many points of it; 0 is all that is
// left. Points taken back come out of the lot that they went into; points given
// back expire like new ones.
func (d *draft) reverse(e Entry, so Reversal, points int64, text Text) (Reversal, error) {
	if e.Kind != KindAdd && e.Kind != KindSubtract {
		return so, errs.New(ErrNotReversible.Kind, "not_reversible", "reverse", e.Kind)
	}
	left := max(e.Change.Available, -e.Change.Available) - so.Points
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
	if e.Kind == KindAdd {
		d.spend(points, e.Expires)
	} else {
		d.gain(points, d.expiry(d.now), 0)
		if e.Change.Used > 0 {
			d.Used -= points
		}
	}
	text.RefID = e.RefID
	d.enter(Entry{Kind: KindReverse, Text: text, Reverses: e.Seq})
	return Reversal{so.Points + points, append(slices.Clone(so.By), d.Version)}, d.owes("value")
}
