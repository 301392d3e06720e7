package customer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// The pool is small, so that everybody wants the same values.
var (
	poolEmails = []string{"a@x.com", "A@x.com", "b@x.com", "c@x.com"}
	poolPhones = []string{"+1111111", "+2222222", switchboardPhone}
	poolWords  = []string{"ski", "tea", "art"}
	poolIDs    = []any{json.Number("7"), "7", "8"}
)

// switchboardPhone is held by so many that a few more crowd it.
const switchboardPhone = "+8888888"

var anyLookup = rapid.Custom(func(t *rapid.T) customer.Lookup {
	roles := rapid.SampledFrom([]customer.Roles{customer.Anywhere, customer.Profile, customer.InSubscription})
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return customer.Lookup{Key: customer.EmailKey(rapid.SampledFrom(poolEmails).Draw(t, "email")), Roles: roles.Draw(t, "roles")}
	case 1:
		return customer.Lookup{Key: customer.PhoneKey(rapid.SampledFrom(poolPhones).Draw(t, "phone")), Roles: roles.Draw(t, "roles")}
	case 2:
		return customer.Lookup{Key: fieldKey(1, rapid.SampledFrom([]string{"7", "8"}).Draw(t, "CRM_ID")), Roles: customer.InCustom}
	}
	return customer.Lookup{Key: fieldKey(3, rapid.SampledFrom([]string{"7", "8"}).Draw(t, "CRM_ID")), Roles: customer.InCustom}
})

var anySearch = rapid.Custom(func(t *rapid.T) customer.Search {
	if rapid.IntRange(0, 4).Draw(t, "by words") == 0 {
		var s customer.Search
		for _, word := range rapid.SliceOfNDistinct(rapid.SampledFrom(poolWords), 1, 2, rapid.ID).Draw(t, "words") {
			s.All = append(s.All, customer.Lookup{Key: fieldKey(2, word), Roles: customer.InCustom})
		}
		return s
	}
	return customer.Search{
		Any:      rapid.SliceOfN(anyLookup, 1, 2).Draw(t, "any"),
		Resource: rapid.SampledFrom([]int64{0, 0, 0, 1, 2}).Draw(t, "resource"),
	}
})

var errUnwanted = errs.New(errs.Invalid, "unwanted", "")

// anyEdit draws one to three steps of an edit.
var anyEdit = rapid.Custom(func(t *rapid.T) customer.Edit {
	emails, phones := rapid.SampledFrom(poolEmails), rapid.SampledFrom(poolPhones)
	step := rapid.Custom(func(t *rapid.T) customer.Edit {
		var set func(c *customer.Customer, now time.Time)
		switch kind := rapid.IntRange(0, 8).Draw(t, "step"); kind {
		case 0, 1:
			address := emails.Draw(t, "email")
			set = func(c *customer.Customer, _ time.Time) { c.SetEmail(address) }
		case 2:
			addresses := rapid.SliceOfN(emails, 0, 3).Draw(t, "emails") // as another dialect writes them
			set = func(c *customer.Customer, _ time.Time) { c.Emails = addresses }
		case 3:
			numbers := rapid.SliceOfN(phones, 0, 2).Draw(t, "phones")
			set = func(c *customer.Customer, _ time.Time) { c.SetPhones(numbers) }
		case 4, 5:
			e := customer.SubscriptionEdit{Resource: rapid.Int64Range(1, 2).Draw(t, "resource"), Channel: customer.ChannelEmail, Contact: emails.Draw(t, "email")}
			if kind == 5 {
				e.Channel, e.Contact = customer.ChannelSMS, phones.Draw(t, "phone")
			}
			e.Custom = map[string]any{"CRM_ID": rapid.SampledFrom(append(poolIDs, nil)).Draw(t, "CRM_ID")}
			set = func(c *customer.Customer, now time.Time) { c.Subscribe(e, now) }
		case 6:
			v := rapid.SampledFrom(append(poolIDs, nil)).Draw(t, "CRM_ID")
			set = func(c *customer.Customer, _ time.Time) { c.SetCustom("CRM_ID", v) }
		case 7:
			var words []any
			for _, word := range rapid.SliceOfN(rapid.SampledFrom(poolWords), 0, 3).Draw(t, "words") {
				words = append(words, word)
			}
			set = func(c *customer.Customer, _ time.Time) { c.SetCustom("interests", words) }
		case 8:
			set = func(c *customer.Customer, _ time.Time) {
				for i := range c.Subscriptions {
					c.Subscriptions[i].Deleted = true
				}
			}
		}
		return func(c *customer.Customer, now time.Time) error { set(c, now); return nil }
	})
	edits := rapid.SliceOfN(step, 1, 3).Draw(t, "steps")
	if rapid.IntRange(0, 19).Draw(t, "refuses") == 0 {
		edits = append(edits, func(*customer.Customer, time.Time) error { return errUnwanted })
	}
	return both(edits...)
})

