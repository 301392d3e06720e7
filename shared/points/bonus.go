package points

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
	"time"
)

// An OrderItem is a line of an order.
type OrderItem struct {
	SKU, Category string
	// Amount is its money.
	Amount int64
}

// A Bonus is what a rule gave beside the base of an order.
type Bonus struct {
	// Rule is its name.
	Rule string
	// Money is what it was reckoned from, Percent how much of what that earns.
	Money, Percent int64
}

// itemsDigest stands for the items of an order: what comes again is compared by it.
// There are none where it is empty.
func itemsDigest(items []OrderItem) string {
	if len(items) == 0 {
		return ""
	}
	var b []byte
	for _, i := range items {
		b = appendText(appendText(b, i.SKU), i.Category)
		b = binary.AppendVarint(b, i.Amount)
	}
	sum := sha256.Sum256(b)
	return string(sum[:16])
}

// bonuses are those of an order that was paid at some time, by the rules of the tenant
// and the level before it, in the order of their names.
func (d *draft) bonuses(o Order, level int64, paid time.Time) []Bonus {
	var all []Bonus
	for _, name := range slices.Sorted(maps.Keys(d.rules.Earning.Rules)) {
		rule := d.rules.Earning.Rules[name]
		if !rule.Holds(level, paid, d.rules.Earning.Offset()) {
			continue
		}
		money := o.Total
		if rule.ByItem() {
			money = 0
			for _, i := range o.Items {
				if rule.Matches(i.SKU, i.Category) {
					money += i.Amount
				}
			}
		}
		if b := (Bonus{Rule: name, Money: money, Percent: rule.BonusPercent}); o.bonusOf(b, o.Total) > 0 {
			all = append(all, b)
		}
	}
	return all
}

// bonusOf is what a bonus comes to where so much money of the order is left: its money
// shrinks as the order's does.
func (o Order) bonusOf(b Bonus, left int64) int64 {
	money := b.Money
	if left < o.Total {
		hi, lo := bits.Mul64(uint64(b.Money), uint64(left))
		n, _ := bits.Div64(hi, lo, uint64(o.Total)) // less is left than there was, so hi is below it
		money = int64(n)
	}
	rate := o.Rate
	rate.Percent = b.Percent
	return rate.points(money)
}

// earned is what the order earned from so much of its money, with its bonuses.
func (o Order) earned(left int64) int64 {
	points := o.Rate.points(left)
	for _, b := range o.Bonuses {
		points += o.bonusOf(b, left)
	}
	return points
}

// giveBonuses gives the bonuses of an order beside its base, to be usable and to expire
// as that does, each in an entry of its own.
func (d *draft) giveBonuses(o Order, text Text, version string) {
	for _, b := range o.Bonuses {
		e := Entry{Kind: KindBonus, Text: text, Expires: o.Expires, Rules: version}
		e.Reason = b.Rule
		points := o.bonusOf(b, o.Total)
		if o.Usable.Begins().After(d.now) {
			d.wait(points, o.Usable, o.Expires, o.Entry)
			e.Usable = o.Usable
		} else {
			d.gain(points, o.Expires, o.Entry)
		}
		d.enter(e)
	}
}
