package haravan

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/points"
)

// A ledgerModel keeps grants of points one by one, as a person would with a pencil,
// and says of each operation what it comes to. It shares no code with the domain.
type ledgerModel struct {
	of      *guest
	lines   []line
	grants  []grant
	debt    int64
	orders  map[string]paid
	refs    map[string]bool
	holds   map[int64]held // that have not ended
	ranking int64
	// expired is what expired of orders, by entry; untold up to which entry it is no
	// longer told whose points are whose.
	expired map[int64]int64
	untold  int64
	// notTaken is what the last return could not take.
	notTaken int64
	// extras are bonuses whose entries have not come, version that of their rules.
	extras  []extra
	version string
}

// A line is what an entry did, and how much of it was undone.
type line struct {
	kind         points.Kind
	points, used int64
	day          int64
	usable       time.Time // zero: it did not wait
	undone       int64
}

// A grant is points that somebody got.
type grant struct {
	points  int64
	usable  time.Time // not before
	waiting bool
	day     int64
	order   int64 // the entry by which they were earned; 0: none
	hold    int64 // the entry by which they are held; 0: none
}

// held is a hold that has not ended.
type held struct {
	points int64
	ends   time.Time
	ref    string
}

// paid is what an order came to.
type paid struct {
	said              points.Order
	rules             access.Preferences
	percent, returned int64
	cameBack          bool // something of it
	day, entry        int64
	usable            time.Time
	bonuses           []bonus
}

const neverDay = 1<<31 - 1

// kinds are those of the entries that an operation makes.
func (d operation) kinds() []points.Kind {
	if d.kind == points.KindOrder && d.order.PointsUsed > 0 {
		return []points.Kind{points.KindRedeem, points.KindOrder}
	}
	return []points.Kind{d.kind}
}

func newLedgerModel(of *guest) ledgerModel {
	return ledgerModel{of: of, orders: map[string]paid{}, refs: map[string]bool{}, holds: map[int64]held{}, expired: map[int64]int64{}}
}

func (m ledgerModel) clone() ledgerModel {
	m.lines, m.grants, m.extras = slices.Clone(m.lines), slices.Clone(m.grants), slices.Clone(m.extras)
	m.orders, m.refs, m.expired, m.holds = maps.Clone(m.orders), maps.Clone(m.refs), maps.Clone(m.expired), maps.Clone(m.holds)
	return m
}

// expects is what an operation comes to at a time: done, rejected or repeated.
func (m ledgerModel) expects(d operation, at time.Time) string {
	m = m.clone()
	if d.rules.UniqueRefID && d.ref != "" && m.refs[string(d.kind)+d.ref] {
		return "repeated"
	}
	if p, known := m.orders[d.order.ID]; known && d.kind == points.KindOrder {
		if reflect.DeepEqual(p.said, d.order) {
			return "repeated"
		}
		return "refused"
	}
	if d.kind == points.KindTransferOut && (m.of.owner() == d.to.owner() || d.to.disabled || d.to.deleted) {
		return "refused"
	}
	m.activate(at)
	for m.release(at) != (points.Figures{}) {
	}
	m.expire(at)
	if d.moved != nil {
		d.moved = &movement{} // nothing has moved yet
	}
	for _, kind := range d.kinds() {
		if _, err := m.change(kind, d, at); err != nil {
			return "refused"
		}
	}
	return "done"
}

