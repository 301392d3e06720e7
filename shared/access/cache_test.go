package access

import (
	"testing"
	"time"
)

func TestMemoryIsBounded(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := newCache[int, int](time.Second)
	for i := range 3 * maxCached {
		m.put(i, i, noon)
	}
	if len(m.read) > maxCached {
		t.Errorf("%d are remembered, want at most %d", len(m.read), maxCached)
	}
	last := 3*maxCached - 1
	if got, ok := m.get(last, noon); !ok || got != last {
		t.Errorf("get(%d) = %d, %t, want it", last, got, ok)
	}
}

func TestMemoryKeepsTheLaterRead(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := newCache[string, string](time.Second)
	m.put("country", "new", noon.Add(time.Millisecond))
	m.put("country", "old", noon) // a slow read, begun before
	if got, _ := m.get("country", noon.Add(time.Millisecond)); got != "new" {
		t.Errorf("get = %q, want new", got)
	}
}
