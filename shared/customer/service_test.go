package customer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// by finds by any of the keys, wherever customers hold them.
func by(keys ...customer.Key) customer.Search {
	var s customer.Search
	for _, key := range keys {
		s.Any = append(s.Any, customer.Lookup{Key: key, Roles: customer.Anywhere | customer.InCustom})
	}
	return s
}

func email(address string) customer.Search { return by(customer.EmailKey(address)) }
func phone(number string) customer.Search  { return by(customer.PhoneKey(number)) }
func id(id customer.ID) customer.Search    { return customer.Search{ID: id} }

func setEmail(address string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.SetEmail(address); return nil }
}

func setPhones(numbers ...string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.SetPhones(numbers); return nil }
}

func setName(name string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.FirstName = name; return nil }
}

func both(edits ...customer.Edit) customer.Edit {
	return func(c *customer.Customer, now time.Time) error {
		for _, edit := range edits {
			if err := edit(c, now); err != nil {
				return err
			}
		}
		return nil
	}
}

func imports(search customer.Search, edit customer.Edit) customer.Request {
	return customer.Request{Tenant: tenant, Fields: fields, Search: search, Create: true, Edit: edit, Plain: true}
}

func updates(search customer.Search, edit customer.Edit) customer.Request {
	return customer.Request{Tenant: tenant, Fields: fields, Search: search, Edit: edit, Plain: true}
}

func deletes(search customer.Search) customer.Request {
	return customer.Request{Tenant: tenant, Fields: fields, Search: search, Edit: customer.Delete}
}

func keyed(r customer.Request, key, meaning string) customer.Request {
	r.Keyed = &customer.Keyed{Key: key, Meaning: meaning}
	return r
}

// must applies a request that has to succeed.
func must(t *testing.T, service *customer.Service, r customer.Request) customer.Result {
	t.Helper()
	result, err := service.Apply(t.Context(), r)
	if err != nil {
		t.Fatalf("Apply error = %v", err)
	}
	return result
}

func TestImport(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("Ada@x.com"), setPhones("+1111111"))))
		if want := (customer.Result{ID: ada.ID, Created: true, Changed: true}); ada != want {
			t.Errorf("first import = %+v, want %+v", ada, want)
		}
		commits := len(world.commits)
		if got, want := must(t, service, imports(email("ADA@x.com"), setEmail("Ada@x.com"))), (customer.Result{ID: ada.ID}); got != want {
			t.Errorf("an import that changes nothing = %+v, want %+v", got, want)
		}
		if len(world.commits) != commits {
			t.Errorf("an import that changes nothing wrote %+v", world.commits[commits:])
		}
		if got, want := must(t, service, imports(phone("+1111111"), setName("Ada"))), (customer.Result{ID: ada.ID, Changed: true}); got != want {
			t.Errorf("an import by phone = %+v, want %+v", got, want)
		}
		if last := world.commits[commits]; len(last.Keys) != 0 || len(last.CheckKeys) != 0 || !last.Plain {
			t.Errorf("an import that changes no key wrote %+v, want the customer alone", last)
		}
		found, err := service.Find(ctx, tenant, fields, phone("+1111111"))
		if err != nil || found.FirstName != "Ada" || !slices.Equal(found.Emails, []string{"Ada@x.com"}) {
			t.Errorf("found %+v, error %v, want Ada", found, err)
		}
		if !found.Changed.Equal(world.clock) || found.Changed.Location() != time.UTC {
			t.Errorf("Changed = %v, want %v in UTC", found.Changed, world.clock)
		}
	})
}

func TestNobodyMatches(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		gone := must(t, service, imports(email("gone@x.com"), setEmail("gone@x.com")))
		must(t, service, deletes(id(gone.ID)))
		commits := len(world.commits)
		for name, search := range map[string]customer.Search{
			"an unknown e-mail":             email("eve@x.com"),
			"the e-mail of a deleted one":   email("gone@x.com"),
			"the id of a deleted one":       id(gone.ID),
			"an unknown id":                 id(4096),
			"several keys":                  by(customer.EmailKey("eve@x.com"), customer.PhoneKey("+1111111")),
			"several words":                 {All: []customer.Lookup{{Key: fieldKey(2, "a"), Roles: customer.InCustom}, {Key: fieldKey(2, "b"), Roles: customer.InCustom}}},
			"the e-mail of one, elsewhere.": {Any: []customer.Lookup{{Key: customer.EmailKey("gone@x.com"), Roles: customer.InSubscription}}},
		} {
			if _, err := service.Apply(ctx, updates(search, setName("Eve"))); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("update by %s: error = %v, want %v", name, err, customer.ErrNotFound)
			}
			if _, err := service.Apply(ctx, deletes(search)); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("delete by %s: error = %v, want %v", name, err, customer.ErrNotFound)
			}
			if _, err := service.Find(ctx, tenant, fields, search); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("find by %s: error = %v, want %v", name, err, customer.ErrNotFound)
			}
		}
		if len(world.commits) != commits {
			t.Errorf("%d commits for nobody", len(world.commits)-commits)
		}
	})
}

