package jobs

import "context"

// FindDuplicates finds pairs of customers that share a contact, which a person may merge.
// It has no subject, and a part for each shard of the customers.
const FindDuplicates = "find-duplicates"

// StartFindDuplicates starts, as [Service.Start] does, the job about a tenant's pairs.
func (s *Service) StartFindDuplicates(ctx context.Context, tenant int) (Job, error) {
	return s.startWalk(ctx, tenant, FindDuplicates, Subject{})
}
