package access

import (
	"sync"
	"time"
)

// maxCached is how many values a cache holds at most: 10,000 tokens are some 3 MB.
const maxCached = 10_000

// A cache keeps values that were read, for a while. It is safe for concurrent use.
type cache[K comparable, V any] struct {
	keep time.Duration
	mu   sync.RWMutex
	read map[K]reading[V]
}

type reading[V any] struct {
	value V
	began time.Time // when the read was begun: it shows nothing that came later
}

func newCache[K comparable, V any](keep time.Duration) *cache[K, V] {
	return &cache[K, V]{keep: keep, read: make(map[K]reading[V])}
}

// get returns what was read of key, unless that is too long ago. A clock that was
// set back makes it so, too.
func (c *cache[K, V]) get(key K, now time.Time) (V, bool) {
	c.mu.RLock()
	r, ok := c.read[key]
	c.mu.RUnlock()
	age := now.Sub(r.began)
	if !ok || age < 0 || age >= c.keep {
		var none V
		return none, false
	}
	return r.value, true
}

// put keeps the value of a read that began then, unless that of a later read is
// there.
func (c *cache[K, V]) put(key K, value V, began time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.read[key]; ok && old.began.After(began) {
		return
	}
	if len(c.read) >= maxCached {
		clear(c.read) // rare, and each costs one read to have again
	}
	c.read[key] = reading[V]{value, began}
}
