// Package turns lets few of those that work side by side take much memory at a time. A
// batch has many requests under way, and most of them are small: one that meets a large
// customer waits for a turn before it makes anything of it, and keeps that until it is
// done.
package turns

import (
	"context"
	"sync"
)

// Turns are as many as may take much memory at a time.
type Turns chan struct{}

// New makes n turns.
func New(n int) Turns { return make(Turns, n) }

type holderKey struct{}

// A holder is one request.
type holder struct {
	turns Turns
	mutex sync.Mutex
	has   bool
}

// For returns the context of one request, and what ends it and gives its turn back.
func (t Turns) For(ctx context.Context) (_ context.Context, done func()) {
	h := &holder{turns: t}
	return context.WithValue(ctx, holderKey{}, h), func() {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		if h.has {
			<-t
			h.has = false
		}
	}
}

// Needed reports whether the request of ctx has to wait for a turn before it takes much
// memory.
func Needed(ctx context.Context) bool { return ctx.Value(holderKey{}) != nil }

// Take waits for the turn of the request of ctx. It returns at once where that has one,
// or needs none. An error means that ctx ended first.
func Take(ctx context.Context) error {
	h, _ := ctx.Value(holderKey{}).(*holder)
	if h == nil {
		return nil
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.has {
		return nil
	}
	select {
	case h.turns <- struct{}{}:
		h.has = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
