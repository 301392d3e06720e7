package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"regulars/shared/errs"
)

// WorkOn processes all parts of a job side by side, as their messages would, until
// they are done or the deadline of ctx leaves no time. What is left is for the
// messages, and so is what fails; the error is for the log.
func (w *Worker) WorkOn(ctx context.Context, job Job) error {
	errs := make([]error, job.Parts)
	var group sync.WaitGroup
	for n := range job.Parts {
		group.Go(func() { errs[n] = w.processUntilDue(ctx, Ref{job.Tenant, job.ID, n}) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// processUntilDue processes one part, again where it was too early.
func (w *Worker) processUntilDue(ctx context.Context, ref Ref) error {
	for {
		outcome, err := w.Process(ctx, ref)
		if err != nil || !outcome.Retry || outcome.After == 0 || !rest(ctx, outcome.After) {
			return err
		}
	}
}

// rest waits, and reports false, at once, where ctx ends before that.
func rest(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	return errs.Wait(ctx, d)
}
