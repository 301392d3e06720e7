package kinds

import (
	"context"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// matchFields is what both kinds of job about match fields do.
type matchFields struct {
	customers *customer.Service
	walk
	registrar *access.AdminService
}

// addMatchField writes the keys of a match field.
type addMatchField struct{ matchFields }

// Step implements [jobs.Kind]. Where the field is building no more there is
// nothing left to do.
func (k addMatchField) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	return k.step(ctx, job, part, customer.FieldBuilding, k.customers.KeepField)
}

// Finish implements [jobs.Kind]. It is rejected where the field was removed
// meanwhile.
func (k addMatchField) Finish(ctx context.Context, job jobs.Job) error {
	return k.registrar.MatchFieldReady(ctx, job.Tenant, job.Subject.Number)
}

// removeMatchField removes the keys of a match field.
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
	field, found, err := k.field(ctx, job)
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	if !found || field.State != state {
		return jobs.Step{Cursor: part.Cursor, Done: true}, nil
	}
	return k.each(ctx, job, part, func(id customer.ID) (bool, error) { return do(ctx, job.Tenant, field, id) })
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
