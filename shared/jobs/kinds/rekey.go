package kinds

import (
	"context"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// rekeyContacts brings the contacts and match keys of customers up to date.
type rekeyContacts struct {
	customers *customer.Service
	walk
	registrar *access.AdminService
}

// looked ends the cursor of a part whose next customers have been looked at: what
// was found is saved before anything is written, for afterwards it can no longer be
// seen.
const looked = "+"

// Step implements [jobs.Kind].
func (k rekeyContacts) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	stay := jobs.Step{Cursor: part.Cursor}
	settings, err := k.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return stay, err
	}
	rules, country := settings.CustomerRules(), settings.Country
	after, write := strings.CutSuffix(part.Cursor, looked)
	part.Cursor = after
	if write {
		step, err := k.each(ctx, job, part, func(id customer.ID) (bool, error) { return k.customers.Rekey(ctx, rules, country, id) })
		if err != nil {
			return stay, err
		}
		return step, nil
	}
	var findings []customer.Finding
	step, err := k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		found, err := k.customers.FindRekey(ctx, rules, country, id)
		findings = append(findings, found...)
		return false, err
	})
	if err != nil {
		return stay, err
	}
	if step.Cursor == after { // there are no more
		return jobs.Step{Cursor: after, Done: step.Done}, nil
	}
	return jobs.Step{Cursor: after + looked, Findings: findings}, nil
}

// Finish implements [jobs.Kind]: nothing is left to do.
func (rekeyContacts) Finish(context.Context, jobs.Job) error { return nil }
