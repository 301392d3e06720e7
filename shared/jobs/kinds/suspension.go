package kinds

import (
	"context"
	"fmt"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer/upkeep"
	"regulars/shared/jobs"
)

// SettingsOf reads the settings of a tenant.
type SettingsOf func(ctx context.Context, tenant int) (access.Settings, error)

// suspendSubscriptions carries out the suspensions of its task. A part is a shard of
// the customers; its cursor is the id of the last one done, in base 36.
type suspendSubscriptions struct {
	settings SettingsOf
	now      func() time.Time
	walk
}

// Step implements [jobs.Kind]. Customers and cursor are saved in one transaction,
// so that each customer is changed and counted once. One that is written all the
// time comes to be tried alone.
func (k suspendSubscriptions) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	task, err := upkeep.ParseSuspensions(job.Task)
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
	settings, err := k.settings(ctx, job.Tenant)
	if err != nil {
		return step, err
	}
	plan, err := upkeep.PlanSuspensions(ctx, k.list, settings.CustomerRules(), ids, task, k.now())
	if err != nil {
		return step, fmt.Errorf("customers from %s on: %w", ids[0].Hex(), err)
	}
	step.Done = step.Done && plan.Seen == len(ids)
	step.Cursor, step.Customers = ids[plan.Seen-1].Base36(), plan.Commits
	step.Counts = jobs.Counts{
		Seen: plan.Seen, Changed: len(plan.Commits), Skipped: plan.Skipped, Subscriptions: plan.Subscriptions,
	}
	return step, nil
}

// Finish implements [jobs.Kind]: nothing is left to do.
func (suspendSubscriptions) Finish(context.Context, jobs.Job) error { return nil }
