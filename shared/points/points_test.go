package points

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/access"
	"regulars/shared/customer"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestRate(t *testing.T) {
	tests := []struct {
		name  string
		rate  Rate
		money int64
		want  int64
	}{
		{"that of the samples", Rate{MoneyPerPoint: 1000, Percent: 100}, 1_035_000, 1035},
		{"decimals are dropped", Rate{MoneyPerPoint: 1000, Percent: 100, Rounding: access.RoundDown}, 1999, 1},
		{"or rounded, half up", Rate{MoneyPerPoint: 1000, Percent: 100, Rounding: access.RoundNearest}, 1500, 2},
		{"below the half down", Rate{MoneyPerPoint: 1000, Percent: 100, Rounding: access.RoundNearest}, 1499, 1},
		{"half as many", Rate{MoneyPerPoint: 1000, Percent: 50}, 3999, 1},
		{"none at all", Rate{MoneyPerPoint: 1000, Percent: 0}, 1_000_000, 0},
		{"the largest there is", Rate{MoneyPerPoint: 1, Percent: 10_000}, Max, 100 * Max},
		{"the largest divisor", Rate{MoneyPerPoint: Max, Percent: 100, Rounding: access.RoundNearest}, Max, 1},
	}
	for _, tt := range tests {
		if got := tt.rate.points(tt.money); got != tt.want {
			t.Errorf("%s: points(%d) = %d, want %d", tt.name, tt.money, got, tt.want)
		}
	}
}

func TestLevel(t *testing.T) {
	rules := access.Preferences{Levels: map[int64]access.Level{7: {Name: "Gold", From: 100}, 9: {Name: "Member", From: 10}}}
	for ranking, want := range map[int64]int64{0: 0, 9: 0, 10: 9, 99: 9, 100: 7, Max: 7} {
		if got, _ := Level(rules, ranking); got != want {
			t.Errorf("Level(%d) = %d, want %d", ranking, got, want)
		}
	}
}

// Nothing becomes available, or expires, before its time.
func TestHoursAndDaysAreNeverEarly(t *testing.T) {
	for name, tt := range map[string]struct {
		at   time.Time
		hour time.Time
		day  time.Time
	}{
		"on the hour":        {noon, noon, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		"a nanosecond after": {noon.Add(1), noon.Add(time.Hour), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		"midnight":           {time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		"before 1970":        {time.Date(1969, 12, 31, 12, 30, 0, 0, time.UTC), time.Date(1969, 12, 31, 13, 0, 0, 0, time.UTC), time.Unix(0, 0).UTC()},
	} {
		if got := hourFrom(tt.at).Begins(); !got.Equal(tt.hour) {
			t.Errorf("%s: hour = %v, want %v", name, got, tt.hour)
		}
		if got := dayFrom(tt.at).Begins(); !got.Equal(tt.day) {
			t.Errorf("%s: day = %v, want %v", name, got, tt.day)
		}
	}
}

// However many lots there are asked to be, there are 400 at most and no point is
// lost; waiting points likewise.
func TestLotsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Account
		total, waits := int64(0), int64(0)
		for range rapid.IntRange(350, 700).Draw(t, "n") {
			day, n := rapid.Int64Range(1, 5000).Draw(t, "day"), rapid.Int64Range(1, 9).Draw(t, "points")
			a.gain(n, Day(day), rapid.Int64Range(0, 20).Draw(t, "order"))
			a.wait(n, Hour(day), Day(day+30), rapid.Int64Range(0, 20).Draw(t, "order of those that wait"))
			total, waits = total+n, waits+n
		}
		sum := int64(0)
		for i, l := range a.Lots {
			if i > 0 && l.compare(a.Lots[i-1]) <= 0 {
				t.Fatalf("lot %d is not in order", i)
			}
			sum += l.Points
		}
		for _, w := range a.Waiting {
			waits -= w.Points
		}
		if len(a.Lots) > maxLots || len(a.Waiting) > maxLots || sum != total || a.Available != total || waits != 0 || a.Incoming != total {
			t.Fatalf("%d lots with %d of %d points, %d waiting lack %d", len(a.Lots), sum, total, len(a.Waiting), waits)
		}
	})
}

