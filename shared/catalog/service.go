package catalog

import (
	"context"
	"crypto/rand"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Service keeps the catalog and gives products to customers: it loads what a
// decision needs, decides, and commits all of it or nothing, again as often as
// somebody else came between.
type Service struct {
	store     Store
	customers *customer.Service
	now       func() time.Time
	request   *request // that is carried out; nil: it has no idempotency key
}

// NewService makes a service on a store.
func NewService(store Store, customers *customer.Service, now func() time.Time) *Service {
	return &Service{store: store, customers: customers, now: now}
}

// instant is the time to the precision that is kept.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// read is the store's Read, repeated while it cannot answer.
func (s *Service) read(ctx context.Context, tenant int, w Wanted) (Found, error) {
	var found Found
	err := errs.Retry(ctx, func(int) (err error) {
		found, err = s.store.Read(ctx, tenant, w)
		return err
	})
	return found, err
}

// numbers are drawn for one request and used once, whatever number of attempts
// it takes.
type numbers struct {
	store  Store
	tenant int
	drawn  map[Sequence][]int
}

func (s *Service) numbers(tenant int) *numbers {
	return &numbers{s.store, tenant, map[Sequence][]int{}}
}

// draw returns so many numbers of each sequence.
func (n *numbers) draw(ctx context.Context, count map[Sequence]int) (map[Sequence][]int, error) {
	missing := map[Sequence]int{}
	for sequence, want := range count {
		if lacks := want - len(n.drawn[sequence]); lacks > 0 {
			missing[sequence] = lacks
		}
	}
	if len(missing) > 0 {
		first, err := n.store.Numbers(ctx, n.tenant, missing)
		if err != nil {
			return nil, err
		}
		for sequence, lacks := range missing {
			for i := range lacks {
				n.drawn[sequence] = append(n.drawn[sequence], first[sequence]+i)
			}
		}
	}
	return n.drawn, nil
}

// one returns one number of a sequence.
func (n *numbers) one(ctx context.Context, sequence Sequence) (int, error) {
	drawn, err := n.draw(ctx, map[Sequence]int{sequence: 1})
	if err != nil {
		return 0, err
	}
	return drawn[sequence][0], nil
}

// newChange is an empty change of a tenant.
func newChange(tenant int) Change { return Change{ID: rand.Text(), Tenant: tenant} }
