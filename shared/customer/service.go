package customer

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"regulars/shared/errs"

	mathrand "math/rand/v2"
)

// A Service finds and changes customers: it loads what a decision needs, decides,
// and commits all of it or nothing, anew as often as somebody else came between.
type Service struct {
	store    Store
	now      func() time.Time
	settling time.Duration // see [Service.WithSettling]
}

// NewService makes a service on a store.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, settling: Settling}
}

// A Request is a change of one customer.
type Request struct {
	Rules
	Search Search
	// Whole: the edit looks at records of extensions.
	WithExtensions bool
	// Create: where nobody matches a new customer is made.
	Create bool
	Edit   Edit
	// Plain: doing the edit twice does no harm.
	Idempotent bool
	// Keyed, unless nil, makes the request safe to repeat.
	IdempotencyKey *IdempotencyKey

	// known are keys that were read for the first attempt already.
	known map[Key]KeyRecord
}

// A Result is what became of a request.
type Result struct {
	ID ID
	// Created and Changed say what was done; after a create both are true.
	Created, Changed bool
	// Repeated: it was done before, under the same idempotency key.
	Replayed bool
}

// Apply changes the customer that the request's search finds, or creates it. It
// refuses with [ErrNotFound], [ErrAmbiguous], [ErrTaken], [ErrOtherMeaning] or
// what the edit refuses with, and then nothing is written.
func (s *Service) Apply(ctx context.Context, r Request) (Result, error) {
	var result Result
	err := errs.Retry(ctx, func(attempt int) error {
		var err error
		result, err = s.attempt(ctx, r, attempt > 0)
		return err
	})
	if _, refused := errs.AsClient(err); refused {
		return s.RejectUnlessReplayed(ctx, r.Tenant, r.IdempotencyKey, err)
	}
	return result, err
}

// Refuse returns refusal, unless the request was carried out before: then it
// returns the first result. Whoever refuses a request that Apply never saw, but
// which it may have seen before, asks here first.
func (s *Service) RejectUnlessReplayed(ctx context.Context, tenant int, keyed *IdempotencyKey, refusal error) (Result, error) {
	first, done, err := s.repeated(ctx, tenant, keyed)
	if err != nil || done {
		return first, err
	}
	return Result{}, refusal
}

// repeated returns the first result of a request that was carried out before.
func (s *Service) repeated(ctx context.Context, tenant int, keyed *IdempotencyKey) (result Result, done bool, err error) {
	if keyed == nil {
		return Result{}, false, nil
	}
	var first *IdempotencyRecord
	err = errs.Retry(ctx, func(int) (err error) {
		first, err = s.store.IdempotencyRecord(ctx, tenant, keyed.Key)
		return err
	})
	if err != nil || first == nil {
		return Result{}, false, err
	}
	result, err = first.answer(*keyed)
	return result, true, err
}

// Find returns the customer that the search finds, or refuses with [ErrNotFound]
// or [ErrAmbiguous].
func (s *Service) Find(ctx context.Context, rules Rules, search Search) (Customer, error) {
	return s.find(ctx, rules, search, false)
}

// FindWhole is Find with the records of extensions.
func (s *Service) FindWithExtensions(ctx context.Context, rules Rules, search Search) (Customer, error) {
	return s.find(ctx, rules, search, true)
}

func (s *Service) find(ctx context.Context, rules Rules, search Search, whole bool) (Customer, error) {
	var found Customer
	err := errs.Retry(ctx, func(int) error {
		loaded, err := s.loadAll(ctx, rules, search, nil, whole)
		if err != nil {
			return err
		}
		if loaded.record.Absent() {
			return s.confirmNobody(ctx, rules.Tenant, loaded)
		}
		found = loaded.record.Customer
		return nil
	})
	return found, err
}

// attempt loads, decides and commits once. A thorough one takes nothing for
// absent that it did not read.
func (s *Service) attempt(ctx context.Context, r Request, thorough bool) (Result, error) {
	if thorough {
		r.known = nil
	}
	loaded, err := s.loadAll(ctx, r.Rules, r.Search, r.known, r.WithExtensions)
	if err != nil {
		return Result{}, err
	}
	if loaded.record.Absent() && !r.Create {
		return Result{}, s.confirmNobody(ctx, r.Tenant, loaded)
	}
	commit, err := s.decide(ctx, r, loaded, thorough)
	switch {
	case errors.Is(err, errLacksRecords):
		r.WithExtensions = true
		return s.attempt(ctx, r, thorough)
	case errors.Is(err, errShed):
		return s.shed(ctx, r, loaded)
	}
	if err != nil {
		return Result{}, err
	}
	result := Result{ID: commit.After.ID, Created: commit.Before.Absent(), Changed: commit.Changes()}
	if !result.Changed {
		return s.unchanged(ctx, r, commit, result)
	}
	return s.commit(ctx, r, commit, result)
}

