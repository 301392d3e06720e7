package access_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"regulars/shared/access"
)

// A counter counts in memory, and how often it was asked.
type counter struct {
	mutex  sync.Mutex
	taken  map[[2]int64][2]int64 // by tenant and window
	asked  int
	broken bool
}

func (c *counter) AddTaken(_ context.Context, of access.Payer, window, requests, units int64, _ time.Time) (int64, int64, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.asked++
	if c.broken {
		return 0, 0, errors.New("no table")
	}
	if c.taken == nil {
		c.taken = map[[2]int64][2]int64{}
	}
	k := [2]int64{int64(of.Tenant), window}
	sums := c.taken[k]
	sums[0] += requests
	sums[1] += units
	c.taken[k] = sums
	return sums[0], sums[1], nil
}

// A watch stands still until it is set.
type watch struct{ at time.Time }

func (w *watch) now() time.Time { return w.at }

func take(t *testing.T, b *access.Budgets, tenant int, budget access.Budget) time.Duration {
	t.Helper()
	wait, err := b.Take(t.Context(), access.Payer{Tenant: tenant}, budget)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// Twenty processes together let pass what the budget says, and a little more; another
// tenant has its own; the next window begins again.
func TestBudgetHoldsAcrossProcesses(t *testing.T) {
	budget, store, clock := access.Budget{Requests: 100}, &counter{}, &watch{time.Unix(1_800_000_001, 0)}
	processes := make([]*access.Budgets, 20)
	for i := range processes {
		processes[i] = access.NewBudgets(store, clock.now)
	}
	window := func() (passed int, wait time.Duration) {
		for range 300 {
			for _, p := range processes {
				if w := take(t, p, 5, budget); w > 0 {
					wait = w
				} else {
					passed++
				}
			}
		}
		return passed, wait
	}
	passed, wait := window()
	// 1,000 a window, a slice of 50 more, and 10 of each process.
	if passed < 1000 || passed > 1250 || wait != 9*time.Second {
		t.Errorf("%d of 6,000 passed, wait %v", passed, wait)
	}
	if store.asked > 60 {
		t.Errorf("the counter was asked %d times", store.asked)
	}
	if wait := take(t, processes[0], 6, budget); wait > 0 {
		t.Errorf("another tenant waits %v", wait)
	}
	clock.at = clock.at.Add(wait)
	if again, _ := window(); again < 1000 {
		t.Errorf("in the next window %d passed", again)
	}
}

// Who stays below a hundredth of the budget costs no call.
func TestSmallTenantsAskNobody(t *testing.T) {
	store, clock := &counter{}, &watch{time.Unix(1_800_000_000, 0)}
	b := access.NewBudgets(store, clock.now)
	for range 100 {
		for range 20 {
			take(t, b, 5, access.Budget{Requests: 200, WriteUnits: 1000})
			b.Spent(access.Payer{Tenant: 5}, 5)
		}
		clock.at = clock.at.Add(10 * time.Second)
	}
	if store.asked != 0 {
		t.Errorf("the counter was asked %d times", store.asked)
	}
}

// Units are known when a request is over: what it took too much is paid by those after
// it, also in the next window.
func TestWriteUnitsAreABudget(t *testing.T) {
	budget, store, clock := access.Budget{WriteUnits: 100}, &counter{}, &watch{time.Unix(1_800_000_000, 0)}
	b := access.NewBudgets(store, clock.now)
	take(t, b, 5, budget)
	b.Spent(access.Payer{Tenant: 5}, 1500)
	if wait := take(t, b, 5, budget); wait != 0 {
		t.Errorf("the counter had room, but wait = %v", wait) // and takes all of it
	}
	b.Spent(access.Payer{Tenant: 5}, 1100)
	if wait := take(t, b, 5, budget); wait != 10*time.Second {
		t.Errorf("wait = %v, want the rest of the window", wait)
	}
	clock.at = clock.at.Add(10 * time.Second)
	if wait := take(t, b, 5, budget); wait != 0 {
		t.Errorf("in the next window wait = %v", wait)
	}
	b.Spent(access.Payer{Tenant: 5}, 100)
	if wait := take(t, b, 5, budget); wait == 0 {
		t.Error("what the window before owed was forgotten")
	}
}

// A budget that cannot be counted rejects nobody, and does not ask at each request.
func TestBrokenCounterLetsPass(t *testing.T) {
	store, clock := &counter{broken: true}, &watch{time.Unix(1_800_000_000, 0)}
	b := access.NewBudgets(store, clock.now)
	failed := 0
	for range 100 {
		wait, err := b.Take(t.Context(), access.Payer{Tenant: 5}, access.Budget{Requests: 1})
		if wait != 0 {
			t.Fatalf("wait = %v", wait)
		}
		if err != nil {
			failed++
		}
	}
	if failed != 1 || store.asked != 1 {
		t.Errorf("%d errors, %d calls", failed, store.asked)
	}
}

func TestNoBudget(t *testing.T) {
	store := &counter{}
	b := access.NewBudgets(store, time.Now)
	for range 10_000 {
		if take(t, b, 5, access.Budget{}) != 0 {
			t.Fatal("a tenant without a budget waits")
		}
	}
	if store.asked != 0 {
		t.Errorf("the counter was asked %d times", store.asked)
	}
}
