package access

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// useGrain is how exactly it is kept when a token was last used.
const useGrain = time.Hour

const (
	// useTime bounds one call that keeps a use, and useRest is how long a process lets it
	// be after a call that failed.
	useTime = 500 * time.Millisecond
	useRest = time.Second
	// useWait is how long an answer that is ready waits for that call at most.
	useWait = 50 * time.Millisecond
)

// A UseStore keeps when tokens were last used.
type UseStore interface {
	// SaveUse keeps that a token was used at a time, unless a later one is kept of it.
	SaveUse(ctx context.Context, hash Hash, at time.Time) error
}

// Uses keep in which hour, UTC, each token was last used. A process says so once for a
// token and hour, beside the request that is the first. It is safe for concurrent use.
type Uses struct {
	store UseStore
	now   func() time.Time

	mutex     sync.Mutex
	noted     map[Hash]time.Time // the hours that were said
	restUntil time.Time          // of the store, after a call that failed
}

// NewUses makes uses of which nothing was said.
func NewUses(store UseStore, now func() time.Time) *Uses {
	return &Uses{store: store, now: func() time.Time { return now().Round(0) }, noted: map[Hash]time.Time{}}
}

// Note begins to say that a token is used now, and returns at once. The function that it
// returns is called when the answer is ready: it waits until that was said, or up to
// 50 ms, because a function that has answered may be stopped. Its error is for the log,
// and what failed is tried again with a later request. It is nil where nothing is to be said.
func (u *Uses) Note(ctx context.Context, hash Hash) (wait func() error) {
	hour, due := u.due(hash)
	if !due {
		return nil
	}
	said := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), useTime)
		defer cancel()
		err := u.store.SaveUse(ctx, hash, hour)
		if err != nil {
			u.failed(hash)
		}
		said <- err
	}()
	return func() error {
		patience := time.NewTimer(useWait)
		defer patience.Stop()
		select {
		case err := <-said:
			return err
		case <-patience.C:
			return fmt.Errorf("not said within %v", useWait)
		}
	}
}

// due is the hour of now, and whether this call is the one that has to say it.
func (u *Uses) due(hash Hash) (hour time.Time, due bool) {
	now := u.now()
	hour = now.UTC().Truncate(useGrain)
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if !u.noted[hash].Before(hour) || now.Before(u.restUntil) {
		return hour, false
	}
	if len(u.noted) >= maxCached {
		clear(u.noted) // rare, and each costs a write unit to be said again
	}
	u.noted[hash] = hour
	return hour, true
}

// failed lets a later request say it.
func (u *Uses) failed(hash Hash) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	delete(u.noted, hash)
	u.restUntil = u.now().Add(useRest)
}
