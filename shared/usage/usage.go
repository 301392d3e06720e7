// Package usage says what tenants asked for within the last day: requests, what was
// rejected and why, faults, units of the table and what they cost. It is made of the events
// that package metrics writes: on AWS by asking the log, on a development machine by
// counting along ([Memory]).
package usage

import (
	"context"
	"slices"
	"time"

	"regulars/shared/metrics"
)

// Window is how far back a report reaches.
const Window = 24 * time.Hour

// A Report is what some tenants asked for.
type Report struct {
	// Since and Until are which time it is of.
	Since, Until time.Time
	// Tenants that asked for anything, by number.
	Tenants []Tenant
}

// A Tenant is what one asked for.
type Tenant struct {
	Number int
	Counts
	// Rejected is how many requests were, by the code of the client error.
	Rejected map[string]int64
}

// Counts are sums of events: requests, parts of jobs, schedules and admin actions.
type Counts struct {
	Requests int64
	// Busy were not decided in time, Faults ended with an internal error.
	Busy, Faults          int64
	ReadUnits, WriteUnits float64
	// Milliseconds that they took, together.
	Milliseconds float64
}

// List prices of us-east-1, in dollars, as of 2026-11.
const (
	PerWriteUnit = 0.625 / 1e6 // aws.amazon.com/dynamodb/pricing/on-demand
	PerReadUnit  = 0.125 / 1e6
	PerInvoke    = 0.20 / 1e6                // aws.amazon.com/lambda/pricing
	PerSecond    = 0.0000133334 * 512 / 1024 // of a function with 512 MB on arm64
	PerCall      = 1.00 / 1e6                // aws.amazon.com/api-gateway/pricing, HTTP API
)

// Dollars is what the counts come to at list prices: units, functions and the gateway;
// without storage and logs.
func (c Counts) Dollars() float64 {
	return c.WriteUnits*PerWriteUnit + c.ReadUnits*PerReadUnit + float64(c.Requests)*(PerInvoke+PerCall) + c.Milliseconds/1000*PerSecond
}

// Plus is the sum of both.
func (c Counts) Plus(d Counts) Counts {
	return Counts{
		c.Requests + d.Requests, c.Busy + d.Busy, c.Faults + d.Faults,
		c.ReadUnits + d.ReadUnits, c.WriteUnits + d.WriteUnits, c.Milliseconds + d.Milliseconds,
	}
}

// A Source knows what tenants asked for.
type Source interface {
	// LastDay reports on tenants.
	LastDay(ctx context.Context, tenants []int) (Report, error)
}

// Outcomes of events that are not those of client errors; any other is the code of a client error.
var notRejected = []string{"", "done", "busy", "fault"}

// Add counts something with that outcome in.
func (t *Tenant) Add(outcome string, c Counts) {
	t.Counts = t.Plus(c)
	if !slices.Contains(notRejected, outcome) {
		if t.Rejected == nil {
			t.Rejected = map[string]int64{}
		}
		t.Rejected[outcome] += c.Requests
	}
}

// countsOf are those of an event.
func countsOf(e metrics.Event) Counts {
	n := func(name metrics.Name) int64 { return int64(e.Values[name]) }
	return Counts{
		n(metrics.Requests), n(metrics.Busy), n(metrics.Faults),
		e.Values[metrics.ReadUnits], e.Values[metrics.WriteUnits], e.Values[metrics.Latency],
	}
}
