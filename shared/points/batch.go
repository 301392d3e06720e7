package points

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/turns"
)

// atOnce is how many items of a batch are under way at a time: at some 25 ms each
// they end a thousand within a request's time.
const atOnce = 32

// largeAtOnce is how many of those under way may be of large customers, who are read with
// their accounts: each takes up to 60 MB.
const largeAtOnce = 2

// An Item is one addition or subtraction of a batch.
type Item struct {
	Request
	Direction     Direction // Credit or Debit
	Points        int64
	Reason, RefID string
	Terms         Terms // of a Credit
	// Rejected, unless nil, is why there is nothing to carry out. Of the request only
	// Tenant, ID and IdempotencyKey are needed then.
	Rejected error
}

// An Outcome is what became of one item.
type Outcome struct {
	Result
	Err error
}

// Claim takes an idempotency key for a batch before its first item is carried out. It
// reports whether the same batch had it before, and rejects with
// [idempotency.ErrKeyReused] what is another one.
func (s *Service) Claim(ctx context.Context, tenant int, key idempotency.Key) (again bool, err error) {
	err = errs.Retry(ctx, func(int) error { return s.store.ClaimRequest(ctx, tenant, key) })
	_, again, err = idempotency.OfCommit[customer.Recorded](err, &key)
	return again && err == nil, err
}

// ApplyAll carries out the items of a batch and returns what became of each, in their
// order: the items of one account one after another, accounts side by side. An item
// that was not begun in time is unavailable, and so is what must follow it.
func (s *Service) ApplyAll(ctx context.Context, items []Item) []Outcome {
	chains := map[customer.ID][]int{}
	for i, item := range items {
		chains[item.ID] = append(chains[item.ID], i)
	}
	outcomes := make([]Outcome, len(items))
	large := turns.New(largeAtOnce)
	var group errgroup.Group
	group.SetLimit(atOnce)
	begun := map[customer.ID]bool{}
	for _, item := range items { // in their order, which a map does not keep
		if chain := chains[item.ID]; !begun[item.ID] {
			begun[item.ID] = true
			group.Go(func() error {
				s.applyChain(ctx, large, items, chain, outcomes)
				return nil
			})
		}
	}
	_ = group.Wait() // each outcome has its error
	return outcomes
}

// applyChain carries out the items of one account. Behind one that is unavailable
// nothing is done: the batch may be sent again, and must not overtake itself then.
func (s *Service) applyChain(ctx context.Context, large turns.Turns, items []Item, chain []int, outcomes []Outcome) {
	stopped := false
	dry := &DryRun{} // of all of them, where they are
	for _, i := range chain {
		if items[i].DryRun != nil {
			items[i].DryRun = dry
		}
		if stopped = stopped || !errs.InTime(ctx); stopped {
			outcomes[i].Err = &errs.Unavailable{Code: "out_of_time"}
			continue
		}
		inTurn, done := large.For(ctx)
		outcomes[i] = s.applyItem(inTurn, items[i])
		done()
		_, stopped = errs.AsUnavailable(outcomes[i].Err)
	}
}

// applyItem carries out one item. Should it panic, that is its error alone.
func (s *Service) applyItem(ctx context.Context, item Item) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	switch {
	case item.Rejected != nil && item.ID == 0:
		o.Err = item.Rejected // it is nobody's, so nothing of it was carried out
	case item.Rejected != nil:
		o.Result, o.Err = s.RejectUnlessReplayed(ctx, item.Request, item.Rejected)
	case item.Direction == Debit:
		o.Result, o.Err = s.Subtract(ctx, item.Request, item.Points, item.Reason, item.RefID)
	default:
		o.Result, o.Err = s.Grant(ctx, item.Request, Grant{item.Points, item.Reason, item.RefID, item.Terms})
	}
	return o
}