func TestTakenEmail(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), setPhones("+2222222"))))
		commits := len(world.commits)
		for name, r := range map[string]customer.Request{
			"update": updates(id(eve.ID), both(setEmail("ADA@x.com"), setPhones("+3333333"))),
			"create": imports(phone("+4444444"), both(setEmail("ada@x.com"), setPhones("+4444444"))),
		} {
			_, err := service.Apply(ctx, r)
			refusal, ok := outcome.AsRefusal(err)
			if !errors.Is(err, customer.ErrTaken) || !ok || !strings.Contains(refusal.Detail, ada.ID.Hex()) {
				t.Errorf("%s: error = %v, want %v that names %s", name, err, customer.ErrTaken, ada.ID.Hex())
			}
		}
		if len(world.commits) != commits {
			t.Error("a refused request wrote")
		}
		// As a further role it is nobody's alone.
		must(t, service, updates(id(eve.ID), func(c *customer.Customer, now time.Time) error {
			c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com"}, now)
			return nil
		}))
		_, err := service.Find(ctx, tenant, fields, email("ada@x.com"))
		refusal, _ := outcome.AsRefusal(err)
		if !errors.Is(err, customer.ErrAmbiguous) || !strings.Contains(refusal.Detail, ada.ID.Hex()+", "+eve.ID.Hex()) {
			t.Errorf("find error = %v, want %v that names both", err, customer.ErrAmbiguous)
		}
	})
}

// What the edit refuses is refused, once, and nothing is written.
func TestEditRefuses(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		errEdit := outcome.Refuse(outcome.Invalid, "no", "data", "No.")
		calls := 0
		result, err := service.Apply(ctx, imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
			calls++
			c.SetEmail("ada@x.com")
			return errEdit
		}))
		if !errors.Is(err, errEdit) || result != (customer.Result{}) || calls != 1 || len(world.commits) != 0 {
			t.Errorf("result %+v, error %v, %d calls, %d commits, want the refusal", result, err, calls, len(world.commits))
		}
	})
}

// A key that was released and taken again between read and write is not taken
// for the one that was read, and its new owner not for the old one.
func TestKeyReleasedAndTakenAgain(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		var eve customer.Result
		world.once("read customer "+ada.ID.Decimal(), func() {
			must(t, service, updates(id(ada.ID), setEmail("countess@x.com")))
			eve = must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		})
		got, err := service.Apply(ctx, imports(email("ada@x.com"), setName("Eve")))
		if want := (customer.Result{ID: eve.ID, Changed: true}); err != nil || got != want {
			t.Errorf("Apply = %+v, error %v, want %+v", got, err, want)
		}
		if name := world.customers[ada.ID].FirstName; name != "" {
			t.Errorf("the customer who gave the value away is called %q now", name)
		}
	})
}

func TestCustomerGaveTheValueAway(t *testing.T) {
	moments := map[string]func(ada customer.ID) string{
		"between key and customer":    func(ada customer.ID) string { return "read customer " + ada.Decimal() },
		"between customer and commit": func(customer.ID) string { return "commit" },
	}
	for name, moment := range moments {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				ada := must(t, service, imports(phone("+1111111"), setPhones("+1111111")))
				world.once(moment(ada.ID), func() { must(t, service, updates(id(ada.ID), setPhones("+2222222"))) })
				got, err := service.Apply(ctx, imports(phone("+1111111"), both(setPhones("+1111111"), setName("Eve"))))
				if err != nil || !got.Created || got.ID == ada.ID {
					t.Errorf("Apply = %+v, error %v, want another customer than %d", got, err, ada.ID)
				}
				if phones := world.customers[ada.ID].Phones; !slices.Equal(phones, []string{"+2222222"}) {
					t.Errorf("phones of the other = %v, want what was written meanwhile", phones)
				}
			})
		})
	}
}

// A value that was handed on between key and customer leads to who has it now.
func TestValueHandedOn(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(phone("+1111111"), setPhones("+1111111")))
		eve := must(t, service, imports(email("eve@x.com"), setEmail("eve@x.com")))
		world.once("read customer "+ada.ID.Decimal(), func() {
			must(t, service, updates(id(eve.ID), setPhones("+1111111")))
			must(t, service, updates(id(ada.ID), setPhones("+2222222")))
		})
		if found, err := service.Find(ctx, tenant, fields, phone("+1111111")); err != nil || found.ID != eve.ID {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve.ID)
		}
	})
}

