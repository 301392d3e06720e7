package merge

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Separation says that two customers are not the same person, as somebody decided.
type Separation struct {
	// Of is the customer, or one that was merged into it, and From the other: by the ids
	// that they had when it was decided.
	Of, From customer.ID
	// Other is the customer that From means today.
	Other customer.ID
	At    time.Time
	// By is who decided it.
	By string
	// Commit is the id of the commit that wrote it; empty: it is not there.
	Commit string
}

// A SeparationCommit writes a separation, in the collections of both customers, or
// removes it.
type SeparationCommit struct {
	// ID never repeats.
	ID     string
	Tenant int
	Separation
	// Both are the two customers, which must be as they were read for it to be written.
	Both [2]customer.Record
	// Removes: it is removed, as it was read.
	Removes bool
}

// ErrSeparate rejects the merge of two customers who are not the same person.
var ErrSeparate = errs.New(errs.FailedPrecondition, "customers_separate", "")

// Separations returns who is not the same person as a customer, in the order of their
// ids. It rejects with [ErrUnknown].
func (s *Service) Separations(ctx context.Context, tenant int, id customer.ID) ([]Separation, error) {
	c, err := s.living(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	return s.separations(ctx, tenant, c.Customer)
}

// Separate decides that two customers are not the same person: they are suggested for a
// merge no more, and not merged. Where that is so already it does nothing. It rejects
// with [ErrSelf] and [ErrUnknown].
func (s *Service) Separate(ctx context.Context, tenant int, pair [2]customer.ID, by string) error {
	return errs.Retry(ctx, func(int) error {
		both, known, err := s.separated(ctx, tenant, pair)
		if err != nil || len(known) > 0 {
			return err
		}
		return s.store.CommitSeparation(ctx, SeparationCommit{
			ID: rand.Text(), Tenant: tenant, Both: both,
			Separation: Separation{Of: both[0].ID, From: both[1].ID, At: s.now().UTC().Truncate(time.Microsecond), By: by},
		})
	})
}

// Unseparate takes back that two customers are not the same person. Where that was not
// decided it does nothing. It rejects with [ErrSelf] and [ErrUnknown].
func (s *Service) Unseparate(ctx context.Context, tenant int, pair [2]customer.ID) error {
	return errs.Retry(ctx, func(int) error {
		_, known, err := s.separated(ctx, tenant, pair)
		if err != nil {
			return err
		}
		for _, k := range known {
			if err := s.store.CommitSeparation(ctx, SeparationCommit{ID: rand.Text(), Tenant: tenant, Separation: k, Removes: true}); err != nil {
				return err
			}
		}
		return nil
	})
}

// separated reads two customers, and what was decided of both.
func (s *Service) separated(ctx context.Context, tenant int, pair [2]customer.ID) (both [2]customer.Record, known []Separation, err error) {
	for i, id := range pair {
		if both[i], err = s.living(ctx, tenant, id); err != nil {
			return both, nil, err
		}
	}
	if both[0].ID == both[1].ID {
		return both, nil, ErrSelf
	}
	known, err = s.separations(ctx, tenant, both[0].Customer)
	return both, slices.DeleteFunc(known, func(k Separation) bool { return k.Other != both[1].ID }), err
}

// living is the customer that an id means today.
func (s *Service) living(ctx context.Context, tenant int, id customer.ID) (customer.Record, error) {
	read, err := s.store.Customers(ctx, tenant, []customer.ID{id})
	if into := read[id].MergedInto; err == nil && into != 0 {
		id = into
		read, err = s.store.Customers(ctx, tenant, []customer.ID{id})
	}
	if err != nil {
		return customer.Record{}, err
	}
	if c := read[id]; !c.Absent() && !c.Deleted {
		return c, nil
	}
	return customer.Record{}, ErrUnknown
}

// separations are those of a customer and of who was merged into it, from those that
// there are.
func (s *Service) separations(ctx context.Context, tenant int, c customer.Customer) (found []Separation, err error) {
	ids := []customer.ID{c.ID}
	for _, former := range c.Formerly {
		ids = append(ids, former.ID)
	}
	from := map[customer.ID]bool{}
	for _, id := range ids {
		of, err := s.store.Separations(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		for _, k := range of {
			from[k.From] = true
		}
		found = append(found, of...)
	}
	if len(found) == 0 {
		return nil, nil
	}
	others, err := s.store.Customers(ctx, tenant, slices.Collect(maps.Keys(from)))
	if err != nil {
		return nil, err
	}
	into := map[customer.ID]bool{}
	for _, other := range others {
		into[other.MergedInto] = true
	}
	delete(into, 0)
	stay, err := s.store.Customers(ctx, tenant, slices.Collect(maps.Keys(into)))
	if err != nil {
		return nil, err
	}
	for i, k := range found {
		other := others[k.From]
		if other.MergedInto != 0 {
			other = stay[other.MergedInto]
		}
		if !other.Absent() && !other.Deleted {
			found[i].Other = other.ID
		}
	}
	found = slices.DeleteFunc(found, func(k Separation) bool { return k.Other == 0 || k.Other == c.ID })
	slices.SortFunc(found, func(a, b Separation) int { return cmp.Compare(a.Other, b.Other) })
	return found, nil
}
