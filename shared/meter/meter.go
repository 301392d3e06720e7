// Package meter counts what one request consumes of the table: round trips in
// sequence, read units and write units; what went wrong with it on the way; and
// whose items it wrote. The storage adds, the edge shows.
package meter

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// A Meter counts for one request. Its zero value is ready, a nil one counts
// nothing. It is safe for concurrent use.
type Meter struct {
	trips     atomic.Int64
	reads     atomic.Int64 // halves of a unit: an eventually consistent read costs half
	units     atomic.Int64
	retries   atomic.Int64
	throttled atomic.Int64
	failed    atomic.Int64

	mutex  sync.Mutex
	wrote  map[string]bool
	unpaid *Meter // whose trouble is counted, and whose consumption is not; nil: none
}

// Use is what was consumed: round trips, read units (halves are possible) and
// write units.
type Use struct {
	Trips int64
	Read  float64
	Write int64
}

// Trouble is what went wrong between the request and the table: how often something
// was read and decided again, and how many calls the table throttled, or rejected
// for another reason than a condition (access denied, no such table).
type Trouble struct {
	Retries, Throttled, Failed int64
}

// Add counts trips round trips, halfReads halves of a read unit and writes
// write units.
func (m *Meter) Add(trips, halfReads, writes int64) {
	if m == nil || m.unpaid != nil {
		return
	}
	m.trips.Add(trips)
	m.reads.Add(halfReads)
	m.units.Add(writes)
}

// Retried counts an attempt that is made again.
func (m *Meter) Retried() { m.count(func(m *Meter) { m.retries.Add(1) }) }

// Throttled counts a call that the table throttled.
func (m *Meter) Throttled() { m.count(func(m *Meter) { m.throttled.Add(1) }) }

// Failed counts a call that the table rejected, and always will.
func (m *Meter) Failed() { m.count(func(m *Meter) { m.failed.Add(1) }) }

func (m *Meter) count(add func(*Meter)) {
	if m != nil && m.unpaid != nil {
		m = m.unpaid
	}
	if m != nil {
		add(m)
	}
}

// Wrote says that something of a subject was written, such as customer:000000A1, or that all
// of it was handed out: what the audit trail is to know.
func (m *Meter) Wrote(subject string) {
	m.count(func(m *Meter) {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		if m.wrote == nil {
			m.wrote = map[string]bool{}
		}
		m.wrote[subject] = true
	})
}

// Written are the subjects of which something was written, sorted.
func (m *Meter) Written() []string {
	if m == nil {
		return nil
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	subjects := make([]string, 0, len(m.wrote))
	for subject := range m.wrote {
		subjects = append(subjects, subject)
	}
	slices.Sort(subjects)
	return subjects
}

// Trouble returns what went wrong so far.
func (m *Meter) Trouble() Trouble {
	if m == nil {
		return Trouble{}
	}
	return Trouble{m.retries.Load(), m.throttled.Load(), m.failed.Load()}
}

// Share adds what was counted to others, to each an equal part and to the first ones what
// is left over: together they count no more and no less. What was written is not shared.
func (m *Meter) Share(others []*Meter) {
	n := int64(len(others))
	for i, other := range others {
		part := func(all *atomic.Int64) int64 {
			whole := all.Load()
			part := whole / n
			if int64(i) < whole%n {
				part++
			}
			return part
		}
		other.Add(part(&m.trips), part(&m.reads), part(&m.units))
		retries, throttled, failed := part(&m.retries), part(&m.throttled), part(&m.failed)
		other.count(func(o *Meter) {
			o.retries.Add(retries)
			o.throttled.Add(throttled)
			o.failed.Add(failed)
		})
	}
}

// Use returns what was counted so far.
func (m *Meter) Use() Use {
	if m == nil {
		return Use{}
	}
	return Use{Trips: m.trips.Load(), Read: float64(m.reads.Load()) / 2, Write: m.units.Load()}
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
// tokens and settings. What goes wrong with them is, and what they write.
func Without(ctx context.Context) context.Context {
	m := From(ctx)
	if m == nil || m.unpaid != nil {
		return ctx
	}
	return context.WithValue(ctx, contextKey{}, &Meter{unpaid: m})
}
