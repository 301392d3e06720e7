package points

import (
	"reflect"
	"testing"
	"time"

	"regulars/shared/access"
)

func TestSchedule(t *testing.T) {
	rules := access.Defaults()
	in := func(days int) time.Time { return noon.AddDate(0, 0, days) }
	p := account(t, rules,
		func(d *draft) error { return d.grant(Grant{Points: 5}, "") },
		func(d *draft) error { return d.grant(Grant{Points: 10, Terms: Terms{Expires: in(3)}}, "") },
		func(d *draft) error {
			return d.grant(Grant{Points: 20, Terms: Terms{Usable: in(1), Expires: in(3)}}, "")
		},
		func(d *draft) error { return d.grant(Grant{Points: 40, Terms: Terms{Usable: in(9)}}, "") },
		func(d *draft) error { return d.hold(NewHold{Points: 4, For: 36 * time.Hour}, "") },
	)
	d := newDraft(p, rules, noon)
	d.settle()
	got := d.schedule(dayOf(noon) + 5)
	today := dayOf(noon)
	want := []DayOf{{Day: today + 1, Usable: 20}, {Day: today + 2, HoldEnds: 4}, {Day: today + 4, Expires: 26}}
	if !reflect.DeepEqual(got.Days, want) || got.Later != (DayOf{Usable: 40}) || got.Never != 45 {
		t.Errorf("schedule() = %+v, want %+v", got, want)
	}
	sum := got.Never + got.Later.Expires
	for _, day := range got.Days {
		sum += day.Expires
	}
	if sum != p.Account.Available+p.Account.Incoming {
		t.Errorf("%d points are on it, want %d", sum, p.Account.Available+p.Account.Incoming)
	}
	for within, want := range map[int]int64{3: 0, 4: 26, 400: 26} {
		if got := p.Account.ExpiringBy(noon, in(within)); got != want {
			t.Errorf("%d expire within %d days, want %d", got, within, want)
		}
	}
}
