package tests

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"regulars/shared/access"
	"regulars/shared/points"
)

var counted sync.Mutex // what the runs of a step count together

// A ledgerModel keeps grants of points one by one, as a person would with a pencil, and
// says of each entry what it should have done. It shares no code with the domain.
type ledgerModel struct {
	rules   access.Choices
	said    map[string]points.Order
	entries []points.Entry
	grants  []grant
	debt    int64
	orders  map[string]*paid
	ranking int64
	undone  map[int64]int64
}

// A grant is points that somebody got.
type grant struct {
	points  int64
	usable  time.Time // not before
	waiting bool
	day     int64
	order   string
}

// paid is what an order came to.
type paid struct {
	percent, returned int64
	usable            time.Time
	day               int64
}

const neverDay = 1<<31 - 1

// next applies an entry and returns what is wrong with it.
func (m *ledgerModel) next(e points.Entry) error {
	want, err := m.change(e)
	if err != nil {
		return err
	}
	got := e.Change
	if got.Available != want.Available || got.Incoming != want.Incoming || got.Used != want.Used || got.Ranking != want.Ranking || got.Spent != want.Spent {
		return fmt.Errorf("%s changed %+v, want %+v", e.Kind, got, want)
	}
	m.ranking += want.Ranking
	return nil
}

func (m *ledgerModel) change(e points.Entry) (f points.Figures, err error) {
	switch e.Kind {
	case points.KindAdd:
		if day := m.day(e.Time); int64(e.Expires) != day {
			return f, fmt.Errorf("expires on %d, want %d", e.Expires, day)
		}
		m.give(e.Change.Available, m.day(e.Time))
		f.Available = e.Change.Available
	case points.KindSubtract:
		f.Available = e.Change.Available
		if m.rules.SubtractCountsAsUsed {
			f.Used = -f.Available
		}
		err = m.take(-f.Available, -1)
	case points.KindReverse:
		f, err = m.reverse(e)
	case points.KindRedeem:
		f = points.Figures{Available: -m.said[e.RefID].PointsUsed, Used: m.said[e.RefID].PointsUsed}
		err = m.take(-f.Available, -1)
	case points.KindOrder:
		f = m.order(e)
	case points.KindReturn:
		f, err = m.giveBack(e)
	case points.KindActivate:
		for i := range m.grants {
			if g := &m.grants[i]; g.waiting && !g.usable.After(e.Time) {
				f.Incoming -= g.points
				f.Available += g.points
				points := g.points
				g.points, g.waiting = 0, false
				m.give(points, g.day)
			}
		}
	case points.KindExpire:
		for i := range m.grants {
			if g := &m.grants[i]; !g.waiting && g.day != neverDay && g.day*86400 <= e.Time.Unix() {
				f.Available -= g.points
				g.points = 0
			}
		}
	}
	return f, err
}

func (m *ledgerModel) day(t time.Time) int64 {
	if m.rules.Earning.ExpiresAfterDays == 0 {
		return neverDay
	}
	seconds := t.Unix() + m.rules.Earning.ExpiresAfterDays*86400
	if t.Nanosecond() > 0 {
		seconds++
	}
	return (seconds + 86399) / 86400
}

// give pays a debt and keeps the rest.
func (m *ledgerModel) give(n, day int64) {
	pays := min(n, m.debt)
	m.debt -= pays
	if n > pays {
		m.grants = append(m.grants, grant{points: n - pays, day: day})
	}
}

// take uses grants up: those of the day first, then those that expire soonest.
func (m *ledgerModel) take(n, day int64) error {
	if n < 0 {
		return fmt.Errorf("took %d points", n)
	}
	order := make([]*grant, len(m.grants))
	for i := range m.grants {
		order[i] = &m.grants[i]
	}
	slices.SortStableFunc(order, func(a, b *grant) int {
		if (a.day == day) != (b.day == day) {
			if a.day == day {
				return -1
			}
			return 1
		}
		return int(a.day - b.day)
	})
	for _, g := range order {
		if g.waiting {
			continue
		}
		used := min(n, g.points)
		g.points -= used
		n -= used
	}
	m.debt += n
	return nil
}