// A foreign write between load and commit is neither lost nor reported.
func TestForeignWriteBetweenLoadAndCommit(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		world.once("commit", func() { must(t, service, updates(id(ada.ID), setPhones("+1111111"))) })
		got, err := service.Apply(ctx, updates(email("ada@x.com"), setName("Ada")))
		if want := (customer.Result{ID: ada.ID, Changed: true}); err != nil || got != want {
			t.Errorf("Apply = %+v, error %v, want %+v", got, err, want)
		}
		if c := world.customers[ada.ID]; c.FirstName != "Ada" || len(c.Phones) != 1 {
			t.Errorf("customer = %+v, want both writes", c)
		}
	})
}

func TestCustomerDeletedMeanwhile(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		world.once("commit", func() { must(t, service, deletes(id(ada.ID))) })
		if got, err := service.Apply(ctx, updates(email("ada@x.com"), setName("Ada"))); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("update = %+v, error %v, want %v", got, err, customer.ErrNotFound)
		}
		eve := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		if !eve.Created || eve.ID == ada.ID {
			t.Errorf("import after the deletion = %+v, want a new customer", eve)
		}
		world.once("commit", func() { must(t, service, deletes(id(eve.ID))) })
		again, err := service.Apply(ctx, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setName("Ada"))))
		if err != nil || !again.Created || again.ID == eve.ID {
			t.Errorf("import = %+v, error %v, want a new customer", again, err)
		}
	})
}

// Another creates the customer first: then it is updated, and there is one.
func TestTwoCreateAtOnce(t *testing.T) {
	for _, moment := range []string{"commit", "read key ada@x.com"} {
		t.Run(moment, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				var first customer.Result
				world.once(moment, func() { first = must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com"))) })
				got, err := service.Apply(ctx, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setName("Ada"))))
				if want := (customer.Result{ID: first.ID, Changed: true}); err != nil || got != want || len(world.customers) != 1 {
					t.Errorf("Apply = %+v, error %v, %d customers, want %+v", got, err, len(world.customers), want)
				}
			})
		})
	}
}

// Nobody matched, and meanwhile somebody does by a key that the commit does not
// write: there must not be two.
func TestNobodyMatchedRestsOnEveryKey(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		var first customer.Result
		world.once("commit", func() { first = must(t, service, imports(phone("+1111111"), setPhones("+1111111"))) })
		search := by(customer.EmailKey("ada@x.com"), customer.PhoneKey("+1111111"))
		got, err := service.Apply(ctx, imports(search, setEmail("ada@x.com")))
		if want := (customer.Result{ID: first.ID, Changed: true}); err != nil || got != want {
			t.Errorf("Apply = %+v, error %v, want %+v", got, err, want)
		}
	})
}

// The same where a candidate was looked at and did not match: it may since.
func TestNobodyMatchedRestsOnTheCandidates(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		subscribe := func(resource int64) customer.Edit {
			return func(c *customer.Customer, now time.Time) error {
				c.Subscribe(customer.SubscriptionEdit{Resource: resource, Channel: customer.ChannelEmail, Contact: "ada@x.com"}, now)
				return nil
			}
		}
		search := customer.Search{Any: []customer.Lookup{{Key: customer.EmailKey("ada@x.com"), Roles: customer.InSubscription}}}
		ada := must(t, service, imports(search, subscribe(1)))
		search.Resource = 2
		world.once("commit", func() { must(t, service, updates(id(ada.ID), subscribe(2))) })
		got, err := service.Apply(ctx, imports(search, both(subscribe(2), setName("Ada"))))
		if want := (customer.Result{ID: ada.ID, Changed: true}); err != nil || got != want {
			t.Errorf("Apply = %+v, error %v, want %+v", got, err, want)
		}
	})
}

func TestEmailRace(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(phone("+1111111"), setPhones("+1111111")))
		eve := must(t, service, imports(phone("+2222222"), setPhones("+2222222")))
		world.once("commit", func() { must(t, service, updates(id(eve.ID), setEmail("queen@x.com"))) })
		if got, err := service.Apply(ctx, updates(id(ada.ID), setEmail("Queen@x.com"))); !errors.Is(err, customer.ErrTaken) {
			t.Errorf("Apply = %+v, error %v, want %v", got, err, customer.ErrTaken)
		}
		// And the other way round: it was taken, and no longer is.
		world.once("read key lady@x.com", func() { must(t, service, updates(id(eve.ID), setEmail("eve@x.com"))) })
		if _, err := service.Apply(ctx, updates(id(ada.ID), setEmail("lady@x.com"))); err != nil {
			t.Errorf("Apply error = %v, want none", err)
		}
	})
}

