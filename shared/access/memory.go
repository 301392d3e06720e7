package access

import (
	"sync"
	"time"
)

// maxRemembered bounds a memory: 10,000 tokens are some 3 MB.
const maxRemembered = 10_000

// A memory keeps what was read for a while.
type memory[K comparable, V any] struct {
	keep time.Duration
	mu   sync.RWMutex
	read map[K]reading[V]
}

type reading[V any] struct {
	value V
	began time.Time // when the read was begun: it shows nothing that came later
}

func newMemory[K comparable, V any](keep time.Duration) *memory[K, V] {
	return &memory[K, V]{keep: keep, read: make(map[K]reading[V])}
}

// get returns what was read of key, unless that is too long ago. A clock that was
// set back makes it so, too.
func (m *memory[K, V]) get(key K, now time.Time) (V, bool) {
	m.mu.RLock()
	r, ok := m.read[key]
	m.mu.RUnlock()
	age := now.Sub(r.began)
	if !ok || age < 0 || age >= m.keep {
		var none V
		return none, false
	}
	return r.value, true
}

// put remembers what a read that began then has shown, unless a later one is
// remembered.
func (m *memory[K, V]) put(key K, value V, began time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.read[key]; ok && old.began.After(began) {
		return
	}
	if len(m.read) >= maxRemembered {
		clear(m.read) // rare, and each costs one read to have again
	}
	m.read[key] = reading[V]{value, began}
}
