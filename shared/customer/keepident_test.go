package customer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
)

var (
	nameKey = customer.IdentKey{Number: 71, Name: "NameKey", Attributes: []string{customer.AttributeFirstName}, State: customer.FieldReady}
	oneKey  = customer.IdentKey{Number: 72, Name: "OneKey", Attributes: []string{customer.AttributeLastName}, Unique: true, State: customer.FieldReady}
	cardKey = customer.IdentKey{Number: 73, Name: "CardKey", Extension: 9, Source: "Card", Attributes: []string{"n"}, Unique: true, State: customer.FieldReady}
	allKeys = customer.IdentKeys{nameKey, oneKey, cardKey}

	card = extension.Schema{Name: "Card", Number: 9, Multi: true,
		Attributes: []extension.Attribute{{Name: "n", Type: "string"}}, Unique: [][]string{{"n"}}}
)

// knowing is a request of a writer who knows all keys.
func knowing(r customer.Request) customer.Request {
	r.IdentKeys, r.WithExtensions = allKeys, true
	return r
}

func named(first, last string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.FirstName, c.LastName = first, last; return nil }
}

func setCards(numbers ...string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error {
		var records []extension.Record
		for _, n := range numbers {
			records = append(records, extension.Record{"n": n})
		}
		return c.ReplaceRecords(card, records)
	}
}

func creates(edit customer.Edit) customer.Request { return imports(customer.Search{}, edit) }

// finds are who a search by one text of a key leads to.
func finds(t *testing.T, service *customer.Service, key customer.IdentKey, text string) []customer.ID {
	t.Helper()
	q := customer.Identification{Tenant: tenant, Key: key, Texts: []string{text},
		Criteria: []customer.Criterion{{Extension: key.Extension, Attribute: key.Attributes[0], Text: text}}}
	ids, err := service.Candidates(t.Context(), q, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	found, _, err := service.Confirmed(t.Context(), q, ids, false)
	if err != nil {
		t.Fatal(err)
	}
	ids = nil
	for _, c := range found {
		ids = append(ids, c.ID)
	}
	return ids
}

func demand(t *testing.T, service *customer.Service, key customer.IdentKey, text string, want ...customer.ID) {
	t.Helper()
	if got := finds(t, service, key, text); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s=%s finds %v, want %v", key.Name, text, got, want)
	}
}

// backfill keeps a key's values of customers.
func backfill(t *testing.T, service *customer.Service, key customer.IdentKey, ids ...customer.ID) {
	t.Helper()
	for _, id := range ids {
		if _, err := service.KeepIdents(t.Context(), tenant, key, id); err != nil {
			t.Fatalf("KeepIdents of %s: %v", key.Name, err)
		}
	}
}

func TestIdentsFollowTheCustomer(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, knowing(creates(both(named("Ada", "Lace"), setCards("1", "2"))))).ID
		eve := must(t, service, knowing(creates(named("Ada", "Eve")))).ID
		demand(t, service, nameKey, "Ada", ada, eve)
		demand(t, service, cardKey, "2", ada)
		_, err := service.Apply(ctx, knowing(updates(id(eve), named("Eve", "Lace"))))
		if !errors.Is(err, customer.ErrNotUnique) {
			t.Errorf("a name that is unique: error = %v, want %v", err, customer.ErrNotUnique)
		}
		if _, err = service.Apply(ctx, knowing(updates(id(eve), setCards("3", "1")))); !errors.Is(err, customer.ErrNotUnique) {
			t.Errorf("a card that is unique: error = %v, want %v", err, customer.ErrNotUnique)
		}
		// A writer who reads no records leaves theirs alone.
		r := updates(id(ada), named("Ada", "Byron"))
		r.IdentKeys = allKeys
		must(t, service, r)
		demand(t, service, cardKey, "1", ada)
		must(t, service, knowing(updates(id(eve), named("Ada", "Lace"))))
		must(t, service, knowing(updates(id(ada), setCards("2"))))
		must(t, service, knowing(updates(id(eve), setCards("1"))))
		demand(t, service, cardKey, "1", eve)
		// One who deletes reads them, asked or not.
		d := deletes(id(eve))
		d.IdentKeys = allKeys
		must(t, service, d)
		must(t, service, knowing(updates(id(ada), both(named("Ada", "Lace"), setCards("1")))))
		demand(t, service, nameKey, "Ada", ada)
		demand(t, service, cardKey, "1", ada)
		for at := range world.idents {
			if at.id == eve {
				t.Errorf("a deleted customer left the value %v", at)
			}
		}
	})
}

// Who did not know of a unique key yet left its values behind: they hold nobody
// up.
func TestValuesThatNobodyReleased(t *testing.T) {
	unknowing := map[string]func(customer.ID) customer.Request{
		"deleted": func(ada customer.ID) customer.Request { return deletes(id(ada)) },
		"changed": func(ada customer.ID) customer.Request {
			r := updates(id(ada), both(named("Ada", "Other"), setCards("other")))
			r.WithExtensions = true
			return r
		},
	}
	for name, write := range unknowing {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				ada := must(t, service, knowing(creates(both(named("Ada", "Lace"), setCards("1"))))).ID
				must(t, service, write(ada))
				demand(t, service, oneKey, "Lace")
				eve := must(t, service, knowing(creates(both(named("Eve", "Lace"), setCards("1"))))).ID
				demand(t, service, oneKey, "Lace", eve)
				demand(t, service, cardKey, "1", eve)
				if name == "changed" {
					backfill(t, service, oneKey, ada, eve)
					backfill(t, service, cardKey, ada, eve)
					demand(t, service, oneKey, "Other", ada)
					demand(t, service, cardKey, "other", ada)
				}
				demand(t, service, oneKey, "Lace", eve)
			})
		})
	}
}

