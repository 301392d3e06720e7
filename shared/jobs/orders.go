package jobs

import "context"

// ClaimOrders makes the ids of orders from before they belonged to one customer of
// the tenant that customer's, and finds those that several have. It has no subject,
// and a part for each shard of the customers.
const ClaimOrders = "claim-orders"

// StartClaimOrders starts, as [Service.Start] does, the job about a tenant's orders.
func (s *Service) StartClaimOrders(ctx context.Context, tenant int) (Job, error) {
	return s.startWalk(ctx, tenant, ClaimOrders, Subject{})
}
