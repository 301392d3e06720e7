package turns_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"regulars/shared/turns"
)

// No more have a turn at a time than there are; all get one, and one who asks twice has
// one.
func TestTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, requests = 2, 20
		some := turns.New(n)
		var under, most atomic.Int64
		var group sync.WaitGroup
		for range requests {
			group.Go(func() {
				ctx, done := some.For(t.Context())
				defer done()
				for range 2 {
					if err := turns.Take(ctx); err != nil {
						t.Error(err)
					}
				}
				now := under.Add(1)
				for high := most.Load(); now > high && !most.CompareAndSwap(high, now); high = most.Load() {
				}
				under.Add(-1)
			})
		}
		group.Wait()
		if most.Load() > n {
			t.Errorf("%d had a turn at once, want %d at most", most.Load(), n)
		}

		ctx, done := some.For(t.Context())
		other, otherDone := some.For(t.Context())
		if err := errors.Join(turns.Take(ctx), turns.Take(other)); err != nil {
			t.Fatal(err)
		}
		late, cancel := context.WithCancel(t.Context())
		late, _ = some.For(late)
		failed := make(chan error)
		go func() { failed <- turns.Take(late) }()
		synctest.Wait() // for a turn
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up got %v", err)
		}
		done()
		otherDone()
		otherDone() // twice does no harm
		if err := turns.Take(t.Context()); err != nil || turns.Needed(t.Context()) {
			t.Error("who needs no turn waits", err)
		}
	})
}
