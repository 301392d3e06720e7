package dynamo

import (
	"context"
	"crypto/rand"

	"regulars/shared/customer"
	"regulars/shared/idempotency"
)

// ClaimRequest implements [points.Store]. The key lies where those of other batches
// do.
func (s *Store) ClaimRequest(ctx context.Context, tenant int, key idempotency.Key) error {
	return s.Commit(ctx, customer.Commit{ID: rand.Text(), Tenant: tenant, Request: &customer.IdempotencyRecord{Key: key}})
}
