package haravan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/points"
)

// An extra is what a rule gives beside an order, until its entry has come.
type extra struct {
	rule, order string
	grant       grant
}

// A bonus is what a rule reckons from.
type bonus struct {
	rule           string
	money, percent int64
}

// bonusesOf are those of an order that was paid at some time, by level before it.
func bonusesOf(o points.Order, rules access.Preferences, level int64, paidAt time.Time) (all []bonus) {
	for _, name := range slices.Sorted(maps.Keys(rules.Earning.Rules)) {
		rule := rules.Earning.Rules[name]
		money := int64(0)
		for _, i := range o.Items {
			if slices.Contains(rule.SKUs, i.SKU) || slices.Contains(rule.Categories, i.Category) {
				money += i.Amount
			}
		}
		if len(rule.SKUs) == 0 && len(rule.Categories) == 0 {
			money = o.Total
		}
		local := paidAt.In(time.FixedZone("", int(rules.Earning.OffsetMinutes)*60))
		if rule.From != "" && local.Before(timeOf(rule.From)) || rule.Until != "" && !local.Before(timeOf(rule.Until)) ||
			len(rule.Weekdays) > 0 && !slices.Contains(rule.Weekdays, strings.ToLower(local.Format("Monday"))) ||
			len(rule.Levels) > 0 && !slices.Contains(rule.Levels, level) {
			continue
		}
		all = append(all, bonus{name, money, rule.BonusPercent})
	}
	return all
}

func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// extraOf is what a bonus comes to where so much of the order's money is left.
func (p paid) extraOf(b bonus, left int64) int64 {
	money := b.money
	if p.said.Total > 0 {
		money = b.money * left / p.said.Total // of amounts that are small enough
	}
	p.percent = b.percent
	return p.earned(money)
}

// all is what the order earned from so much of its money, with what rules gave.
func (p paid) all(left int64) int64 {
	n := p.earned(left)
	for _, b := range p.bonuses {
		n += p.extraOf(b, left)
	}
	return n
}

// expectExtras notes what an order's rules give, each in an entry after its own.
func (m *ledgerModel) expectExtras(p paid, given grant) {
	for _, b := range p.bonuses {
		if given.points = p.extraOf(b, p.said.Total); given.points > 0 {
			m.extras = append(m.extras, extra{rule: b.rule, order: p.said.ID, grant: given})
		}
	}
}

// bonus takes in the next of them.
func (m *ledgerModel) bonus() (f points.Figures, err error) {
	if len(m.extras) == 0 {
		return f, errors.New("no rule gives it")
	}
	g := m.extras[0].grant
	if g.waiting {
		m.grants = append(m.grants, g)
		m.bound()
		f.Incoming = g.points
		return f, nil
	}
	m.give(g.points, g.day, g.order)
	f.Available = g.points
	return f, nil
}

// says compares what an entry says of rules.
func (m *ledgerModel) says(e points.Entry, rules access.Preferences) error {
	switch e.Kind {
	case points.KindOrder:
		if m.version = e.Rules; (e.Rules != "") != (len(rules.Earning.Rules) > 0) {
			return fmt.Errorf("its rules are %q", e.Rules)
		}
	case points.KindBonus:
		x := m.extras[0]
		m.extras = m.extras[1:]
		if e.Rules != m.version || !e.Erased() && (e.Reason != x.rule || e.RefID != x.order) {
			return fmt.Errorf("a bonus by %q of %q, of order %s, want by %q of %q, of %s", e.Reason, e.Rules, e.RefID, x.rule, m.version, x.order)
		}
	default:
		if len(m.extras) > 0 {
			return fmt.Errorf("the bonus by %s did not come before it", m.extras[0].rule)
		}
	}
	return nil
}

// throwEarningRules are rules of each kind.
func throwEarningRules(d *dice) map[string]access.EarningRule {
	if d.roll(3) == 0 {
		return nil
	}
	from := historyBegins.Add(time.Duration(d.roll(10)) * 24 * time.Hour)
	return map[string]access.EarningRule{
		"items":   {BonusPercent: 70, SKUs: []string{"a"}, Categories: []string{"shoes"}},
		"levels":  {BonusPercent: 100, Levels: []int64{2, 3}},
		"period":  {BonusPercent: 33, From: from.Format(time.RFC3339), Until: from.Add(time.Duration(1+d.roll(9)) * 24 * time.Hour).Format(time.RFC3339)},
		"weekend": {BonusPercent: 250, Weekdays: []string{"saturday", "sunday"}},
	}
}

// throwItems are lines of an order that come to no more than its total.
func throwItems(d *dice, total int64) []points.OrderItem {
	if total == 0 || d.roll(2) == 0 {
		return nil
	}
	first := total * int64(d.roll(4)) / 4
	return []points.OrderItem{{SKU: "a", Amount: first}, {SKU: "b", Category: []string{"shoes", "hats"}[d.roll(2)], Amount: (total - first) / 2}}
}
