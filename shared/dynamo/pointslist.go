package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"regulars/shared/customer"
	"regulars/shared/meter"
	"regulars/shared/points"
)

// ListIDs implements [points.Lister].
func (s *Store) ListIDs(ctx context.Context, tenant int, queries []points.Query, down bool) ([][]points.Position, error) {
	return s.sideBySide(ctx, "list customers", queries, func(q points.Query) (*dynamodb.QueryInput, error) {
		from, to := (q.After.ID + 1).Base36(), "~"
		if down {
			from = "0"
			if q.After.ID > 0 {
				to = (q.After.ID - 1).Base36()
			}
		}
		return newQuery(index1, within(attrIndex1PK, listPK(tenant, q.Shard), attrIndex1SK, from, to), !down, q.Limit)
	}, func(it item) (points.Position, error) {
		id, err := idOfCustomer(keyOf(it))
		return points.Position{ID: id}, err
	})
}

// ListChanged implements [points.Lister].
func (s *Store) ListChanged(ctx context.Context, tenant int, queries []points.Query, from, to points.Hour) ([][]points.Position, error) {
	return s.sideBySide(ctx, "list changes", queries, func(q points.Query) (*dynamodb.QueryInput, error) {
		top := hourText(from.Begins()) + afterIDs
		if q.After.ID > 0 {
			top = hourPlace(q.After.Hour.Begins(), q.After.ID-1)
		}
		return newQuery(index2, within(attrIndex2PK, changedPK(tenant, q.Shard), attrIndex2SK, hourText(to.Begins()), top), false, q.Limit)
	}, func(it item) (points.Position, error) {
		t, id, err := readHourPlace(text(it, attrIndex2SK))
		return points.Position{ID: id, Hour: points.Hour(t.Unix() / 3600)}, err
	})
}

// sideBySide answers each query by one of DynamoDB, all at once: one trip.
func (s *Store) sideBySide(ctx context.Context, doing string, queries []points.Query,
	input func(points.Query) (*dynamodb.QueryInput, error), read func(item) (points.Position, error)) ([][]points.Position, error) {
	meter.From(ctx).Add(1, 0, 0)
	answers := make([][]points.Position, len(queries))
	var group errgroup.Group
	for i, q := range queries {
		group.Go(func() error {
			in, err := input(q)
			if err != nil {
				return fmt.Errorf("%s: %w", doing, err)
			}
			items, err := s.queryBeside(ctx, doing, in)
			for _, it := range items {
				place, placeErr := read(it)
				answers[i], err = append(answers[i], place), errors.Join(err, placeErr)
			}
			return err
		})
	}
	return answers, group.Wait()
}

// ListProfiles implements [points.Lister].
func (s *Store) ListProfiles(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]points.Profile, int, error) {
	ids = ids[:min(maxBatch/2, len(ids))]
	keys := make([]key, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, accountKey(tenant, id), customerKey(tenant, id))
	}
	found := make(map[key]item, len(keys))
	rest, err := s.getFirst(ctx, "list profiles", keys, 2, found, false)
	if err != nil {
		return nil, 0, err
	}
	ids = ids[:(len(keys)-len(rest))/2] // an account may be there without its customer
	profiles := make(map[customer.ID]points.Profile, len(ids))
	for _, id := range ids {
		p, err := readProfile(tenant, id, found)
		if err != nil {
			return nil, 0, err
		}
		if !p.Customer.Absent() {
			profiles[id] = p
		}
	}
	return profiles, len(ids), nil
}

// ListDue implements [points.Lister]. Other things fall due, too: who looks at the
// customer sees that.
func (s *Store) ListDue(ctx context.Context, tenant int, queries []points.Query, by points.Hour) ([][]points.Position, error) {
	return s.sideBySide(ctx, "list due accounts", queries, func(q points.Query) (*dynamodb.QueryInput, error) {
		from := "0"
		if q.After.ID > 0 {
			from = hourPlace(q.After.Hour.Begins(), q.After.ID+1)
		}
		return newQuery(index1, within(attrIndex1PK, duePK(tenant, q.Shard), attrIndex1SK, from, hourText(by.Begins())+afterIDs), true, q.Limit)
	}, func(it item) (points.Position, error) {
		t, id, err := readHourPlace(text(it, attrIndex1SK))
		return points.Position{ID: id, Hour: points.Hour(t.Unix() / 3600)}, err
	})
}
