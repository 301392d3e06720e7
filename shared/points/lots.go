package points

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A Day counts from 1970-01-01 UTC.
type Day int64

// Never is the day on which points expire that do not.
const Never Day = math.MaxInt32

// noDay is the day of no lot.
const noDay = Never + 1

// Begins is the first instant of the day, in UTC.
func (d Day) Begins() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// An Hour counts from 1970-01-01 00:00 UTC.
type Hour int64

// Begins is the first instant of the hour, in UTC.
func (h Hour) Begins() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

// hourFrom is the first full hour that does not begin before t: nothing becomes
// available too early.
func hourFrom(t time.Time) Hour { return Hour(ceil(t, time.Hour)) }

// dayFrom is the first day that does not begin before t: nothing expires too
// early.
func dayFrom(t time.Time) Day { return Day(ceil(t, 24*time.Hour)) }

func ceil(t time.Time, unit time.Duration) int64 {
	seconds := int64(unit / time.Second)
	n := t.Unix()
	if t.Nanosecond() > 0 {
		n++
	}
	return floorDiv(n+seconds-1, seconds)
}

func floorDiv(n, d int64) int64 {
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}

// A Lot is points that expire when a day begins.
type Lot struct {
	Day Day
	// Order is the entry of the order that earned them; 0: that of none, or it is
	// not told.
	Order  int64
	Points int64
}

// Waiting is points that become available when an hour begins, and expire when a
// day begins.
type Waiting struct {
	Hour   Hour
	Day    Day
	Order  int64 // as in Lot
	Points int64
}

// A Share is some points of an order.
type Share struct{ Order, Points int64 }

const (
	// maxLots bounds lots, and waiting points likewise, so that an account stays
	// small. Beyond it neighbours are merged, to the customer's advantage.
	maxLots = 400
	// maxTold bounds lots and waiting points that say whose they are, and maxExpired
	// what expired of orders. Beyond it the oldest order's are no longer told.
	maxTold    = 60
	maxExpired = 30
)

func (l Lot) compare(m Lot) int {
	return cmp.Or(cmp.Compare(l.Day, m.Day), cmp.Compare(l.Order, m.Order))
}

func (w Waiting) compare(v Waiting) int {
	return cmp.Or(cmp.Compare(w.Hour, v.Hour), cmp.Compare(w.Day, v.Day), cmp.Compare(w.Order, v.Order))
}

// Sort puts lots and waiting points into their order.
func (a *Account) Sort() {
	slices.SortFunc(a.Lots, Lot.compare)
	slices.SortFunc(a.Waiting, Waiting.compare)
}

// gain adds available points that expire on a day; order is the entry of the order
// that earned them, or 0. A debt is paid first.
func (a *Account) gain(points int64, day Day, order int64) {
	lot := points - max(0, -a.Available)
	a.Available += points
	if lot <= 0 {
		return
	}
	if order <= a.Untold {
		order = 0
	}
	a.addLot(Lot{day, order, lot})
	a.bound()
}

func (a *Account) addLot(l Lot) {
	i, found := slices.BinarySearchFunc(a.Lots, l, Lot.compare)
	if found {
		a.Lots[i].Points += l.Points
		return
	}
	a.Lots = slices.Insert(a.Lots, i, l)
}

func (a *Account) addWaiting(w Waiting) {
	i, found := slices.BinarySearchFunc(a.Waiting, w, Waiting.compare)
	if found {
		a.Waiting[i].Points += w.Points
		return
	}
	a.Waiting = slices.Insert(a.Waiting, i, w)
}

// bound keeps the account small: first it is no longer told whose the points of the
// oldest orders are, then neighbours are merged.
func (a *Account) bound() {
	for {
		told, oldest := 0, int64(math.MaxInt64)
		for _, l := range a.Lots {
			if l.Order != 0 {
				told, oldest = told+1, min(oldest, l.Order)
			}
		}
		for _, w := range a.Waiting {
			if w.Order != 0 {
				told, oldest = told+1, min(oldest, w.Order)
			}
		}
		for _, h := range a.Holds {
			for _, l := range h.Shares {
				if l.Order != 0 {
					told, oldest = told+1, min(oldest, l.Order)
				}
			}
		}
		if len(a.Expired) > maxExpired {
			oldest = min(oldest, a.Expired[0].Order)
		} else if told <= maxTold {
			break
		}
		a.forget(oldest)
	}
	if len(a.Lots) > maxLots || len(a.Waiting) > maxLots {
		a.forget(math.MaxInt64)
	}
	a.mergeLots()
	a.mergeWaiting()
	a.mergeShares()
}

// forget makes the points of the orders up to an entry those of none.
func (a *Account) forget(order int64) {
	lots, waiting := a.Lots, a.Waiting
	a.Lots, a.Waiting = nil, nil
	for _, l := range lots {
		if l.Order <= order {
			l.Order = 0
		}
		a.addLot(l)
	}
	for _, w := range waiting {
		if w.Order <= order {
			w.Order = 0
		}
		a.addWaiting(w)
	}
	for i, h := range a.Holds {
		a.Holds[i].Shares = forgetShares(h.Shares, order)
	}
	a.Expired = slices.DeleteFunc(slices.Clone(a.Expired), func(s Share) bool { return s.Order <= order })
	a.Untold = max(a.Untold, min(order, a.Version+1)) // the next entry may be one of them
}