// next takes in an entry that a step of an operation made, or time, and returns what is
// wrong with it.
func (m *ledgerModel) next(e points.Entry, by step) error {
	if by.kind != "" && e.Kind != points.KindOrder && m.due(e.Time) {
		return errors.New("something was due before it")
	}
	before := m.ranking
	ref := by.wish.order.ID + by.wish.ref
	if h, ok := m.holds[e.Hold]; e.Hold != 0 {
		if ref = h.ref; !ok || by.kind != "" && by.wish.seq != e.Hold {
			return fmt.Errorf("it ends hold %d", e.Hold)
		}
	}
	want, err := m.change(e.Kind, by.wish, e.Time)
	if err != nil {
		return err
	}
	if e.Change != want {
		return fmt.Errorf("%s changed %+v, want %+v", e.Kind, e.Change, want)
	}
	if e.NotTaken != m.notTaken {
		return fmt.Errorf("%d points were not taken, want %d", e.NotTaken, m.notTaken)
	}
	l := line{kind: e.Kind, points: moved(e.Kind, want), used: want.Used}
	l.usable, l.day = m.given(e.Kind, by.wish, want, e.Time)
	if int64(e.Expires) != l.day || l.usable.IsZero() != (e.Usable == 0) || e.Usable != 0 && !e.Usable.Begins().Equal(l.usable) {
		return fmt.Errorf("usable from %s, expires on %d, want %s, %d", e.Usable.Begins(), e.Expires, l.usable, l.day)
	}
	if e.Campaign != by.wish.terms.Campaign {
		return fmt.Errorf("of campaign %s, want %s", e.Campaign, by.wish.terms.Campaign)
	}
	m.lines = append(m.lines, l)
	if err := m.says(e, by.wish.rules); err != nil {
		return err
	}
	if err := saysLevel(e, by.wish.rules, before, m.ranking); err != nil {
		return err
	}
	if by.kind != "" && !e.Erased() && e.RefID != ref && e.Kind != points.KindReverse {
		return fmt.Errorf("its reference is %q", e.RefID)
	}
	return nil
}

// moved is how many points an entry gave or took for good.
func moved(kind points.Kind, f points.Figures) int64 {
	switch kind {
	case points.KindCommit:
		return f.Used
	case points.KindAdd:
		return f.Available + f.Incoming
	}
	return max(f.Available, -f.Available)
}

// given are the terms of the points that an entry gave; a zero time: they do not wait,
// day 0: there are none.
func (m *ledgerModel) given(kind points.Kind, d operation, f points.Figures, at time.Time) (usable time.Time, day int64) {
	switch {
	case kind == points.KindAdd:
		usable, day, _ = terms(d, at)
	case kind == points.KindOrder && f.Available+f.Incoming > 0:
		p := m.orders[d.order.ID]
		if day = p.day; f.Incoming > 0 {
			usable = p.usable
		}
	case kind == points.KindBonus:
		if day = m.extras[0].grant.day; m.extras[0].grant.waiting {
			usable = m.extras[0].grant.usable
		}
	case kind == points.KindReturn && f.Used < 0, kind == points.KindReverse && f.Available > 0:
		day = expiry(d.rules, at)
	case kind == points.KindTransferIn:
		day = d.moved.grants[0].day // they are by day
		if day != d.moved.grants[len(d.moved.grants)-1].day {
			day = 0
		}
	}
	return usable, day
}

// terms are from when points of an add are usable, zero: at once, and on which day
// they expire.
func terms(d operation, at time.Time) (usable time.Time, day int64, err error) {
	from, days := at, d.rules.Earning.ExpiresAfterDays
	if d.terms.Campaign != "" {
		c, ok := d.rules.Campaigns[d.terms.Campaign]
		if !ok {
			return usable, 0, errors.New("there is no such campaign")
		}
		from, days = at.Add(time.Duration(c.UsableAfterHours)*time.Hour), *c.ExpiresAfterDays
	}
	if !d.terms.Usable.IsZero() {
		from = d.terms.Usable
	}
	if from.Before(at) {
		from = at
	}
	if d.terms.Usable.After(at.Add(time.Duration(d.rules.OwnTerms.MaxUsableAfterHours) * time.Hour)) {
		return usable, 0, errors.New("usable too late")
	}
	if from.After(at) {
		usable = nextHour(from)
	}
	rules := d.rules
	rules.Earning.ExpiresAfterDays = days
	if day = expiry(rules, from); d.terms.Expires.IsZero() {
		return usable, day, nil
	}
	day = (d.terms.Expires.Unix() + 86399) / 86400
	last := at.Add(time.Duration(d.rules.OwnTerms.MaxExpiresAfterDays) * 24 * time.Hour)
	if until := d.terms.Expires; !until.After(from) || until.After(last) || !usable.IsZero() && day*86400 <= usable.Unix() {
		err = errors.New("expires too soon or too late")
	}
	return usable, day, err
}

func nextHour(t time.Time) time.Time {
	if cut := t.Truncate(time.Hour); !cut.Equal(t) {
		return cut.Add(time.Hour)
	}
	return t
}

// saysLevel compares the levels that an entry names.
func saysLevel(e points.Entry, rules access.Preferences, before, after int64) error {
	was, is := levelOf(rules, before), levelOf(rules, after)
	if was == is {
		was, is = 0, 0
	}
	if e.PreviousLevel != was || e.Level != is {
		return fmt.Errorf("it led from level %d to %d, want %d to %d", e.PreviousLevel, e.Level, was, is)
	}
	return nil
}