func (m *ledgerModel) reverse(e points.Entry) (f points.Figures, err error) {
	of := m.entries[e.Reverses-1]
	n := e.Change.Available
	if m.undone == nil {
		m.undone = map[int64]int64{}
	}
	m.undone[e.Reverses] += max(n, -n)
	if m.undone[e.Reverses] > max(of.Change.Available, -of.Change.Available) {
		return f, fmt.Errorf("of entry %d more was undone than done", e.Reverses)
	}
	f.Available = n
	switch {
	case of.Kind == points.KindAdd && n < 0:
		err = m.take(-n, int64(of.Expires))
	case of.Kind == points.KindSubtract && n > 0:
		f.Used = -min(n, of.Change.Used)
		m.give(n, m.day(e.Time))
	default:
		err = fmt.Errorf("undoes the %s of %d by %d", of.Kind, of.Change.Available, n)
	}
	return f, err
}

func (m *ledgerModel) percent() int64 {
	switch {
	case m.ranking >= 500:
		return m.rules.Earning.PercentOfLevel[3]
	case m.ranking >= 100:
		return m.rules.Earning.PercentOfLevel[2]
	}
	return 100
}

func (m *ledgerModel) earns(money, percent int64) int64 {
	exact := money * percent
	per := 100 * m.rules.Earning.MoneyPerPoint
	if m.rules.Earning.Rounding == access.RoundNearest {
		exact += per / 2
	}
	return exact / per
}

func (m *ledgerModel) order(e points.Entry) points.Figures {
	if m.orders == nil {
		m.orders = map[string]*paid{}
	}
	o := m.said[e.RefID]
	at := e.Time
	if !o.PaidAt.IsZero() {
		at = o.PaidAt
	}
	usable := at.Add(time.Duration(m.rules.Earning.UsableAfterHours) * time.Hour)
	if cut := usable.Truncate(time.Hour); m.rules.Earning.UsableAfterHours > 0 && !cut.Equal(usable) {
		m.orders[e.RefID] = &paid{usable: cut.Add(time.Hour)}
	} else {
		m.orders[e.RefID] = &paid{usable: usable}
	}
	p := m.orders[e.RefID]
	p.percent, p.day = m.percent(), m.day(usable)
	n := m.earns(o.Total, p.percent)
	f := points.Figures{Ranking: o.Total / m.rules.MoneyPerRankingPoint, Spent: o.Total}
	if m.rules.Earning.UsableAfterHours > 0 && p.usable.After(e.Time) {
		m.grants = append(m.grants, grant{points: n, usable: p.usable, waiting: true, day: p.day, order: e.RefID})
		f.Incoming = n
		return f
	}
	m.give(n, p.day)
	f.Available = n
	return f
}

func (m *ledgerModel) giveBack(e points.Entry) (f points.Figures, err error) {
	o, p := m.said[e.RefID], m.orders[e.RefID]
	amount := -e.Change.Spent
	if p == nil || amount <= 0 || p.returned+amount > o.Total {
		return f, fmt.Errorf("returned %d of an order of %d", amount, o.Total)
	}
	left := o.Total - p.returned
	taken := m.earns(left, p.percent) - m.earns(left-amount, p.percent)
	back := o.PointsUsed*(p.returned+amount)/o.Total - o.PointsUsed*p.returned/o.Total
	f = points.Figures{
		Available: back, Used: -back, Spent: -amount,
		Ranking: (left-amount)/m.rules.MoneyPerRankingPoint - left/m.rules.MoneyPerRankingPoint,
	}
	p.returned += amount
	m.give(back, m.day(e.Time))
	for i := range m.grants {
		if g := &m.grants[i]; g.waiting && g.order == e.RefID {
			n := min(g.points, taken)
			g.points -= n
			taken -= n
			f.Incoming -= n
		}
	}
	f.Available -= taken
	return f, m.take(taken, p.day)
}

// compare says where the account's lots differ from what is left of the grants.
func (m *ledgerModel) compare(a points.Account) error {
	lots := map[int64]int64{}
	for _, g := range m.grants {
		if !g.waiting && g.points > 0 {
			lots[g.day] += g.points
		}
	}
	for _, l := range a.Lots {
		if lots[int64(l.Day)] != l.Points {
			return fmt.Errorf("the lot of day %d holds %d, want %d", l.Day, l.Points, lots[int64(l.Day)])
		}
		delete(lots, int64(l.Day))
	}
	if len(lots) > 0 {
		return fmt.Errorf("lots %v are missing", lots)
	}
	if m.debt != max(0, -a.Available) {
		return fmt.Errorf("available %d, want a debt of %d", a.Available, m.debt)
	}
	return nil
}
