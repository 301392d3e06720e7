package customer_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

func TestSegments(t *testing.T) {
	var c customer.Customer
	steps := []struct {
		name string
		do   func()
		want []int64
	}{
		{"joins", func() { c.JoinSegments(7, 1, 7, 3) }, []int64{1, 3, 7}},
		{"joins again", func() { c.JoinSegments(3) }, []int64{1, 3, 7}},
		{"joins nothing", func() { c.JoinSegments() }, []int64{1, 3, 7}},
		{"leaves", func() { c.LeaveSegments(7, 1) }, []int64{3}},
		{"leaves one that it is not in", func() { c.LeaveSegments(7) }, []int64{3}},
		{"leaves the last", func() { c.LeaveSegments(3) }, []int64{}},
	}
	for _, step := range steps {
		step.do()
		if !slices.Equal(c.Segments, step.want) {
			t.Errorf("%s: segments = %v, want %v", step.name, c.Segments, step.want)
		}
	}
}

func TestTooManySegments(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		join := func(from, n int64) customer.Edit {
			return func(c *customer.Customer, _ time.Time) error {
				for i := range n {
					c.JoinSegments(from + i)
				}
				return nil
			}
		}
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), join(1, customer.MaxSegments))))
		_, err := service.Apply(ctx, updates(id(ada.ID), join(customer.MaxSegments+1, 1)))
		if clientErr, rejected := errs.AsClient(err); !rejected || clientErr.Code != "too_many_segments" {
			t.Errorf("one segment more: error %v, want a refusal", err)
		}
		if n := len(world.customers[ada.ID].Segments); n != customer.MaxSegments {
			t.Errorf("the customer is in %d segments, want %d", n, customer.MaxSegments)
		}
		leave := func(c *customer.Customer, _ time.Time) error { c.LeaveSegments(1); return nil }
		if _, err := service.Apply(ctx, updates(id(ada.ID), both(leave, join(5000, 1)))); err != nil {
			t.Errorf("one for another: error %v, want none", err)
		}
	})
}
