package points

import (
	"math/bits"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

// An Order is an order that was paid, and how much of it came back.
type Order struct {
	// ID is the client's.
	ID string
	// Total is its money, PointsUsed what was paid for it in points besides.
	Total, PointsUsed int64
	// PaidAt is zero where the client did not say.
	PaidAt time.Time
	// Items are its lines, which are not kept: ItemsDigest stands for them.
	Items       []OrderItem
	ItemsDigest string

	// Rate is what it earned by.
	Rate Rate
	// Usable is from when on its points are available, Expires until when.
	Usable  Hour
	Expires Day
	// Returned is how many of its parts came back.
	Returned int64
	// Entry is the number of the entry by which it earned; 0 where it was taken in
	// before lots knew whose points they hold.
	Entry int64
	// Bonuses are what it earned beside its base.
	Bonuses []Bonus
}

// parts is in how many an order may come back: as many as its money is, and one
// that was paid in points alone comes back whole.
func (o Order) parts() int64 {
	if o.Total == 0 && o.PointsUsed > 0 {
		return 1
	}
	return o.Total
}

// left is the money that did not come back.
func (o Order) left() int64 { return max(0, o.Total-o.Returned) }

// same reports whether o is what the client said before.
func (o Order) same(p Order) bool {
	return o.Total == p.Total && o.PointsUsed == p.PointsUsed && o.PaidAt.Equal(p.PaidAt) &&
		o.ItemsDigest == p.ItemsDigest
}

// A Rate is by what an order earns: fixed when it is paid, so that a return takes
// back what was given.
type Rate struct {
	MoneyPerPoint, Percent, MoneyPerRankingPoint int64
	Rounding                                     access.Rounding
}

// points is what so much money earns.
func (r Rate) points(money int64) int64 {
	hi, lo := bits.Mul64(uint64(money), uint64(r.Percent)) // below 2^67, so hi is below any divisor
	per := uint64(100 * r.MoneyPerPoint)
	n, rest := bits.Div64(hi, lo, per)
	if r.Rounding == access.RoundNearest && rest >= per-rest {
		n++
	}
	return int64(n)
}

func (r Rate) ranking(money int64) int64 { return money / r.MoneyPerRankingPoint }

// The client errors about orders. Compare with [errors.Is].
var (
	ErrOrderOther   = errs.New(errs.Invalid, "order_other", "order")
	ErrOrderOfOther = errs.New(errs.Invalid, "order_of_other", "order")
	ErrOrderUnknown = errs.New(errs.NotFound, "order_unknown", "")
	ErrReturn       = &errs.Client{Kind: errs.Invalid, Code: "return_too_large"}
)

// order takes the points that were used for the order and gives what it earns.
func (d *draft) order(o Order, actor string) (Order, error) {
	text := Text{RefID: o.ID, Actor: actor}
	level, _ := Level(d.rules, d.Ranking)
	o.Rate = Rate{
		MoneyPerPoint: d.rules.Earning.MoneyPerPoint, Percent: percent(d.rules, level),
		MoneyPerRankingPoint: d.rules.MoneyPerRankingPoint, Rounding: d.rules.Earning.Rounding,
	}
	if o.PointsUsed > 0 {
		if err := d.covers(o.PointsUsed, 0); err != nil {
			return o, err
		}
		d.spend(o.PointsUsed, noDay)
		d.Used += o.PointsUsed
		d.enter(Entry{Kind: KindRedeem, Text: text})
	}
	paid := d.now
	if !o.PaidAt.IsZero() {
		paid = o.PaidAt
	}
	o.Entry = d.Version + 1
	e := d.earn(&o, paid)
	d.Spent += o.Total
	d.Orders++
	d.Ranking += o.Rate.ranking(o.Total)
	if paid.After(d.LastOrder) {
		d.LastOrder = paid
	}
	e.Kind, e.Text, e.PaidAt, e.Rules = KindOrder, text, paid, d.rules.RulesVersion()
	d.enter(e)
	o.Bonuses = d.bonuses(o, level, paid)
	d.giveBonuses(o, text, e.Rules)
	return o, d.within("total")
}

// earn gives what the order earns, at once or after the waiting time, and returns an
// entry that says so.
func (d *draft) earn(o *Order, paid time.Time) (e Entry) {
	usable := paid.Add(time.Duration(d.rules.Earning.UsableAfterHours) * time.Hour)
	o.Usable, o.Expires = hourFrom(usable), d.expiry(usable)
	points := o.Rate.points(o.Total)
	if d.rules.Earning.UsableAfterHours == 0 || !o.Usable.Begins().After(d.now) {
		o.Usable = hourFrom(d.now) - 1 // it is
		d.gain(points, o.Expires, o.Entry)
	} else {
		d.wait(points, o.Usable, o.Expires, o.Entry)
		e.Usable = o.Usable
	}
	if e.Expires = o.Expires; points == 0 {
		return Entry{}
	}
	return e
}

func percent(rules access.Preferences, level int64) int64 {
	if p, ok := rules.Earning.PercentOfLevel[level]; ok {
		return p
	}
	return 100
}

// takeBack takes back what so much of the order's money earned, and gives back
// the share of points that was used for it; those of an order without money for
// an amount of 0.
func (d *draft) takeBack(o Order, amount int64, text Text) (Order, error) {
	after, err := o.less(amount)
	if err != nil {
		return o, err
	}
	taken := o.earned(o.left()) - o.earned(after.left())
	back := after.pointsBack() - o.pointsBack()

	day := Day(0)
	if back > 0 {
		day = d.expiry(d.now)
		d.gain(back, day, 0)
		d.Used -= back
	}
	notTaken := d.takeOf(o, taken)
	d.Ranking -= o.Rate.ranking(o.left()) - o.Rate.ranking(after.left())
	d.Spent -= amount
	d.enter(Entry{Kind: KindReturn, Text: text, NotTaken: notTaken, Expires: day})
	return after, d.within("amount")
}

// takeOf takes points back that an order earned: what is left of its own, waiting or
// available. What of them expired is lost already. What was spent is taken from the
// other points, and becomes a debt where the tenant allows one, else it returns how
// much could not be taken.
//
// Of an order of which it is not told which points it earned, they count as expired
// once its day has begun, and before that as what expires on that day.
func (d *draft) takeOf(o Order, points int64) (notTaken int64) {
	points = d.unwait(points, o, d.now)
	first := noDay
	switch {
	case d.tells(o):
		points = d.ungain(points, o.Entry)
		points = d.unexpire(points, o.Entry)
	case o.Expires != Never && !o.Expires.Begins().After(d.now):
		return 0
	default:
		first = o.Expires
	}
	if !d.rules.NegativeOnReversal {
		notTaken = points - min(points, max(0, d.Available))
	}
	if points -= notTaken; points > 0 {
		d.spend(points, first)
	}
	return notTaken
}

// less is the order after so much of its money came back.
func (o Order) less(amount int64) (Order, error) {
	switch {
	case o.Returned == o.parts():
		return o, errs.New(ErrReturn.Kind, "return_too_large/nothing_left", "amount")
	case amount > o.left():
		return o, errs.New(ErrReturn.Kind, "return_too_large/left", "amount", o.left(), amount)
	case amount == 0 && o.Total > 0:
		return o, errs.New(ErrReturn.Kind, "return_of_nothing", "amount")
	}
	o.Returned += max(amount, 1)
	return o, nil
}

// pointsBack is how many of the points used have come back.
func (o Order) pointsBack() int64 {
	if o.PointsUsed == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(o.PointsUsed), uint64(o.Returned))
	n, _ := bits.Div64(hi, lo, uint64(o.parts())) // no more came back than there are parts, so hi is below it
	return int64(n)
}

// owes rejects making a debt, unless the tenant allows it.
func (d *draft) owes(field string) error {
	if last := d.made[len(d.made)-1]; last.Change.Available < 0 && d.Available < 0 && !d.rules.NegativeOnReversal {
		return errs.New(ErrInsufficient.Kind, "insufficient_points/negative", field, d.Available).DependingOnSettings()
	}
	return d.within(field)
}