func levelOf(rules access.Preferences, ranking int64) int64 {
	for _, number := range []int64{3, 2, 1} { // each begins above the one before
		if level, ok := rules.Levels[number]; ok && ranking >= level.From {
			return number
		}
	}
	return 0
}

// change is what a step comes to, or why it is rejected.
func (m *ledgerModel) change(kind points.Kind, d operation, at time.Time) (f points.Figures, err error) {
	m.notTaken = 0
	switch kind {
	case points.KindAdd:
		usable, day, err := terms(d, at)
		if usable.IsZero() {
			m.give(d.value, day, 0)
			return points.Figures{Available: d.value}, errors.Join(err, m.once(d))
		}
		m.grants = append(m.grants, grant{points: d.value, usable: usable, waiting: true, day: day})
		return points.Figures{Incoming: d.value}, errors.Join(err, m.once(d))
	case points.KindSubtract:
		f = points.Figures{Available: -d.value}
		if d.rules.SubtractCountsAsUsed {
			f.Used = d.value
		}
		return f, errors.Join(m.once(d), m.spend(d, d.value, d.rules.Overdraft))
	case points.KindReverse:
		return m.reverse(d, at)
	case points.KindRedeem:
		return points.Figures{Available: -d.order.PointsUsed, Used: d.order.PointsUsed}, m.spend(d, d.order.PointsUsed, 0)
	case points.KindOrder:
		return m.order(d, at)
	case points.KindBonus:
		return m.bonus()
	case points.KindReturn:
		return m.giveBack(d, at)
	case points.KindHold:
		return m.hold(d, at)
	case points.KindCommit, points.KindVoid:
		return m.endHold(d)
	case points.KindTransferOut:
		before := slices.Clone(m.grants)
		err = errors.Join(m.once(d), m.spend(d, d.value, 0))
		d.moved.grants = d.moved.grants[:0]
		for i, g := range before {
			if n := g.points - m.grants[i].points; n > 0 {
				d.moved.grants = append(d.moved.grants, grant{points: n, day: g.day})
			}
		}
		slices.SortStableFunc(d.moved.grants, func(a, b grant) int { return int(a.day - b.day) })
		return points.Figures{Available: -d.value}, err
	case points.KindTransferIn:
		for _, g := range d.moved.grants {
			m.give(g.points, g.day, 0)
		}
		return points.Figures{Available: d.value}, nil
	case points.KindActivate:
		f = m.activate(at)
	case points.KindRelease:
		f = m.release(at)
	case points.KindExpire:
		f = m.expire(at)
	}
	if f == (points.Figures{}) {
		err = errors.New("nothing was due")
	}
	return f, err
}

// once rejects a reference that happened.
func (m *ledgerModel) once(d operation) error {
	if !d.rules.UniqueRefID || d.ref == "" {
		return nil
	}
	if m.refs[string(d.kind)+d.ref] {
		return fmt.Errorf("reference %s happened before", d.ref)
	}
	m.refs[string(d.kind)+d.ref] = true
	return nil
}

func (m *ledgerModel) due(at time.Time) bool {
	for _, h := range m.holds {
		if !h.ends.After(at) {
			return true
		}
	}
	return slices.ContainsFunc(m.grants, func(g grant) bool {
		return g.hold == 0 && g.points > 0 && (g.waiting && !g.usable.After(at) || !g.waiting && g.expired(at))
	})
}

func (g grant) expired(at time.Time) bool { return g.day != neverDay && g.day*86400 <= at.Unix() }

func (m *ledgerModel) activate(at time.Time) (f points.Figures) {
	for i := range m.grants {
		if g := &m.grants[i]; g.waiting && !g.usable.After(at) {
			f.Incoming -= g.points
			f.Available += g.points
			points := g.points
			g.points, g.waiting = 0, false
			m.give(points, g.day, g.order)
		}
	}
	return f
}

func (m *ledgerModel) expire(at time.Time) (f points.Figures) {
	for i := range m.grants {
		if g := &m.grants[i]; !g.waiting && g.hold == 0 && g.expired(at) {
			f.Available -= g.points
			if g.order > m.untold && g.points > 0 {
				m.expired[g.order] += g.points
			}
			g.points = 0
		}
	}
	m.bound()
	return f
}