// A key turns crowded between read and write: the write goes through, and nobody
// is refused because of it. A search by it is ambiguous from then on.
func TestKeyTurnsCrowded(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		const switchboard = "+8888888"
		ada := must(t, service, imports(phone(switchboard), setPhones(switchboard)))
		world.once("commit", func() {
			for i := range 100 {
				address := fmt.Sprintf("clerk%d@x.com", i)
				must(t, service, imports(email(address), both(setEmail(address), setPhones(switchboard))))
			}
		})
		if got, err := service.Apply(ctx, updates(id(ada.ID), setPhones("+1111111"))); err != nil || !got.Changed {
			t.Errorf("Apply = %+v, error %v, want the phone let go", got, err)
		}
		for _, create := range []bool{true, false} {
			r := imports(phone(switchboard), setPhones(switchboard))
			r.Create = create
			_, err := service.Apply(ctx, r)
			refusal, _ := outcome.AsRefusal(err)
			if !errors.Is(err, customer.ErrAmbiguous) || !strings.Contains(refusal.Detail, "crowded") {
				t.Errorf("Apply by a crowded key: error = %v, want %v that says so", err, customer.ErrAmbiguous)
			}
		}
		if got := must(t, service, imports(email("more@x.com"), both(setEmail("more@x.com"), setPhones(switchboard)))); !got.Created {
			t.Errorf("one more with the switchboard = %+v, want a customer", got)
		}
	})
}

// A search by words, one of which is crowded, is decided on the customers.
func TestCrowdedWord(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		tags := func(words ...any) customer.Edit {
			return func(c *customer.Customer, _ time.Time) error { c.SetCustom("interests", words); return nil }
		}
		words := func(words ...string) customer.Search {
			var s customer.Search
			for _, word := range words {
				s.All = append(s.All, customer.Lookup{Key: fieldKey(2, word), Roles: customer.InCustom})
			}
			return s
		}
		for i := range 101 {
			address := fmt.Sprintf("skier%d@x.com", i)
			must(t, service, imports(email(address), both(setEmail(address), tags("ski"))))
		}
		teaOnly := must(t, service, imports(email("tea@x.com"), both(setEmail("tea@x.com"), tags("tea"))))
		both1 := must(t, service, imports(email("both@x.com"), both(setEmail("both@x.com"), tags("tea", "ski"))))

		found, err := service.Find(ctx, tenant, fields, words("ski", "tea"))
		if err != nil || found.ID != both1.ID {
			t.Errorf("found %d, error %v, want %d", found.ID, err, both1.ID)
		}
		if _, err := service.Find(ctx, tenant, fields, words("ski")); !errors.Is(err, customer.ErrAmbiguous) {
			t.Errorf("a crowded word alone: error = %v, want %v", err, customer.ErrAmbiguous)
		}
		if _, err := service.Find(ctx, tenant, fields, words("tea")); !errors.Is(err, customer.ErrAmbiguous) {
			t.Errorf("a word of two: error = %v, want %v", err, customer.ErrAmbiguous)
		}
		must(t, service, updates(id(both1.ID), tags("tea")))
		if _, err := service.Find(ctx, tenant, fields, words("ski", "tea")); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("words of nobody: error = %v, want %v", err, customer.ErrNotFound)
		}
		// Nobody has both; while one is made for them, one gets both.
		world.once("commit", func() { must(t, service, updates(id(teaOnly.ID), tags("tea", "ski"))) })
		got, err := service.Apply(ctx, imports(words("ski", "tea"), both(tags("ski", "tea"), setName("Eve"))))
		if want := (customer.Result{ID: teaOnly.ID, Changed: true}); err != nil || got != want {
			t.Errorf("Apply = %+v, error %v, want %+v", got, err, want)
		}
	})
}

// An owner whose item is missing, or a tombstone, means load again: never "not
// found", and never another customer.
func TestOwnerIsMissing(t *testing.T) {
	for name, left := range map[string]map[customer.ID]customer.Record{
		"missing":   {},
		"tombstone": {4096: {Customer: customer.Customer{ID: 4096, Deleted: true}, Rev: customer.Rev{Commit: "x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				ada := customer.Customer{ID: 4096, Emails: []string{"ada@x.com"}}
				key := customer.EmailKey("ada@x.com")
				world.customers = left
				world.keys[key] = customer.KeyRecord{Owners: owners(4096, customer.First), Rev: customer.Rev{Commit: "a"}}

				short, cancel := context.WithTimeout(ctx, 5*time.Second)
				defer cancel()
				got, err := service.Apply(short, imports(email("ada@x.com"), setEmail("ada@x.com")))
				if _, busy := outcome.AsBusy(err); !busy || len(world.commits) != 0 {
					t.Errorf("Apply = %+v, error %v, want busy", got, err)
				}
				_, err = service.Find(ctx, tenant, fields, email("ada@x.com"))
				if _, busy := outcome.AsBusy(err); !busy {
					t.Errorf("Find error = %v, want busy", err)
				}
				reads := 0
				world.others = func(moment string) {
					if strings.HasPrefix(moment, "read key") {
						if reads++; reads == 3 {
							world.customers[ada.ID] = customer.Record{Customer: ada, Rev: customer.Rev{Commit: "a"}}
						}
					}
				}
				again, cancel := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
				defer cancel()
				if found, err := service.Find(again, tenant, fields, email("ada@x.com")); err != nil || found.ID != ada.ID {
					t.Errorf("Find = %+v, error %v, want the customer that is there by now", found, err)
				}
			})
		})
	}
}

