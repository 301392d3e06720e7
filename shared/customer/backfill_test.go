package customer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"regulars/shared/customer"
)

// setCRM is what a writer does to the field CRM_ID.
func setCRM(v any) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error {
		c.SetCustom("CRM_ID", v)
		return nil
	}
}

// A backfill makes the key of a value while a writer, who knows the field, gives
// that value away. The writer has read that no key names the customer, and must
// not be right about it by then.
func TestValueGivenAwayWhileItsKeyIsMade(t *testing.T) {
	for name, edit := range map[string]customer.Edit{
		"changed": setCRM("8"), "removed": setCRM(nil), "deleted": customer.Delete,
	} {
		for _, moment := range []string{"read key 7", "commit"} {
			t.Run(name+" at "+moment, func(t *testing.T) {
				inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
					undeclared := imports(email("ada@x.com"), both(setEmail("ada@x.com"), setCRM("7")))
					undeclared.MatchFields = nil
					ada := must(t, service, undeclared)
					world.once(moment, func() {
						if _, err := service.KeepField(ctx, tenant, fields[0], ada.ID); err != nil {
							t.Error(err)
						}
					})
					must(t, service, updates(id(ada.ID), edit))
				})
			})
		}
	}
}

// More values than one transaction takes are kept and dropped in several, and a
// value that comes twice once.
func TestKeepManyValues(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		words := []any{"word 1", "word 1", ""}
		for n := range 300 {
			words = append(words, fmt.Sprint("word ", n))
		}
		undeclared := imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
			c.SetEmail("ada@x.com")
			c.SetCustom("interests", words)
			return nil
		})
		undeclared.MatchFields = nil
		ada := must(t, service, undeclared)
		if changed, err := service.KeepField(ctx, tenant, fields[1], ada.ID); err != nil || !changed {
			t.Errorf("KeepField = %t, error %v", changed, err)
		}
		if err := world.problems(fields); err != nil {
			t.Error(err)
		}
		if changed, err := service.DropField(ctx, tenant, fields[1], ada.ID); err != nil || !changed || len(world.keys) != 1 {
			t.Errorf("DropField = %t, error %v, %d keys left", changed, err, len(world.keys))
		}
		if changed, err := service.KeepField(ctx, tenant, fields[1], ada.ID); err != nil || !changed { // for the invariant
			t.Errorf("KeepField again = %t, error %v", changed, err)
		}
	})
}

// A key that more than 100 hold turns overflowed, and goes when its field does.
func TestKeepAndDropOverflowedValue(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		var ids []customer.ID
		for n := range 103 {
			address := fmt.Sprintf("p%d@x.com", n)
			undeclared := imports(email(address), both(setEmail(address), setCRM("7")))
			undeclared.MatchFields = nil
			ids = append(ids, must(t, service, undeclared).ID)
		}
		each := func(do func(context.Context, int, customer.MatchField, customer.ID) (bool, error)) (changed int) {
			for _, id := range ids {
				did, err := do(ctx, tenant, fields[0], id)
				if err != nil {
					t.Fatal(err)
				}
				if did {
					changed++
				}
			}
			return changed
		}
		if n := each(service.KeepField); n != 101 || !world.keys[fieldKey(1, "7")].Overflowed {
			t.Errorf("%d times kept, key = %+v", n, world.keys[fieldKey(1, "7")])
		}
		if n := each(service.DropField); n != 1 || !world.keys[fieldKey(1, "7")].Absent() {
			t.Errorf("%d times dropped, key = %+v", n, world.keys[fieldKey(1, "7")])
		}
		each(service.KeepField) // for the invariant
	})
}
