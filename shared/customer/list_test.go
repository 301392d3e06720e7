package customer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// several makes n customers and returns their ids in the order of creation.
func several(t *testing.T, service *customer.Service, n int) []customer.ID {
	t.Helper()
	ids := make([]customer.ID, n)
	for i := range ids {
		address := fmt.Sprintf("p%d@x.com", i)
		ids[i] = must(t, service, imports(email(address), setEmail(address))).ID
	}
	return ids
}

func idsOf(page customer.Page) []customer.ID {
	var ids []customer.ID
	for _, c := range page.Customers {
		ids = append(ids, c.ID)
	}
	return ids
}

// Pages of customers that do not fit into memory together are shorter, and a walk
// meets each of them all the same.
func TestListOfLargeCustomers(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		service = service.WithSettling(0)
		want := several(t, service, 7)
		world.fit = 2
		var met []customer.ID
		for after, pages := customer.ID(0), 0; ; pages++ {
			page, err := service.List(ctx, tenant, after, 5)
			if err != nil || pages > 7 || len(page.Customers) > 2 {
				t.Fatalf("page %d has %d customers, %v", pages, len(page.Customers), err)
			}
			met = append(met, idsOf(page)...)
			if after = page.Next; after == 0 {
				break
			}
		}
		if !slices.Equal(met, want) {
			t.Errorf("the walk met %v, want %v", met, want)
		}
	})
}

func TestList(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		service = service.WithSettling(0)
		ids := several(t, service, 5)
		tests := []struct {
			name  string
			after customer.ID
			limit int
			want  []customer.ID
			next  customer.ID
		}{
			{name: "all", limit: 100, want: ids},
			{name: "just as many as there are", limit: 5, want: ids},
			{name: "a page", limit: 2, want: ids[:2], next: ids[1]},
			{name: "the next", after: ids[1], limit: 2, want: ids[2:4], next: ids[3]},
			{name: "the last", after: ids[3], limit: 2, want: ids[4:]},
			{name: "after an id that is nobody's", after: ids[1] - 1, limit: 1, want: ids[1:2], next: ids[1]},
			{name: "after all", after: ids[4], limit: 2},
		}
		for _, tt := range tests {
			page, err := service.List(ctx, tenant, tt.after, tt.limit)
			if got := idsOf(page); err != nil || !slices.Equal(got, tt.want) || page.Next != tt.next {
				t.Errorf("%s: List() = %v, next %d, error %v, want %v, next %d", tt.name, got, page.Next, err, tt.want, tt.next)
			}
		}
		for _, limit := range []int{-1, 0, customer.PageSize + 1} {
			if _, err := service.List(ctx, tenant, 0, limit); err == nil {
				t.Errorf("List() of %d = no error, want one", limit)
			}
		}
	})
}

// The index may still list who is deleted by now. Such a page is short and goes on.
func TestListLeavesOutTheDeleted(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		service = service.WithSettling(0)
		ids := several(t, service, 4)
		must(t, service, deletes(id(ids[0]))) // leaves a tombstone
		must(t, service, deletes(id(ids[1])))
		delete(world.customers, ids[1]) // and in the end nothing
		world.lag = ids[:2]
		world.once("read customer "+ids[2].Decimal(), func() { must(t, service, deletes(id(ids[2]))) })

		page, err := service.List(ctx, tenant, 0, 2)
		if err != nil || len(page.Customers) != 0 || page.Next != ids[1] {
			t.Errorf("List() = %v, next %d, error %v, want nobody and next %d", idsOf(page), page.Next, err, ids[1])
		}
		page, err = service.List(ctx, tenant, page.Next, 2)
		if got := idsOf(page); err != nil || !slices.Equal(got, ids[3:]) || page.Next != 0 {
			t.Errorf("List() = %v, next %d, error %v, want %v alone", got, page.Next, err, ids[3:])
		}
	})
}

func TestListWithholdsTheYoung(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ids := several(t, service, 2)
		young := world.clock
		world.clock = young.Add(customer.Settling - time.Second)
		if page, err := service.List(ctx, tenant, 0, 10); err != nil || len(page.Customers) != 0 || page.Next != 0 {
			t.Errorf("List() of the young = %v, next %d, error %v, want nobody", idsOf(page), page.Next, err)
		}
		world.clock = young.Add(customer.Settling)
		page, err := service.List(ctx, tenant, 0, 10)
		if got := idsOf(page); err != nil || !slices.Equal(got, ids) {
			t.Errorf("List() of the settled = %v, error %v, want %v", got, err, ids)
		}
	})
}

// A table that cannot answer is asked again until the deadline, then it is busy.
func TestListIsBusy(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, _ *customer.Service) {
		service := customer.NewService(throttled{world}, world.now)
		if _, err := service.List(ctx, tenant, 0, 10); !isBusy(err) {
			t.Errorf("List() error = %v, want busy", err)
		}
	})
}

// throttled is a table that lists nothing.
type throttled struct{ *table }

func (throttled) IDs(context.Context, int, customer.ID, customer.ID, int) ([]customer.ID, error) {
	return nil, fmt.Errorf("throttled: %w", errs.ErrConflict)
}

func isBusy(err error) bool {
	_, busy := errs.AsUnavailable(err)
	return busy && errors.Is(err, errs.ErrConflict)
}
