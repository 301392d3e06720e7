package catalog

import (
	"context"
	"slices"

	"regulars/shared/errs"
)

// CreateProduct makes a product (Mojodex 2.3 and 2.8) and returns its number.
// The client errors come in the order of the contract: labels, the category, the
// form's Shape, its Values.
func (s *Service) CreateProduct(ctx context.Context, tenant int, f ProductForm) (int, error) {
	numbers := s.numbers(tenant)
	var n int
	err := errs.Retry(ctx, func(int) error {
		next := Product{
			Label: f.Label.Value, Category: f.Category.Value.Number, Displayed: texts(f.Displayed.Value), Free: f.Free.Value,
			Days: f.Days.Value, Limit: f.Limit.Value, StripeID: f.StripeID.Value, AppleID: f.AppleID.Value,
		}
		labels := next.labels()
		if !f.Label.Sent { // what was sent is none, and Values says so
			labels = labels[1:]
		}
		found, err := s.store.Read(ctx, tenant, Wanted{Labels: labels, Categories: []int{next.Category}})
		if err != nil {
			return err
		}
		change := newChange(tenant)
		if err := change.relabel(nil, labels, found.Labels, 0); err != nil {
			return err
		}
		if _, ok := found.Categories[next.Category]; !ok {
			return reject("category_unknown/creating", "product_category_pk", f.Category.Value.Raw)
		}
		if err := first(f.Shape, f.Values); err != nil {
			return err
		}
		if n, err = numbers.one(ctx, Products); err != nil {
			return err
		}
		next.Number = n
		change.Product = &next
		change.heldBy(n)
		return s.save(ctx, change, n)
	})
	return n, err
}

// UpdateProduct changes what the form has of a product (Mojodex 3.1).
func (s *Service) UpdateProduct(ctx context.Context, tenant int, product Ref, f ProductForm) error {
	return errs.Retry(ctx, func(int) error {
		p, err := s.toUpdate(ctx, tenant, product, f)
		if err != nil {
			return err
		}
		next, err := p.with(f)
		if err != nil {
			return err
		}
		// The ids of the shops are looked at before the label.
		held, wanted := p.labels(), next.labels()
		wanted = append(wanted[1:len(wanted):len(wanted)], wanted[0])
		found, err := s.store.Read(ctx, tenant, Wanted{Labels: differing(held, wanted)})
		if err != nil {
			return err
		}
		change := newChange(tenant)
		if err := first(change.relabel(held, wanted, found.Labels, p.Number), f.Values); err != nil {
			return err
		}
		change.Product = &next
		return s.save(ctx, change)
	})
}

// toUpdate reads the product that an update is about, and what the form names.
func (s *Service) toUpdate(ctx context.Context, tenant int, product Ref, f ProductForm) (Product, error) {
	wanted := Wanted{Products: []int{product.Number}}
	if f.Category.Sent {
		wanted.Categories = []int{f.Category.Value.Number}
	}
	found, err := s.store.Read(ctx, tenant, wanted)
	if err != nil {
		return Product{}, err
	}
	p, ok := found.Products[product.Number]
	if !ok {
		return Product{}, reject("product_unknown/updating", "product_pk", product.Raw)
	}
	if _, ok := found.Categories[f.Category.Value.Number]; f.Category.Sent && !ok {
		return Product{}, reject("category_unknown/updating", "product_category_fk", f.Category.Value.Raw)
	}
	return p, f.Shape
}

// with is the product as the form wants it.
func (p Product) with(f ProductForm) (Product, error) {
	displayed, err := p.Displayed.updated(f.Displayed.Value, func(TextForm) error { return nil })
	if err != nil {
		return Product{}, err
	}
	p.Displayed = displayed
	f.Label.set(&p.Label)
	f.Free.set(&p.Free)
	f.Days.set(&p.Days)
	f.Limit.set(&p.Limit)
	f.StripeID.set(&p.StripeID)
	f.AppleID.set(&p.AppleID)
	if f.Category.Sent {
		p.Category = f.Category.Value.Number
	}
	return p, nil
}

// Associate gives a product one more task (Mojodex 2.4) and returns the number of
// the association. Who has an active purchase of the product has the task from
// then on: which tasks a customer has is reckoned from the products.
func (s *Service) Associate(ctx context.Context, tenant int, product, task Ref) (int, error) {
	numbers := s.numbers(tenant)
	var n int
	err := errs.Retry(ctx, func(int) error {
		found, err := s.store.Read(ctx, tenant, Wanted{Products: []int{product.Number}, Tasks: []int{task.Number}})
		if err != nil {
			return err
		}
		p, ok := found.Products[product.Number]
		if !ok {
			return reject("product_unknown", "product_pk", product.Raw)
		}
		if _, ok := found.Tasks[task.Number]; !ok {
			return unknownTask(task)
		}
		if p.Has(task.Number) {
			return errs.New(errs.FailedPrecondition, "association_exists", "task_pk")
		}
		if len(p.Links) >= maxLinks {
			return errs.New(errs.FailedPrecondition, "too_many_tasks", "product_pk", p.Number, maxLinks)
		}
		if n, err = numbers.one(ctx, Links); err != nil {
			return err
		}
		p.Links = append(slices.Clone(p.Links), Link{n, task.Number})
		change := newChange(tenant)
		change.Product = &p
		return s.save(ctx, change, n)
	})
	return n, err
}

// Product returns a product.
func (s *Service) Product(ctx context.Context, tenant int, product Ref) (Product, error) {
	found, err := s.read(ctx, tenant, Wanted{Products: []int{product.Number}})
	if err != nil {
		return Product{}, err
	}
	p, ok := found.Products[product.Number]
	if !ok {
		return Product{}, reject("product_unknown", "product_pk", product.Raw)
	}
	return p, nil
}

// Products returns all products by number, or rejects with [ErrListTooLong].
func (s *Service) Products(ctx context.Context, tenant int) ([]Product, error) {
	all, err := s.products(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return showable(all, func(p Product) int { return p.Bytes })
}

// products returns all products, however many.
func (s *Service) products(ctx context.Context, tenant int) ([]Product, error) {
	var all []Product
	err := errs.Retry(ctx, func(int) (err error) {
		all, err = s.store.Products(ctx, tenant)
		return err
	})
	return all, err
}

func unknownTask(task Ref) error {
	return reject("task_unknown", "task_pk", task.Raw)
}
