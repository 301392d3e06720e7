package kinds

import (
	"context"
	"fmt"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// suspendSubscriptions carries out the suspensions of its task. A part is a shard of
// the customers; its cursor is the id of the last one done, in base 36.
type suspendSubscriptions struct {
	customers *customer.Service
	walk
}

// Step implements [jobs.Kind]. Customers and cursor are saved in one transaction,
// so that each customer is changed and counted once. One that is written all the
// time comes to be tried alone.
func (k suspendSubscriptions) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	task, err := customer.ParseSuspensions(job.Task)
	if err != nil {
		return step, err
	}
	limit := max(1, customersAtOnce>>part.Outdated)
	ids, err := k.next(ctx, job, part, limit)
	if err != nil {
		return step, err
	}
	step.Done = len(ids) < limit
	for i, id := range ids {
		// Who was created later was not there at the time of the request.
		if id.Created().After(job.NotBefore) {
			ids, step.Done = ids[:i], true
			break
		}
	}
	if len(ids) == 0 {
		return step, nil
	}
	revision, err := k.customers.PlanBatch(ctx, job.Tenant, ids, task)
	if err != nil {
		return step, fmt.Errorf("customers from %s on: %w", ids[0].Hex(), err)
	}
	step.Done = step.Done && revision.Seen == len(ids)
	step.Cursor, step.Customers = ids[revision.Seen-1].Base36(), revision.Commits
	step.Counts = jobs.Counts{
		Seen: revision.Seen, Changed: len(revision.Commits), Skipped: revision.Skipped, Subscriptions: revision.Subscriptions,
	}
	return step, nil
}

// Finish implements [jobs.Kind]: nothing is left to do.
func (suspendSubscriptions) Finish(context.Context, jobs.Job) error { return nil }
