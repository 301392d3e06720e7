package customer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/idempotency"
)

func TestIdempotencyKey(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		create := withKey(imports(email("ada@x.com"), setEmail("ada@x.com")), "k1", "import ada")
		ada := must(t, service, create)
		repeated := ada
		repeated.Replayed = true
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
		other := withKey(imports(email("ada@x.com"), setName("Ada")), "k1", "another")
		for name, r := range map[string]customer.Request{
			"something would change":   other,
			"nothing would change":     withKey(imports(email("ada@x.com"), setEmail("ada@x.com")), "k1", "another"),
			"it would not be found":    withKey(updates(email("eve@x.com"), setName("Eve")), "k1", "another"),
			"another would be created": withKey(imports(email("eve@x.com"), setEmail("eve@x.com")), "k1", "another"),
		} {
			if got, err := service.Apply(ctx, r); !errors.Is(err, idempotency.ErrKeyReused) {
				t.Errorf("the key with another request, %s: Apply = %+v, error %v, want %v", name, got, err, idempotency.ErrKeyReused)
			}
		}
		must(t, service, updates(id(ada.ID), setEmail("countess@x.com")))
		commits = len(world.commits)
		again("another would be created", create, repeated)

		eve := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		commits = len(world.commits)
		again("another has the e-mail now", create, repeated)

		remove := withKey(deletes(id(ada.ID)), "k2", "delete ada")
		gone := must(t, service, remove)
		gone.Replayed = true
		commits = len(world.commits)
		again("it is gone", remove, gone)
		again("its customer is gone", create, repeated)

		move := withKey(updates(id(eve.ID), setEmail("lady@x.com")), "k3", "move eve")
		moved := must(t, service, move)
		moved.Replayed = true
		must(t, service, updates(id(eve.ID), setEmail("eve@x.com")))
		must(t, service, imports(email("lady@x.com"), setEmail("lady@x.com")))
		commits = len(world.commits)
		again("the e-mail is another's now", move, moved)
		if len(world.customers) != 3 {
			t.Errorf("%d customers, want 3", len(world.customers))
		}
	})
}

// A request that changes nothing is remembered alone; a rejected one is not.
func TestWhatIsRemembered(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		nothing := withKey(updates(id(ada.ID), setEmail("ada@x.com")), "k", "nothing")
		commits := len(world.commits)
		if got, want := must(t, service, nothing), (customer.Result{ID: ada.ID}); got != want {
			t.Errorf("Apply = %+v, want %+v", got, want)
		}
		if n := len(world.commits) - commits; n != 1 || world.commits[commits].Changes() || len(world.commits[commits].Keys) != 0 {
			t.Errorf("%d commits, want one of the request alone", n)
		}
		must(t, service, updates(id(ada.ID), setEmail("countess@x.com")))
		if got, want := must(t, service, nothing), (customer.Result{ID: ada.ID, Replayed: true}); got != want {
			t.Errorf("Apply again = %+v, want %+v", got, want)
		}

		rejected := withKey(updates(email("eve@x.com"), setName("Eve")), "r", "refused")
		if _, err := service.Apply(ctx, rejected); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("Apply error = %v, want %v", err, customer.ErrNotFound)
		}
		must(t, service, imports(email("eve@x.com"), setEmail("eve@x.com")))
		if got := must(t, service, rejected); got.Replayed || !got.Changed {
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
				r := withKey(imports(email("ada@x.com"), visits), "k", "visit")
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
				first.Replayed = true
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
