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
	Day    Day
	Points int64
}

// Waiting is points that become available when an hour begins, and expire when a
// day begins.
type Waiting struct {
	Hour   Hour
	Day    Day
	Points int64
}

// maxLots bounds lots, and waiting points likewise, so that an account stays
// small. Beyond it neighbours are merged, to the customer's advantage.
const maxLots = 400

// gain adds available points that expire on a day. A debt is paid first.
func (a *Account) gain(points int64, day Day) {
	lot := points - max(0, -a.Available)
	a.Available += points
	if lot <= 0 {
		return
	}
	i, found := slices.BinarySearchFunc(a.Lots, day, func(l Lot, d Day) int { return cmp.Compare(l.Day, d) })
	if found {
		a.Lots[i].Points += lot
		return
	}
	a.Lots = slices.Insert(a.Lots, i, Lot{day, lot})
	a.mergeLots()
}

// mergeLots lets the points of one lot expire with the next, where there are too
// many: the two whose days are nearest.
func (a *Account) mergeLots() {
	if len(a.Lots) <= maxLots {
		return
	}
	nearest := 0
	for i := range len(a.Lots) - 1 {
		if a.Lots[i+1].Day-a.Lots[i].Day < a.Lots[nearest+1].Day-a.Lots[nearest].Day {
			nearest = i
		}
	}
	a.Lots[nearest+1].Points += a.Lots[nearest].Points
	a.Lots = slices.Delete(a.Lots, nearest, nearest+1)
}

// spend takes available points: from the lot of the day first, where there is
// one, then those that expire soonest. What no lot covers becomes a debt.
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

// wait adds incoming points.
func (a *Account) wait(points int64, hour Hour, day Day) {
	if points == 0 {
		return
	}
	a.Incoming += points
	w := Waiting{hour, day, points}
	i, found := slices.BinarySearchFunc(a.Waiting, w, func(v, w Waiting) int {
		return cmp.Or(cmp.Compare(v.Hour, w.Hour), cmp.Compare(v.Day, w.Day))
	})
	if found {
		a.Waiting[i].Points += points
		return
	}
	a.Waiting = slices.Insert(a.Waiting, i, w)
	if len(a.Waiting) > maxLots { // the last ones become available with those before
		last := a.Waiting[maxLots]
		a.Waiting = a.Waiting[:maxLots]
		a.Waiting[maxLots-1].Points += last.Points
		a.Waiting[maxLots-1].Day = max(a.Waiting[maxLots-1].Day, last.Day)
	}
}

// unwait takes up to so many incoming points of an order back, those of its own
// hour and day first, and returns how many it lacked: those that are available by
// now.
func (a *Account) unwait(points int64, hour Hour, day Day, now time.Time) (lacked int64) {
	if !hour.Begins().After(now) {
		return points
	}
	lacked = points
	for _, own := range []bool{true, false} { // its own may have been merged with others
		for i := range a.Waiting {
			if w := &a.Waiting[i]; (w.Hour == hour && w.Day == day) == own {
				lacked = take(&w.Points, lacked)
			}
		}
	}
	a.Incoming -= points - lacked
	a.Waiting = slices.DeleteFunc(a.Waiting, func(w Waiting) bool { return w.Points == 0 })
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
	return at, ok
}
