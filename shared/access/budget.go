package access

import (
	"context"
	"sync"
	"time"
)

// A Budget bounds what a tenant may ask for, so that one does not take the table and
// the functions from the others. It holds over windows of ten seconds: a tenant may
// use all of a window at once.
type Budget struct {
	// Requests a second; 0: there is no limit.
	Requests int64 `json:"requests"`
	// WriteUnits of the table a second; 0: there is no limit.
	WriteUnits int64 `json:"write_units"`
}

// budgetWindow is how long a budget is counted together.
const budgetWindow = 10 * time.Second

const (
	// freeShare is which part of a window a process uses without asking, so that a
	// tenant with few requests costs no write: a hundredth.
	freeShare = 100
	// sliceShare is which part of a window a process takes at a time: a twentieth.
	sliceShare = 20
)

// A Payer has a budget: a tenant, or one token in it.
type Payer struct {
	Tenant int
	// Token is the short form of its hash; empty: the tenant.
	Token string
}

// A BudgetStore counts what processes have taken together.
type BudgetStore interface {
	// AddTaken adds to what was taken of a budget in the window of that number, and
	// returns the sums. The count is forgotten some time after until.
	AddTaken(ctx context.Context, of Payer, window, requests, units int64, until time.Time) (sumRequests, sumUnits int64, err error)
}

// counterTime bounds one call to the counter, and counterRest is how long a process
// lets it be after a call that failed: requests must not wait for a figure that only
// needs to be about right.
const (
	counterTime = 500 * time.Millisecond
	counterRest = time.Second
)

// Budgets are those of all tenants and tokens, as one process sees them. A process takes a slice
// of a tenant's window from a counter that all share, and asks it again only when the
// slice is used up. So a window is exceeded at most by one slice, by what processes use
// without asking, and by the units of requests that are under way. It is safe for
// concurrent use.
type Budgets struct {
	store BudgetStore
	now   func() time.Time

	mutex sync.Mutex
	used  map[Payer]*usage
}

// usage is what a process may use and has used of a tenant's window.
type usage struct {
	mutex           sync.Mutex
	window          int64
	requests, units allowance
	exhausted       bool
	restUntil       time.Time // of the counter, after a call that failed
}

type allowance struct{ granted, used int64 }

// NewBudgets makes budgets of which nothing is used.
func NewBudgets(store BudgetStore, now func() time.Time) *Budgets {
	return &Budgets{store: store, now: func() time.Time { return now().Round(0) }, used: map[Payer]*usage{}}
}

// Take takes one request out of a budget. Where that is used up it returns
// how long until there is more. Where the counter cannot be reached the request may
// pass, and the error is for the log.
func (b *Budgets) Take(ctx context.Context, of Payer, budget Budget) (wait time.Duration, err error) {
	if budget.Requests == 0 && budget.WriteUnits == 0 {
		return 0, nil
	}
	now, u := b.now(), b.of(of)
	u.mutex.Lock() // also while the counter is asked: requests of the same moment need the same slice
	defer u.mutex.Unlock()
	u.roll(now, budget)
	requests, units := sliceOf(u.requests, budget.Requests), sliceOf(u.units, budget.WriteUnits)
	if requests+units > 0 && !u.exhausted && !now.Before(u.restUntil) {
		if err = b.takeSlice(ctx, of, budget, u, requests, units); err != nil {
			u.restUntil = now.Add(counterRest)
		}
	}
	if u.exhausted {
		return windowEnd(u.window).Sub(now), err
	}
	u.requests.used++
	return 0, err
}

// Spent says what a request consumed that counts for the budget. It is known only afterwards, so it
// counts for the requests that follow.
func (b *Budgets) Spent(of Payer, units int64) {
	u := b.of(of)
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.units.used += units
}

func (b *Budgets) of(payer Payer) *usage {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	u, ok := b.used[payer]
	if !ok {
		if len(b.used) >= maxCached {
			clear(b.used)
		}
		u = new(usage)
		b.used[payer] = u
	}
	return u
}

// roll begins the window of now, unless it has begun. What the last requests of the one
// before consumed beyond it is used already.
func (u *usage) roll(now time.Time, budget Budget) {
	window := now.UnixNano() / int64(budgetWindow)
	if u.window == window {
		return
	}
	debt := max(0, u.units.used-u.units.granted)
	if u.window == 0 || budget.WriteUnits == 0 {
		debt = 0
	}
	u.window, u.exhausted = window, false
	u.requests = allowance{granted: ofWindow(budget.Requests, freeShare)}
	u.units = allowance{granted: ofWindow(budget.WriteUnits, freeShare), used: debt}
}

// sliceOf is how much of a window is to be taken now: nothing while any is left.
func sliceOf(a allowance, limit int64) int64 {
	if limit == 0 || a.used < a.granted {
		return 0
	}
	return max(ofWindow(limit, sliceShare), a.used-a.granted)
}

// takeSlice takes a slice from the counter.
func (b *Budgets) takeSlice(ctx context.Context, of Payer, budget Budget, u *usage, requests, units int64) error {
	ctx, cancel := context.WithTimeout(ctx, counterTime)
	defer cancel()
	sumRequests, sumUnits, err := b.store.AddTaken(ctx, of, u.window, requests, units, windowEnd(u.window))
	if err != nil {
		return err
	}
	u.exhausted = over(sumRequests-requests, budget.Requests) || over(sumUnits-units, budget.WriteUnits)
	if !u.exhausted {
		u.requests.granted += requests
		u.units.granted += units
	}
	return nil
}

// over reports whether what others took before leaves nothing of a window.
func over(taken, limit int64) bool { return limit > 0 && taken >= ofWindow(limit, 1) }

// ofWindow is a part of what a limit a second allows in a window, at least 1.
func ofWindow(limit, parts int64) int64 {
	return max(1, limit*int64(budgetWindow/time.Second)/parts)
}

func windowEnd(window int64) time.Time { return time.Unix(0, (window+1)*int64(budgetWindow)).UTC() }