// forgetShares are the shares of a hold where those of the orders up to an entry are
// of none.
func forgetShares(shares []Lot, order int64) []Lot {
	var kept Account
	for _, l := range shares {
		if l.Order <= order {
			l.Order = 0
		}
		kept.addLot(l)
	}
	return kept.Lots
}

// mergeLots lets the points of one lot expire with the next, where there are too
// many: the two whose days are nearest.
func (a *Account) mergeLots() {
	if len(a.Lots) <= maxLots {
		return
	}
	a.Lots = mergeNearest(a.Lots)
}

// mergeNearest makes one lot, of the later day, of the two whose days are nearest.
func mergeNearest(lots []Lot) []Lot {
	nearest := 0
	for i := range len(lots) - 1 {
		if lots[i+1].Day-lots[i].Day < lots[nearest+1].Day-lots[nearest].Day {
			nearest = i
		}
	}
	lots[nearest+1].Points += lots[nearest].Points
	return slices.Delete(lots, nearest, nearest+1)
}

// mergeWaiting lets the last points become available with those before, where there
// are too many.
func (a *Account) mergeWaiting() {
	if len(a.Waiting) <= maxLots {
		return
	}
	last := a.Waiting[maxLots]
	a.Waiting = a.Waiting[:maxLots]
	a.Waiting[maxLots-1].Points += last.Points
	a.Waiting[maxLots-1].Day = max(a.Waiting[maxLots-1].Day, last.Day)
}

// spend takes available points: from the lots of the day first, where there are
// some, then those that expire soonest. What no lot covers becomes a debt.
func (a *Account) spend(points int64, first Day) {
	a.Available -= points
	for i := range a.Lots {
		if a.Lots[i].Day == first {
			points = take(&a.Lots[i].Points, points)
		}
	}
	for i := range a.Lots {
		points = take(&a.Lots[i].Points, points)
	}
	a.Lots = slices.DeleteFunc(a.Lots, func(l Lot) bool { return l.Points == 0 })
}

// take moves up to points out of stock and returns how many it lacked.
func take(stock *int64, points int64) int64 {
	n := min(*stock, points)
	*stock -= n
	return points - n
}

// wait adds incoming points of an order.
func (a *Account) wait(points int64, hour Hour, day Day, order int64) {
	if points == 0 {
		return
	}
	a.Incoming += points
	a.addWaiting(Waiting{hour, day, order, points})
	a.bound()
}

// unwait takes up to so many incoming points of an order back, and returns how many
// it lacked. Of an order of which it is not told they are those of its hour and day
// first; none where these have come.
func (a *Account) unwait(points int64, o Order, now time.Time) (lacked int64) {
	lacked = points
	switch told := a.tells(o); {
	case told:
		for i := range a.Waiting {
			if w := &a.Waiting[i]; w.Order == o.Entry {
				lacked = take(&w.Points, lacked)
			}
		}
	case o.Usable.Begins().After(now):
		for _, own := range []bool{true, false} { // its own may have been merged with others
			for i := range a.Waiting {
				if w := &a.Waiting[i]; w.Order == 0 && (w.Hour == o.Usable && w.Day == o.Expires) == own {
					lacked = take(&w.Points, lacked)
				}
			}
		}
	}
	a.Incoming -= points - lacked
	a.Waiting = slices.DeleteFunc(a.Waiting, func(w Waiting) bool { return w.Points == 0 })
	return lacked
}

// tells reports whether it is told which points an order earned.
func (a *Account) tells(o Order) bool { return o.Entry > a.Untold }

// ungain takes up to so many available points of an order back, and returns how many
// it lacked.
func (a *Account) ungain(points int64, order int64) (lacked int64) {
	lacked = points
	for i := range a.Lots {
		if l := &a.Lots[i]; l.Order == order {
			lacked = take(&l.Points, lacked)
		}
	}
	a.Available -= points - lacked
	a.Lots = slices.DeleteFunc(a.Lots, func(l Lot) bool { return l.Points == 0 })
	return lacked
}

// addExpired remembers that points of an order expired.
func (a *Account) addExpired(s Share) {
	i, found := slices.BinarySearchFunc(a.Expired, s, func(t, s Share) int { return cmp.Compare(t.Order, s.Order) })
	if found {
		a.Expired[i].Points += s.Points
		return
	}
	a.Expired = slices.Insert(slices.Clone(a.Expired), i, s)
}

// unexpire takes up to so many points of an order out of what expired of it, and
// returns how many it lacked.
func (a *Account) unexpire(points int64, order int64) (lacked int64) {
	lacked = points
	a.Expired = slices.Clone(a.Expired)
	for i := range a.Expired {
		if s := &a.Expired[i]; s.Order == order {
			lacked = take(&s.Points, lacked)
		}
	}
	a.Expired = slices.DeleteFunc(a.Expired, func(s Share) bool { return s.Points == 0 })
	return lacked
}

// Due is when something next falls due, and false where nothing will.
func (a Account) Due() (at time.Time, ok bool) {
	if len(a.Lots) > 0 && a.Lots[0].Day != Never {
		at, ok = a.Lots[0].Day.Begins(), true
	}
	if len(a.Waiting) > 0 {
		if usable := a.Waiting[0].Hour.Begins(); !ok || usable.Before(at) {
			at, ok = usable, true
		}
	}
	for _, h := range a.Holds {
		if !ok || h.Ends.Before(at) {
			at, ok = h.Ends, true
		}
	}
	return at, ok
}
