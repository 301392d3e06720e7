package dynamo

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/customer"
	"regulars/shared/meter"
)

// IDs implements [customer.Store]: the shards are asked side by side, each for as
// many as are wanted in all, and merged.
func (s *Store) IDs(ctx context.Context, tenant int, after, upTo customer.ID, limit int) ([]customer.ID, error) {
	if upTo <= after {
		return nil, nil // the table takes no range that ends before it begins
	}
	var asked sync.WaitGroup
	var found [shards][]customer.ID
	var failed [shards]error
	for shard := range shards {
		asked.Go(func() { found[shard], failed[shard] = s.shardIDs(ctx, tenant, shard, after, upTo, limit) })
	}
	asked.Wait()
	meter.From(ctx).Add(1, 0, 0)
	if err := errors.Join(failed[:]...); err != nil {
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