// decide makes the commit that r comes to over what was loaded.
func (s *Service) decide(ctx context.Context, r Request, loaded loaded, thorough bool) (Commit, error) {
	now := s.instant()
	commit := Commit{ID: rand.Text(), Tenant: r.Tenant, Before: loaded.record, Idempotent: r.Idempotent}
	if loaded.record.Absent() {
		commit.Before.ID = NewID(now, mathrand.Uint64())
	}
	commit.After = commit.Before.Clone()
	if err := r.Edit(&commit.After, now); err != nil {
		return Commit{}, err
	}
	if !commit.Changes() {
		return commit, nil
	}
	if err := commit.checkSegments(); err != nil {
		return Commit{}, err
	}
	commit.After.Changed = now
	if commit.After.Deleted {
		if err := commit.Before.releasable(r); err != nil {
			return Commit{}, err
		}
	}
	if err := s.handOver(ctx, r, &commit, r.knownOf(commit.After, loaded.keys), thorough); err != nil {
		return Commit{}, s.confirmFound(ctx, r.Tenant, loaded, err)
	}
	if commit.Before.Absent() {
		commit.leanOn(loaded)
	}
	commit.leanOnLeftovers(loaded)
	if n := commit.items(); n > MaxItems {
		return Commit{}, tooManyChanges(n)
	}
	return commit, nil
}

// knownOf are the keys that were loaded, and those of c that are known besides.
func (r Request) knownOf(c Customer, loaded map[Key]KeyRecord) map[Key]KeyRecord {
	if len(r.known) == 0 {
		return loaded
	}
	all := maps.Clone(loaded)
	if all == nil {
		all = map[Key]KeyRecord{}
	}
	for key := range c.Keys(r.MatchFields) {
		if _, read := loaded[key]; read {
			continue // which may be without owners that were left over
		}
		if record, ok := r.known[key]; ok {
			all[key] = record
		}
	}
	return all
}

func tooManyChanges(items int) error {
	return errs.New(errs.Invalid, "too_many_changes/items", "", items, MaxItems).DependingOnSettings()
}

// instant is the time to the precision that is kept.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// handOver adds the keys that change hands, reading those that must be known.
func (s *Service) handOver(ctx context.Context, r Request, commit *Commit, known map[Key]KeyRecord, thorough bool) error {
	known, err := s.uncontested(ctx, r, commit, known, thorough)
	if err != nil {
		return err
	}
	changes, leant, missing, err := handover(commit.Before, commit.After, r.Rules, known, thorough)
	if err != nil {
		return err
	}
	if len(missing) > MaxItems {
		return errs.New(errs.Invalid, "too_many_changes/match_keys", "", len(missing)+len(changes), MaxItems)
	}
	if len(missing) > 0 {
		more, err := s.store.Keys(ctx, r.Tenant, missing)
		if err != nil {
			return err
		}
		maps.Copy(more, known)
		if more, err = s.uncontested(ctx, r, commit, more, thorough); err != nil {
			return err
		}
		if changes, leant, _, err = handover(commit.Before, commit.After, r.Rules, more, thorough); err != nil {
			return err
		}
	}
	commit.Keys, commit.UnchangedKeys = changes, leant
	commit.Idents, err = commit.identChanges(r.IdentKeys)
	commit.Extensions = commit.stamp()
	return err
}

// leanOn adds what "nobody matches" rests on and the commit does not write.
func (c *Commit) leanOn(l loaded) {
	for _, other := range l.others {
		c.leanOnOwner(other)
	}
	for key, record := range l.keys {
		written := slices.ContainsFunc(c.Keys, func(k KeyChange) bool { return k.Key == key })
		if !written && !record.Overflowed { // a crowded key stays so for good
			c.UnchangedKeys[key] = record.Rev
		}
	}
}

// unchanged ends a request that changes nothing. With an idempotency key the
// first of its kind is remembered, alone.
func (s *Service) unchanged(ctx context.Context, r Request, commit Commit, result Result) (Result, error) {
	if r.IdempotencyKey == nil {
		return result, nil
	}
	if first, done, err := s.repeated(ctx, r.Tenant, r.IdempotencyKey); err != nil || done {
		return first, err
	}
	return s.commit(ctx, r, commit, result)
}

func (s *Service) commit(ctx context.Context, r Request, commit Commit, result Result) (Result, error) {
	if r.IdempotencyKey != nil {
		commit.Request = &IdempotencyRecord{IdempotencyKey: *r.IdempotencyKey, ID: result.ID, Created: result.Created, Changed: result.Changed}
	}
	err := s.store.Commit(ctx, commit)
	if repeated, ok := errors.AsType[*Replay](err); ok {
		return repeated.Record.answer(*r.IdempotencyKey)
	}
	if err != nil {
		return Result{}, err
	}
	return result, nil
}
