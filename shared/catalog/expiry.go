package catalog

import (
	"context"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Expire ends a purchase whose days are over, and reports whether it did.
func (s *Service) Expire(ctx context.Context, tenant int, due Due) (bool, error) {
	var expired bool
	now := s.instant()
	err := errs.Retry(ctx, func(int) (err error) {
		expired, err = s.end(ctx, User{Rules: customer.Rules{Tenant: tenant}, ID: due.Customer}, Ref{Number: due.Purchase},
			func(product Product, p Purchase) bool { return product.expired(p, now) }, true)
		return err
	})
	if clientErr, rejected := errs.AsClient(err); rejected && clientErr.Code == codePurchaseUnknown {
		return false, nil // the customer was deleted; its purchases are purged
	}
	return expired, err
}

// Bounded returns the products whose purchases can expire.
func (s *Service) Bounded(ctx context.Context, tenant int) ([]Product, error) {
	products, err := s.products(ctx, tenant)
	return slices.DeleteFunc(products, func(p Product) bool {
		_, bounded := p.createdUpTo(s.now())
		return !bounded
	}), err
}

// Overdue finds up to limit purchases of the products given, all that are bounded,
// that customers in one shard have and whose days seem to be over, from a cursor
// on; an empty one is the start. It returns where to go on, and whether there may
// be more. It reads in proportion to what it finds: of each product only the
// purchases created early enough.
func (s *Service) Overdue(ctx context.Context, tenant, shard int, products []Product, cursor Cursor, limit int) (due []Due, next Cursor, more bool, err error) {
	for _, p := range products {
		upTo, bounded := p.createdUpTo(s.now())
		if p.Number < cursor.Product || !bounded {
			continue
		}
		if p.Number > cursor.Product {
			cursor = Cursor{Product: p.Number}
		}
		found, err := s.started(ctx, tenant, shard, p.Number, upTo, cursor.Position, limit-len(due))
		if err != nil {
			return nil, cursor, false, err
		}
		due = append(due, found...)
		if len(found) > 0 {
			cursor.Position = found[len(found)-1].Place
		}
		if len(due) == limit {
			return due, cursor, true, nil
		}
	}
	return due, cursor, false, nil
}

// ExpireSome ends up to limit purchases whose days are over, and tells of each
// that it ended, once. What somebody else ended meanwhile is not told.
func (s *Service) ExpireSome(ctx context.Context, tenant, limit int, ended func(Due)) error {
	products, err := s.Bounded(ctx, tenant)
	if err != nil || len(products) == 0 {
		return err
	}
	for shard := 0; shard < customer.Shards && limit > 0; shard++ {
		n, err := s.expireIn(ctx, tenant, shard, products, limit, ended)
		if err != nil {
			return err
		}
		limit -= n
	}
	return nil
}

// expireIn is ExpireSome for the customers of one shard; it returns how many ended.
func (s *Service) expireIn(ctx context.Context, tenant, shard int, products []Product, limit int, ended func(Due)) (n int, err error) {
	var cursor Cursor
	for more := true; more && n < limit; {
		var due []Due
		if due, cursor, more, err = s.Overdue(ctx, tenant, shard, products, cursor, limit-n); err != nil {
			return n, err
		}
		for _, d := range due {
			expired, err := s.Expire(ctx, tenant, d)
			if err != nil {
				return n, err
			}
			if expired {
				n++
				ended(d)
			}
		}
	}
	return n, nil
}

// A Cursor is how far a walk over overdue purchases came.
type Cursor struct {
	Product  int
	Position string
}

func (s *Service) started(ctx context.Context, tenant, shard, product int, upTo time.Time, after string, limit int) ([]Due, error) {
	var found []Due
	err := errs.Retry(ctx, func(int) (err error) {
		found, err = s.store.Started(ctx, tenant, shard, product, upTo, after, limit)
		return err
	})
	return found, err
}
