package customer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"regulars/shared/customer"
)

// leadsTo demands whom a search finds, and returns that customer.
func leadsTo(t *testing.T, service *customer.Service, search customer.Search, want customer.ID) customer.Customer {
	t.Helper()
	found, err := service.Find(t.Context(), rules, search)
	if err != nil || found.ID != want {
		t.Errorf("Find = %d, error %v, want %d", found.ID, err, want)
	}
	return found
}

// A service that remembers owners reads whom it found before with the key: in a call
// together, and then no more. What was created, found and changed is remembered, what
// was deleted is not.
func TestOwnersAreReadWithTheirKeys(t *testing.T) {
	ctx, world := t.Context(), newTable()
	service := customer.NewService(world, world.now).WithOwners(world)
	reads := func(act func()) (keys, customers, together int) {
		before := world.together
		world.others = func(moment string) {
			if strings.HasPrefix(moment, "read key") {
				keys++
			} else if strings.HasPrefix(moment, "read customer") {
				customers++
			}
		}
		act()
		world.others = nil
		return keys, customers, world.together - before
	}
	var ada customer.Result
	steps := []struct {
		name                      string
		act                       func()
		keys, customers, together int
	}{
		{"create", func() {
			ada = must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setPhones("+1111111"))))
		}, 1, 0, 0},
		{"find who was created", func() { leadsTo(t, service, email("ada@x.com"), ada.ID) }, 1, 1, 1},
		{"find by another key", func() { leadsTo(t, service, phone("+1111111"), ada.ID) }, 1, 1, 0},
		{"find by the other key again", func() { leadsTo(t, service, phone("+1111111"), ada.ID) }, 1, 1, 1},
		{"find in a dry run", func() { leadsTo(t, service.DryRun(), phone("+1111111"), ada.ID) }, 1, 1, 0},
		{"update", func() { must(t, service, updates(email("ada@x.com"), setName("Ada"))) }, 1, 1, 1},
		{"delete", func() { must(t, service, deletes(email("ada@x.com"))) }, 2, 1, 1}, // and the phone, which is released
		{"find who was deleted", func() {
			if _, err := service.Find(ctx, rules, email("ada@x.com")); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("Find error = %v, want %v", err, customer.ErrNotFound)
			}
		}, 1, 0, 0},
	}
	for _, step := range steps {
		keys, customers, together := reads(step.act)
		if keys != step.keys || customers != step.customers || together != step.together {
			t.Errorf("%s: %d keys and %d customers were read, %d times together, want %d, %d, %d",
				step.name, keys, customers, together, step.keys, step.customers, step.together)
		}
	}
}

// A wrong guess is corrected by the key, and is not made again.
func TestOwnerWrongGuess(t *testing.T) {
	world := newTable()
	service, other := customer.NewService(world, world.now).WithOwners(world), customer.NewService(world, world.now)
	ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
	must(t, other, updates(id(ada.ID), setEmail("countess@x.com")))
	eve := must(t, other, imports(email("ada@x.com"), setEmail("ada@x.com")))
	for _, together := range []int{1, 2} {
		if leadsTo(t, service, email("ada@x.com"), eve.ID); world.together != together {
			t.Errorf("keys were read %d times with a customer, want %d", world.together, together)
		}
	}
	must(t, other, deletes(id(eve.ID)))
	for range 2 {
		if _, err := service.Find(t.Context(), rules, email("ada@x.com")); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("Find error = %v, want %v", err, customer.ErrNotFound)
		}
	}
	if world.together != 3 {
		t.Errorf("who was deleted was guessed %d times, want once", world.together-2)
	}
}

// Whatever somebody writes before or between the reads of keys and of their owner, a
// search finds who holds the value, as that customer is before or after the write; and a
// change is made to one who holds the value then.
func TestOwnerChangesBetweenTheReads(t *testing.T) {
	const address, number = "ada@x.com", "+1111111"
	takes := both(setEmail(address), setPhones(number))
	gives := func(t *testing.T, service *customer.Service, ada customer.ID) {
		must(t, service, updates(id(ada), both(setEmail("countess@x.com"), setPhones("+2222222"))))
	}
	writes := map[string]func(t *testing.T, service *customer.Service, ada customer.ID){
		"given away": gives,
		"given to another": func(t *testing.T, service *customer.Service, ada customer.ID) {
			gives(t, service, ada)
			must(t, service, imports(email("eve@x.com"), both(takes, setName("Eve"))))
		},
		"given away and taken back": func(t *testing.T, service *customer.Service, ada customer.ID) {
			gives(t, service, ada)
			must(t, service, updates(id(ada), both(takes, setName("Countess"))))
		},
		"given to another and back": func(t *testing.T, service *customer.Service, ada customer.ID) {
			gives(t, service, ada)
			eve := must(t, service, imports(email("eve@x.com"), takes))
			must(t, service, deletes(id(eve.ID)))
			must(t, service, updates(id(ada), both(takes, setName("Countess"))))
		},
		"deleted": func(t *testing.T, service *customer.Service, ada customer.ID) { must(t, service, deletes(id(ada))) },
		"deleted and taken": func(t *testing.T, service *customer.Service, ada customer.ID) {
			must(t, service, deletes(id(ada)))
			must(t, service, imports(email("eve@x.com"), both(takes, setName("Eve"))))
		},
		"changed": func(t *testing.T, service *customer.Service, ada customer.ID) {
			must(t, service, updates(id(ada), setName("Countess")))
		},
		"shared": func(t *testing.T, service *customer.Service, _ customer.ID) {
			must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), setPhones(number))))
		},
	}
	moments := map[string]func(ada customer.ID) string{
		"the e-mail":   func(customer.ID) string { return "read key " + address },
		"the phone":    func(customer.ID) string { return "read key " + number },
		"the customer": func(ada customer.ID) string { return "read customer " + ada.Decimal() },
	}
	searches := map[string]customer.Search{
		"e-mail": email(address), "phone": phone(number), "either": by(customer.EmailKey(address), customer.PhoneKey(number)),
	}
	for how, write := range writes {
		for when, moment := range moments {
			for what, search := range searches {
				t.Run(how+" before "+when+" is read, by "+what, func(t *testing.T) {
					inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
						other := customer.NewService(world, world.now)
						ada := must(t, service, imports(search, both(takes, setName("Ada")))).ID
						matching := func() map[customer.ID]string { // their names
							names := map[customer.ID]string{}
							ids, _ := world.matching(search)
							for _, id := range ids {
								names[id] = world.customers[id].FirstName
							}
							return names
						}
						before := matching()
						world.once(moment(ada), func() { write(t, other, ada) })
						found, err := service.Find(ctx, rules, search)
						after := matching()
						agrees := func(names map[customer.ID]string) bool {
							switch {
							case errors.Is(err, customer.ErrNotFound):
								return len(names) == 0
							case errors.Is(err, customer.ErrAmbiguous):
								return len(names) > 1
							}
							name, matches := names[found.ID]
							return err == nil && matches && name == found.FirstName && len(names) == 1
						}
						if !agrees(before) && !agrees(after) {
							t.Errorf("Find = %d %q, error %v, want what is so before or after: %v, %v", found.ID, found.FirstName, err, before, after)
						}

						if len(after) != 1 || after[ada] == "" {
							return
						}
						world.once(moment(ada), func() { write(t, other, ada) })
						got, err := service.Apply(ctx, updates(search, setName("Duke")))
						if after = matching(); err == nil && after[got.ID] != "Duke" {
							t.Errorf("Apply = %+v, want a change of who matches: %v", got, after)
						}
					})
				})
			}
		}
	}
}