// The owner that a value is taken from is asked, and must be so until the commit.
func TestOwnerTakesTheValueBack(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, knowing(creates(named("Ada", "Lace")))).ID
		must(t, service, updates(id(ada), named("Ada", "Other"))) // by one who does not know
		world.once("commit", func() { must(t, service, updates(id(ada), named("Ada", "Lace"))) })
		_, err := service.Apply(ctx, knowing(creates(named("Eve", "Lace"))))
		if !errors.Is(err, customer.ErrNotUnique) {
			t.Errorf("Apply error = %v, want %v", err, customer.ErrNotUnique)
		}
		demand(t, service, oneKey, "Lace", ada)
	})
}

func TestKeepIdents(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		many := make([]string, 75)
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		r := creates(both(named("Ada", "Lace"), setCards(many...)))
		r.WithExtensions = true
		ada := must(t, service, r).ID
		eve := must(t, service, creates(named("Ada", "Lace"))).ID
		demand(t, service, nameKey, "Ada")
		backfill(t, service, nameKey, ada, eve)
		backfill(t, service, cardKey, ada)
		demand(t, service, nameKey, "Ada", ada, eve)
		demand(t, service, cardKey, "74", ada)
		commits := len(world.commits)
		backfill(t, service, nameKey, ada, eve)
		backfill(t, service, cardKey, ada)
		if len(world.commits) != commits {
			t.Errorf("a second backfill wrote %d times", len(world.commits)-commits)
		}

		backfill(t, service, oneKey, ada)
		_, err := service.KeepIdents(ctx, tenant, oneKey, eve)
		if d, ok := errors.AsType[*customer.Duplicate](err); !ok || d.Customer != eve || d.Other != ada {
			t.Errorf("KeepIdents of a value that another has: error = %v, want a duplicate of both", err)
		}
		if _, err := service.KeepIdents(ctx, tenant, oneKey, 4096); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("KeepIdents of nobody: error = %v, want %v", err, customer.ErrNotFound)
		}
		for _, key := range allKeys {
			for _, id := range []customer.ID{ada, eve} {
				if _, err := service.DropIdents(ctx, tenant, key, id); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(world.idents) != 0 || len(world.keys) != 0 {
			t.Errorf("after the sweep %d values and the keys %v are left", len(world.idents), world.keys)
		}
	})
}

// A backfill does not undo what somebody writes between its reads and its commit.
func TestKeepIdentsMeanwhile(t *testing.T) {
	for _, moment := range []string{"read idents", "commit"} {
		t.Run(moment, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				ada := must(t, service, creates(named("Ada", "Lace"))).ID
				at := moment
				if moment == "read idents" {
					at += " " + ada.Decimal()
				}
				world.once(at, func() { must(t, service, knowing(updates(id(ada), named("Eve", "Lace")))) })
				backfill(t, service, nameKey, ada)
				demand(t, service, nameKey, "Eve", ada)
				if n := len(world.idents); n != 1 {
					t.Errorf("%d values are stored, want the one she has: %v", n, world.idents)
				}
			})
		})
	}
}

// A customer with more values than one transaction releases is deleted in steps.
func TestDeleteManyRecords(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		many := make([]string, 300)
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		r := creates(setCards(many...))
		r.WithExtensions = true
		ada := must(t, service, r).ID
		backfill(t, service, cardKey, ada)
		if len(world.idents) != 300 {
			t.Fatalf("%d values, want 300", len(world.idents))
		}
		d := deletes(id(ada))
		d.IdentKeys = allKeys
		if got := must(t, service, d); !got.Changed || !world.customers[ada].Deleted {
			t.Errorf("delete = %+v of %+v", got, world.customers[ada])
		}
		if len(world.idents) != 0 || len(world.keys) != 0 {
			t.Errorf("%d values and %d keys are left", len(world.idents), len(world.keys))
		}
	})
}

// The owner that a value is taken from may be one who did not match, and may come
// to match before he is asked: he is found then, and nobody is created beside him.
func TestOwnerComesToMatch(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, knowing(creates(both(named("Ada", "Lace"), subscribeOn(2))))).ID
		must(t, service, updates(id(ada), named("Ada", "Other"))) // by one who does not know
		world.once("read whole "+ada.Decimal(), func() { must(t, service, updates(id(ada), subscribeOn(1))) })
		search := phone("+1111111")
		search.Resource = 1
		got, err := service.Apply(ctx, knowing(imports(search, named("Eve", "Lace"))))
		if err != nil || got.ID != ada {
			t.Errorf("Apply = %+v, error %v, want the customer %d", got, err, ada)
		}
	})
}
