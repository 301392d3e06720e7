package catalog

import (
	"context"
	"slices"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Holding is a purchase beside its product and the tasks of that.
type Holding struct {
	Purchase
	Of    Product
	Tasks []Task
}

// Holdings are what `GET /purchase` tells of a customer (Mojodex 3.5).
type Holdings struct {
	Customer customer.Customer
	// Offered are what the customer may buy: products of its category that are
	// not free, without subscriptions where it has one.
	Offered []Holding
	// Current are the active purchases, the newest first.
	Current []Holding
	// Ended are the last purchase that was bounded in tasks, and the last that
	// was bounded in days if that is another.
	Ended []Holding
}

// Holdings returns what a customer has and may buy.
func (s *Service) Holdings(ctx context.Context, u User) (Holdings, error) {
	var found Found
	err := errs.Retry(ctx, func(int) (err error) {
		found, err = s.existing(ctx, u, Wanted{})
		return err
	})
	if err != nil {
		return Holdings{}, err
	}
	list, err := s.products(ctx, u.Tenant)
	if err != nil {
		return Holdings{}, err
	}
	products := make(map[int]Product, len(list))
	for _, p := range list {
		products[p.Number] = p
	}
	h := found.Account.holdings(list, products)
	return h, s.addTasks(ctx, u.Tenant, h.Offered, h.Current, h.Ended)
}

func (a Account) holdings(list []Product, products map[int]Product) Holdings {
	h := Holdings{Customer: a.Customer.Customer}
	subscribed := false
	for _, p := range slices.Backward(a.Active) {
		h.Current = append(h.Current, Holding{Purchase: p, Of: products[p.Product]})
		subscribed = subscribed || products[p.Product].Subscription()
	}
	if category := categoryOf(a.Customer.Customer); category != 0 {
		for _, p := range list {
			if p.Category == category && !p.Free && !(subscribed && p.Subscription()) {
				h.Offered = append(h.Offered, Holding{Of: p})
			}
		}
	}
	for _, p := range []*Purchase{a.LastLimited, a.LastDated} {
		if p != nil && (len(h.Ended) == 0 || h.Ended[0].Number != p.Number) {
			h.Ended = append(h.Ended, Holding{Purchase: *p, Of: products[p.Product]})
		}
	}
	return h
}

// addTasks reads the tasks of all the holdings.
func (s *Service) addTasks(ctx context.Context, tenant int, lists ...[]Holding) error {
	var wanted []int
	for _, h := range slices.Concat(lists...) {
		for _, l := range h.Of.Links {
			if !slices.Contains(wanted, l.Task) {
				wanted = append(wanted, l.Task)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	found, err := s.read(ctx, tenant, Wanted{Tasks: wanted})
	if err != nil {
		return err
	}
	for _, list := range lists {
		for i, h := range list {
			for _, l := range h.Of.Links {
				list[i].Tasks = append(list[i].Tasks, found.Tasks[l.Task])
			}
		}
	}
	return nil
}