// bound forgets whose points the oldest orders' are: 60 places with points and 30
// orders of which some expired are told.
func (m *ledgerModel) bound() {
	type place struct {
		usable time.Time
		day    int64
		order  int64
		hold   int64
	}
	for {
		told := map[place]bool{}
		oldest := int64(1 << 60)
		for _, g := range m.grants {
			if g.points > 0 && g.order > m.untold {
				at := place{day: g.day, order: g.order, hold: g.hold}
				if g.waiting {
					at.usable = g.usable
				}
				told[at] = true
				oldest = min(oldest, g.order)
			}
		}
		if len(m.expired) > 30 {
			for order := range m.expired {
				oldest = min(oldest, order)
			}
		} else if len(told) <= 60 {
			return
		}
		m.untold = oldest
		maps.DeleteFunc(m.expired, func(order, _ int64) bool { return order <= oldest })
	}
}

// expiry is the day on which points expire that are usable from t on.
func expiry(rules access.Preferences, t time.Time) int64 {
	if rules.Earning.ExpiresAfterDays == 0 {
		return neverDay
	}
	seconds := t.Unix() + rules.Earning.ExpiresAfterDays*86400
	if t.Nanosecond() > 0 {
		seconds++
	}
	return (seconds + 86399) / 86400
}

func (m *ledgerModel) available() int64 {
	sum := -m.debt
	for _, g := range m.grants {
		if !g.waiting && g.hold == 0 {
			sum += g.points
		}
	}
	return sum
}

// give pays a debt and keeps the rest.
func (m *ledgerModel) give(n, day, order int64) {
	pays := min(n, m.debt)
	m.debt -= pays
	if n > pays {
		m.grants = append(m.grants, grant{points: n - pays, day: day, order: order})
		m.bound()
	}
}

// spend takes points that must be there, but for the overdraft.
func (m *ledgerModel) spend(d operation, n, overdraft int64) error {
	if d.disabled {
		return errors.New("the customer is disabled")
	}
	if n > m.available()+overdraft {
		return fmt.Errorf("%d points are not there", n)
	}
	m.take(n, -1)
	return nil
}

// take uses grants up: those of the day first, then those that expire soonest.
// What is not there becomes a debt.
func (m *ledgerModel) take(n, day int64) {
	for _, g := range m.inOrder(day) {
		if g.waiting || g.hold != 0 {
			continue
		}
		used := min(n, g.points)
		g.points -= used
		n -= used
	}
	m.debt += n
}

// inOrder are the grants as they are used up: those of the day first.
func (m *ledgerModel) inOrder(day int64) []*grant {
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
		if a.day != b.day {
			return int(a.day - b.day)
		}
		return int(m.teller(a) - m.teller(b))
	})
	return order
}

// hold sets points aside, those that would be spent.
func (m *ledgerModel) hold(d operation, at time.Time) (f points.Figures, err error) {
	lasts := d.lasts
	if lasts == 0 {
		lasts = time.Duration(d.rules.Holds.ExpiresIn) * time.Second
	}
	switch {
	case d.disabled:
		return f, errors.New("the customer is disabled")
	case lasts > time.Duration(d.rules.Holds.MaxExpiresIn)*time.Second:
		return f, errors.New("it lasts too long")
	case d.value > m.available():
		return f, fmt.Errorf("%d points are not there", d.value)
	case len(m.holds) >= 20:
		return f, errors.New("there are 20 holds")
	}
	number := int64(len(m.lines)) + 1
	m.holds[number] = held{d.value, at.Add(lasts), d.ref}
	left := d.value
	var aside []grant
	for _, g := range m.inOrder(-1) {
		if g.waiting || g.hold != 0 {
			continue
		}
		used := min(left, g.points)
		g.points -= used
		left -= used
		aside = append(aside, grant{points: used, day: g.day, order: g.order, hold: number})
	}
	m.grants = append(m.grants, aside...)
	m.bound()
	return points.Figures{Available: -d.value, Held: d.value}, m.once(d)
}

// endHold spends a part of what is held and gives the rest back.
func (m *ledgerModel) endHold(d operation) (f points.Figures, err error) {
	h, ok := m.holds[d.seq]
	spent := int64(0)
	if d.kind == points.KindCommit {
		if spent = d.value; spent == 0 {
			spent = h.points
		}
	}
	if !ok || spent > h.points || d.kind == points.KindCommit && d.disabled {
		return f, fmt.Errorf("of hold %d %d points are not spent", d.seq, spent)
	}
	return m.unhold(d.seq, spent), nil
}

