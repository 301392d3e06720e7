package customer

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/turns"
)

// A Service finds and changes customers: it loads what a decision needs, decides,
// and commits all of it or nothing, again as often as somebody else came between.
type Service struct {
	store    Store
	now      func() time.Time
	settling time.Duration // see [Service.WithSettling]
	drawn    *drawnIDs
	owners   *owners // nil but for [Service.WithOwners]
}

// NewService makes a service on a store.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, settling: Settling, drawn: new(drawnIDs)}
}

// A Request is a change of one customer.
type Request struct {
	Rules
	Search Search
	// WithExtensions: the edit looks at records of extensions.
	WithExtensions bool
	// Create: where nobody matches a new customer is made.
	Create bool
	Edit   Edit
	// Idempotent: doing the edit twice does no harm.
	Idempotent bool
	// IdempotencyKey, unless nil, makes the request safe to repeat.
	IdempotencyKey *idempotency.Key
	// ReadAllKeys: keys that the customer is given are read first. Else the first
	// attempt takes them for nobody's, which a conflict corrects.
	ReadAllKeys bool

	// preloaded are keys that were read for the first attempt already.
	preloaded map[Key]KeyRecord
}

// A Result is what became of a request.
type Result struct {
	ID ID
	// Created and Changed say what was done; after a create both are true.
	Created, Changed bool
	// Replayed: it was done before, under the same idempotency key.
	Replayed bool
}

// Apply changes the customer that the request's search finds, or creates it. It
// rejects with [ErrNotFound], [ErrAmbiguous], [ErrTaken], [idempotency.ErrKeyReused] or what the
// edit rejects with, and then nothing is written.
//
// Each attempt reads, decides and commits. A customer that holds more values than
// one transaction releases is deleted in several steps: once the first is committed
// it is that customer, by its id, whoever comes between, because the value that it
// was found by may be gone. A deletion that breaks off is completed when it is asked
// for again, by the customer's id or first e-mail.
func (s *Service) Apply(ctx context.Context, r Request) (Result, error) {
	var result Result
	readAllKeys := r.ReadAllKeys // nothing is taken for absent that was not read
	err := errs.Retry(ctx, func(attempt int) error {
		for next := r; ; {
			if readAllKeys = readAllKeys || attempt > 0; readAllKeys {
				next.preloaded = nil
			}
			loaded, err := s.load(ctx, next.Rules, next.Search, next.preloaded, next.WithExtensions)
			if err != nil {
				return err
			}
			if loaded.record.Absent() && (!next.Create || next.Search.Rejected != nil) {
				return s.confirm(ctx, next.Tenant, several(loaded.keys), loaded.others, next.Search.nobody())
			}
			commit, err := s.decide(ctx, next, loaded, readAllKeys)
			switch {
			case err == nil:
				result, err = s.commit(ctx, next, commit)
				s.drawn.done(commit.After.ID)
				switch {
				case err != nil || result.Replayed:
				case commit.After.Deleted:
					s.owners.remember(next.Tenant, next.Search, 0)
				case result.Created:
					s.owners.remember(next.Tenant, next.Search, result.ID)
				}
				return err
			case errors.Is(err, errLacksRecords):
				next.WithExtensions = true
			case errors.Is(err, errManyValues):
				first, done, err := s.replay(ctx, next.Tenant, next.IdempotencyKey)
				if err != nil || done { // a repeat must not touch who is found now
					result = first
					return err
				}
				if err := s.deleteSome(ctx, next, loaded); err != nil {
					return err
				}
				next.Search = Search{ID: loaded.record.ID}
				r, readAllKeys = next, true
			default:
				return err
			}
		}
	})
	if _, rejected := errs.AsClient(err); rejected {
		return s.RejectUnlessReplayed(ctx, r.Tenant, r.IdempotencyKey, err)
	}
	return result, err
}

// RejectUnlessReplayed returns client error, unless the request was carried out before:
// then it returns the first result. It is for requests that are rejected before
// they come to Apply: the same request may have come to it at an earlier time.
func (s *Service) RejectUnlessReplayed(ctx context.Context, tenant int, key *idempotency.Key, clientErr error) (Result, error) {
	first, done, err := s.replay(ctx, tenant, key)
	if err != nil || done {
		return first, err
	}
	return Result{}, clientErr
}

// replay returns the first result of a request that was carried out before; done
// is true also where the key came with another request, which is an error.
func (s *Service) replay(ctx context.Context, tenant int, key *idempotency.Key) (result Result, done bool, err error) {
	first, found, err := idempotency.Lookup(ctx, key, func(ctx context.Context, value string) (*IdempotencyRecord, error) {
		return s.store.IdempotencyRecord(ctx, tenant, value)
	})
	if err != nil || !found {
		return Result{}, found, err
	}
	return first.result(), true, nil
}

// Find returns the customer that the search finds, or rejects with [ErrNotFound]
// or [ErrAmbiguous].
func (s *Service) Find(ctx context.Context, rules Rules, search Search) (Customer, error) {
	return s.find(ctx, rules, search, false)
}

// FindWithExtensions is Find with the records of extensions.
func (s *Service) FindWithExtensions(ctx context.Context, rules Rules, search Search) (Customer, error) {
	return s.find(ctx, rules, search, true)
}

func (s *Service) find(ctx context.Context, rules Rules, search Search, whole bool) (Customer, error) {
	var found Customer
	err := errs.Retry(ctx, func(int) error {
		loaded, err := s.load(ctx, rules, search, nil, whole)
		if err != nil {
			return err
		}
		if loaded.record.Absent() {
			return s.confirm(ctx, rules.Tenant, several(loaded.keys), loaded.others, search.nobody())
		}
		found = loaded.record.Customer
		return nil
	})
	return found, err
}

