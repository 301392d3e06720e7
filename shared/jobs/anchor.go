package jobs

import "context"

// Anchor keeps what the last entries of a tenant's ledgers are, and signs that. Its
// subject is named by the day, and it has a part for each shard of the customers.
const Anchor = "anchor"

// StartAnchor starts, as [Service.Start] does, the job of a day (2026-11-29), unless
// there was one.
func (s *Service) StartAnchor(ctx context.Context, tenant int, day string) error {
	return s.startDaily(ctx, tenant, Anchor, day)
}

// startDaily starts a job over all customers that is named by its day, unless there was
// one.
func (s *Service) startDaily(ctx context.Context, tenant int, kind, day string) error {
	past, err := s.List(ctx, tenant)
	if err != nil {
		return err
	}
	for _, job := range past {
		if job.Kind == kind && job.Subject.Name == day {
			return nil
		}
	}
	_, err = s.startWalk(ctx, tenant, kind, Subject{Name: day})
	return err
}
