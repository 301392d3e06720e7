package haravan

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

// maxBuckets bounds the memory: those of more tenants than this begin again.
const maxBuckets = 10_000

// buckets are leaky ones, a tenant's each (Haravan 3.5). They live in the process:
// on AWS each instance of the function has its own.
type buckets struct {
	mutex sync.Mutex
	of    map[int]bucket
}

type bucket struct {
	held float64
	at   time.Time
}

func newBuckets() *buckets { return &buckets{of: map[int]bucket{}} }

// pass puts a request into the tenant's bucket and says in header how full that
// is. Where it is full already the request is rejected.
func (b *buckets) pass(header http.Header, tenant int, limit access.RateLimit, now time.Time) error {
	if limit.Size == 0 {
		return nil
	}
	held, ok := b.put(tenant, limit, now)
	header.Set("X-Haravan-Api-Call-Limit", fmt.Sprintf("%d/%d", min(limit.Size, int64(math.Ceil(held))), limit.Size))
	if ok {
		return nil
	}
	wait := (held + 1 - float64(limit.Size)) / float64(limit.Leak)
	header.Set("Retry-After", fmt.Sprintf("%.1f", max(1, math.Ceil(wait*10)/10)))
	return errs.New(errs.Limited, codeLimited, "")
}

// put returns how much the bucket holds after what leaked, and whether the
// request found room.
func (b *buckets) put(tenant int, limit access.RateLimit, now time.Time) (held float64, ok bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	was, known := b.of[tenant]
	if known {
		leaked := max(0, now.Sub(was.at).Seconds()) * float64(limit.Leak)
		held = max(0, was.held-leaked)
	} else if len(b.of) >= maxBuckets {
		clear(b.of)
	}
	if ok = held+1 <= float64(limit.Size); ok {
		held++
	}
	b.of[tenant] = bucket{held, now}
	return held, ok
}