// A rejected step leaves the profile that it was decided on as it was.
func TestDraftLeavesTheProfileAlone(t *testing.T) {
	p := Profile{Customer: customer.Record{Customer: customer.Customer{ID: 7}, Rev: customer.Rev{Commit: "c"}}}
	rules := access.Defaults()
	rules.Earning.ExpiresAfterDays = 1
	d := newDraft(p, rules, noon)
	if err := d.grant(Grant{Points: 10}, ""); err != nil {
		t.Fatal(err)
	}
	p.Account = Record{Account: d.Account, Rev: customer.Rev{Commit: "c"}}
	lots := p.Account.Lots[0]
	later := newDraft(p, rules, noon.Add(100*time.Hour))
	later.settle()
	if err := later.subtract(5, Text{}); err == nil {
		t.Error("subtracted what has expired")
	}
	if p.Account.Lots[0] != lots || p.Account.Available != 10 || p.Account.Version != 1 {
		t.Errorf("the profile is %+v, want as it was", p.Account)
	}
}

// The times of a ledger never go back, even where a clock does.
func TestClockThatGoesBack(t *testing.T) {
	p := Profile{Customer: customer.Record{Customer: customer.Customer{ID: 7}, Rev: customer.Rev{Commit: "c"}}}
	d := newDraft(p, access.Defaults(), noon)
	_ = d.grant(Grant{Points: 1}, "")
	p.Account = Record{Account: d.Account, Rev: customer.Rev{Commit: "c"}}
	d = newDraft(p, access.Defaults(), noon.Add(-time.Hour))
	_ = d.grant(Grant{Points: 1}, "")
	if !d.made[0].Time.Equal(noon) {
		t.Errorf("the second entry is of %v, want %v", d.made[0].Time, noon)
	}
}

// What fell due by one machine's clock is so by all: a return where the clock is
// behind takes no points of an order that waits still.
func TestClockThatGoesBackAfterPointsFellDue(t *testing.T) {
	rules := access.Defaults()
	rules.Earning.UsableAfterHours = 2
	var first Order
	p := account(t, rules,
		func(d *draft) (err error) { first, err = d.order(Order{ID: "1", Total: 5000}, ""); return err },
		func(d *draft) error {
			d.now = noon.Add(time.Hour)
			_, err := d.order(Order{ID: "2", Total: 7000}, "")
			return err
		},
		func(d *draft) error { d.now = noon.Add(2 * time.Hour); d.settle(); return nil },
	)
	d := newDraft(p, rules, noon)
	d.settle()
	if _, err := d.takeBack(first, 5000, Text{}); err != nil || d.Available != 0 || d.Incoming != 7 {
		t.Errorf("takeBack() = %v, leaves %d and %d that wait, want 0 and 7", err, d.Available, d.Incoming)
	}
}

// A return takes its own points back, also where others that expire sooner wait
// for the same hour.
func TestReturnTakesItsOwnWaitingPoints(t *testing.T) {
	rules := access.Defaults()
	rules.Earning.UsableAfterHours, rules.Earning.ExpiresAfterDays = 2, 1
	later := rules
	later.Earning.ExpiresAfterDays = 5
	var second Order
	p := account(t, rules,
		func(d *draft) error { _, err := d.order(Order{ID: "1", Total: 5000}, ""); return err },
		func(d *draft) (err error) {
			d.rules = later
			second, err = d.order(Order{ID: "2", Total: 7000}, "")
			return err
		},
	)
	d := newDraft(p, rules, noon)
	if _, err := d.takeBack(second, 7000, Text{}); err != nil || len(d.Waiting) != 1 || d.Waiting[0].Points != 5 || d.Waiting[0].Day == second.Expires {
		t.Errorf("takeBack() = %v, leaves %+v, want those of the first order", err, d.Waiting)
	}
}

// A text cannot be moved from one member to the next without a trace.
func TestDigestKeepsTextsApart(t *testing.T) {
	a := Entry{Text: Text{Reason: "ab", RefID: "c"}}
	b := Entry{Text: Text{Reason: "a", RefID: "bc"}}
	if a.digest() == b.digest() {
		t.Error("two lists of texts have one digest")
	}
	c := a
	c.Salt[0] = 1
	if a.digest() == c.digest() {
		t.Error("the salt is not part of the digest")
	}
}