// A value that moved from one customer to another between the reads of two keys
// must not look like two owners.
func TestAmbiguityThatNeverWas(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setPhones("+1111111"))))
		eve := must(t, service, imports(email("eve@x.com"), setEmail("eve@x.com")))
		move := func() {
			must(t, service, updates(id(ada.ID), setEmail("countess@x.com")))
			must(t, service, updates(id(ada.ID), setPhones()))
			must(t, service, updates(id(eve.ID), setPhones("+1111111")))
		}
		world.once("read key +1111111", move) // after the e-mail was read, which was Ada's
		search := by(customer.EmailKey("ada@x.com"), customer.PhoneKey("+1111111"))
		found, err := service.Find(ctx, tenant, fields, search)
		if err != nil || found.ID != eve.ID {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve.ID)
		}
	})
}

// The same where the customers were read at several moments.
func TestAmbiguityOnAResourceThatNeverWas(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		subscribe := func(resource int64) customer.Edit {
			return func(c *customer.Customer, now time.Time) error {
				c.Subscriptions = nil
				c.Subscribe(customer.SubscriptionEdit{Resource: resource, Channel: customer.ChannelSMS, Contact: "+1111111"}, now)
				return nil
			}
		}
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), subscribe(1))))
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), subscribe(2))))
		world.once("read customer "+eve.ID.Decimal(), func() { // after Ada was read
			must(t, service, updates(id(ada.ID), subscribe(2)))
			must(t, service, updates(id(eve.ID), subscribe(1)))
		})
		search := phone("+1111111")
		search.Resource = 1
		found, err := service.Find(ctx, tenant, fields, search)
		if err != nil || found.ID != eve.ID {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve.ID)
		}
	})
}

// The same the other way round: a customer who moved from one key to the other
// between the two reads was there all the time.
func TestNotFoundThatNeverWas(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(phone("+1111111"), setPhones("+1111111")))
		move := func() {
			must(t, service, updates(id(ada.ID), both(setEmail("ada@x.com"), setPhones())))
		}
		search := by(customer.EmailKey("ada@x.com"), customer.PhoneKey("+1111111"))
		for name, ask := range map[string]func() (customer.ID, error){
			"find": func() (customer.ID, error) {
				found, err := service.Find(ctx, tenant, fields, search)
				return found.ID, err
			},
			"update": func() (customer.ID, error) {
				result, err := service.Apply(ctx, updates(search, setName("Ada")))
				return result.ID, err
			},
			"import": func() (customer.ID, error) {
				result, err := service.Apply(ctx, imports(search, setName("Ada")))
				return result.ID, err
			},
		} {
			must(t, service, updates(id(ada.ID), func(c *customer.Customer, _ time.Time) error {
				c.Emails, c.Phones = nil, []string{"+1111111"}
				return nil
			}))
			world.once("read key +1111111", move) // after the e-mail was read, which was nobody's
			if got, err := ask(); err != nil || got != ada.ID {
				t.Errorf("%s: customer %d, error %v, want %d", name, got, err, ada.ID)
			}
		}
	})
}

// The same with a subscription that is handed on: one of the two had it at every
// moment.
func TestNotFoundThatNeverWasOnAResource(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		subscribe := func(resource int64) customer.Edit {
			return func(c *customer.Customer, now time.Time) error {
				c.Subscriptions = nil
				c.Subscribe(customer.SubscriptionEdit{Resource: resource, Channel: customer.ChannelSMS, Contact: "+1111111"}, now)
				return nil
			}
		}
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), subscribe(2))))
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), subscribe(1))))
		world.once("read customer "+eve.ID.Decimal(), func() { // after Ada was read
			must(t, service, updates(id(ada.ID), subscribe(1)))
			must(t, service, updates(id(eve.ID), subscribe(2)))
		})
		search := phone("+1111111")
		search.Resource = 1
		found, err := service.Find(ctx, tenant, fields, search)
		if err != nil || found.ID != ada.ID {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, ada.ID)
		}
	})
}

