package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A PurchaseMove takes a purchase out of one customer's collection into another's.
type PurchaseMove struct {
	Purchase
	From, To customer.ID
}

// Merge gives the account of a customer that stays all that another has of the catalog,
// and returns the active purchases, which move. Subscriptions of both go on side by
// side until the next one ends them. It rejects more active purchases than a customer
// may have.
func Merge(stays, goes Account) (after Account, moved []Purchase, err error) {
	after = stays
	after.Active = slices.Concat(stays.Active, goes.Active)
	slices.SortStableFunc(after.Active, func(p, q Purchase) int { return p.Created.Compare(q.Created) })
	if n := len(after.Active); n > MaxActive {
		return after, nil, errs.New(errs.FailedPrecondition, "too_many_purchases", "", n, MaxActive)
	}
	after.UserTasks = maps.Clone(goes.UserTasks)
	if after.UserTasks == nil && stays.UserTasks != nil {
		after.UserTasks = map[int]int{}
	}
	maps.Copy(after.UserTasks, stays.UserTasks)
	after.LastLimited, after.LastDated = later(stays.LastLimited, goes.LastLimited), later(stays.LastDated, goes.LastDated)
	return after, goes.Active, nil
}

func later(p, q *Purchase) *Purchase {
	if p == nil || q != nil && q.Ended.After(p.Ended) {
		return q
	}
	return p
}

// Unmerge parts an account again that [Merge] made of two, which were stays and goes.
// The purchases that moved go back as they are now; what came since stays.
func Unmerge(stays, goes, now Account) (kept, back Account) {
	kept, back = now, goes
	its := map[int]bool{}
	back.Active = nil
	for _, p := range goes.Active {
		its[p.Number] = true
	}
	kept.Active = nil
	for _, p := range now.Active {
		if its[p.Number] {
			back.Active = append(back.Active, p)
		} else {
			kept.Active = append(kept.Active, p)
		}
	}
	kept.UserTasks = maps.Clone(now.UserTasks)
	maps.DeleteFunc(kept.UserTasks, func(task, n int) bool { return goes.UserTasks[task] == n && stays.UserTasks[task] == 0 })
	part := func(before, goes, now *Purchase) (kept, back *Purchase) {
		switch {
		case now == nil:
			return nil, goes
		case its[now.Number]:
			return before, now
		case goes != nil && now.Number == goes.Number:
			return before, goes
		}
		return now, goes
	}
	kept.LastLimited, back.LastLimited = part(stays.LastLimited, goes.LastLimited, now.LastLimited)
	kept.LastDated, back.LastDated = part(stays.LastDated, goes.LastDated, now.LastDated)
	return kept, back
}

// Empty reports whether a customer has nothing of the catalog.
func (a Account) Empty() bool {
	return len(a.Active) == 0 && len(a.UserTasks) == 0 && a.LastLimited == nil && a.LastDated == nil
}

// following reads what is wanted of the customer that an id means: where its own was
// merged into another, of that one.
func (s *Service) following(ctx context.Context, tenant int, id customer.ID, w Wanted) (Found, error) {
	w.Customer = id
	found, err := s.store.Read(ctx, tenant, w)
	if err != nil || found.Account.Customer.MergedInto == 0 {
		return found, err
	}
	w.Customer = found.Account.Customer.MergedInto
	found, err = s.store.Read(ctx, tenant, w)
	if err == nil && !found.Account.Customer.Was(id) {
		err = fmt.Errorf("customer %s was unmerged between two reads: %w", id.Hex(), errs.ErrConflict)
	}
	return found, err
}
