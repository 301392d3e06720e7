package customer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"regulars/shared/customer"
)

// interestKey is over a custom field that may hold many values.
var interestKey = customer.IdentKey{Number: 74, Name: "InterestKey", Attributes: []string{"list"}, Unique: true, State: customer.FieldReady}

// An identification key that is declared later may give a customer more values
// than one transaction takes. It can be deleted all the same, and leaves none.
func TestDeleteWithManyIdents(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, creates(func(c *customer.Customer, _ time.Time) error {
			c.SetCustom("list", manyWords(150))
			return nil
		})).ID
		backfill(t, service, interestKey, ada)
		d := deletes(id(ada))
		d.IdentKeys = customer.IdentKeys{interestKey}
		if _, err := service.Apply(ctx, d); err != nil || !world.customers[ada].Deleted {
			t.Errorf("delete error = %v, deleted %t, want none and true", err, world.customers[ada].Deleted)
		}
		if len(world.idents) > 0 {
			t.Errorf("%d values are left, want none", len(world.idents))
		}
	})
}

// A deletion that goes in steps is about the customer that it found: when somebody
// comes between two steps it goes on, though the value that it was found by is gone.
func TestDeleteInStepsGoesOn(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := longList(t, service, manyWords(150))
		commits := 0
		world.others = func(moment string) {
			if moment == "commit" {
				if commits++; commits == 2 { // the first of which took values away
					must(t, service, updates(id(ada), setName("Ada")))
				}
			}
		}
		search := by(customer.Key{Kind: fields[1].Kind(), Value: "word 149"})
		search.Any[0].Roles = customer.InCustom
		_, err := service.Apply(ctx, deletes(search))
		if err != nil || !world.customers[ada].Deleted {
			t.Errorf("delete error = %v, deleted %t, want none and true", err, world.customers[ada].Deleted)
		}
		if commits < 2 {
			t.Errorf("%d commits, want steps", commits)
		}
	})
}

// Who was left out of a key as one that does not hold the value may be given it
// while a step of a deletion takes it from another: then the key names him.
func TestDeleteInStepsLeavesOthersTheirKeys(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		interested := func(v any) customer.Edit {
			return func(c *customer.Customer, _ time.Time) error { c.SetCustom("interests", v); return nil }
		}
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), interested("word 149")))).ID
		unknowing := updates(id(eve), interested(nil))
		unknowing.MatchFields = fields[:1]
		must(t, service, unknowing) // which leaves the key as it is
		ada := longList(t, service, manyWords(150))
		world.once("commit", func() { must(t, service, updates(id(eve), interested("word 149"))) })
		search := by(customer.Key{Kind: fields[1].Kind(), Value: "word 149"})
		search.Any[0].Roles = customer.InCustom
		_, err := service.Apply(ctx, deletes(search))
		if err == nil && !world.customers[ada].Deleted {
			t.Errorf("the customer was not deleted")
		}
		found, err := service.Find(ctx, rules, search)
		if err == nil && found.ID != eve {
			t.Errorf("Find = %d, error %v, want %d", found.ID, err, eve)
		}
	})
}

// A key over two attributes has a value for each pair, and for each value of the
// first alone once the last of the second is gone.
func TestDeleteWithManyPairs(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		pairKey := customer.IdentKey{Number: 75, Name: "PairKey", State: customer.FieldReady,
			Attributes: []string{customer.AttributeEmail, customer.AttributePhone}}
		ada := must(t, service, creates(func(c *customer.Customer, _ time.Time) error {
			for i := range 50 {
				c.Emails = append(c.Emails, fmt.Sprintf("ada%d@x.com", i))
			}
			for i := range 10 {
				c.Phones = append(c.Phones, fmt.Sprintf("+1%07d", i))
			}
			return nil
		})).ID
		backfill(t, service, pairKey, ada)
		d := deletes(id(ada))
		d.IdentKeys = customer.IdentKeys{pairKey}
		if _, err := service.Apply(ctx, d); err != nil || len(world.idents) > 0 {
			t.Errorf("delete error = %v, %d values are left, want none", err, len(world.idents))
		}
	})
}
