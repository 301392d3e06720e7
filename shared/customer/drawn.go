package customer

import (
	"sync"
	"time"

	mathrand "math/rand/v2"
)

// drawnIDs are the ids that one process has drawn and not committed yet. Where lists do
// not withhold the youngest customers, they end before the lowest of these: who walks by
// id would never come back to one that is committed later.
type drawnIDs struct {
	mutex sync.Mutex
	under map[ID]int
	last  ID
}

// draw returns an id above all that were drawn before.
func (d *drawnIDs) draw(now time.Time) ID {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.under == nil {
		d.under = map[ID]int{}
	}
	d.last = max(NewID(now, mathrand.Uint64()), d.last+1) // #nosec G404 -- an id is no secret
	d.under[d.last]++
	return d.last
}

// done says that an id is committed, or never will be.
func (d *drawnIDs) done(id ID) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if n, is := d.under[id]; is && n > 1 {
		d.under[id] = n - 1
	} else {
		delete(d.under, id)
	}
}

// forgotten is how old an id is that nobody will commit any more: who drew it panicked.
const forgotten = time.Minute

// newest is the highest id below all that are under way, and below all that will be
// drawn from now on: one of these may be committed before another that is lower.
func (d *drawnIDs) newest(now time.Time) ID {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	newest := max(d.last, NewID(now, 0)-1)
	for id := range d.under {
		if time.Since(id.Created()) < forgotten {
			newest = min(newest, id-1)
		}
	}
	return newest
}
