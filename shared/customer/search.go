package customer

import (
	"slices"

	"regulars/shared/errs"
)

// A Search names the customer an operation is about: by id, by any of several
// keys, or by all of several words. One that names nothing finds nobody.
type Search struct {
	// ID names the customer itself; the rest is then empty.
	ID ID
	// Any of these leads to the customer.
	Any []Lookup
	// All of these words must lead to the customer (a field of tags).
	All []Lookup
	// Resource, where not 0, narrows the subscriptions that are looked at to
	// those of one resource.
	Resource int64
	// Rejected, unless nil, is what is wrong with a value that is searched for. A
	// customer may have it from before it was rejected; nobody is made for it.
	Rejected error
}

// A Lookup is a key and the roles that count.
type Lookup struct {
	Key   Key
	Roles Roles
}

func (s Search) lookups() []Lookup {
	if len(s.All) > 0 {
		return s.All
	}
	return s.Any
}

// nobody is the client error where no customer matches.
func (s Search) nobody() error {
	if s.Rejected != nil {
		return s.Rejected
	}
	return ErrNotFound
}

// keys are the keys to load, each once.
func (s Search) keys() []Key {
	var keys []Key
	for _, l := range s.lookups() {
		if !slices.Contains(keys, l.Key) {
			keys = append(keys, l.Key)
		}
	}
	return keys
}

// candidates are the customers that the keys name, and whether each of them must
// be looked at before it counts. Overflowed keys cannot name anybody: of the words
// that must all lead there one must not be overflowed.
func (s Search) candidates(keys map[Key]KeyRecord) (ids []ID, unsure bool, err error) {
	if len(s.All) > 0 {
		return allOf(s.All, keys)
	}
	for _, l := range s.Any {
		owners := keys[l.Key].Owners
		if owners.Overflowed {
			return nil, false, ambiguousCrowd(l.Key)
		}
		for _, id := range owners.In(l.Roles) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids, s.Resource != 0, nil
}

// allOf are the owners of every word that is not overflowed.
func allOf(words []Lookup, keys map[Key]KeyRecord) (ids []ID, unsure bool, err error) {
	first := true
	for _, l := range words {
		owners := keys[l.Key].Owners
		if owners.Overflowed {
			unsure = true
			continue
		}
		in := owners.In(l.Roles)
		if !first {
			in = slices.DeleteFunc(in, func(id ID) bool { return !slices.Contains(ids, id) })
		}
		ids, first = in, false
	}
	if first {
		return nil, false, ambiguousCrowd(words[0].Key)
	}
	return ids, unsure, nil
}

// holds reports whether c is what s looks for, and whether it is as the keys
// said: a customer that does not hold what they named it for means that all must
// be loaded again.
func (s Search) holds(c Customer, fields MatchFields, keys map[Key]KeyRecord) (found, asKeysSaid bool) {
	held := c.held(fields, canonicalForms)
	matches := func(l Lookup) bool { return held.roles(l.Key)&l.Roles != 0 }
	if len(s.All) > 0 {
		lacks := func(l Lookup) bool { return !matches(l) }
		lacksNamed := func(l Lookup) bool {
			return lacks(l) && !keys[l.Key].Owners.Overflowed && !c.heldFormerly(l.Key, fields)
		}
		return !slices.ContainsFunc(s.All, lacks), !slices.ContainsFunc(s.All, lacksNamed)
	}
	for _, l := range s.Any {
		if !matches(l) {
			// A key from before its values were compared as now may name c until the
			// customers are rekeyed; it does not hold what is searched for.
			asKeysSaid = asKeysSaid || keys[l.Key].Roles[c.ID] != 0 && c.heldFormerly(l.Key, fields)
			continue
		}
		asKeysSaid = true
		if s.Resource == 0 || held.roles(l.Key)&l.Roles&^InSubscription != 0 || c.subscribedTo(l.Key, s.Resource) {
			return true, true
		}
	}
	return false, asKeysSaid
}

func (c Customer) subscribedTo(key Key, resource int64) bool {
	return slices.ContainsFunc(c.Subscriptions, func(s Subscription) bool {
		k, ok := s.matchKey(canonicalForms)
		return ok && k == key && s.Resource == resource
	})
}

// The client errors of a search.
var (
	ErrNotFound  = errs.New(errs.NotFound, "not_found", "")
	ErrAmbiguous = errs.New(errs.FailedPrecondition, "ambiguous", "")
)

// namedOwners is how many of several matching customers a client error names.
const namedOwners = 10

func ambiguous(ids []ID) error {
	if len(ids) > namedOwners {
		return errs.New(errs.FailedPrecondition, "ambiguous/many", "", len(ids), ids[:namedOwners])
	}
	return errs.New(errs.FailedPrecondition, "ambiguous/several", "", len(ids), ids)
}

func ambiguousCrowd(key Key) error {
	return errs.New(errs.FailedPrecondition, "ambiguous/overflowed", "", maxOwners, key.Kind)
}
