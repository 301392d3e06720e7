package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"golang.org/x/sync/errgroup"

	"regulars/shared/customer"
	"regulars/shared/meter"
)

// IDs implements [customer.Store]: the shards are asked side by side, each for as
// many as are wanted in all, and merged.
func (s *Store) IDs(ctx context.Context, tenant int, after, upTo customer.ID, limit int) ([]customer.ID, error) {
	if upTo <= after {
		return nil, nil // the table takes no range that ends before it begins
	}
	var group errgroup.Group
	var found [shards][]customer.ID
	for shard := range shards {
		group.Go(func() (err error) {
			found[shard], err = s.shardIDs(ctx, tenant, shard, after, upTo, limit)
			return err
		})
	}
	meter.From(ctx).Add(1, 0, 0)
	if err := group.Wait(); err != nil {
		return nil, err
	}
	ids := slices.Concat(found[:]...)
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// shardIDs are the ids of one shard, above after and up to upTo, which is higher.
func (s *Store) shardIDs(ctx context.Context, tenant, shard int, after, upTo customer.ID, limit int) ([]customer.ID, error) {
	condition := within(attrIndex1PK, listPK(tenant, shard), attrIndex1SK, (after + 1).Base36(), upTo.Base36())
	return s.customersListed(ctx, "list customers", condition, limit)
}

// customersListed are the customers that gsi1 lists under condition, ascending.
func (s *Store) customersListed(ctx context.Context, doing string, condition expression.KeyConditionBuilder, limit int) ([]customer.ID, error) {
	keys, err := s.queryIndex1(ctx, doing, condition, true, limit)
	if err != nil {
		return nil, err
	}
	ids := make([]customer.ID, len(keys))
	for i, k := range keys {
		if ids[i], err = idOfCustomer(k); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
