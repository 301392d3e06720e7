package history

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Store reads histories.
type Store interface {
	// Changes reads those in one customer's collection whose [Change.Place] is below before
	// as a text, or the latest where that is empty, up to limit, the latest first. more says
	// that there are others.
	Changes(ctx context.Context, tenant int, id customer.ID, before string, limit int) (changes []Change, more bool, err error)
}

// A Service reads the history of customers, with those who were merged into them.
type Service struct {
	customers *customer.Service
	store     Store
}

// NewService makes a service on a store.
func NewService(customers *customer.Service, store Store) *Service {
	return &Service{customers, store}
}

// A Page is a piece of a history, the latest change first.
type Page struct {
	// Customer is whose history it is: of one that was merged the one that stays.
	Customer customer.ID
	Changes  []Change
	// Next, unless empty, is the place before which the history goes on. A page may be
	// short and have a next one.
	Next string
}

// MaxPage is how many changes a page has at most.
const MaxPage = 100

// Place is where a change is among others of its collection.
func (c Change) Place() string { return fmt.Sprintf("%016d#%s", c.At.UnixMicro(), c.ID) }

// placeOfAll is where it is among those of several collections: a merge is a change of
// both customers.
func (c Change) placeOfAll() string { return c.Place() + "#" + c.Of.Base36() }

// placeOfAll is what [Change.placeOfAll] writes.
var placeOfAll = regexp.MustCompile(`^([0-9]{16}#[0-9A-Za-z]{1,64})#([0-9A-Z]{16})$`)

// behind is behind everything that begins like what stands before it.
const behind = "~"

// Page returns changes of a customer before a place, the latest where it is empty. It
// rejects with [customer.ErrNotFound] where there is no such customer, or no longer, and
// what is no place.
func (s *Service) Page(ctx context.Context, settings access.Settings, id customer.ID, before string, limit int) (Page, error) {
	bound := placeOfAll.FindStringSubmatch(before)
	if before != "" && bound == nil {
		return Page{}, errs.New(errs.Invalid, "bad_place", "before")
	}
	if limit < 1 || limit > MaxPage {
		return Page{}, errs.New(errs.Invalid, "bad_limit", "limit", MaxPage)
	}
	c, err := s.customers.Find(ctx, settings.CustomerRules(), customer.Search{ID: id})
	if err != nil {
		return Page{}, err
	}
	ids := []customer.ID{c.ID}
	for _, f := range c.Formerly {
		ids = append(ids, f.ID)
	}
	page := Page{Customer: c.ID}
	known := "" // from here on the changes of all collections were read
	for _, id := range ids {
		below := ""
		if bound != nil {
			if below = bound[1]; id.Base36() < bound[2] {
				below += behind // the change of that place in this collection comes next
			}
		}
		changes, more, err := s.store.Changes(ctx, settings.Tenant, id, below, limit)
		if err != nil {
			return Page{}, err
		}
		page.Changes = append(page.Changes, changes...)
		if more && len(changes) > 0 {
			known = max(known, changes[len(changes)-1].placeOfAll())
		}
	}
	slices.SortFunc(page.Changes, func(a, b Change) int { return cmp.Compare(b.placeOfAll(), a.placeOfAll()) })
	all := len(page.Changes)
	page.Changes = slices.DeleteFunc(page.Changes, func(c Change) bool { return c.placeOfAll() < known })
	page.Changes = page.Changes[:min(limit, len(page.Changes))]
	if n := len(page.Changes); n > 0 && (n < all || known != "") {
		page.Next = page.Changes[n-1].placeOfAll()
	}
	return page, nil
}
