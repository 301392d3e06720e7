package customer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

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
		found, err := service.Find(ctx, rules, search)
		if err != nil || found.ID != eve.ID {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve.ID)
		}
	})
}

// The same where the customers were read at several moments.
func TestAmbiguityOnAResourceThatNeverWas(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), subscribeOn(1))))
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), subscribeOn(2))))
		world.once("read customer "+eve.ID.Decimal(), func() { // after Ada was read
			must(t, service, updates(id(ada.ID), subscribeOn(2)))
			must(t, service, updates(id(eve.ID), subscribeOn(1)))
		})
		search := phone("+1111111")
		search.Resource = 1
		found, err := service.Find(ctx, rules, search)
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
				found, err := service.Find(ctx, rules, search)
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
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), subscribeOn(2))))
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), subscribeOn(1))))
		world.once("read customer "+eve.ID.Decimal(), func() { // after Ada was read
			must(t, service, updates(id(ada.ID), subscribeOn(1)))
			must(t, service, updates(id(eve.ID), subscribeOn(2)))
		})
		search := phone("+1111111")
		search.Resource = 1
		found, err := service.Find(ctx, rules, search)
		if err != nil || found.ID != ada.ID {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, ada.ID)
		}
	})
}

// An id that is drawn and exists already is drawn again, and nobody is overwritten.
func TestDrawnIDExists(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, _ *customer.Service) {
		service := customer.NewService(world, func() time.Time { return noon }) // all ids of one millisecond
		for random := uint64(0); random < 1<<12; random += 2 {
			there := customer.NewID(noon, random)
			world.customers[there] = customer.Record{Customer: customer.Customer{ID: there}, Rev: customer.Rev{Commit: "there"}}
		}
		for i := range 20 {
			address := fmt.Sprintf("new%d@x.com", i)
			if got := must(t, service, imports(email(address), setEmail(address))); !got.Created || got.ID.Created().Equal(noon) && got.ID&1 == 0 {
				t.Errorf("Apply = %+v, want a customer of an id of its own", got)
			}
		}
		if n := len(world.customers); n != 1<<11+20 {
			t.Errorf("%d customers, want %d", n, 1<<11+20)
		}
	})
}

// Contention without end is busy, in time, and never a client error.
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
		if _, busy := errs.AsUnavailable(err); !busy {
			t.Errorf("Apply error = %v, want busy", err)
		}
		if took := time.Since(began); took > 23*time.Second || n < 20 {
			t.Errorf("gave up after %v and %d attempts", took, n)
		}
	})
}

// An e-mail that came to another customer together with the phone must not look
// taken: whoever had the phone could take the e-mail at every moment.
func TestTakenThatNeverWas(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(phone("+1111111"), setPhones("+1111111"))).ID
		eve := must(t, service, imports(phone("+2222222"), setPhones("+2222222"))).ID
		world.others = func(moment string) {
			switch moment {
			case "commit": // the first attempt takes the e-mail for nobody's without a look
				if world.customers[ada].FirstName == "" {
					must(t, service, updates(id(ada), setName("Ada")))
				}
			case "read key eve@x.com":
				if len(world.customers[ada].Phones) > 0 {
					must(t, service, updates(id(ada), setPhones()))
					must(t, service, updates(id(eve), both(setPhones("+1111111"), setEmail("eve@x.com"))))
				}
			}
		}
		got, err := service.Apply(ctx, imports(phone("+1111111"), setEmail("eve@x.com")))
		if err != nil || got.ID != eve {
			t.Errorf("Apply = %d, error %v, want %d", got.ID, err, eve)
		}
	})
}
