package kinds

import (
	"context"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// findDuplicates finds who shares contacts. It changes nothing.
type findDuplicates struct {
	customers *customer.Service
	walk
	registrar *access.AdminService
}

// Step implements [jobs.Kind].
func (k findDuplicates) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	stay := jobs.Step{Cursor: part.Cursor}
	settings, err := k.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return stay, err
	}
	var findings []customer.Finding
	step, err := k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		found, err := k.customers.FindShared(ctx, settings.CustomerRules(), id)
		findings = append(findings, found...)
		return false, err
	})
	if err != nil {
		return stay, err
	}
	step.Findings = findings
	return step, nil
}

// Finish implements [jobs.Kind].
func (findDuplicates) Finish(context.Context, jobs.Job) error { return nil }
