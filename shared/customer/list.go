package customer

import (
	"context"
	"fmt"
	"time"

	"regulars/shared/errs"
)

// PageSize is how many customers a page holds at most: one strong read of the
// table takes as many.
const PageSize = 100

// Settling is how young a customer may be and still be withheld from lists: an id
// is drawn before it is committed, and the index that lists it lags a moment
// behind. A walk that had passed an id before it appeared would never meet it.
const Settling = 5 * time.Second

// A Page is a piece of the list of a tenant's customers.
type Page struct {
	// Customers, the oldest first, which is the order of their ids.
	Customers []Customer
	// Looked is how many customers were looked at, those that are deleted among them.
	Looked int
	// Next, unless 0, is where the list goes on: ask for what is above it. A page
	// may be short, or empty, and have a next one.
	Next ID
}

// WithSettling returns a service whose lists withhold the customers of the last d.
// Those of [NewService] withhold them for [Settling].
func (s *Service) WithSettling(d time.Duration) *Service {
	c := *s
	c.settling = d
	return &c
}

// List returns a tenant's customers with ids above after, from 1 to [PageSize] of
// them, or the first of these where they are large. The index finds them and they are read strongly, so those that are deleted
// by now are left out. Who walks from 0 along Next meets each customer that was
// there from the beginning to the end once, whoever writes meanwhile.
func (s *Service) List(ctx context.Context, tenant int, after ID, limit int) (Page, error) {
	if limit < 1 || limit > PageSize {
		return Page{}, fmt.Errorf("list of %d customers, a page has 1 to %d", limit, PageSize)
	}
	var page Page
	err := errs.Retry(ctx, func(int) (err error) {
		page, err = s.page(ctx, tenant, after, limit)
		return err
	})
	return page, err
}

func (s *Service) page(ctx context.Context, tenant int, after ID, limit int) (Page, error) {
	// One more than is shown tells whether there is a next page.
	ids, err := s.store.IDs(ctx, tenant, after, s.NewestListed(), limit+1)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(ids) > limit {
		ids = ids[:limit]
		page.Next = ids[limit-1]
	}
	if len(ids) == 0 {
		return page, nil
	}
	records, read, err := s.store.FirstCustomers(ctx, tenant, ids)
	if err != nil {
		return Page{}, err
	}
	page.Looked = read
	if read < len(ids) {
		ids = ids[:read]
		page.Next = ids[read-1]
	}
	page.Customers = make([]Customer, 0, len(ids))
	for _, id := range ids {
		if record, found := records[id]; found && !record.Deleted {
			page.Customers = append(page.Customers, record.Customer)
		}
	}
	return page, nil
}

// NewestListed is the highest id that lists show. Without a time to settle, as on a
// development machine, where the index does not lag, it is the one below all that this
// process has drawn and not committed yet.
func (s *Service) NewestListed() ID {
	if s.settling <= 0 {
		return s.drawn.newest(s.now())
	}
	return NewID(s.now().Add(-s.settling), 1<<idRandomBits-1)
}
