package catalog

import (
	"context"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// End deactivates a purchase (Mojodex 1.5); one that has ended already stays as
// it is. It rejects with purchase_unknown.
func (s *Service) End(ctx context.Context, rules customer.Rules, purchase Ref) error {
	return errs.Retry(ctx, func(int) error {
		id, err := s.store.PurchaseOwner(ctx, rules.Tenant, purchase.Number)
		if err != nil {
			return err
		}
		if id == 0 {
			return unknownPurchase(purchase)
		}
		_, err = s.end(ctx, User{Rules: rules, ID: id}, purchase, func(Product, Purchase) bool { return true }, false)
		return err
	})
}

// end ends a customer's purchase if it is active and over.
func (s *Service) end(ctx context.Context, u User, purchase Ref, over func(Product, Purchase) bool, expired bool) (bool, error) {
	found, err := s.account(ctx, u, Wanted{})
	if err != nil {
		return false, err
	}
	account := found.Account
	if !account.exists() {
		return false, unknownPurchase(purchase)
	}
	p, active := account.active(purchase.Number)
	if !active {
		return false, nil
	}
	products, err := s.store.Read(ctx, u.Tenant, Wanted{Products: []int{p.Product}})
	if err != nil {
		return false, err
	}
	product := products.Products[p.Product]
	if !over(product, p) {
		return false, nil
	}
	next, ended := account.end(p, product, s.instant(), expired)
	return true, s.keep(ctx, u, next, []Purchase{ended})
}

const codePurchaseUnknown = "purchase_unknown"

func unknownPurchase(purchase Ref) error {
	return reject(codePurchaseUnknown, "purchase_pk", purchase.Raw)
}

// Remove removes the purchases of a customer that was deleted. It does nothing
// for one that is there.
func (s *Service) Remove(ctx context.Context, tenant int, id customer.ID) error {
	found, err := s.read(ctx, tenant, Wanted{Customer: id})
	if err != nil || found.Account.exists() {
		return err
	}
	for more := true; more && err == nil; {
		err = errs.Retry(ctx, func(int) (err error) {
			more, err = s.store.RemovePurchases(ctx, tenant, id)
			return err
		})
	}
	return err
}
