package usage_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/metrics"
	"regulars/shared/usage"
)

func event(tenant int, outcome string, requests float64) metrics.Event {
	return metrics.Event{
		Properties: map[string]any{"tenant": tenant, "outcome": outcome},
		Values:     map[metrics.Name]float64{metrics.Requests: requests, metrics.WriteUnits: 8, metrics.ReadUnits: 1.5, metrics.Latency: 20},
	}
}

// What was counted is told of the tenants that are asked for, by kind, for a day.
func TestMemory(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	m := usage.NewMemory(func() time.Time { return now })
	began := now
	m.Count(event(5, "done", 1))
	m.Count(event(5, "insufficient_points", 1))
	fault := event(5, "fault", 1)
	fault.Values[metrics.Faults] = 1
	m.Count(fault)
	m.Count(event(6, "done", 1))
	m.Count(event(0, "token_invalid", 1)) // nobody's
	now = now.Add(10 * time.Hour)
	m.Count(event(5, "insufficient_points", 1))
	five := usage.Tenant{
		Number: 5, Rejected: map[string]int64{"insufficient_points": 2},
		Counts: usage.Counts{Requests: 4, Faults: 1, WriteUnits: 32, ReadUnits: 6, Milliseconds: 80},
	}
	check := func(want usage.Report, tenants ...int) {
		t.Helper()
		got, err := m.LastDay(t.Context(), tenants)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got): %v\n%s", tenants, err, diff)
		}
	}
	check(usage.Report{Since: began, Until: now, Tenants: []usage.Tenant{five}}, 5)
	check(usage.Report{Since: began, Until: now}, 7)
	check(usage.Report{Since: began, Until: now})
	now = now.Add(15 * time.Hour) // the first ones are a day old
	five = usage.Tenant{
		Number: 5, Rejected: map[string]int64{"insufficient_points": 1},
		Counts: usage.Counts{Requests: 1, WriteUnits: 8, ReadUnits: 1.5, Milliseconds: 20},
	}
	check(usage.Report{Since: now.Add(-usage.Window), Until: now, Tenants: []usage.Tenant{five}}, 5, 6)
}

func TestDollars(t *testing.T) {
	c := usage.Counts{Requests: 1e6, WriteUnits: 1e6, ReadUnits: 1e6, Milliseconds: 1e6}
	if got, want := c.Dollars(), 0.625+0.125+1.20+1000*0.0000133334/2; math.Abs(got-want) > 1e-9 {
		t.Errorf("dollars = %v, want %v", got, want)
	}
}
