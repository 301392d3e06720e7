// Package meter counts what one request consumes of the table: round trips in
// sequence, read units and write units. The storage adds, the edge shows.
package meter

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
)

// A Meter counts for one request. Its zero value is ready, a nil one counts
// nothing. It is safe for concurrent use.
type Meter struct {
	trips atomic.Int64
	reads atomic.Int64 // halves of a unit: an eventually consistent read costs half
	wrote atomic.Int64
}

// Use is what was consumed: round trips, read units (halves are possible) and
// write units.
type Use struct {
	Trips int64
	Read  float64
	Write int64
}

// Add counts trips round trips, halfReads halves of a read unit and writes
// write units.
func (m *Meter) Add(trips, halfReads, writes int64) {
	if m == nil {
		return
	}
	m.trips.Add(trips)
	m.reads.Add(halfReads)
	m.wrote.Add(writes)
}

// Use returns what was counted so far.
func (m *Meter) Use() Use {
	if m == nil {
		return Use{}
	}
	return Use{Trips: m.trips.Load(), Read: float64(m.reads.Load()) / 2, Write: m.wrote.Load()}
}

// String is the value of the X-Consumed-Capacity header: rt=2;r=3;w=10.
func (u Use) String() string {
	return fmt.Sprintf("rt=%d;r=%s;w=%d", u.Trips, strconv.FormatFloat(u.Read, 'f', -1, 64), u.Write)
}

type contextKey struct{}

// With returns a context that carries a new meter, and the meter.
func With(ctx context.Context) (context.Context, *Meter) {
	m := new(Meter)
	return context.WithValue(ctx, contextKey{}, m), m
}

// From returns the meter of ctx, or nil.
func From(ctx context.Context) *Meter {
	m, _ := ctx.Value(contextKey{}).(*Meter)
	return m
}

// Without returns a context whose reads and writes are not counted: those of
// tokens and settings.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, (*Meter)(nil))
}
