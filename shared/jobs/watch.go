package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Progress is how far a job is, summed over its parts.
type Progress struct {
	Job
	Counts
	// Done and Parked are how many parts are so; the others wait or are under way.
	Done, Parked int
	// Findings are those that the parts keep.
	Findings []customer.Finding
}

// Show returns a job and its progress. It rejects with [ErrUnknown].
func (s *Service) Show(ctx context.Context, tenant int, id string) (Progress, error) {
	var job Job
	var parts []Part
	err := errs.Retry(ctx, func(int) (err error) {
		job, parts, err = s.jobAndParts(ctx, tenant, id)
		return err
	})
	if err != nil {
		return Progress{}, fmt.Errorf("job %.64s of tenant %d: %w", id, tenant, err)
	}
	return progress(job, parts), nil
}

func progress(job Job, parts []Part) Progress {
	p := Progress{Job: job}
	for _, part := range parts {
		p.Counts = p.Plus(part.Counts)
		p.Findings = append(p.Findings, part.Findings...)
		switch part.State {
		case PartDone:
			p.Done++
		case Parked:
			p.Parked++
		}
	}
	return p
}

// Parts returns the parts of a job by number. It rejects with [ErrUnknown].
func (s *Service) Parts(ctx context.Context, tenant int, id string) ([]Part, error) {
	var parts []Part
	err := errs.Retry(ctx, func(int) (err error) {
		_, parts, err = s.jobAndParts(ctx, tenant, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("parts of job %.64s of tenant %d: %w", id, tenant, err)
	}
	return parts, nil
}

// List returns up to 100 jobs of a tenant, the newest first.
func (s *Service) List(ctx context.Context, tenant int) ([]Job, error) {
	var jobs []Job
	err := errs.Retry(ctx, func(int) (err error) {
		jobs, err = s.store.Jobs(ctx, tenant, pageSize)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("jobs of tenant %d: %w", tenant, err)
	}
	return jobs, nil
}

// Resend sends again, for all tenants, the messages of parts that wait and have
// not moved for idle, and of jobs that have not finished or begun. One job's
// trouble does not keep it from the others.
func (s *Service) Resend(ctx context.Context, idle time.Duration) error {
	var after Ref
	var troubles []error
	for {
		var open []Ref
		err := errs.Retry(ctx, func(int) (err error) {
			open, err = s.store.OpenJobs(ctx, after, pageSize)
			return err
		})
		if err != nil {
			return errors.Join(append(troubles, fmt.Errorf("open jobs: %w", err))...)
		}
		if len(open) == 0 {
			return errors.Join(troubles...)
		}
		for _, ref := range open {
			if err := s.resend(ctx, ref, idle); err != nil {
				troubles = append(troubles, fmt.Errorf("job %s of tenant %d: %w", ref.Job, ref.Tenant, err))
			}
		}
		after = open[len(open)-1]
	}
}

// resend sends again what one job has lost.
func (s *Service) resend(ctx context.Context, ref Ref, idle time.Duration) error {
	job, parts, err := s.store.JobAndParts(ctx, ref.Tenant, ref.Job)
	if err != nil {
		return err
	}
	lost := func(moved time.Time) bool { return s.now().Sub(moved) >= idle }
	switch job.State {
	case Running:
		return s.sendAgain(ctx, job, parts, func(p Part) (Part, bool) {
			return p.sentAgain(s.now()), p.State == Waiting && lost(p.Moved)
		})
	case Finishing:
		if lost(job.Moved) {
			return s.queueOf(job).Send(ctx, []Ref{ref}, 0)
		}
	case Planning:
		// A plan that is not whole is made up by the start that is repeated.
		if lost(job.Moved) && len(parts) == job.Parts {
			_, err = s.launch(ctx, job, parts)
		}
	}
	return err
}