// release gives the points of the oldest hold back whose time is over.
func (m *ledgerModel) release(at time.Time) (f points.Figures) {
	for _, number := range slices.Sorted(maps.Keys(m.holds)) {
		if !m.holds[number].ends.After(at) {
			return m.unhold(number, 0)
		}
	}
	return f
}

func (m *ledgerModel) unhold(number, spent int64) points.Figures {
	h := m.holds[number]
	delete(m.holds, number)
	var back []grant
	for _, g := range m.inOrder(-1) {
		if g.hold != number {
			continue
		}
		used := min(spent, g.points)
		spent -= used
		back = append(back, grant{points: g.points - used, day: g.day, order: g.order})
		g.points = 0
	}
	returned := int64(0)
	for _, g := range back {
		m.give(g.points, g.day, g.order)
		returned += g.points
	}
	return points.Figures{Available: returned, Used: h.points - returned, Held: -h.points}
}

// teller is the order whose points a grant is told to be, 0 for none: these are used
// up first, of the same day.
func (m *ledgerModel) teller(g *grant) int64 {
	if g.order > m.untold {
		return g.order
	}
	return 0
}

// owes rejects a change that leaves a debt without leave.
func (m *ledgerModel) owes(d operation, change int64) error {
	if change < 0 && m.available() < 0 && !d.rules.NegativeOnReversal {
		return errors.New("it leaves a debt")
	}
	return nil
}

func (m *ledgerModel) reverse(d operation, at time.Time) (f points.Figures, err error) {
	if d.seq > int64(len(m.lines)) {
		return f, errors.New("there is no such entry")
	}
	of := &m.lines[d.seq-1]
	n := d.value
	if n == 0 {
		n = of.points - of.undone
	}
	if n == 0 || of.undone+n > of.points {
		return f, fmt.Errorf("of %d points %d were undone, not %d more", of.points, of.undone, n)
	}
	of.undone += n
	switch of.kind {
	case points.KindAdd:
		f.Incoming = -m.unwait(n, of, at)
		m.take(n+f.Incoming, of.day)
		f.Available = -n - f.Incoming
	case points.KindSubtract, points.KindCommit:
		m.give(n, expiry(d.rules, at), 0)
		f.Available, f.Used = n, -min(n, of.used)
	default:
		return f, fmt.Errorf("a %s is not undone", of.kind)
	}
	return f, m.owes(d, f.Available)
}

// unwait takes up to n points back that an add gave and that wait still, its own first.
func (m *ledgerModel) unwait(n int64, of *line, at time.Time) (taken int64) {
	if !of.usable.After(at) {
		return 0
	}
	order := m.inOrder(-1)
	slices.SortStableFunc(order, func(a, b *grant) int { return a.usable.Compare(b.usable) })
	for _, own := range []bool{true, false} {
		for _, g := range order {
			if g.waiting && m.teller(g) == 0 && (g.usable.Equal(of.usable) && g.day == of.day) == own {
				used := min(n-taken, g.points)
				g.points -= used
				taken += used
			}
		}
	}
	return taken
}

func (p paid) earned(money int64) int64 {
	exact := money * p.percent
	per := 100 * p.rules.Earning.MoneyPerPoint
	if p.rules.Earning.Rounding == access.RoundNearest {
		exact += per / 2
	}
	return exact / per
}

func (m *ledgerModel) order(d operation, at time.Time) (f points.Figures, err error) {
	o := d.order
	if _, known := m.orders[o.ID]; known {
		return f, errors.New("the order was taken in before")
	}
	paidAt := at
	if !o.PaidAt.IsZero() {
		paidAt = o.PaidAt
	}
	wait := time.Duration(d.rules.Earning.UsableAfterHours) * time.Hour
	p := paid{said: o, rules: d.rules, percent: 100, day: expiry(d.rules, paidAt.Add(wait))}
	if percent, ok := d.rules.Earning.PercentOfLevel[levelOf(d.rules, m.ranking)]; ok {
		p.percent = percent
	}
	p.bonuses = bonusesOf(o, d.rules, levelOf(d.rules, m.ranking), paidAt)
	p.entry = int64(len(m.lines)) + 1
	usable := nextHour(paidAt.Add(wait))
	p.usable = usable
	m.orders[o.ID] = p
	n := p.earned(o.Total)
	f = points.Figures{Ranking: o.Total / d.rules.MoneyPerRankingPoint, Spent: o.Total, Orders: 1}
	m.ranking += f.Ranking
	waits := wait > 0 && usable.After(at)
	m.expectExtras(p, grant{usable: usable, waiting: waits, day: p.day, order: p.entry})
	if waits {
		m.grants = append(m.grants, grant{points: n, usable: usable, waiting: true, day: p.day, order: p.entry})
		m.bound()
		f.Incoming = n
		return f, nil
	}
	m.give(n, p.day, p.entry)
	f.Available = n
	return f, nil
}

