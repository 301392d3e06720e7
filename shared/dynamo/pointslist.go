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
func (s *Store) ListIDs(ctx context.Context, tenant int, asks []points.Ask, down bool) ([][]points.Place, error) {
	return s.sideBySide(ctx, "list customers", asks, func(ask points.Ask) (*dynamodb.QueryInput, error) {
		from, to := (ask.After.ID + 1).Base36(), "~"
		if down {
			from = "0"
			if ask.After.ID > 0 {
				to = (ask.After.ID - 1).Base36()
			}
		}
		return newQuery(index1, within(attrIndex1PK, listPK(tenant, ask.Shard), attrIndex1SK, from, to), !down, ask.Limit)
	}, func(it item) (points.Place, error) {
		id, err := idOfCustomer(keyOf(it))
		return points.Place{ID: id}, err
	})
}

// ListChanged implements [points.Lister].
func (s *Store) ListChanged(ctx context.Context, tenant int, asks []points.Ask, from, to points.Hour) ([][]points.Place, error) {
	return s.sideBySide(ctx, "list changes", asks, func(ask points.Ask) (*dynamodb.QueryInput, error) {
		top := hourText(from.Begins()) + afterIDs
		if ask.After.ID > 0 {
			top = hourPlace(ask.After.Hour.Begins(), ask.After.ID-1)
		}
		return newQuery(index2, within(attrIndex2PK, changedPK(tenant, ask.Shard), attrIndex2SK, hourText(to.Begins()), top), false, ask.Limit)
	}, func(it item) (points.Place, error) {
		t, id, err := readHourPlace(text(it, attrIndex2SK))
		return points.Place{ID: id, Hour: points.Hour(t.Unix() / 3600)}, err
	})
}

// sideBySide answers asks by one query each, all at once: one trip.
func (s *Store) sideBySide(ctx context.Context, doing string, asks []points.Ask,
	ask func(points.Ask) (*dynamodb.QueryInput, error), read func(item) (points.Place, error)) ([][]points.Place, error) {
	meter.From(ctx).Add(1, 0, 0)
	answers := make([][]points.Place, len(asks))
	var group errgroup.Group
	for i, a := range asks {
		group.Go(func() error {
			input, err := ask(a)
			if err != nil {
				return fmt.Errorf("%s: %w", doing, err)
			}
			items, err := s.queryBeside(ctx, doing, input)
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
func (s *Store) ListProfiles(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]points.Profile, error) {
	keys := make([]key, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, accountKey(tenant, id), customerKey(tenant, id))
	}
	found := make(map[key]item, len(keys))
	for start := 0; start < len(keys); start += maxBatch {
		if err := s.getBatch(ctx, "list profiles", keys[start:min(start+maxBatch, len(keys))], found, false); err != nil {
			return nil, err
		}
	}
	profiles := make(map[customer.ID]points.Profile, len(ids))
	for _, id := range ids {
		p, err := readProfile(tenant, id, found)
		if err != nil {
			return nil, err
		}
		if !p.Customer.Absent() {
			profiles[id] = p
		}
	}
	return profiles, nil
}
