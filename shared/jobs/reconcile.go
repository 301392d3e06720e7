package jobs

import "context"

// Reconcile looks whether customers, their match keys, points accounts and purchases
// fit each other, and finds what does not; it changes nothing. Its subject is named by
// the day, and it has a part for each shard of the customers.
const Reconcile = "reconcile"

// StartReconcile starts, as [Service.Start] does, the job of a day (2026-11-29), unless
// there was one.
func (s *Service) StartReconcile(ctx context.Context, tenant int, day string) error {
	return s.startDaily(ctx, tenant, Reconcile, day)
}