// decide makes the commit that r comes to over what was loaded.
func (s *Service) decide(ctx context.Context, r Request, loaded loaded, readAllKeys bool) (_ Commit, err error) {
	now := s.instant()
	commit := Commit{ID: rand.Text(), Tenant: r.Tenant, Before: loaded.record, Idempotent: r.Idempotent, HistoryDays: r.HistoryDays}
	if loaded.record.Absent() {
		id := s.drawn.draw(now)
		defer func() {
			if err != nil {
				s.drawn.done(id)
			}
		}()
		commit.Before.ID = id
	}
	after := commit.Before.Clone()
	if err := r.Edit(&after, now); err != nil {
		return Commit{}, err
	}
	commit.After = after
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
	if err := s.planKeyChanges(ctx, r, &commit, r.knownOf(commit.After, loaded.keys), readAllKeys); err != nil {
		if _, rejected := errs.AsClient(err); rejected {
			// Whose a value is was read after the search: what moved in between together
			// with what the search was by must not look taken.
			err = s.confirm(ctx, r.Tenant, loaded.keys, loaded.everyone(), err)
		}
		return Commit{}, err
	}
	if commit.Before.Absent() {
		commit.checkAbsence(loaded)
	}
	commit.checkStaleOwners(loaded)
	if n := commit.items(); n > MaxItems {
		return Commit{}, tooManyChanges(n)
	}
	if commit.ChangesStanding() {
		account, err := s.store.Account(ctx, commit.Tenant, commit.After.ID)
		if err != nil {
			return Commit{}, err
		}
		commit.Account = &AccountChange{account, commit.After.Standing()}
	}
	return commit, nil
}

// knownOf are the keys that were loaded, and those of c that were preloaded besides.
func (r Request) knownOf(c Customer, loaded map[Key]KeyRecord) map[Key]KeyRecord {
	if len(r.preloaded) == 0 {
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
		if record, ok := r.preloaded[key]; ok {
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

// planKeyChanges adds the keys that change hands. It reads what must be known for
// that: keys, and who owns values of a unique identification key. Owners that no
// longer have what they are named for are left out; that they have not is what the
// commit depends on then.
func (s *Service) planKeyChanges(ctx context.Context, r Request, commit *Commit, known map[Key]KeyRecord, readAllKeys bool) error {
	for {
		changes, unchanged, missing, err := keyChanges(commit.Before, commit.After, r.Rules, known, readAllKeys)
		if claim, ok := errors.AsType[*uniqueClaim](err); ok {
			owner, err := s.store.CustomerWithExtensions(ctx, r.Tenant, claim.owner)
			if err != nil {
				return err
			}
			if owner.holds(claim) {
				return errs.New(errs.FailedPrecondition, "not_unique_key", claim.key.Name, Named{owner.ID, owner.ClientID}, claim.key.Qualified()).DependingOnSettings()
			}
			commit.checkOwner(owner)
			known = maps.Clone(known)
			record := known[claim.match]
			record.Owners = record.With(claim.owner, 0)
			known[claim.match] = record
			continue
		}
		if err != nil {
			return err
		}
		if len(missing) > MaxItems {
			return errs.New(errs.Invalid, "too_many_changes/match_keys", "", len(missing)+len(changes), MaxItems)
		}
		if len(missing) > 0 {
			read, err := s.store.Keys(ctx, r.Tenant, missing)
			if err != nil {
				return err
			}
			maps.Copy(read, known)
			known = read
			continue
		}
		commit.Keys, commit.UnchangedKeys = changes, unchanged
		commit.Idents, err = commit.identChanges(r.IdentKeys)
		commit.Extensions = commit.stamp()
		return err
	}
}

// checkAbsence makes the commit check what "nobody matches" rests on and it does
// not write.
func (c *Commit) checkAbsence(l loaded) {
	for _, other := range l.others {
		c.checkOwner(other)
	}
	for key, record := range l.keys {
		written := slices.ContainsFunc(c.Keys, func(k KeyChange) bool { return k.Key == key })
		if !written && !record.Overflowed { // an overflowed key names nobody
			if c.UnchangedKeys == nil {
				c.UnchangedKeys = map[Key]Rev{}
			}
			c.UnchangedKeys[key] = record.Rev
		}
	}
}

// commit carries out what was decided. Where nothing changes there is nothing to
// write, except with an idempotency key, whose first request is recorded.
func (s *Service) commit(ctx context.Context, r Request, commit Commit) (Result, error) {
	if turns.Needed(ctx) && commit.After.Values() > manyValues {
		if err := turns.Take(ctx); err != nil {
			return Result{}, &errs.Unavailable{Err: err}
		}
	}
	result := Result{ID: commit.After.ID, Created: commit.Before.Absent(), Changed: commit.Changes()}
	if r.IdempotencyKey != nil {
		commit.Request = &IdempotencyRecord{
			Key:     *r.IdempotencyKey,
			Outcome: Recorded{ID: result.ID, Created: result.Created, Changed: result.Changed},
		}
	}
	if !result.Changed {
		if r.IdempotencyKey == nil {
			return result, nil
		}
		if first, done, err := s.replay(ctx, r.Tenant, r.IdempotencyKey); err != nil || done {
			return first, err
		}
	}
	first, found, err := idempotency.OfCommit[Recorded](s.store.Commit(ctx, commit), r.IdempotencyKey)
	switch {
	case err != nil:
		return Result{}, err
	case found:
		return first.result(), nil
	}
	return result, nil
}