// An id that is drawn and exists already is drawn anew, and nobody is overwritten.
func TestDrawnIDExists(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, _ *customer.Service) {
		service := customer.NewService(world, func() time.Time { return noon }) // all ids of one millisecond
		for random := uint64(0); random < 1<<12; random += 2 {
			there := customer.NewID(noon, random)
			world.customers[there] = customer.Record{Customer: customer.Customer{ID: there}, Rev: customer.Rev{Commit: "there"}}
		}
		for i := range 20 {
			address := fmt.Sprintf("new%d@x.com", i)
			if got := must(t, service, imports(email(address), setEmail(address))); !got.Created || got.ID&1 == 0 {
				t.Errorf("Apply = %+v, want a customer of an id of its own", got)
			}
		}
		if n := len(world.customers); n != 1<<11+20 {
			t.Errorf("%d customers, want %d", n, 1<<11+20)
		}
	})
}

// Contention without end is busy, in time, and never a refusal.
func TestContentionWithoutEnd(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		n := 0
		world.others = func(moment string) {
			if moment == "commit" {
				n++
				must(t, service, updates(id(ada.ID), setName(fmt.Sprint("name ", n))))
			}
		}
		began := time.Now()
		_, err := service.Apply(ctx, updates(email("ada@x.com"), setPhones("+1111111")))
		if _, busy := outcome.AsBusy(err); !busy {
			t.Errorf("Apply error = %v, want busy", err)
		}
		if took := time.Since(began); took > 23*time.Second || n < 20 {
			t.Errorf("gave up after %v and %d attempts", took, n)
		}
	})
}

func TestIdempotencyKey(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		create := keyed(imports(email("ada@x.com"), setEmail("ada@x.com")), "k1", "import ada")
		ada := must(t, service, create)
		repeated := ada
		repeated.Repeated = true
		commits := len(world.commits)

		again := func(name string, r customer.Request, want customer.Result) {
			t.Helper()
			if got, err := service.Apply(ctx, r); err != nil || got != want {
				t.Errorf("%s: Apply = %+v, error %v, want %+v", name, got, err, want)
			}
			if len(world.commits) != commits {
				t.Errorf("%s: a repeated request wrote", name)
			}
		}
		again("nothing would change", create, repeated)
		other := keyed(imports(email("ada@x.com"), setName("Ada")), "k1", "another")
		for name, r := range map[string]customer.Request{
			"something would change":   other,
			"nothing would change":     keyed(imports(email("ada@x.com"), setEmail("ada@x.com")), "k1", "another"),
			"it would not be found":    keyed(updates(email("eve@x.com"), setName("Eve")), "k1", "another"),
			"another would be created": keyed(imports(email("eve@x.com"), setEmail("eve@x.com")), "k1", "another"),
		} {
			if got, err := service.Apply(ctx, r); !errors.Is(err, customer.ErrOtherMeaning) {
				t.Errorf("the key with another request, %s: Apply = %+v, error %v, want %v", name, got, err, customer.ErrOtherMeaning)
			}
		}
		must(t, service, updates(id(ada.ID), setEmail("countess@x.com")))
		commits = len(world.commits)
		again("another would be created", create, repeated)

		eve := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		commits = len(world.commits)
		again("another has the e-mail now", create, repeated)

		remove := keyed(deletes(id(ada.ID)), "k2", "delete ada")
		gone := must(t, service, remove)
		gone.Repeated = true
		commits = len(world.commits)
		again("it is gone", remove, gone)
		again("its customer is gone", create, repeated)

		move := keyed(updates(id(eve.ID), setEmail("lady@x.com")), "k3", "move eve")
		moved := must(t, service, move)
		moved.Repeated = true
		must(t, service, updates(id(eve.ID), setEmail("eve@x.com")))
		must(t, service, imports(email("lady@x.com"), setEmail("lady@x.com")))
		commits = len(world.commits)
		again("the e-mail is another's now", move, moved)
		if len(world.customers) != 3 {
			t.Errorf("%d customers, want 3", len(world.customers))
		}
	})
}

// A request that changes nothing is remembered alone; a refused one is not.
func TestWhatIsRemembered(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		nothing := keyed(updates(id(ada.ID), setEmail("ada@x.com")), "k", "nothing")
		commits := len(world.commits)
		if got, want := must(t, service, nothing), (customer.Result{ID: ada.ID}); got != want {
			t.Errorf("Apply = %+v, want %+v", got, want)
		}
		if n := len(world.commits) - commits; n != 1 || world.commits[commits].Changes() || len(world.commits[commits].Keys) != 0 {
			t.Errorf("%d commits, want one of the request alone", n)
		}
		must(t, service, updates(id(ada.ID), setEmail("countess@x.com")))
		if got, want := must(t, service, nothing), (customer.Result{ID: ada.ID, Repeated: true}); got != want {
			t.Errorf("Apply again = %+v, want %+v", got, want)
		}

		refused := keyed(updates(email("eve@x.com"), setName("Eve")), "r", "refused")
		if _, err := service.Apply(ctx, refused); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("Apply error = %v, want %v", err, customer.ErrNotFound)
		}
		must(t, service, imports(email("eve@x.com"), setEmail("eve@x.com")))
		if got := must(t, service, refused); got.Repeated || !got.Changed {
			t.Errorf("Apply = %+v, want it carried out now", got)
		}
	})
}

