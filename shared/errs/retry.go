package errs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"regulars/shared/meter"
)

const (
	// firstPause is the upper bound of the first pause; each further one is twice
	// as long. A DynamoDB write takes about this long, so a conflicting one is
	// likely to be through.
	firstPause = 10 * time.Millisecond
	// longestPause caps the doubling.
	longestPause = time.Second
	// reserve is what must be left of the deadline for another attempt: enough
	// for one, and for the answer.
	reserve = 2 * time.Second
)

// Retry calls attempt until it returns anything but [ErrConflict], pausing between
// the calls with capped exponential backoff and full jitter. attempt is told its
// number, from 0. Each call must load and decide again. When less than two
// seconds of the deadline would be left it gives up with [Unavailable], and so it
// does once all attempts were [ErrThrottled] for as long as [WithPatience] says.
func Retry(ctx context.Context, attempt func(n int) error) error {
	patience := NewPatience(ctx)
	for n := 0; ; n++ {
		err := attempt(n)
		if err == nil || !errors.Is(err, ErrConflict) {
			return err
		}
		if patience.Ends(errors.Is(err, ErrThrottled)) || !Pause(ctx, n) {
			return &Unavailable{Err: err}
		}
	}
}

type patienceKey struct{}

// WithPatience returns a context in which a table that only throttles is asked no
// longer than d: waiting for the deadline would keep a client, and a process, for
// what another request is more likely to get. Without it the deadline alone ends it.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// A Patience watches for how long a table has done nothing but throttle.
type Patience struct {
	limit time.Duration // 0: none
	since time.Time     // when the first of the attempts was throttled that all were
}

// NewPatience begins to watch; the limit is that of [WithPatience].
func NewPatience(ctx context.Context) Patience {
	limit, _ := ctx.Value(patienceKey{}).(time.Duration)
	return Patience{limit: limit}
}

// Ends is told of each attempt that failed whether it was throttled, and reports
// whether no other should be made.
func (p *Patience) Ends(throttled bool) bool {
	if !throttled {
		p.since = time.Time{}
		return false
	}
	if p.since.IsZero() {
		p.since = time.Now()
	}
	return p.limit > 0 && time.Since(p.since) >= p.limit
}

// Pause waits before attempt n+1. It reports false, at once, where the deadline
// leaves no time for one.
func Pause(ctx context.Context, n int) bool {
	bound := longestPause
	if n < 7 {
		bound = min(longestPause, firstPause<<n)
	}
	pause := rand.N(bound) // #nosec G404 -- a pause is no secret
	if !enough(ctx, pause) {
		return false
	}
	meter.From(ctx).Retried()
	return Wait(ctx, pause)
}

// Wait waits, and reports false where ctx ends before that.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// InTime reports whether the deadline leaves time for an attempt that begins now.
func InTime(ctx context.Context) bool { return enough(ctx, 0) }

func enough(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline)-pause >= reserve)
}
