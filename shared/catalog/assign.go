package catalog

import (
	"context"
	"slices"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// An Assignment gives a product to a user, as an administrator does (sections
// 1.4 and 2.5).
type Assignment struct {
	User
	Product Ref
	// CustomID is needed, and kept, where the product is not free. Values says
	// what is wrong with it.
	CustomID *string
	Values   error
}

// Assign makes a purchase and activates it, in one transaction, and returns its
// number. The client errors come in the order of the contract: an unknown e-mail, the
// product, the custom id, an unknown id.
func (s *Service) Assign(ctx context.Context, a Assignment) (int, error) {
	numbers := s.numbers(a.Tenant)
	var n int
	err := errs.Retry(ctx, func(int) (err error) {
		n, err = s.assign(ctx, a, numbers)
		return err
	})
	return n, err
}

func (s *Service) assign(ctx context.Context, a Assignment, numbers *numbers) (int, error) {
	found, err := s.account(ctx, a.User, Wanted{Products: []int{a.Product.Number}})
	if err != nil {
		return 0, err
	}
	product, err := a.check(found)
	if err != nil {
		return 0, err
	}
	account := found.Account
	products, category, err := s.toAssign(ctx, a, account, product)
	if err != nil {
		return 0, err
	}
	purchase := Purchase{Product: product.Number, Created: s.instant()}
	if !product.Free {
		purchase.CustomID = a.CustomID
	}
	next, ended := account.activate(purchase, products)
	if len(next.Active) > MaxActive {
		return 0, errs.New(errs.FailedPrecondition, "too_many_purchases", "user_id", a.Raw, MaxActive)
	}
	edit := unchanged
	if category != nil {
		edit = adopt(*category)
	}
	commit, err := s.alter(ctx, a.User, account, edit) // which may reject, and then no number is used up
	if err != nil {
		return 0, err
	}
	fresh := next.unnumbered(products)
	drawn, err := numbers.draw(ctx, map[Sequence]int{Purchases: 1, UserTasks: len(fresh)})
	if err != nil {
		return 0, err
	}
	purchase.Number = drawn[Purchases][0]
	next.Active[len(next.Active)-1].Number = purchase.Number
	return purchase.Number, s.saveAccount(ctx, commit, next.number(fresh, drawn[UserTasks]), []Purchase{purchase}, ended, purchase.Number)
}

// check returns the product, unless the assignment is rejected.
func (a Assignment) check(found Found) (Product, error) {
	product, ok := found.Products[a.Product.Number]
	if !ok {
		return Product{}, reject("product_unknown/assigning", "product_pk", a.Product.Raw)
	}
	if !product.Free && a.CustomID == nil && a.Values == nil {
		return Product{}, reject("missing/for_product", "custom_purchase_id")
	}
	if !found.Account.exists() {
		return Product{}, unknownUser(a.User)
	}
	if !product.Free && a.Values != nil {
		return Product{}, a.Values
	}
	return product, nil
}

// toAssign reads the products of the active purchases, as far as they are others,
// and where it will be written on the customer the category of the new one.
func (s *Service) toAssign(ctx context.Context, a Assignment, account Account, product Product) (map[int]Product, *Category, error) {
	others := slices.DeleteFunc(account.products(), func(n int) bool { return n == product.Number })
	w := Wanted{Products: others}
	if adopts(account.Customer.Customer) {
		w.Categories = []int{product.Category}
	}
	products, err := s.store.Read(ctx, a.Tenant, w)
	if err != nil {
		return nil, nil, err
	}
	if products.Products == nil {
		products.Products = map[int]Product{}
	}
	products.Products[product.Number] = product
	if category, ok := products.Categories[product.Category]; ok {
		return products.Products, &category, nil
	}
	return products.Products, nil, nil
}

// alter is the commit that checks the customer as it was read, or changes it by
// the edit; so nothing is ever written for one that was deleted meanwhile.
func (s *Service) alter(ctx context.Context, u User, account Account, edit customer.Edit) (customer.Commit, error) {
	return s.customers.Plan(ctx, u.Rules, account.Customer, edit)
}

// keep commits an account of which the customer stays as it is, with the purchases
// that ended.
func (s *Service) keep(ctx context.Context, u User, account Account, ended []Purchase, numbers ...int) error {
	commit, err := s.alter(ctx, u, account, unchanged)
	if err != nil {
		return err
	}
	return s.saveAccount(ctx, commit, account, nil, ended, numbers...)
}

// saveAccount commits an account with its customer, and the purchases that started and
// ended, in one transaction; numbers are what the request returns.
func (s *Service) saveAccount(ctx context.Context, commit customer.Commit, account Account, started, ended []Purchase, numbers ...int) error {
	for i := range started {
		started[i].Commit = commit.ID
		for j := range account.Active {
			if account.Active[j].Number == started[i].Number {
				account.Active[j].Commit = commit.ID
			}
		}
	}
	return s.save(ctx, Change{
		ID: commit.ID, Tenant: commit.Tenant, Account: &account, Customer: commit, Started: started, Ended: ended,
	}, numbers...)
}
