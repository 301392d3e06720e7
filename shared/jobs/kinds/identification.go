package kinds

import (
	"context"
	"errors"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// identKeys is what both kinds of job about identification keys do.
type identKeys struct {
	customers *customer.Service
	walk
	registrar *access.AdminService
}

// key is the key that the job is about, as the settings are now; false where it is
// not in the state that the job is about.
func (k identKeys) key(ctx context.Context, job jobs.Job, state customer.FieldState) (customer.IdentKey, bool, error) {
	settings, err := k.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return customer.IdentKey{}, false, err
	}
	key, found := settings.IdentKeys.Numbered(job.Subject.Number)
	return key, found && key.State == state, nil
}

// addIdentKey stores the values of a key.
type addIdentKey struct{ identKeys }

// Step implements [jobs.Kind]. Customers of which a unique key finds two with the
// same values are noted, and the walk goes on.
func (k addIdentKey) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	key, open, err := k.key(ctx, job, customer.FieldBuilding)
	if err != nil || !open {
		return jobs.Step{Cursor: part.Cursor, Done: err == nil}, err
	}
	return k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		changed, err := k.customers.KeepIdents(ctx, job.Tenant, key, id)
		if d, ok := errors.AsType[*customer.Duplicate](err); ok {
			return changed, k.registrar.IdentKeyDuplicate(ctx, job.Tenant, key.Number, d.Customer, d.Other)
		}
		return changed, err
	})
}

// Finish implements [jobs.Kind]. It is rejected where the key failed or was
// deleted meanwhile.
func (k addIdentKey) Finish(ctx context.Context, job jobs.Job) error {
	key, err := k.registrar.IdentKeyReady(ctx, job.Tenant, job.Subject.Number)
	if err != nil || key.State != customer.FieldFailed {
		return err
	}
	return key.Failure()
}

// removeIdentKey removes the values of a key.
type removeIdentKey struct{ identKeys }

// Step implements [jobs.Kind].
func (k removeIdentKey) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	key, open, err := k.key(ctx, job, customer.FieldRemoving)
	if err != nil || !open {
		return jobs.Step{Cursor: part.Cursor, Done: err == nil}, err
	}
	return k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		return k.customers.DropIdents(ctx, job.Tenant, key, id)
	})
}

// Finish implements [jobs.Kind].
func (k removeIdentKey) Finish(ctx context.Context, job jobs.Job) error {
	return k.registrar.IdentKeyRemoved(ctx, job.Tenant, job.Subject.Number)
}

// removeExtension removes the records of an extension.
type removeExtension struct {
	customers *customer.Service
	walk
	registrar *access.AdminService
}

// Step implements [jobs.Kind].
func (k removeExtension) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	settings, err := k.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	return k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		return k.customers.RemoveExtension(ctx, settings.CustomerRules(), job.Subject.Number, id)
	})
}

// Finish implements [jobs.Kind].
func (k removeExtension) Finish(ctx context.Context, job jobs.Job) error {
	return k.registrar.ExtensionRemoved(ctx, job.Tenant, job.Subject.Number)
}
