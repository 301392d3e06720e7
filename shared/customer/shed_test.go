package customer_test

import (
	"context"
	"testing"

	"regulars/shared/customer"
)

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
