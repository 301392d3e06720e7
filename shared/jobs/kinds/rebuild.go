package kinds

import (
	"context"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// rebuildKey makes an overflowed match key name its owners again.
type rebuildKey struct {
	customers *customer.Service
	walk
	registrar *access.AdminService
	now       func() time.Time
}

// begun begins the cursor of a part that waits until every writer has read that the key
// is being rebuilt; the time follows at which it was.
const begun = "begun "

// Step implements [jobs.Kind].
func (k rebuildKey) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	key := jobs.KeyOf(job)
	settle := job.NotBefore.Sub(job.Created)
	since, waits := strings.CutPrefix(part.Cursor, begun)
	switch {
	case part.Cursor == "":
		rebuilt, err := k.customers.BeginRebuild(ctx, job.Tenant, key, job.ID)
		if err != nil || !rebuilt {
			return jobs.Step{Done: err == nil}, err
		}
		return jobs.Step{Cursor: begun + strconv.FormatInt(k.now().UnixMicro(), 10), Pause: settle}, nil
	case waits:
		micros, err := strconv.ParseInt(strings.TrimRight(since, " "), 10, 64)
		if err != nil {
			return jobs.Step{Cursor: part.Cursor}, err
		}
		if early := time.UnixMicro(micros).Add(settle).Sub(k.now()); early > 0 {
			return jobs.Step{Cursor: part.Cursor + " ", Pause: early}, nil // another cursor: it is no failure
		}
	}
	stay := part.Cursor
	if waits {
		part.Cursor = ""
	}
	settings, err := k.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return jobs.Step{Cursor: stay}, err
	}
	rules := settings.CustomerRules()
	job.NotBefore = k.now() // who is created later is named by its writer
	step, err := k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		return k.customers.CollectOwner(ctx, rules, key, job.ID, id)
	})
	if step.Cursor == "" {
		step.Cursor = stay
	}
	if err != nil || !step.Done {
		return step, err
	}
	shard, err := strconv.Atoi(part.Range)
	if err == nil {
		err = k.customers.EndRebuildPart(ctx, job.Tenant, key, job.ID, shard)
	}
	if err != nil {
		step.Done = false
	}
	return step, err
}

// Finish implements [jobs.Kind].
func (k rebuildKey) Finish(ctx context.Context, job jobs.Job) error {
	return k.customers.FinishRebuild(ctx, job.Tenant, jobs.KeyOf(job), job.ID)
}