// The same request sent twice at once happens once, whenever the second comes.
func TestSameRequestTwiceAtOnce(t *testing.T) {
	for _, moment := range []string{"read key ada@x.com", "read customer", "commit", "read request"} {
		t.Run(moment, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				visits := func(c *customer.Customer, _ time.Time) error {
					c.SetEmail("ada@x.com")
					n, _ := c.Custom["visits"].(string)
					c.SetCustom("visits", n+"I")
					return nil
				}
				r := keyed(imports(email("ada@x.com"), visits), "k", "visit")
				if moment == "read customer" {
					moment += " " + must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com"))).ID.Decimal()
				}
				var first customer.Result
				world.once(moment, func() { first = must(t, service, r) })
				got, err := service.Apply(ctx, r)
				world.others = nil
				if first.ID == 0 { // the moment never came
					first = got
					got, err = service.Apply(ctx, r)
				}
				first.Repeated = true
				if err != nil || got != first {
					t.Errorf("Apply = %+v, error %v, want %+v", got, err, first)
				}
				if visits := world.customers[first.ID].Custom["visits"]; visits != "I" {
					t.Errorf("visits = %v, want one", visits)
				}
			})
		})
	}
}

func TestTooManyKeys(t *testing.T) {
	phones := func(n int) customer.Edit {
		return func(c *customer.Customer, _ time.Time) error {
			c.Phones = nil
			for i := range n {
				c.Phones = append(c.Phones, fmt.Sprintf("+1%07d", i))
			}
			return nil
		}
	}
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(phone("+1111111"), phones(90)))
		if _, err := service.Apply(ctx, updates(id(ada.ID), phones(91))); !strings.Contains(fmt.Sprint(err), "too_many_keys") {
			t.Errorf("91 phones: error = %v, want too_many_keys", err)
		}
		other := func(c *customer.Customer, _ time.Time) error {
			for i := range c.Phones {
				c.Phones[i] = fmt.Sprintf("+2%07d", i)
			}
			return nil
		}
		if _, err := service.Apply(ctx, updates(id(ada.ID), other)); !strings.Contains(fmt.Sprint(err), "too_many_changes") {
			t.Errorf("90 other phones: error = %v, want too_many_changes", err)
		}
		if n := len(world.customers[ada.ID].Phones); n != 90 {
			t.Errorf("%d phones after refusals, want 90", n)
		}
		must(t, service, updates(id(ada.ID), phones(40)))
		must(t, service, updates(id(ada.ID), phones(90)))
		must(t, service, deletes(id(ada.ID)))
	})
}

// A field that is declared later may give a customer more keys than a transaction
// takes. It can be deleted all the same.
func TestDeleteWithManyKeys(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		words := make([]any, 150)
		for i := range words {
			words[i] = fmt.Sprint("word ", i)
		}
		before := imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
			c.SetEmail("ada@x.com")
			c.SetCustom("interests", words)
			return nil
		})
		before.Fields = fields[:1]
		ada := must(t, service, before)
		if changed, err := service.KeepField(ctx, tenant, fields[1], ada.ID); err != nil || !changed {
			t.Fatalf("KeepField = %t, error %v, want the keys kept", changed, err)
		}
		if err := world.problems(fields); err != nil {
			t.Fatal(err)
		}
		if _, err := service.Apply(ctx, deletes(email("ada@x.com"))); err != nil {
			t.Errorf("delete error = %v, want none", err)
		}
	})
}

// longList makes a customer that came to hold too many keys for one transaction.
func longList(t *testing.T, service *customer.Service, v any) customer.ID {
	t.Helper()
	before := imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
		c.SetEmail("ada@x.com")
		c.SetCustom("interests", v)
		return nil
	})
	before.Fields = fields[:1]
	ada := must(t, service, before)
	if _, err := service.KeepField(t.Context(), tenant, fields[1], ada.ID); err != nil {
		t.Fatal(err)
	}
	return ada.ID
}

func manyWords(n int) []any {
	words := make([]any, n)
	for i := range words {
		words[i] = fmt.Sprint("word ", i)
	}
	return words
}

// The same where all the words stand in one text.
func TestDeleteWithManyWordsInOneText(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		text := strings.Trim(strings.ReplaceAll(fmt.Sprintf("%q", manyWords(150)), `" "`, ","), `["]`)
		longList(t, service, text)
		if _, err := service.Apply(ctx, deletes(email("ada@x.com"))); err != nil {
			t.Errorf("delete error = %v, want none", err)
		}
	})
}

