package usage

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"regulars/shared/metrics"
)

// slots is into how many parts [Memory] cuts a day: it forgets one at a time.
const slots = 96

// A Memory counts the events of its own process. It is safe for concurrent use.
type Memory struct {
	now func() time.Time

	mutex sync.Mutex
	slots map[int64]map[int]*Tenant // by number of the slot since 1970
	began time.Time
}

// NewMemory makes one that has counted nothing.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, slots: map[int64]map[int]*Tenant{}, began: now()}
}

// slotOf is the number of the slot of a time.
func slotOf(t time.Time) int64 { return t.Unix() / int64(Window.Seconds()/slots) }

// Count counts an event in, unless it is of no tenant.
func (m *Memory) Count(e metrics.Event) {
	number, _ := e.Properties["tenant"].(int)
	if number == 0 {
		return
	}
	outcome, _ := e.Properties["outcome"].(string)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	now := slotOf(m.now())
	slot := m.slots[now]
	if slot == nil {
		slot = map[int]*Tenant{}
		m.slots[now] = slot
		maps.DeleteFunc(m.slots, func(n int64, _ map[int]*Tenant) bool { return n <= now-slots })
	}
	if slot[number] == nil {
		slot[number] = &Tenant{Number: number}
	}
	slot[number].Add(outcome, countsOf(e))
}

// LastDay implements [Source].
func (m *Memory) LastDay(_ context.Context, tenants []int) (Report, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	now := m.now()
	report := Report{Since: now.Add(-Window), Until: now}
	if m.began.After(report.Since) {
		report.Since = m.began
	}
	for _, number := range slices.Sorted(slices.Values(tenants)) {
		all := Tenant{Number: number, Rejected: map[string]int64{}}
		for n, slot := range m.slots {
			one := slot[number]
			if one == nil || n <= slotOf(now)-slots {
				continue
			}
			all.Counts = all.Plus(one.Counts)
			for code, rejected := range one.Rejected {
				all.Rejected[code] += rejected
			}
		}
		if all.Requests > 0 {
			report.Tenants = append(report.Tenants, all)
		}
	}
	return report, nil
}
