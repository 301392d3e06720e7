package catalog

import (
	"maps"
	"math"
	"slices"
	"time"

	"regulars/shared/customer"
)

// A Purchase gives a product to a customer. The product is looked at when it
// matters, so that a changed product holds for the purchases there are.
type Purchase struct {
	Number, Product int
	Created         time.Time // UTC, to the microsecond
	// CustomID is what the shop calls it; nil for a free product.
	CustomID *string
	// Consumed is how many tasks were run on it.
	Consumed int
	// Ended is when it ended; zero while it is active. Expired: by its days.
	Ended   time.Time
	Expired bool
	// Commit is the id of the commit that wrote the purchase's own item.
	Commit string
}

// An Account is what a customer has of the catalog, as it was read.
type Account struct {
	Customer customer.Record
	// Active purchases, the oldest first. Of subscriptions and free trials it
	// holds one at a time.
	Active []Purchase
	// UserTasks are the numbers of the customer's user tasks by task. One is
	// enabled while an active purchase covers it, and keeps its number.
	UserTasks map[int]int
	// LastLimited and LastDated are the purchases that ended last of those whose
	// product is bounded in tasks, and in days; nil where there is none.
	LastLimited, LastDated *Purchase
	customer.Rev
}

// products are those of the active purchases, each once.
func (a Account) products() []int {
	var ns []int
	for _, p := range a.Active {
		if !slices.Contains(ns, p.Product) {
			ns = append(ns, p.Product)
		}
	}
	return ns
}

// activate adds a purchase. Where its product is a subscription or a free trial,
// those of them that are active end (Mojodex 1.4).
func (a Account) activate(p Purchase, products map[int]Product) (next Account, ended []Purchase) {
	next = a
	if products[p.Product].Exclusive() {
		for _, held := range a.Active {
			if products[held.Product].Exclusive() {
				var e Purchase
				next, e = next.end(held, products[held.Product], p.Created, false)
				ended = append(ended, e)
			}
		}
	}
	next.Active = append(slices.Clone(next.Active), p)
	return next, ended
}

// end ends an active purchase of the product.
func (a Account) end(p Purchase, product Product, now time.Time, expired bool) (Account, Purchase) {
	p.Ended, p.Expired = now, expired
	a.Active = slices.DeleteFunc(slices.Clone(a.Active), func(o Purchase) bool { return o.Number == p.Number })
	if product.Limit != nil {
		a.LastLimited = &p
	}
	if product.Days != nil {
		a.LastDated = &p
	}
	return a, p
}

// active is the active purchase of a number.
func (a Account) active(n int) (Purchase, bool) {
	i := slices.IndexFunc(a.Active, func(p Purchase) bool { return p.Number == n })
	if i < 0 {
		return Purchase{}, false
	}
	return a.Active[i], true
}

// run counts one more run of a task on the oldest active purchase that covers it
// and is not used up, and ends that where it is used up now (Mojodex 1.6). It
// reports false where there is none.
func (a Account) run(task int, products map[int]Product, now time.Time) (next Account, on Purchase, ok bool) {
	i := slices.IndexFunc(a.Active, func(p Purchase) bool {
		product := products[p.Product]
		return product.Has(task) && (product.Limit == nil || *product.Limit > p.Consumed)
	})
	if i < 0 {
		return a, Purchase{}, false
	}
	a.Active = slices.Clone(a.Active)
	a.Active[i].Consumed++
	on = a.Active[i]
	if product := products[on.Product]; bounds(product.Limit) && on.Consumed >= *product.Limit {
		a, on = a.end(on, product, now, false)
	}
	return a, on, true
}

// covered are the tasks that active purchases cover, ascending.
func (a Account) covered(products map[int]Product) []int {
	tasks := map[int]bool{}
	for _, p := range a.Active {
		for _, l := range products[p.Product].Links {
			tasks[l.Task] = true
		}
	}
	return slices.Sorted(maps.Keys(tasks))
}

// unnumbered are the covered tasks that have no user task yet.
func (a Account) unnumbered(products map[int]Product) []int {
	return slices.DeleteFunc(a.covered(products), func(task int) bool { return a.UserTasks[task] != 0 })
}

// number gives the tasks their numbers.
func (a Account) number(tasks, numbers []int) Account {
	if len(tasks) == 0 {
		return a
	}
	a.UserTasks = maps.Clone(a.UserTasks)
	if a.UserTasks == nil {
		a.UserTasks = map[int]int{}
	}
	for i, task := range tasks {
		a.UserTasks[task] = numbers[i]
	}
	return a
}

const day = 24 * time.Hour

// farthest is the most days that are reckoned with; a purchase for more never
// expires.
const farthest = 1_000_000

// createdUpTo is the last day on which a purchase was created that has expired by
// now: one has when the midnight before its creation is more than so many days
// ago (Mojodex 1.6). It reports false where none ever has.
func (p Product) createdUpTo(now time.Time) (time.Time, bool) {
	if !bounds(p.Days) || *p.Days > farthest {
		return time.Time{}, false
	}
	return midnight(now.UTC().Add(-time.Nanosecond).AddDate(0, 0, -max(*p.Days, -farthest))), true
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(day) }

// expired reports whether a purchase of the product has expired.
func (p Product) expired(purchase Purchase, now time.Time) bool {
	last, ok := p.createdUpTo(now)
	return ok && !midnight(purchase.Created).After(last)
}

// RemainingDays are the whole days that are left of a purchase, or nil where the
// product has no bound in days (Mojodex 3.5).
func (p Product) RemainingDays(purchase Purchase, now time.Time) *int {
	if p.Days == nil {
		return nil
	}
	left := (float64(*p.Days) + 1) - float64(now.Sub(purchase.Created))/float64(day)
	n := int(math.Floor(left))
	return &n
}
