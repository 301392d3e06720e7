package points

import (
	"context"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// A DayOf is what happens to points of an account on a day, in UTC, where nothing else
// does.
type DayOf struct {
	Day Day
	// Expires is how many expire when the day begins, of those that are available or
	// wait; Usable how many that wait become available in the course of it; HoldEnds
	// how many are given back that are held, unless they are spent before.
	Expires, Usable, HoldEnds int64
}

func (d DayOf) plus(e DayOf) DayOf {
	return DayOf{d.Day, d.Expires + e.Expires, d.Usable + e.Usable, d.HoldEnds + e.HoldEnds}
}

// A Schedule is what becomes of an account's points.
type Schedule struct {
	// At is the time that it was made for: what was due then is settled.
	At      time.Time
	Account Account
	// Days are those on which something happens, the soonest first.
	Days []DayOf
	// Later is what happens after the last day that was asked for, without a day.
	Later DayOf
	// Never is how many points do not expire.
	Never int64
}

// Schedule returns what becomes of an account's points within so many days from now.
// It rejects with [ErrNotFound].
func (s *Service) Schedule(ctx context.Context, tenant int, id customer.ID, rules access.Preferences, days int) (Schedule, error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil {
		return Schedule{}, err
	}
	d := newDraft(profile, rules, s.now())
	d.settle()
	return d.schedule(dayOf(d.now) + Day(days)), nil
}

// schedule is what becomes of the points, day by day up to the last.
func (d *draft) schedule(last Day) Schedule {
	all := Schedule{At: d.now, Account: d.Account}
	days := map[Day]DayOf{}
	on := func(of DayOf) {
		if of.Day > last {
			all.Later = all.Later.plus(of)
			return
		}
		day := days[of.Day].plus(of)
		day.Day = of.Day
		days[of.Day] = day
	}
	expire := func(day Day, points int64) {
		if day == Never {
			all.Never += points
			return
		}
		on(DayOf{Day: day, Expires: points})
	}
	for _, l := range d.Lots {
		expire(l.Day, l.Points)
	}
	for _, w := range d.Waiting {
		on(DayOf{Day: dayOf(w.Hour.Begins()), Usable: w.Points})
		expire(w.Day, w.Points)
	}
	for _, h := range d.Holds {
		on(DayOf{Day: dayOf(h.Ends), HoldEnds: h.Points()})
	}
	for _, day := range days {
		all.Days = append(all.Days, day)
	}
	slices.SortFunc(all.Days, func(a, b DayOf) int { return int(a.Day - b.Day) })
	return all
}

// dayOf is the day of an instant, in UTC.
func dayOf(t time.Time) Day { return Day(floorDiv(t.Unix(), 86400)) }

// ExpiringBy is how many points that are available or wait expire after a moment and
// by another.
func (a Account) ExpiringBy(after, by time.Time) (points int64) {
	within := func(day Day) bool { return day != Never && day.Begins().After(after) && !day.Begins().After(by) }
	for _, l := range a.Lots {
		if within(l.Day) {
			points += l.Points
		}
	}
	for _, w := range a.Waiting {
		if within(w.Day) {
			points += w.Points
		}
	}
	return points
}
