package points

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/access"
	"regulars/shared/errs"
)

// Whatever is held, spent and given back: lots and holds come to the figures, and
// what is given back lies where it was.
func TestHoldsKeepLots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := access.Defaults()
		rules.Earning.ExpiresAfterDays = 3
		d := newDraft(Profile{}, rules, noon)
		for n := range rapid.IntRange(1, 120).Draw(t, "steps") {
			d.now = d.now.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "hours")) * time.Hour)
			d.settle()
			before := d.Figures
			points := rapid.Int64Range(1, 50).Draw(t, "points")
			switch step := rapid.SampledFrom([]string{"add", "order", "hold", "hold", "commit", "void"}).Draw(t, "step"); {
			case step == "add":
				_ = d.grant(Grant{Points: points}, "")
			case step == "order":
				_, _ = d.order(Order{ID: fmt.Sprint(n), Total: 1000 * points}, "")
			case step == "hold":
				err := d.hold(NewHold{Points: points, For: time.Duration(rapid.IntRange(1, 99).Draw(t, "lasts")) * time.Hour}, "")
				if _, rejected := errs.AsClient(err); err != nil && !rejected {
					t.Fatal(err)
				}
				if err == nil && (d.Available != before.Available-points || d.Held != before.Held+points) {
					t.Fatalf("a hold of %d made %+v of %+v", points, d.Figures, before)
				}
			case len(d.Holds) > 0:
				h := d.Holds[rapid.IntRange(0, len(d.Holds)-1).Draw(t, "which")]
				kind, all := KindVoid, h.Points()
				if points = min(points, all); step == "void" {
					points = 0
				} else {
					kind = KindCommit
				}
				lots := append([]Lot(nil), d.Lots...)
				if err := d.close(HoldLine{Entry: Entry{Seq: h.Number}}, kind, points, Text{}); err != nil {
					t.Fatal(err)
				}
				if spent := d.Used - before.Used; spent < 0 || kind == KindVoid && spent != 0 || d.Available+spent != before.Available+all {
					t.Fatalf("%s of %d of %d points made %+v of %+v", kind, points, all, d.Figures, before)
				}
				if kind == KindVoid {
					sameLots(t, lots, h.Shares, d.Lots)
				}
			}
			adds(t, d.Account)
		}
	})
}

// sameLots demands that each day has in now what it had before and what was held.
func sameLots(t *rapid.T, before, held, now []Lot) {
	days := map[Day]int64{}
	for _, l := range append(append([]Lot(nil), before...), held...) {
		days[l.Day] += l.Points
	}
	for _, l := range now {
		days[l.Day] -= l.Points
	}
	for day, n := range days {
		if n != 0 {
			t.Fatalf("of day %d %d points are missing", day, n)
		}
	}
}

// adds demands that lots and holds come to the figures, and are bounded.
func adds(t *rapid.T, a Account) {
	lots, held, told := int64(0), int64(0), 0
	count := func(l Lot) int64 {
		if l.Order != 0 {
			told++
		}
		return l.Points
	}
	for _, l := range a.Lots {
		lots += count(l)
	}
	for _, h := range a.Holds {
		for _, l := range h.Shares {
			held += count(l)
		}
	}
	if lots != a.Available || held != a.Held || len(a.Holds) > maxHolds || told > maxTold {
		t.Fatalf("%d in lots and %d in %d holds, %d told: %+v", lots, held, len(a.Holds), told, a.Figures)
	}
}

// What a hold protects does not expire before it ends; what goes back does at once.
func TestHeldPointsExpireWhenTheyGoBack(t *testing.T) {
	rules := access.Defaults()
	rules.Earning.ExpiresAfterDays = 1
	p := account(t, rules, func(d *draft) error { return d.grant(Grant{Points: 10}, "") },
		func(d *draft) error { return d.hold(NewHold{Points: 8, For: 72 * time.Hour}, "") })
	d := newDraft(p, rules, noon.Add(60*time.Hour))
	d.settle()
	if d.Available != 0 || d.Held != 8 {
		t.Fatalf("settle() left %+v, want 8 held", d.Figures)
	}
	if err := d.close(HoldLine{Entry: Entry{Seq: 2}}, KindCommit, 5, Text{}); err != nil {
		t.Fatal(err)
	}
	d.settle()
	last := d.made[len(d.made)-1]
	if d.Used != 5 || d.Available != 0 || d.Held != 0 || last.Kind != KindExpire || last.Change.Available != -3 {
		t.Errorf("%+v after %+v, want 5 used and 3 expired", d.Figures, last)
	}
}

func TestHoldRejects(t *testing.T) {
	rules := access.Defaults()
	rules.Holds = access.Holds{ExpiresIn: 60, MaxExpiresIn: 3600}
	for name, tt := range map[string]struct {
		hold NewHold
		want error
	}{
		"too long":         {NewHold{Points: 1, For: time.Hour + time.Second}, ErrHoldTime},
		"too late":         {NewHold{Points: 1, Until: noon.Add(2 * time.Hour)}, ErrHoldTime},
		"in the past":      {NewHold{Points: 1, Until: noon}, ErrHoldTime},
		"more than is had": {NewHold{Points: 11}, ErrInsufficient},
	} {
		p := account(t, rules, func(d *draft) error { return d.grant(Grant{Points: 10}, "") })
		d := newDraft(p, rules, noon)
		if err := d.hold(tt.hold, ""); !errors.Is(err, tt.want) || len(d.made) != 0 {
			t.Errorf("%s: %v and %d entries, want %v", name, err, len(d.made), tt.want)
		}
	}
	p := account(t, rules, func(d *draft) error { return d.grant(Grant{Points: 100}, "") })
	d := newDraft(p, rules, noon)
	for range maxHolds {
		if err := d.hold(NewHold{Points: 1}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.hold(NewHold{Points: 1}, ""); !errors.Is(err, ErrTooManyHolds) {
		t.Errorf("one more = %v, want %v", err, ErrTooManyHolds)
	}
}