// account is one that n entries led to, each made by a step.
func account(t *testing.T, rules access.Preferences, steps ...func(d *draft) error) Profile {
	t.Helper()
	p := Profile{Customer: customer.Record{Customer: customer.Customer{ID: 7}, Rev: customer.Rev{Commit: "c"}}}
	for _, step := range steps {
		d := newDraft(p, rules, noon)
		if err := step(d); err != nil {
			t.Fatal(err)
		}
		p.Account = Record{Account: d.Account, Rev: customer.Rev{Commit: "c"}}
	}
	return p
}

// A debt is a figure, too: JSON keeps it whole.
func TestDebtIsBounded(t *testing.T) {
	rules := access.Defaults()
	rules.NegativeOnReversal = true
	var first Entry
	add := func(d *draft) error { err := d.grant(Grant{Points: Max}, ""); first = d.made[0]; return err }
	subtract := func(d *draft) error { return d.subtract(Max, Text{}) }
	undo := func(d *draft) error { _, err := d.reverse(first, Reversal{}, 0, Text{}); return err }
	p := account(t, rules, add, subtract, undo)
	if p.Account.Available != -Max {
		t.Fatalf("available = %d, want %d", p.Account.Available, -Max)
	}
	if err := undo(newDraft(p, rules, noon)); !errors.Is(err, ErrTooMany) {
		t.Errorf("a debt of twice as many: %v, want ErrTooMany", err)
	}
}

// What is put together where there are too many lots is to the customer's
// advantage: nothing expires sooner, nothing waits longer, and the two nearest
// lots become one.
func TestMergingIsToTheCustomersAdvantage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Account
		var all []Waiting
		for range rapid.IntRange(380, 500).Draw(t, "n") {
			w := Waiting{Hour: Hour(rapid.Int64Range(1, 900).Draw(t, "hour")), Day: Day(rapid.Int64Range(1, 900).Draw(t, "day")), Points: rapid.Int64Range(1, 9).Draw(t, "points")}
			all = append(all, w)
			a.gain(w.Points, w.Day, 0)
			a.wait(w.Points, w.Hour, w.Day, 0)
		}
		for at := range int64(901) {
			expired, lots, days, hours := int64(0), int64(0), int64(0), int64(0)
			for _, w := range all {
				if int64(w.Day) <= at {
					expired += w.Points
				}
				if int64(w.Hour) <= at {
					hours += w.Points
				}
			}
			for _, l := range a.Lots {
				if int64(l.Day) <= at {
					lots += l.Points
				}
			}
			for _, w := range a.Waiting {
				if int64(w.Day) <= at {
					days += w.Points
				}
				if int64(w.Hour) <= at {
					hours -= w.Points
				}
			}
			if lots > expired || days > expired || hours > 0 {
				t.Fatalf("by %d %d points of lots and %d of those that wait expire, want %d at most; %d wait longer", at, lots, days, expired, hours)
			}
		}
	})
	var a Account
	for n := range maxLots {
		a.gain(1, Day(10*n), 0)
	}
	if a.gain(1, 2003, 0); len(a.Lots) != maxLots || a.Lots[200] != (Lot{Day: 2003, Points: 2}) {
		t.Errorf("lots 199 to 201 are %+v, want that of day 2000 in that of day 2003", a.Lots[199:202])
	}
}

// An entry is undone in so many parts, so that what names them stays small.
func TestReversalsAreBounded(t *testing.T) {
	var e Entry
	p := account(t, access.Defaults(), func(d *draft) error { err := d.grant(Grant{Points: 1000}, ""); e = d.made[0]; return err })
	d := newDraft(p, access.Defaults(), noon)
	var so Reversal
	for n := range maxReversals + 1 {
		after, err := d.reverse(e, so, 1, Text{})
		if rejected := n == maxReversals; rejected != errors.Is(err, ErrAlreadyReversed) {
			t.Fatalf("part %d: %v", n+1, err)
		}
		so = after
	}
}

