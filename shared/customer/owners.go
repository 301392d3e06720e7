package customer

import (
	"context"
	"hash/maphash"
	"sync"
)

// ownersRemembered is how many searches a service remembers at the most; each takes
// some 30 bytes.
const ownersRemembered = 10_000

// An ownerReader reads match keys, as [Store] has it, and a customer with the same call.
// The items are read strongly, one after the other and in any order. A customer that is
// not there is an absent record.
type ownerReader interface {
	KeysAndCustomer(ctx context.Context, tenant int, keys []Key, id ID) (map[Key]KeyRecord, Record, error)
}

// WithOwners returns a service that remembers who was found by which match keys, and
// reads that customer together with the keys when these are searched for again. It finds
// whom it would find without (docs/decisions/owners-remembered.md).
func (s *Service) WithOwners(reader ownerReader) *Service {
	c := *s
	c.owners = &owners{reader: reader, seed: maphash.MakeSeed()}
	return &c
}

// owners are guesses who will be found by a search. They hold hashes of what was searched
// for, whose seed is the process's own, and ids. Nil owners guess nothing. They are safe
// for concurrent use.
type owners struct {
	reader ownerReader
	seed   maphash.Seed

	mutex sync.Mutex
	// recent are those used lately; once they are half of what is remembered they
	// become former, and the former ones are forgotten.
	recent, former map[uint64]ID
}

// searched hashes the tenant and the first key of a search.
func (o *owners) searched(tenant int, search Search) uint64 {
	return maphash.Comparable(o.seed, struct {
		tenant int
		first  Lookup
	}{tenant, search.Any[0]})
}

// guess is who was found by the search, or 0.
func (o *owners) guess(tenant int, search Search) ID {
	if o == nil || len(search.Any) == 0 {
		return 0
	}
	searched := o.searched(tenant, search)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if id := o.recent[searched]; id != 0 {
		return id
	}
	id := o.former[searched]
	if id != 0 {
		o.keep(searched, id)
	}
	return id
}

// remember notes who was found by the search; 0: nobody.
func (o *owners) remember(tenant int, search Search, id ID) {
	if o == nil || len(search.Any) == 0 {
		return
	}
	searched := o.searched(tenant, search)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if id != 0 {
		o.keep(searched, id)
		return
	}
	delete(o.recent, searched)
	delete(o.former, searched)
}

func (o *owners) keep(searched uint64, id ID) {
	if o.recent == nil {
		o.recent = map[uint64]ID{}
	}
	if o.recent[searched] = id; len(o.recent) >= ownersRemembered/2 {
		o.recent, o.former = nil, o.recent
	}
}

// readKeys reads the keys of a search, and with them the customer who is guessed to be
// found; that is absent where the keys do not prove it.
func (s *Service) readKeys(ctx context.Context, rules Rules, search Search) (keys map[Key]KeyRecord, guessed Record, err error) {
	id := s.owners.guess(rules.Tenant, search)
	if id == 0 {
		keys, err = s.store.Keys(ctx, rules.Tenant, search.keys())
		return keys, Record{}, err
	}
	keys, guessed, err = s.owners.reader.KeysAndCustomer(ctx, rules.Tenant, search.keys(), id)
	if err == nil && !search.proves(guessed, rules.MatchFields, keys) {
		s.owners.remember(rules.Tenant, search, 0)
		guessed = Record{}
	}
	return keys, guessed, err
}

// proves reports whether the keys name the customer that was read with them and nobody
// else, and the customer holds them just as they say.
func (s Search) proves(guessed Record, fields MatchFields, keys map[Key]KeyRecord) bool {
	if guessed.Absent() || guessed.Deleted {
		return false
	}
	ids, _, err := s.candidates(keys)
	if err != nil || len(ids) != 1 || ids[0] != guessed.ID {
		return false
	}
	if s.mayHaveStaleOwners(fields) && len(staleOwners(keys, fields, ids, map[ID]Record{guessed.ID: guessed})) > 0 {
		return false
	}
	found, _ := s.holds(guessed.Customer, fields, keys)
	return found
}