// A operation is a request by somebody that may be about one of those there are.
type operation struct {
	customer.Request
	nth int // of the customers there are, by id; -1: by the search
}

var anyOperation = rapid.Custom(func(t *rapid.T) operation {
	w := operation{nth: -1}
	switch rapid.IntRange(0, 5).Draw(t, "operation") {
	case 0, 1, 2:
		w.Request = imports(anySearch.Draw(t, "search"), anyEdit.Draw(t, "edit"))
	case 3:
		w.Request = updates(anySearch.Draw(t, "search"), anyEdit.Draw(t, "edit"))
	case 4:
		w.Request = updates(customer.Search{}, anyEdit.Draw(t, "edit"))
		w.nth = rapid.IntRange(0, 8).Draw(t, "nth")
	case 5:
		w.Request = deletes(anySearch.Draw(t, "search"))
		if rapid.Bool().Draw(t, "by id") {
			w.nth, w.Search = rapid.IntRange(0, 8).Draw(t, "nth"), customer.Search{}
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "keyed") == 0 {
		w.Request = withKey(w.Request, rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(t, "key"), "m")
	}
	return w
})

func (w operation) request(world *table) customer.Request {
	if w.nth >= 0 {
		ids := slices.Sorted(maps.Keys(world.customers))
		w.Search.ID = customer.ID(4096)
		if i := len(ids) - 1 - w.nth; i >= 0 { // the latest first
			w.Search.ID = ids[i]
		}
	}
	return w.Request
}

// matching are those whom a search means, by looking at everybody; overflowed says
// that it cannot tell.
func (t *table) matching(s customer.Search) (ids []customer.ID, crowded bool) {
	for id, c := range t.customers {
		held := c.Keys(fields)
		holds := func(l customer.Lookup) bool {
			profile := held[l.Key]&l.Roles&^customer.InSubscription != 0
			return profile || held[l.Key]&l.Roles != 0 && (s.Resource == 0 || slices.ContainsFunc(c.Subscriptions, func(sub customer.Subscription) bool {
				sole := customer.Customer{Subscriptions: []customer.Subscription{sub}}
				return sub.Resource == s.Resource && sole.Keys(nil)[l.Key] != 0
			}))
		}
		lacks := func(l customer.Lookup) bool { return !holds(l) }
		if !c.Deleted && (id == s.ID || slices.ContainsFunc(s.Any, holds) || len(s.All) > 0 && !slices.ContainsFunc(s.All, lacks)) {
			ids = append(ids, id)
		}
	}
	isCrowded := func(l customer.Lookup) bool { return t.keys[l.Key].Overflowed }
	isUncrowded := func(l customer.Lookup) bool { return !isCrowded(l) }
	return ids, slices.ContainsFunc(s.Any, isCrowded) || len(s.All) > 0 && !slices.ContainsFunc(s.All, isUncrowded)
}

// Whoever wants whatever, and whoever comes between: for every customer and every
// value it holds, the key's owners name it in exactly the right roles, unless the
// key is overflowed, and nobody else; an e-mail has one first owner at most; what
// was rejected committed nothing; and undisturbed, the outcome is what the state
// before demands.
func TestKeysAndCustomersFitTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			world := newTable()
			service := ways[rapid.SampledFrom(slices.Sorted(maps.Keys(ways))).Draw(t, "way")](world)
			for i := range rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 98, 99}).Draw(t, "clerks") {
				address := fmt.Sprintf("clerk%d@x.com", i)
				if _, err := service.Apply(t.Context(), imports(email(address), both(setEmail(address), setPhones(switchboardPhone)))); err != nil {
					t.Fatal(err)
				}
			}
			t.Repeat(map[string]func(*rapid.T){
				"": func(t *rapid.T) {
					if err := world.problems(fields); err != nil {
						t.Fatal(err)
					}
				},
				"alone": func(t *rapid.T) {
					fulfil(t, world, service, anyOperation.Draw(t, "operation"), nil)
				},
				"disturbed": func(t *rapid.T) {
					fulfil(t, world, service, anyOperation.Draw(t, "operation"), rapid.MapOfN(rapid.IntRange(0, 7), anyOperation, 1, 3).Draw(t, "others by moment"))
				},
			})
		})
	})
}