// A return takes back what the order earned, in parts and all of it, whatever the
// settings say by then.
func TestReturnGoesByTheRateOfTheOrder(t *testing.T) {
	rules := access.Defaults()
	rules.Earning.Rounding = access.RoundNearest
	var o Order
	p := account(t, rules, func(d *draft) (err error) { o, err = d.order(Order{ID: "1", Total: 10_600}, ""); return err })
	other := access.Defaults()
	other.Earning.MoneyPerPoint, other.MoneyPerRankingPoint = 100, 7
	other.Levels = map[int64]access.Level{1: {Name: "Member"}}
	other.Earning.PercentOfLevel = map[int64]int64{1: 300}
	d := newDraft(p, other, noon)
	for _, want := range []Figures{{Available: 6, Ranking: 56, Spent: 5_600, Orders: 1}, {Available: 1, Ranking: 6, Spent: 600, Orders: 1}, {Orders: 1}} {
		var err error
		if o, err = d.takeBack(o, d.Spent-want.Spent, Text{}); err != nil || d.Figures != want {
			t.Fatalf("takeBack() = %v, leaves %+v, want %+v", err, d.Figures, want)
		}
	}
}

// A debt is paid by the next points, also by those that waited; only the rest lies
// in a lot.
func TestDebtIsPaidFirst(t *testing.T) {
	rules := access.Defaults()
	rules.NegativeOnReversal = true
	var first Entry
	waits := rules
	waits.Earning.UsableAfterHours = 1
	p := account(t, rules,
		func(d *draft) error { err := d.grant(Grant{Points: 10}, ""); first = d.made[0]; return err },
		func(d *draft) error { return d.subtract(10, Text{}) },
		func(d *draft) error { _, err := d.reverse(first, Reversal{}, 0, Text{}); return err },
		func(d *draft) error { return d.grant(Grant{Points: 4}, "") },
		func(d *draft) error { d.rules = waits; _, err := d.order(Order{ID: "1", Total: 9000}, ""); return err },
	)
	if p.Account.Available != -6 || len(p.Account.Lots) != 0 || p.Account.Incoming != 9 {
		t.Fatalf("%+v, want a debt of 6, no lot and 9 points that wait", p.Account)
	}
	d := newDraft(p, rules, noon.Add(2*time.Hour))
	if d.settle(); d.Available != 3 || len(d.Lots) != 1 || d.Lots[0].Points != 3 {
		t.Errorf("%d points in %+v, want 3 in one", d.Available, d.Lots)
	}
}

// Undoing what counted as used undoes that, too, whatever the settings say by then.
func TestReversalOfUsedPoints(t *testing.T) {
	rules := access.Defaults()
	rules.SubtractCountsAsUsed = true
	var taken Entry
	p := account(t, rules,
		func(d *draft) error { return d.grant(Grant{Points: 10}, "") },
		func(d *draft) error { err := d.subtract(8, Text{}); taken = d.made[0]; return err },
	)
	d := newDraft(p, access.Defaults(), noon)
	if _, err := d.reverse(taken, Reversal{}, 5, Text{}); err != nil || d.Used != 3 || d.Available != 7 {
		t.Errorf("reverse() = %v, leaves %+v, want 3 used and 7 available", err, d.Figures)
	}
}

