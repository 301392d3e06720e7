package meter_test

import (
	"sync"
	"testing"

	"regulars/shared/meter"
)

func TestUse(t *testing.T) {
	tests := []struct {
		name   string
		counts [][3]int64 // trips, halves of read units, write units
		want   string
	}{
		{name: "nothing", want: "rt=0;r=0;w=0"},
		{name: "halves of a read", counts: [][3]int64{{1, 1, 0}}, want: "rt=1;r=0.5;w=0"},
		{name: "several", counts: [][3]int64{{1, 2, 0}, {1, 4, 10}}, want: "rt=2;r=3;w=10"},
		{name: "many are not written with an exponent", counts: [][3]int64{{1000, 246_913, 123_456}}, want: "rt=1000;r=123456.5;w=123456"},
		{name: "very many are not either", counts: [][3]int64{{1, 5_000_001, 0}}, want: "rt=1;r=2500000.5;w=0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m meter.Meter
			for _, c := range tt.counts {
				m.Add(c[0], c[1], c[2])
			}
			if got := m.Use().String(); got != tt.want {
				t.Errorf("Use = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestContext(t *testing.T) {
	ctx, m := meter.With(t.Context())
	if meter.From(ctx) != m {
		t.Error("From is another meter than With returned")
	}
	other, n := meter.With(ctx)
	meter.From(other).Add(1, 0, 0)
	if got := m.Use(); got != (meter.Use{}) || n.Use().Trips != 1 {
		t.Errorf("outer meter counted %v, inner one %v, want nothing and one trip", got, n.Use())
	}

	meter.From(meter.Without(ctx)).Add(1, 1, 1)
	meter.From(t.Context()).Add(1, 1, 1)
	if got := m.Use(); got != (meter.Use{}) {
		t.Errorf("counted without the meter: %v", got)
	}
	if got := meter.From(t.Context()).Use(); got != (meter.Use{}) {
		t.Errorf("Use of no meter = %v, want nothing", got)
	}
}

func TestAddSideBySide(t *testing.T) {
	var m meter.Meter
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { m.Add(1, 1, 2) })
	}
	group.Wait()
	if got, want := m.Use(), (meter.Use{Trips: 20, Read: 10, Write: 40}); got != want {
		t.Errorf("Use = %v, want %v", got, want)
	}
}

// Shares come to the whole, and a meter that counts nothing takes its own along.
func TestShare(t *testing.T) {
	var whole meter.Meter
	whole.Add(2, 3, 71)
	for range 4 {
		whole.Retried()
	}
	var a, b, c meter.Meter
	whole.Share([]*meter.Meter{&a, &b, &c})
	for m, want := range map[*meter.Meter]string{&a: "rt=1;r=0.5;w=24", &b: "rt=1;r=0.5;w=24", &c: "rt=0;r=0.5;w=23"} {
		if got := m.Use().String(); got != want {
			t.Errorf("a share is %s, want %s", got, want)
		}
	}
	if got := a.Trouble().Retries + b.Trouble().Retries + c.Trouble().Retries; got != 4 {
		t.Errorf("%d retries are shared, want 4", got)
	}
	whole.Share([]*meter.Meter{nil, &c})
	if got := c.Use().String(); got != "rt=1;r=1;w=58" {
		t.Errorf("beside one that counts nothing it is %s", got)
	}
}
