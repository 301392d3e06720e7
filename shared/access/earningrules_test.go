package access_test

import (
	"testing"
	"time"

	"regulars/shared/access"
)

// A rule holds from its first moment on and before its last, on days as the tenant's
// offset has them, and for its levels.
func TestEarningRuleHolds(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	day := access.EarningRule{From: "2026-11-11T00:00:00+07:00", Until: "2026-11-12T00:00:00+07:00"}
	tests := []struct {
		name  string
		rule  access.EarningRule
		level int64
		paid  string
		want  bool
	}{
		{"no conditions", access.EarningRule{}, 0, "2026-11-11T00:00:00Z", true},
		{"before", day, 0, "2026-11-10T16:59:59Z", false},
		{"first moment", day, 0, "2026-11-10T17:00:00Z", true},
		{"last moment", day, 0, "2026-11-11T16:59:59Z", true},
		{"after", day, 0, "2026-11-11T17:00:00Z", false},
		{"from alone", access.EarningRule{From: day.From}, 0, "2030-01-01T00:00:00Z", true},
		{"until alone", access.EarningRule{Until: day.Until}, 0, "2020-01-01T00:00:00Z", true},
		{"level", access.EarningRule{Levels: []int64{2, 3}}, 3, "2026-11-11T00:00:00Z", true},
		{"other level", access.EarningRule{Levels: []int64{2, 3}}, 1, "2026-11-11T00:00:00Z", false},
		{"Wednesday there", access.EarningRule{Weekdays: []string{"wednesday"}}, 0, "2026-11-10T17:00:00Z", true},
		{"still Tuesday there", access.EarningRule{Weekdays: []string{"wednesday"}}, 0, "2026-11-10T16:59:59Z", false},
	}
	for _, tt := range tests {
		if got := tt.rule.Holds(tt.level, at(tt.paid), 7*time.Hour); got != tt.want {
			t.Errorf("%s: Holds() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

// The version follows all that an order earns by, and nothing else.
func TestRulesVersion(t *testing.T) {
	settings := access.Defaults()
	if got := settings.RulesVersion(); got != "" {
		t.Errorf("without rules it is %q", got)
	}
	settings.Earning.Rules = map[string]access.EarningRule{"a": {BonusPercent: 50}, "b": {BonusPercent: 100}}
	first := settings.RulesVersion()
	if len(first) != 8 {
		t.Errorf("it is %q, want 8 digits", first)
	}
	other := settings
	other.Name, other.Overdraft = "Other", 5
	if got := other.RulesVersion(); got != first {
		t.Errorf("another name made it %s, want %s", got, first)
	}
	for name, change := range map[string]func(p *access.Preferences){
		"rule":    func(p *access.Preferences) { p.Earning.Rules = map[string]access.EarningRule{"a": {BonusPercent: 50}} },
		"rate":    func(p *access.Preferences) { p.Earning.MoneyPerPoint++ },
		"levels":  func(p *access.Preferences) { p.Levels = map[int64]access.Level{1: {Name: "A"}} },
		"ranking": func(p *access.Preferences) { p.MoneyPerRankingPoint++ },
	} {
		other := settings
		if change(&other); other.RulesVersion() == first {
			t.Errorf("another %s did not change it", name)
		}
	}
}