// The same where the words made room for phones since. Whatever comes of it, it
// comes to an end.
func TestDeleteWithManyPhones(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := longList(t, service, manyWords(93))
		for n := 0; n < 93; n += 31 {
			must(t, service, updates(id(ada), func(c *customer.Customer, _ time.Time) error {
				c.SetCustom("interests", manyWords(93-n-31))
				for i := range 31 {
					c.Phones = append(c.Phones, fmt.Sprintf("+1%07d", n+i))
				}
				return nil
			}))
		}
		commits := 0
		world.others = func(moment string) {
			if moment == "commit" {
				if commits++; commits > 20 {
					t.Fatal("the deletion writes without end")
				}
			}
		}
		if _, err := service.Apply(ctx, deletes(id(ada))); err != nil {
			t.Errorf("delete error = %v, want none", err)
		}
	})
}

// A deletion that was carried out before, or is refused, takes nothing away from
// who has the e-mail now.
func TestRepeatedDeleteTakesNothingAway(t *testing.T) {
	for name, meaning := range map[string]string{"the same request": "delete", "another request": "another"} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
				gone := must(t, service, keyed(deletes(email("ada@x.com")), "k", "delete"))
				ada := longList(t, service, manyWords(150))
				got, err := service.Apply(ctx, keyed(deletes(email("ada@x.com")), "k", meaning))
				if meaning == "delete" && (err != nil || !got.Repeated || got.ID != gone.ID) {
					t.Errorf("Apply = %+v, error %v, want the first result again", got, err)
				}
				if meaning != "delete" && !errors.Is(err, customer.ErrOtherMeaning) {
					t.Errorf("Apply error = %v, want %v", err, customer.ErrOtherMeaning)
				}
				if words, _ := world.customers[ada].Custom["interests"].([]any); len(words) != 150 {
					t.Errorf("%d words are left, want 150", len(words))
				}
			})
		})
	}
}

// While a field is being removed writers release its keys and make none.
func TestFieldBeingRemoved(t *testing.T) {
	removing := slices.Clone(fields)
	removing[0].State = customer.FieldRemoving
	crm := func(v any) customer.Edit {
		return func(c *customer.Customer, _ time.Time) error { c.SetCustom("CRM_ID", v); return nil }
	}
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), crm("7"))))
		r := updates(id(ada.ID), crm("8"))
		r.Fields = removing
		must(t, service, r)
		if len(world.keys) != 1 {
			t.Errorf("keys = %v, want that of the e-mail alone", world.keys)
		}
		r = updates(id(ada.ID), crm("7"))
		r.Fields = removing
		must(t, service, r)
		if len(world.keys) != 1 {
			t.Errorf("keys = %v, want that of the e-mail alone", world.keys)
		}
		must(t, service, updates(id(ada.ID), crm("9"))) // for the invariant: in use again
	})
}

func TestKeepAndDropField(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		crm := func(v any) customer.Edit {
			return func(c *customer.Customer, _ time.Time) error { c.SetCustom("CRM_ID", v); return nil }
		}
		r := imports(email("ada@x.com"), both(setEmail("ada@x.com"), crm("7")))
		r.Fields = nil // not declared yet
		ada := must(t, service, r)

		// While its key is made the value changes: the new one is kept, the old one not.
		world.once("commit", func() { must(t, service, updates(id(ada.ID), crm("8"))) })
		if _, err := service.KeepField(ctx, tenant, fields[0], ada.ID); err != nil {
			t.Fatalf("KeepField error = %v", err)
		}
		if diff := cmp.Diff(owners(int(ada.ID), customer.InCustom), world.keys[fieldKey(1, "8")].Owners); diff != "" || len(world.keys) != 2 {
			t.Errorf("keys = %v (-want +got):\n%s", world.keys, diff)
		}
		commits := len(world.commits)
		if changed, err := service.KeepField(ctx, tenant, fields[0], ada.ID); err != nil || changed || len(world.commits) != commits {
			t.Errorf("KeepField again = %t, error %v, want nothing written", changed, err)
		}

		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), crm("8"))))
		if changed, err := service.DropField(ctx, tenant, fields[0], eve.ID); err != nil || !changed {
			t.Errorf("DropField = %t, error %v, want the key dropped", changed, err)
		}
		if diff := cmp.Diff(owners(int(ada.ID), customer.InCustom), world.keys[fieldKey(1, "8")].Owners); diff != "" {
			t.Errorf("the other owner (-want +got):\n%s", diff)
		}
		must(t, service, deletes(id(eve.ID)))
		if _, err := service.KeepField(ctx, tenant, fields[0], eve.ID); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("KeepField of a deleted customer: error = %v, want %v", err, customer.ErrNotFound)
		}
		if _, err := service.DropField(ctx, tenant, fields[0], 4096); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("DropField of an unknown customer: error = %v, want %v", err, customer.ErrNotFound)
		}
	})
}
