package kinds

import (
	"context"
	"slices"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/merge"
)

// findDuplicates finds who shares contacts. It changes nothing.
type findDuplicates struct {
	customers *customer.Service
	merges    *merge.Service
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
		if err == nil && len(found) > 0 {
			found, err = k.undecided(ctx, job, id, found)
		}
		findings = append(findings, found...)
		return false, err
	})
	if err != nil {
		return stay, err
	}
	step.Findings = findings
	return step, nil
}

// undecided leaves out findings about customers who are not the same person, as somebody
// decided; where all are asked for, it says so of them.
func (k findDuplicates) undecided(ctx context.Context, job jobs.Job, id customer.ID, found []customer.Finding) (left []customer.Finding, err error) {
	known, err := k.merges.Separations(ctx, job.Tenant, id)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if slices.ContainsFunc(known, func(s merge.Separation) bool { return s.Other == f.Other }) {
			if !jobs.FindsAll(job) {
				continue
			}
			f.Reason = "separate"
		}
		left = append(left, f)
	}
	return left, nil
}

// Finish implements [jobs.Kind].
func (findDuplicates) Finish(context.Context, jobs.Job) error { return nil }
