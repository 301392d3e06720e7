package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// maxEarningRules bounds the rules of a tenant: each that holds for an order is an
	// entry of its ledger, and these are one transaction.
	maxEarningRules = 20
	// maxMatched bounds the names that a rule is for, of each kind.
	maxMatched = 200
	// maxOffset bounds offsets from UTC, in minutes.
	maxOffset = 14 * 60
)

// An EarningRule gives points beside those that an order earns anyhow. Where several
// hold, each gives its own. An empty condition is none.
type EarningRule struct {
	// BonusPercent is how much of what MoneyPerPoint makes of the money comes on top;
	// 100 doubles what a customer without a level earns.
	BonusPercent int64 `json:"bonus_percent"`
	// Levels of which the customer must have one before the order.
	Levels []int64 `json:"levels,omitempty"`
	// SKUs and Categories are those of the items whose money counts; without either
	// the order's total does.
	SKUs       []string `json:"skus,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// From and Until bound when the order was paid: from the one on and before the
	// other; RFC 3339.
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
	// Weekdays on which it was paid, as [Earning.OffsetMinutes] has them: sunday ...
	Weekdays []string `json:"weekdays,omitempty"`
}

// weekdays are the names of the days, from 0 as [time.Weekday] has them.
var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// Holds reports whether the rule holds for an order of a customer of that level that was
// paid at some time. offset is that of the tenant's weekdays from UTC.
func (r EarningRule) Holds(level int64, paid time.Time, offset time.Duration) bool {
	from, _ := time.Parse(time.RFC3339, r.From) // an empty one is no bound
	until, err := time.Parse(time.RFC3339, r.Until)
	switch {
	case paid.Before(from), err == nil && !paid.Before(until):
		return false
	case len(r.Levels) > 0 && !slices.Contains(r.Levels, level):
		return false
	}
	return len(r.Weekdays) == 0 || slices.Contains(r.Weekdays, weekdays[paid.UTC().Add(offset).Weekday()])
}

// ByItem reports whether the money of items counts, rather than the order's.
func (r EarningRule) ByItem() bool { return len(r.SKUs)+len(r.Categories) > 0 }

// Matches reports whether the money of an item counts.
func (r EarningRule) Matches(sku, category string) bool {
	return slices.Contains(r.SKUs, sku) || slices.Contains(r.Categories, category)
}

// Offset is that of the tenant's weekdays from UTC.
func (e Earning) Offset() time.Duration { return time.Duration(e.OffsetMinutes) * time.Minute }

// RulesVersion names what orders earn by: eight hex digits that are the same whenever
// that is the same. It is empty where there are no rules beside the base.
func (c Preferences) RulesVersion() string {
	if len(c.Earning.Rules) == 0 {
		return ""
	}
	text, err := json.Marshal([]any{c.Earning, c.Levels, c.MoneyPerRankingPoint})
	if err != nil {
		panic(err) // they are numbers and texts
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

func (c Preferences) checkEarningRules() error {
	if len(c.Earning.Rules) > maxEarningRules {
		return badSetting("out_of_range", "earning.rules", 0, maxEarningRules)
	}
	if err := inRange("earning.offset_minutes", c.Earning.OffsetMinutes, -maxOffset, maxOffset); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Earning.Rules)) {
		path := "earning.rules." + name
		if err := checkName(path, name); err != nil {
			return err
		}
		if err := c.checkEarningRule(path, c.Earning.Rules[name]); err != nil {
			return err
		}
	}
	return nil
}

func (c Preferences) checkEarningRule(path string, r EarningRule) error {
	if err := inRange(path+".bonus_percent", r.BonusPercent, 1, maxPercent); err != nil {
		return err
	}
	for _, level := range r.Levels {
		if _, ok := c.Levels[level]; !ok {
			return badSetting("no_level", path+".levels", level)
		}
	}
	for _, day := range r.Weekdays {
		if err := oneOf(path+".weekdays", day, weekdays...); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		name  string
		texts []string
	}{{"skus", r.SKUs}, {"categories", r.Categories}} {
		if len(list.texts) > maxMatched {
			return badSetting("out_of_range", path+"."+list.name, 0, maxMatched)
		}
		for i, text := range list.texts {
			if err := checkName(fmt.Sprintf("%s.%s[%d]", path, list.name, i), text); err != nil {
				return err
			}
		}
	}
	var bounds [2]time.Time
	for i, text := range []string{r.From, r.Until} {
		at, err := time.Parse(time.RFC3339, text)
		if text != "" && err != nil {
			return badSetting("time", path+"."+[]string{"from", "until"}[i])
		}
		bounds[i] = at
	}
	if r.From != "" && r.Until != "" && !bounds[0].Before(bounds[1]) {
		return badSetting("no_time", path+".until", r.From)
	}
	return nil
}