// fulfil carries out a operation, and those of others at the moments of their numbers.
func fulfil(t *rapid.T, world *table, service *customer.Service, w operation, others map[int]operation) {
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
	defer cancel()
	moment, foreign := 0, 0
	world.others = func(string) {
		if other, ok := others[moment]; ok {
			before := len(world.commits)
			_, _ = service.Apply(ctx, other.request(world)) // whatever comes of it
			foreign += len(world.commits) - before
		}
		moment++
	}
	defer func() { world.others = nil }()

	request := w.request(world)
	customers, commits := maps.Clone(world.customers), len(world.commits)
	matching, crowded := world.matching(request.Search)
	result, err := service.Apply(ctx, request)
	_, rejected := errs.AsClient(err)

	own := len(world.commits) - commits - foreign
	switch {
	case err != nil && !rejected:
		t.Fatalf("Apply error = %v, want none or a refusal", err)
	case (rejected || result.Replayed || !result.Changed && request.IdempotencyKey == nil) && own != 0:
		t.Fatalf("%d commits of a request that ended with %+v, error %v", own, result, err)
	case own > 1:
		t.Fatalf("%d commits of one request", own)
	}
	if foreign > 0 || result.Replayed {
		return
	}
	checkResult(t, customers, matching, crowded, request, result, err)
}

// checkResult compares the outcome of an undisturbed request with those who
// matched before.
func checkResult(t *rapid.T, before map[customer.ID]customer.Record, matching []customer.ID, crowded bool, r customer.Request, result customer.Result, err error) {
	_, existed := before[result.ID]
	ambiguous := errors.Is(err, customer.ErrAmbiguous)
	switch {
	case ambiguous != (crowded || len(matching) > 1):
		t.Fatalf("error %v, want ambiguous %t: %d match, crowded %t", err, crowded || len(matching) > 1, len(matching), crowded)
	case ambiguous:
	case errors.Is(err, customer.ErrNotFound) != (len(matching) == 0 && !r.Create):
		t.Fatalf("error %v, and %d match", err, len(matching))
	case err != nil:
	case result.Created == (len(matching) == 1), result.Created == existed, !result.Created && result.ID != matching[0]:
		t.Fatalf("result %+v, and %v match", result, matching)
	}
}

// Requests that bear a key happen once each, in whatever order they are repeated
// and however they overtake each other.
func TestRequestsWithKeysHappenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newTable()
		service := customer.NewService(world, world.now)
		visit := func(visitor string) customer.Request {
			return withKey(imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
				c.SetEmail("ada@x.com")
				visits, _ := c.Custom["visits"].(string)
				c.SetCustom("visits", visits+visitor)
				return nil
			}), visitor, visitor)
		}
		depth := 0
		var others func(string)
		others = func(string) { // each visit is overtaken by the next two and by itself
			if depth++; depth < 4 {
				world.others = others
				for _, visitor := range "abc" {
					must(t, service, visit(string(visitor)))
				}
			}
			depth--
		}
		world.others = others
		for _, visitor := range "cab" {
			must(t, service, visit(string(visitor)))
		}
		for id, c := range world.customers {
			visits := []byte(c.Custom["visits"].(string))
			if slices.Sort(visits); string(visits) != "abc" || len(world.customers) != 1 {
				t.Errorf("visits of %d = %q, want each once", id, visits)
			}
		}
	})
}
