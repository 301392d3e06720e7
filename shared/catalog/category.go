package catalog

import (
	"context"

	"regulars/shared/errs"
)

// CreateCategory makes a category (Mojodex 2.2) and returns its number. The
// client errors come in the order of the contract: the label, the form's Shape, its
// Values.
func (s *Service) CreateCategory(ctx context.Context, tenant int, f CategoryForm) (int, error) {
	numbers := s.numbers(tenant)
	var n int
	err := errs.Retry(ctx, func(int) error {
		change := newChange(tenant)
		next := f.labels(nil)
		found, err := s.store.Read(ctx, tenant, Wanted{Labels: next})
		if err != nil {
			return err
		}
		if err := first(change.relabel(nil, next, found.Labels, 0), f.Shape, f.Values); err != nil {
			return err
		}
		if n, err = numbers.one(ctx, Categories); err != nil {
			return err
		}
		change.Category = &Category{
			Number: n, Label: f.Label.Value, Emoji: f.Emoji.Value, Goal: f.Goal.Value, Visible: f.Visible.Value,
			Displayed: texts(f.Displayed.Value),
		}
		change.heldBy(n)
		return s.save(ctx, change, n)
	})
	return n, err
}

// UpdateCategory changes what the form has of a category (Mojodex 3.1).
func (s *Service) UpdateCategory(ctx context.Context, tenant int, category Ref, f CategoryForm) error {
	return errs.Retry(ctx, func(int) error {
		found, err := s.store.Read(ctx, tenant, Wanted{Categories: []int{category.Number}})
		if err != nil {
			return err
		}
		c, ok := found.Categories[category.Number]
		if !ok {
			return unknownCategory(category)
		}
		if f.Visible.Value && !c.Visible {
			if err := s.mayBeVisible(ctx, tenant, category); err != nil {
				return err
			}
		}
		change := newChange(tenant)
		held := []Label{{CategoryLabel, c.Label}}
		next := f.labels(held)
		if found, err = s.store.Read(ctx, tenant, Wanted{Labels: differing(held, next)}); err != nil {
			return err
		}
		if err := first(change.relabel(held, next, found.Labels, c.Number), f.Shape); err != nil {
			return err
		}
		displayed, err := c.Displayed.updated(f.Displayed.Value, lacksCategoryText)
		if err := first(err, f.Values); err != nil {
			return err
		}
		f.Label.set(&c.Label)
		f.Emoji.set(&c.Emoji)
		f.Visible.set(&c.Visible)
		c.Displayed = displayed
		change.Category = &c
		return s.save(ctx, change)
	})
}

// labels are those of the category as the form wants it.
func (f CategoryForm) labels(held []Label) []Label {
	if !f.Label.Sent {
		return held
	}
	return []Label{{CategoryLabel, f.Label.Value}}
}

// mayBeVisible rejects a category that has no free product of so many days.
func (s *Service) mayBeVisible(ctx context.Context, tenant int, category Ref) error {
	products, err := s.store.Products(ctx, tenant)
	if err != nil {
		return err
	}
	for _, p := range products {
		if p.Category == category.Number && p.Free && p.Days != nil {
			return nil
		}
	}
	return errs.New(errs.FailedPrecondition, "no_trial", "visible", category.Raw)
}

func lacksCategoryText(f TextForm) error {
	switch {
	case f.Name == nil:
		return missingText("name_for_user", f.Language)
	case f.Description == nil:
		return missingText("description_for_user", f.Language)
	}
	return nil
}

// Category returns a category, visible or not.
func (s *Service) Category(ctx context.Context, tenant int, category Ref) (Category, error) {
	found, err := s.read(ctx, tenant, Wanted{Categories: []int{category.Number}})
	if err != nil {
		return Category{}, err
	}
	c, ok := found.Categories[category.Number]
	if !ok {
		return Category{}, unknownCategory(category)
	}
	return c, nil
}

// Categories returns all categories by number, or rejects with [ErrListTooLong].
func (s *Service) Categories(ctx context.Context, tenant int) ([]Category, error) {
	var all []Category
	err := errs.Retry(ctx, func(int) (err error) {
		all, err = s.store.Categories(ctx, tenant)
		return err
	})
	if err != nil {
		return nil, err
	}
	return showable(all, func(c Category) int { return c.Bytes })
}

func unknownCategory(category Ref) error {
	return reject("category_unknown", "product_category_pk", category.Raw)
}