func (m *ledgerModel) giveBack(d operation, at time.Time) (f points.Figures, err error) {
	p, known := m.orders[d.order.ID]
	left := p.said.Total - p.returned
	whole := p.said.Total == 0 && p.said.PointsUsed > 0 && !p.cameBack
	if !known || d.value > left || d.value == 0 && !whole {
		return f, fmt.Errorf("returned %d of an order of %d", d.value, p.said.Total)
	}
	taken := p.all(left) - p.all(left-d.value)
	back := p.said.PointsUsed
	if !whole {
		back = p.said.PointsUsed*(p.returned+d.value)/p.said.Total - p.said.PointsUsed*p.returned/p.said.Total
	}
	p.cameBack = true
	f = points.Figures{
		Available: back, Used: -back, Spent: -d.value,
		Ranking: (left-d.value)/p.rules.MoneyPerRankingPoint - left/p.rules.MoneyPerRankingPoint,
	}
	m.ranking += f.Ranking
	p.returned += d.value
	m.orders[d.order.ID] = p
	m.give(back, expiry(d.rules, at), 0)
	m.takeOf(d, p, taken, at, &f)
	return f, nil
}

// takeOf takes an order's own points, waiting ones first; what expired of it is
// gone, and what was spent comes from the others or becomes a debt.
func (m *ledgerModel) takeOf(d operation, p paid, taken int64, at time.Time, f *points.Figures) {
	own := func(waiting bool) (n int64) {
		for i := range m.grants {
			if g := &m.grants[i]; g.waiting == waiting && g.hold == 0 && g.order == p.entry {
				used := min(g.points, taken)
				g.points -= used
				taken -= used
				n += used
			}
		}
		return n
	}
	f.Incoming -= own(true)
	day := int64(-1)
	if p.entry > m.untold {
		f.Available -= own(false)
		gone := min(m.expired[p.entry], taken)
		if m.expired[p.entry] -= gone; m.expired[p.entry] == 0 {
			delete(m.expired, p.entry)
		}
		taken -= gone
	} else if day = p.day; (grant{day: p.day}).expired(at) {
		return
	}
	if !d.rules.NegativeOnReversal {
		m.notTaken = taken - min(taken, max(0, m.available()))
	}
	taken -= m.notTaken
	f.Available -= taken
	m.take(taken, day)
}

// compare says where the account's lots and waiting points differ from what is
// left of the grants, or are due still.
func (m *ledgerModel) compare(a points.Account) error {
	type place struct{ hour, day, hold int64 }
	left := map[place]int64{}
	for _, g := range m.grants {
		at := place{day: g.day, hold: g.hold}
		if g.waiting {
			at.hour = g.usable.Unix() / 3600
		}
		left[at] += g.points
	}
	for _, l := range a.Lots {
		left[place{day: int64(l.Day)}] -= l.Points
	}
	for _, w := range a.Waiting {
		left[place{hour: int64(w.Hour), day: int64(w.Day)}] -= w.Points
	}
	for _, h := range a.Holds {
		if want, ok := m.holds[h.Number]; !ok || !want.ends.Equal(h.Ends) {
			return fmt.Errorf("hold %d ends %s, want %+v", h.Number, h.Ends, want)
		}
		for _, l := range h.Shares {
			left[place{day: int64(l.Day), hold: h.Number}] -= l.Points
		}
	}
	for at, n := range left {
		if n != 0 {
			return fmt.Errorf("of hour %d, day %d, hold %d %d points are missing", at.hour, at.day, at.hold, n)
		}
	}
	if m.debt != max(0, -a.Available) {
		return fmt.Errorf("available %d, want a debt of %d", a.Available, m.debt)
	}
	if m.due(a.Changed) {
		return errors.New("something was due at the time of the last entry")
	}
	return nil
}
