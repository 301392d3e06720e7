package work

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// customersAtOnce is how many customers one step does. Each takes some 20 ms, and
// what one step has done is done again after a crash.
const customersAtOnce = 25

// A List knows the ids of customers.
type List interface {
	// CustomerIDs returns the ids above after of a tenant's customers in one
	// shard, ascending, up to limit. It may be a moment old.
	CustomerIDs(ctx context.Context, tenant, shard int, after customer.ID, limit int) ([]customer.ID, error)
}

// Kinds are the kinds of job that this function does, by name.
func Kinds(customers *customer.Service, list List, registrar *access.Registrar) map[string]jobs.Kind {
	fields := matchFields{customers, list, registrar}
	return map[string]jobs.Kind{
		jobs.MatchFieldAdd:    addMatchField{fields},
		jobs.MatchFieldRemove: removeMatchField{fields},

		jobs.SuspendSubscriptions: suspendSubscriptions{customers, list},
	}
}

// matchFields is what both kinds of job about match fields do. A part is a shard
// of the customers; its cursor is the id of the last one done, in base 36.
type matchFields struct {
	customers *customer.Service
	list      List
	registrar *access.Registrar
}

// addMatchField writes the keys of a match field.
type addMatchField struct{ matchFields }

// Step implements [jobs.Kind]. Where the field is building no more there is
// nothing left to do.
func (k addMatchField) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	return k.step(ctx, job, part, customer.FieldBuilding, k.customers.KeepField)
}

// Finish implements [jobs.Kind]. It is refused where the field was removed
// meanwhile.
func (k addMatchField) Finish(ctx context.Context, job jobs.Job) error {
	return k.registrar.MatchFieldReady(ctx, job.Tenant, job.Subject.Number)
}

// removeMatchField sweeps the keys of a match field.
type removeMatchField struct{ matchFields }

// Step implements [jobs.Kind].
func (k removeMatchField) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	return k.step(ctx, job, part, customer.FieldRemoving, k.customers.DropField)
}

// Finish implements [jobs.Kind].
func (k removeMatchField) Finish(ctx context.Context, job jobs.Job) error {
	return k.registrar.MatchFieldRemoved(ctx, job.Tenant, job.Subject.Number)
}

// change keeps or drops the values of one customer.
type change func(ctx context.Context, tenant int, field customer.MatchField, id customer.ID) (bool, error)

// step does the next customers of the part, as long as the field is in the state
// that the job is about.
func (k matchFields) step(ctx context.Context, job jobs.Job, part jobs.Part, state customer.FieldState, do change) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	field, found, err := k.field(ctx, job)
	if err != nil {
		return step, err
	}
	if !found || field.State != state {
		step.Done = true
		return step, nil
	}
	ids, err := nextCustomers(ctx, k.list, job, part, customersAtOnce)
	if err != nil {
		return step, err
	}
	for _, id := range ids {
		// Who was created later was so by a writer who knew.
		if id.Created().After(job.NotBefore) {
			step.Done = true
			return step, nil
		}
		changed, err := do(ctx, job.Tenant, field, id)
		if err != nil && !errors.Is(err, customer.ErrNotFound) {
			return step, fmt.Errorf("customer %s: %w", id.Hex(), err)
		}
		step.Cursor = id.Base36()
		step.Counts = step.Plus(jobs.Counts{Seen: 1, Changed: count(changed), Skipped: count(err != nil)})
	}
	step.Done = len(ids) < customersAtOnce
	return step, nil
}

// field is the field that the job is about, as the settings are now.
func (k matchFields) field(ctx context.Context, job jobs.Job) (customer.MatchField, bool, error) {
	settings, err := k.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return customer.MatchField{}, false, err
	}
	for _, f := range settings.MatchFields {
		if f.Number == job.Subject.Number {
			return f, true, nil
		}
	}
	return customer.MatchField{}, false, nil
}

// nextCustomers are the ids of the next customers of a part, up to limit. Its
// range is a shard, its cursor the id of the last one done, in base 36.
func nextCustomers(ctx context.Context, list List, job jobs.Job, part jobs.Part, limit int) ([]customer.ID, error) {
	shard, err := strconv.Atoi(part.Range)
	if err != nil {
		return nil, fmt.Errorf("the part's range: %w", err)
	}
	var after customer.ID
	if part.Cursor != "" {
		if after, err = customer.ParseBase36(part.Cursor); err != nil {
			return nil, fmt.Errorf("the part's cursor: %w", err)
		}
	}
	return list.CustomerIDs(ctx, job.Tenant, shard, after, limit)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
