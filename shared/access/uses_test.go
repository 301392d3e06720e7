package access_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"regulars/shared/access"
)

// note says that a token is used and waits, as a request does.
func note(t *testing.T, u *access.Uses, hash access.Hash) error {
	t.Helper()
	if wait := u.Note(t.Context(), hash); wait != nil {
		return wait()
	}
	return nil
}

// Two processes say once each in which hour a token is used, and it is kept once.
func TestUsesAreKeptByTheHour(t *testing.T) {
	w := newTown(t)
	_, token := w.token(t, access.LoyRead)
	processes := []*access.Uses{access.NewUses(w.shelf, w.now), access.NewUses(w.shelf, w.now)}
	for _, hours := range []int{1, 2} {
		for range 3 {
			for _, process := range processes {
				if err := note(t, process, token.Hash); err != nil {
					t.Fatal(err)
				}
			}
		}
		if w.saves != 2*hours {
			t.Errorf("%d calls by two processes in %d hours", w.saves, hours)
		}
		listed, err := w.registrar.Tokens(t.Context(), 5, time.Time{})
		if want := noon.Add(time.Duration(hours-1) * time.Hour); err != nil || len(listed) != 1 || !listed[0].LastUsed.Equal(want) {
			t.Errorf("listed = %v, %v, want last used %v", listed, err, want)
		}
		w.move(61 * time.Minute)
	}
}

// A use that cannot be kept is tried again, but not by each request.
func TestUseThatIsNotKept(t *testing.T) {
	w := newTown(t)
	u, hash := access.NewUses(w.shelf, w.now), access.HashOf("x")
	w.trouble = []error{errors.New("no table")}
	if err := note(t, u, hash); err == nil {
		t.Error("nobody is told that it was not kept")
	}
	if err := note(t, u, hash); err != nil || w.saves != 1 {
		t.Errorf("at once it is tried again: %v, %d calls", err, w.saves)
	}
	w.move(2 * time.Second)
	if err := note(t, u, hash); err != nil || !w.uses[hash].Equal(noon) {
		t.Errorf("later it is kept as %v: %v", w.uses[hash], err)
	}
}

// A stuck is a store that answers once it is let go, or its context ends.
type stuck chan struct{}

func (s stuck) SaveUse(ctx context.Context, _ access.Hash, _ time.Time) error {
	select {
	case <-s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A store that does not answer holds a request up for 50 ms at most, and the requests
// beside it not at all; a request that is given up does not take its use with it.
func TestUseDoesNotHoldUp(t *testing.T) {
	store := stuck(make(chan struct{}))
	u, hash := access.NewUses(store, time.Now), access.HashOf("x")
	ctx, cancel := context.WithCancel(t.Context())
	wait := u.Note(ctx, hash)
	cancel()
	if u.Note(t.Context(), hash) != nil {
		t.Error("another request waits as well")
	}
	began := time.Now()
	if err := wait(); err == nil {
		t.Error("nobody is told that it took too long")
	}
	if took := time.Since(began); took > 400*time.Millisecond {
		t.Errorf("waited for %v", took)
	}
	close(store)
	if err := wait(); err != nil {
		t.Errorf("a request that was given up took its use with it: %v", err)
	}
}
