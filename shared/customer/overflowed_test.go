package customer_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A key turns overflowed between read and write: the write goes through, and nobody
// is rejected because of it. A search by it is ambiguous from then on.
func TestKeyOverflows(t *testing.T) {
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
			clientErr, _ := errs.AsClient(err)
			if !errors.Is(err, customer.ErrAmbiguous) || clientErr.Reason != "overflowed" {
				t.Errorf("Apply by a crowded key: error = %v, want %v that says so", err, customer.ErrAmbiguous)
			}
		}
		if got := must(t, service, imports(email("more@x.com"), both(setEmail("more@x.com"), setPhones(switchboard)))); !got.Created {
			t.Errorf("one more with the switchboard = %+v, want a customer", got)
		}
	})
}

// A search by words, one of which is overflowed, is decided on the customers.
func TestOverflowedWord(t *testing.T) {
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

		found, err := service.Find(ctx, rules, words("ski", "tea"))
		if err != nil || found.ID != both1.ID {
			t.Errorf("found %d, error %v, want %d", found.ID, err, both1.ID)
		}
		if _, err := service.Find(ctx, rules, words("ski")); !errors.Is(err, customer.ErrAmbiguous) {
			t.Errorf("a crowded word alone: error = %v, want %v", err, customer.ErrAmbiguous)
		}
		if _, err := service.Find(ctx, rules, words("tea")); !errors.Is(err, customer.ErrAmbiguous) {
			t.Errorf("a word of two: error = %v, want %v", err, customer.ErrAmbiguous)
		}
		must(t, service, updates(id(both1.ID), tags("tea")))
		if _, err := service.Find(ctx, rules, words("ski", "tea")); !errors.Is(err, customer.ErrNotFound) {
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
				world.customers = maps.Clone(left)
				world.keys[key] = customer.KeyRecord{Owners: owners(4096, customer.Primary), Rev: customer.Rev{Commit: "a"}}

				short, cancel := context.WithTimeout(ctx, 5*time.Second)
				defer cancel()
				got, err := service.Apply(short, imports(email("ada@x.com"), setEmail("ada@x.com")))
				if _, busy := errs.AsUnavailable(err); !busy || len(world.commits) != 0 {
					t.Errorf("Apply = %+v, error %v, want busy", got, err)
				}
				_, err = service.Find(ctx, rules, email("ada@x.com"))
				if _, busy := errs.AsUnavailable(err); !busy {
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
				if found, err := service.Find(again, rules, email("ada@x.com")); err != nil || found.ID != ada.ID {
					t.Errorf("Find = %+v, error %v, want the customer that is there by now", found, err)
				}
			})
		})
	}
}