// A return always books. It takes what is left of the order's own points; what
// expired of them is no debt; what was spent comes from the other points, and what
// these lack is a debt where the tenant allows one, else it is said.
func TestReturnTakesTheOrdersOwnPoints(t *testing.T) {
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		negative            bool
		other, spent        int64         // points of another, later order; spent before anything expires
		after               time.Duration // the return comes so long after the order
		before              bool          // the order is from before lots knew whose points they hold
		available, notTaken int64
	}{
		"all is there":                     {other: 60, after: day, available: 60},
		"all expired":                      {other: 60, after: 31 * day, available: 60},
		"some spent, the others are there": {other: 60, spent: 40, after: day, available: 20},
		"all spent, and some of the other": {other: 60, spent: 130, after: day, available: 0, notTaken: 70},
		"the same, as a debt":              {negative: true, other: 60, spent: 130, after: day, available: -70},
		"some spent, the rest expired":     {other: 60, spent: 40, after: 31 * day, available: 20},
		"the same, without others":         {spent: 40, after: 31 * day, available: 0, notTaken: 40},
		"the same, as a debt of 40":        {negative: true, spent: 40, after: 31 * day, available: -40},
		"from before, all is there":        {before: true, other: 60, after: day, available: 60},
		"from before, expired":             {before: true, other: 60, after: 31 * day, available: 60},
		"from before, spent and expired":   {before: true, other: 60, spent: 40, after: 31 * day, available: 60},
		"from before, spent":               {before: true, spent: 40, after: day, available: 0, notTaken: 40},
	} {
		t.Run(name, func(t *testing.T) {
			rules := access.Defaults()
			rules.Earning.ExpiresAfterDays, rules.NegativeOnReversal = 30, tt.negative
			var first Order
			p := account(t, rules,
				func(d *draft) (err error) { first, err = d.order(Order{ID: "1", Total: 100_000}, ""); return err },
				func(d *draft) error {
					d.now = noon.Add(2 * time.Hour)
					d.rules.Earning.ExpiresAfterDays = 300
					_, err := d.order(Order{ID: "2", Total: tt.other * 1000}, "")
					return err
				},
				func(d *draft) error {
					d.now = noon.Add(3 * time.Hour)
					if tt.spent == 0 {
						return nil
					}
					return d.subtract(tt.spent, Text{})
				},
			)
			if tt.before {
				first.Entry = 0
				p.Account.forget(math.MaxInt64)
			}
			d := newDraft(p, rules, noon.Add(tt.after))
			d.settle()
			after, err := d.takeBack(first, 100_000, Text{})
			if err != nil || d.Available != tt.available || d.made[len(d.made)-1].NotTaken != tt.notTaken {
				t.Errorf("takeBack() = %v; %d are available, %d were not taken, want %d and %d", err, d.Available, d.made[len(d.made)-1].NotTaken, tt.available, tt.notTaken)
			}
			if after.Returned != 100_000 || d.Spent != tt.other*1000 {
				t.Errorf("%d came back, %d is spent", after.Returned, d.Spent)
			}
			lots := int64(0)
			for _, l := range d.Lots {
				lots += l.Points
			}
			if lots != max(0, d.Available) {
				t.Errorf("the lots hold %d, %d are available", lots, d.Available)
			}
		})
	}
}

// It is told of the latest orders whose points are whose, and of no others.
func TestOrdersAreForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Account
		for n := range int64(rapid.IntRange(1, 200).Draw(t, "orders")) {
			a.Version = n
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				a.gain(5, Day(rapid.Int64Range(1, 40).Draw(t, "day")), n+1)
			case 1:
				a.wait(5, Hour(rapid.Int64Range(1, 40).Draw(t, "hour")), 9, n+1)
			default:
				a.addExpired(Share{n + 1, 5})
				a.bound()
			}
		}
		told := 0
		for _, l := range a.Lots {
			if l.Order != 0 {
				told++
			}
			if l.Order != 0 && l.Order <= a.Untold {
				t.Fatalf("lot %+v tells of an order up to %d", l, a.Untold)
			}
		}
		for _, w := range a.Waiting {
			if w.Order != 0 {
				told++
			}
			if w.Order != 0 && w.Order <= a.Untold {
				t.Fatalf("waiting %+v tells of an order up to %d", w, a.Untold)
			}
		}
		if told > maxTold || len(a.Expired) > maxExpired || len(a.Expired) > 0 && a.Expired[0].Order <= a.Untold {
			t.Fatalf("%d are told, %d expired, up to %d forgotten", told, len(a.Expired), a.Untold)
		}
	})
}

// Orders that wait for the same hour become available together, however many there
// are: as many as are told, and more.
func TestManyOrdersBecomeUsableAtOnce(t *testing.T) {
	rules := access.Defaults()
	rules.Earning.UsableAfterHours = 2
	for _, n := range []int{40, 70} {
		var steps []func(*draft) error
		for i := range n {
			steps = append(steps, func(d *draft) error {
				_, err := d.order(Order{ID: fmt.Sprint(i), Total: 5000}, "")
				return err
			})
		}
		p := account(t, rules, append(steps, func(d *draft) error {
			_, err := d.order(Order{ID: "later", Total: 7000, PaidAt: noon.Add(24 * time.Hour)}, "")
			return err
		})...)
		d := newDraft(p, rules, noon.Add(2*time.Hour))
		d.settle()
		lots, waiting := int64(0), int64(0)
		for _, l := range d.Lots {
			lots += l.Points
		}
		for _, w := range d.Waiting {
			waiting += w.Points
		}
		if want := int64(5 * n); lots != want || d.Available != want || waiting != 7 || d.Incoming != 7 {
			t.Errorf("%d orders: lots hold %d of %d, %d of %d wait, want %d and 7", n, lots, d.Available, waiting, d.Incoming, want)
		}
	}
}
