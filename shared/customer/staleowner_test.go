package customer_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"regulars/shared/customer"
)

func setCard(v any) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.SetCustom("CRM_ID", v); return nil }
}

// unknowing is a request of a writer who does not know the match fields yet.
func unknowing(r customer.Request) customer.Request {
	r.MatchFields = nil
	return r
}

// While a field is being declared, who knows it keys a value, and who does not
// takes it away. The key that is left over must lead nobody astray for good.
func TestStaleOwner(t *testing.T) {
	card := by(fieldKey(1, "7"))
	stories := map[string]func(t *testing.T, ctx context.Context, world *table, service *customer.Service, ada customer.ID){
		"nobody is found": func(t *testing.T, ctx context.Context, _ *table, service *customer.Service, _ customer.ID) {
			if _, err := service.Find(ctx, rules, card); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("Find error = %v, want %v", err, customer.ErrNotFound)
			}
		},
		"the value goes to another": func(t *testing.T, ctx context.Context, _ *table, service *customer.Service, ada customer.ID) {
			eve, err := service.Apply(ctx, imports(card, setCard("7")))
			if err != nil || !eve.Created || eve.ID == ada {
				t.Fatalf("Apply = %+v, error %v, want another customer", eve, err)
			}
			if found, err := service.Find(ctx, rules, card); err != nil || found.ID != eve.ID {
				t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve.ID)
			}
		},
		"one of two owners is meant": func(t *testing.T, ctx context.Context, world *table, service *customer.Service, ada customer.ID) {
			eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), setCard("7"))))
			if n := len(world.keys[fieldKey(1, "7")].Roles); n != 2 {
				t.Fatalf("the key names %d, want the one that is left over as well", n)
			}
			if found, err := service.Find(ctx, rules, card); err != nil || found.ID != eve.ID {
				t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve.ID)
			}
		},
		"the value comes back meanwhile": func(t *testing.T, ctx context.Context, world *table, service *customer.Service, ada customer.ID) {
			if world.customers[ada].Deleted {
				return
			}
			world.once("commit", func() { must(t, service, updates(id(ada), setCard("7"))) })
			got, err := service.Apply(ctx, imports(card, both(setCard("7"), setName("Ada"))))
			if want := (customer.Result{ID: ada, Changed: true}); err != nil || got != want {
				t.Errorf("Apply = %+v, error %v, want %+v", got, err, want)
			}
		},
		"the value comes back while another gives it up": func(t *testing.T, ctx context.Context, world *table, service *customer.Service, ada customer.ID) {
			if world.customers[ada].Deleted {
				return
			}
			must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), setCard("7"))))
			world.once("commit", func() { must(t, service, updates(id(ada), setCard("7"))) })
			if _, err := service.Apply(ctx, updates(card, setCard("9"))); !errors.Is(err, customer.ErrAmbiguous) {
				t.Errorf("Apply error = %v, want %v", err, customer.ErrAmbiguous)
			}
		},
	}
	takenAway := map[string]func(ada customer.ID) customer.Request{
		"changed": func(ada customer.ID) customer.Request { return updates(id(ada), setCard("8")) },
		"deleted": func(ada customer.ID) customer.Request { return deletes(id(ada)) },
	}
	for name, story := range stories {
		for how, request := range takenAway {
			for way, serve := range ways {
				t.Run(name+", "+how+", "+way, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
						defer cancel()
						world := newTable()
						service := serve(world)
						ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setCard("7")))).ID
						leadsTo(t, service, card, ada)
						must(t, service, unknowing(request(ada)))
						story(t, ctx, world, service, ada)
					})
				})
			}
		}
	}
}
