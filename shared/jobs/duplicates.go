package jobs

import "context"

// FindDuplicates finds pairs of customers that share a contact, which a person may merge.
// It has a part for each shard of the customers.
const FindDuplicates = "find-duplicates"

// allPairs is the name of the subject of a job that also finds pairs of whom somebody
// decided that they are not the same person.
const allPairs = "all"

// StartFindDuplicates starts, as [Service.Start] does, the job about a tenant's pairs:
// about all, or but for those of whom it was decided that they are not the same person.
func (s *Service) StartFindDuplicates(ctx context.Context, tenant int, all bool) (Job, error) {
	if all {
		return s.startWalk(ctx, tenant, FindDuplicates, Subject{Name: allPairs})
	}
	return s.startWalk(ctx, tenant, FindDuplicates, Subject{})
}

// FindsAll reports whether a job of the kind [FindDuplicates] is about all pairs.
func FindsAll(job Job) bool { return job.Subject.Name == allPairs }
