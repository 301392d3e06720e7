package customer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"regulars/shared/customer"
)

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
		if found, err := service.Find(ctx, rules, phone("+1111111")); err != nil || found.ID != eve.ID {
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
				return c.Subscribe(customer.SubscriptionEdit{Resource: resource, Channel: customer.ChannelEmail, Contact: "ada@x.com"}, now)
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

// A key that was read before somebody changed it may say already what it should
// say after the edit. It is written all the same, or the old roles stay for good.
func TestKeyReadTooEarly(t *testing.T) {
	subscribe := func(c *customer.Customer, now time.Time) error {
		return c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com"}, now)
	}
	unsubscribe := func(c *customer.Customer, _ time.Time) error {
		for i := range c.Subscriptions {
			c.Subscriptions[i].Deleted = true
		}
		return nil
	}
	inTime(t, func(t *testing.T, _ context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		world.once("read customer "+ada.ID.Decimal(), func() { must(t, service, updates(id(ada.ID), subscribe)) })
		must(t, service, updates(email("ada@x.com"), unsubscribe))
		if err := world.problems(fields); err != nil {
			t.Error(err)
		}
	})
}
