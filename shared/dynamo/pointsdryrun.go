package dynamo

import (
	"context"

	"regulars/shared/customer"
	"regulars/shared/idempotency"
	"regulars/shared/points"
)

// CheckPoints implements [points.Store].
func (s *Store) CheckPoints(ctx context.Context, c points.Commit) error {
	if c.Request != nil {
		first, err := s.IdempotentAnswer(ctx, c.Tenant, c.After.ID, c.Request.Value)
		if err != nil {
			return err
		}
		if first != nil {
			return &idempotency.Carried[[]byte]{Record: *first}
		}
	}
	if c.Order != nil && c.Order.Before.Absent() {
		return s.checkOrderClaim(ctx, orderClaimKey(c.Tenant, c.Order.After.ID), c.After.ID, nil)
	}
	return nil
}

// CheckClaim implements [points.Store].
func (s *Store) CheckClaim(ctx context.Context, tenant int, key idempotency.Key) error {
	first, err := s.IdempotencyRecord(ctx, tenant, key.Value)
	if err != nil || first == nil {
		return err
	}
	return &idempotency.Carried[customer.Recorded]{Record: *first}
}
