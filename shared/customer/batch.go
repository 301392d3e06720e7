package customer

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"golang.org/x/sync/errgroup"

	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/turns"
)

const (
	// atOnce is how many requests of a batch are under way at a time: at some 10 ms
	// each they end ten thousand within a request's time, and the client keeps
	// as many connections.
	atOnce = 32
	// keysAtOnceRead is how many keys one call reads.
	keysAtOnceRead = 100
	// largeAtOnce is how many of those under way may be about large customers: each
	// takes up to 60 MB.
	largeAtOnce = 2
	// manyValues is from how many values on a customer that is written counts as large.
	manyValues = 1_000
)

// A BatchItem is one request of a batch.
type BatchItem struct {
	Request
	// Gives are all keys that the edit may give a customer, and in which roles,
	// whoever that is.
	Gives []Lookup
	// GivesAny are the kinds of which it may give a key that nobody can name
	// beforehand, as where a number is counted up.
	GivesAny []Kind
	// Rejected, unless nil, is why there is no request to carry out. Only Tenant and
	// IdempotencyKey are needed then.
	Rejected error
}

// An Outcome is what became of one request of a batch.
type Outcome struct {
	Result
	Err error
}

// Claim takes an idempotency key for a batch before its first request is carried
// out. It reports whether the same batch had it before, and rejects with
// [idempotency.ErrKeyReused] what is another one.
func (s *Service) Claim(ctx context.Context, tenant int, key idempotency.Key) (again bool, err error) {
	err = errs.Retry(ctx, func(int) error {
		return s.store.Commit(ctx, Commit{ID: rand.Text(), Tenant: tenant, Request: &IdempotencyRecord{Key: key}})
	})
	_, again, err = idempotency.OfCommit[Recorded](err, &key)
	return again && err == nil, err
}

// ApplyAll carries out the requests of a batch, all of one tenant, side by side,
// and returns what became of each, in their order. It comes to what [Service.Apply]
// comes to for one after another (see [order]). One that was not begun in time is
// busy, and so is whatever must follow it. An error means that nothing was written.
func (s *Service) ApplyAll(ctx context.Context, items []BatchItem) ([]Outcome, error) {
	o := newOrder(items)
	known, err := s.readAll(ctx, items, o.decisive())
	if err != nil {
		return nil, err
	}
	o.tieOwners(known)
	chains := o.chains()
	outcomes := make([]Outcome, len(items))
	large := turns.New(largeAtOnce)
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, chain := range chains {
		group.Go(func() error {
			s.applyChain(ctx, large, items, chain, known, outcomes)
			return nil
		})
	}
	_ = group.Wait() // each outcome has its error
	return outcomes, nil
}

// readAll reads keys, many at a time.
func (s *Service) readAll(ctx context.Context, items []BatchItem, keys []Key) (map[Key]KeyRecord, error) {
	chunks := slices.Collect(slices.Chunk(keys, keysAtOnceRead))
	read := make([]map[Key]KeyRecord, len(chunks))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, chunk := range chunks {
		group.Go(func() error {
			return errs.Retry(ctx, func(int) (err error) {
				read[i], err = s.store.Keys(ctx, items[0].Tenant, chunk)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := make(map[Key]KeyRecord, len(keys))
	for _, records := range read {
		maps.Copy(all, records)
	}
	return all, nil
}

// applyChain carries out the requests that must follow each other. Nothing in the
// batch came before the first, so that what is known holds for it.
func (s *Service) applyChain(ctx context.Context, large turns.Turns, items []BatchItem, chain []int, known map[Key]KeyRecord, outcomes []Outcome) {
	for n, i := range chain {
		if !errs.InTime(ctx) {
			notReached(outcomes, chain[n:])
			return
		}
		if n == 0 {
			items[i].preloaded = known
		}
		inTurn, done := large.For(ctx)
		outcomes[i] = s.applyItem(inTurn, items[i])
		done()
		items[i] = BatchItem{} // it is done with, and may be large
		if _, busy := errs.AsUnavailable(outcomes[i].Err); busy {
			// The same batch may be sent again, and must then find the later ones
			// still to be done: else they would be overtaken by this one.
			notReached(outcomes, chain[n+1:])
			return
		}
	}
}

func notReached(outcomes []Outcome, rest []int) {
	for _, i := range rest {
		outcomes[i].Err = &errs.Unavailable{Code: "out_of_time"}
	}
}

// applyItem carries out one request. Should it panic, that is its fault alone.
func (s *Service) applyItem(ctx context.Context, item BatchItem) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	if _, rejected := errs.AsClient(item.Rejected); rejected {
		o.Result, o.Err = s.RejectUnlessReplayed(ctx, item.Tenant, item.IdempotencyKey, item.Rejected)
		return o
	}
	if item.Rejected != nil {
		return Outcome{Err: item.Rejected}
	}
	o.Result, o.Err = s.Apply(ctx, item.Request)
	return o
}
