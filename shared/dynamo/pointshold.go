package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// packHolds packs open holds: of each its number, when it ends, how many shares it
// has, and their days as differences, orders and points, all as varints.
func packHolds(holds []points.Hold) []byte {
	var b []byte
	for _, h := range holds {
		b = appendVarints(b, h.Number, h.Ends.UnixMicro(), int64(len(h.Shares)))
		day := points.Day(0)
		for _, l := range h.Shares {
			b = appendVarints(b, int64(l.Day-day), l.Order, l.Points)
			day = l.Day
		}
	}
	return b
}

func unpackHolds(b []byte) ([]points.Hold, error) {
	var holds []points.Hold
	for n := (numbers{b: b}); len(n.b) > 0; {
		h := points.Hold{Number: n.next(), Ends: time.UnixMicro(n.next()).UTC()}
		day := points.Day(0)
		for range n.next() {
			if day += points.Day(n.next()); n.bad {
				break
			}
			h.Shares = append(h.Shares, points.Lot{Day: day, Order: n.next(), Points: n.next()})
		}
		if n.bad {
			return nil, errors.New("the holds are damaged")
		}
		holds = append(holds, h)
	}
	return holds, nil
}

// newHoldEndItem is how a hold ended. Its points are attrPoints, what was spent of
// them attrUsed.
func newHoldEndItem(k key, h points.HoldEnd, commit string) item {
	it := make(attributes, 8)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setText(attrKind, string(h.Kind))
	it.setNumber(attrEntry, h.Entry)
	it.setNumber(attrChanged, h.Time.UnixMicro())
	it.setNumber(attrPoints, h.Points)
	it.setCount(attrUsed, h.Spent)
	return item(it)
}

// readHoldEnd returns nil where there is none.
func readHoldEnd(it item) (*points.HoldEnd, error) {
	if it == nil {
		return nil, nil
	}
	number, err := numberOfHold(keyOf(it))
	r := reader{it: it}
	h := points.HoldEnd{
		Number: number, Entry: r.number(attrEntry), Kind: points.Kind(r.text(attrKind)),
		Time: time.UnixMicro(r.number(attrChanged)).UTC(), Points: r.number(attrPoints), Spent: r.number(attrUsed),
	}
	if err = errors.Join(err, r.err); err != nil {
		return nil, fmt.Errorf("item of the end of a hold: %w", err)
	}
	return &h, nil
}

// Hold implements [points.Store].
func (s *Store) Hold(ctx context.Context, tenant int, id customer.ID, number int64) (line points.HoldLine, err error) {
	made, end := entryKey(tenant, id, number), holdEndKey(tenant, id, number)
	there, err := s.get(ctx, "read hold", made, end)
	if err != nil || there[made] == nil {
		return line, err
	}
	if line.Entry, err = readEntry(there[made]); err != nil {
		return line, err
	}
	line.End, err = readHoldEnd(there[end])
	return line, err
}

// HoldEnds implements [points.Store].
func (s *Store) HoldEnds(ctx context.Context, tenant int, id customer.ID, below int64, limit int) ([]points.HoldEnd, error) {
	if below == 0 || below > math.MaxInt32 { // an account has fewer entries
		below = math.MaxInt32
	}
	items, err := s.inCollection(ctx, "read ends of holds", holdEndKey(tenant, id, 0), holdEndKey(tenant, id, below-1), false, limit)
	if err != nil {
		return nil, err
	}
	var ends []points.HoldEnd
	for _, it := range items {
		end, err := readHoldEnd(it)
		if err != nil {
			return nil, err
		}
		ends = append(ends, *end)
	}
	return ends, nil
}
