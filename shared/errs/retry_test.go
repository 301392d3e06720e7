package errs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"regulars/shared/errs"
)

var (
	errStale    = fmt.Errorf("a guard broke: %w", errs.ErrConflict)
	errFault    = errors.New("no such table")
	errRejected = errs.New(errs.FailedPrecondition, "taken", "email")
)

func TestRetry(t *testing.T) {
	tests := []struct {
		name     string
		answers  []error // one for each attempt
		want     error
		attempts int
	}{
		{name: "well at once", answers: []error{nil}, attempts: 1},
		{name: "stale twice, then well", answers: []error{errStale, errs.ErrConflict, nil}, attempts: 3},
		{name: "a refusal is final", answers: []error{errRejected, nil}, want: errRejected, attempts: 1},
		{name: "a fault is final", answers: []error{errFault, nil}, want: errFault, attempts: 1},
		{name: "busy is final", answers: []error{&errs.Unavailable{Err: errFault}, nil}, want: errFault, attempts: 1},
		{name: "stale, then refused", answers: []error{errStale, errRejected, nil}, want: errRejected, attempts: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				err := errs.Retry(t.Context(), func(n int) error {
					if n != attempts {
						t.Errorf("attempt is told the number %d, want %d", n, attempts)
					}
					attempts++
					return tt.answers[n]
				})
				if !errors.Is(err, tt.want) {
					t.Errorf("Retry error = %v, want %v", err, tt.want)
				}
				if attempts != tt.attempts {
					t.Errorf("attempts = %d, want %d", attempts, tt.attempts)
				}
			})
		})
	}
}

// Contention ends as busy, and early enough that there is time to say so.
func TestRetryGivesUpBeforeTheDeadline(t *testing.T) {
	tests := []struct {
		name        string
		left        time.Duration
		least, most time.Duration // when it gives up
		once        bool
	}{
		{name: "a long time", left: 25 * time.Second, least: 22 * time.Second, most: 23 * time.Second},
		{name: "little more than the reserve", left: 2100 * time.Millisecond, most: 100 * time.Millisecond},
		{name: "less than the reserve", left: 1999 * time.Millisecond, once: true},
		{name: "none", left: -time.Second, once: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.left)
				defer cancel()
				began, attempts := time.Now(), 0
				err := errs.Retry(ctx, func(int) error {
					attempts++
					return errStale
				})
				busy, ok := errs.AsUnavailable(err)
				if !ok || !errors.Is(busy, errs.ErrConflict) {
					t.Fatalf("Retry error = %v, want busy because of what was stale", err)
				}
				if _, rejected := errs.AsClient(err); rejected {
					t.Errorf("Retry error = %v is a refusal, want contention never to be one", err)
				}
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("gave up after %v, want %v to %v", took, tt.least, tt.most)
				}
				if tt.once && attempts != 1 {
					t.Errorf("attempts = %d, want 1", attempts)
				}
			})
		})
	}
}

func TestRetryEndsWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		began := time.Now()
		err := errs.Retry(ctx, func(n int) error {
			attempts++
			if n == 9 {
				cancel()
			}
			return errStale
		})
		if _, ok := errs.AsUnavailable(err); !ok {
			t.Errorf("Retry error = %v, want busy", err)
		}
		// A pause that is over at the same moment may win once or twice.
		if attempts > 15 || time.Since(began) > 10*time.Second {
			t.Errorf("%d attempts in %v after the request was given up", attempts, time.Since(began))
		}
	})
}

func TestRetryWithoutADeadlineGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := errs.Retry(t.Context(), func(n int) error {
			if n < 500 {
				return errStale
			}
			return nil
		})
		if err != nil {
			t.Errorf("Retry error = %v, want none", err)
		}
	})
}

// Pauses are drawn below a bound that doubles up to a second.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bound := 10 * time.Millisecond
		for n := range 70 {
			longest := time.Duration(0)
			for range 50 {
				began := time.Now()
				if !errs.Pause(t.Context(), n) {
					t.Fatalf("Pause(%d) = false, want true", n)
				}
				longest = max(longest, time.Since(began))
			}
			if longest > bound || longest < bound/4 {
				t.Errorf("longest pause before attempt %d = %v, want up to %v", n+1, longest, bound)
			}
			bound = min(2*bound, time.Second)
		}
	})
}

// A table that only throttles is given up before the deadline; one that also conflicts
// is not.
func TestPatience(t *testing.T) {
	ctx, cancel := context.WithTimeout(errs.WithPatience(t.Context(), 60*time.Millisecond), time.Minute)
	defer cancel()
	began := time.Now()
	err := errs.Retry(ctx, func(int) error { return fmt.Errorf("read: %w", errs.ErrThrottled) })
	if _, busy := errs.AsUnavailable(err); !busy || time.Since(began) > 10*time.Second {
		t.Errorf("Retry() = %v after %v", err, time.Since(began))
	}
	calls := 0
	err = errs.Retry(ctx, func(n int) error {
		if calls++; calls == 9 {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
		if n%2 == 0 {
			return errs.ErrConflict
		}
		return errs.ErrThrottled
	})
	if err != nil {
		t.Errorf("Retry() = %v after %d calls, want that it goes on", err, calls)
	}
}
