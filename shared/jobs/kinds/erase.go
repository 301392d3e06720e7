package kinds

import (
	"context"
	"fmt"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/points"
	"regulars/shared/privacy"
)

// Erasing returns the kind of job that erases customers. It removes at once what the
// upkeep would remove of a deleted customer.
func Erasing(upkeep *Upkeep, ledgers *points.Service, store privacy.ErasingStore, files privacy.Files, customers *customer.Service, now func() time.Time) map[string]jobs.Kind {
	purger := purger{upkeep, ledgers}
	return map[string]jobs.Kind{
		jobs.EraseCustomer: eraseCustomer{privacy.NewEraser(store, files, upkeep.registrar, customers, purger, now)},
	}
}

// purger is the [privacy.Purger].
type purger struct {
	upkeep  *Upkeep
	ledgers *points.Service
}

// Purge implements [privacy.Purger].
func (p purger) Purge(ctx context.Context, settings access.Settings, id customer.ID) error {
	keep := purgeCustomers{p.upkeep.tombstones, p.upkeep.removers}
	if err := keep.purge(ctx, settings.Tenant, id); err != nil {
		return err
	}
	_, err := p.ledgers.Settle(ctx, settings.Tenant, id, settings.Preferences) // which erases the texts of its points
	return err
}

// eraseCustomer erases the customer that its subject names.
type eraseCustomer struct{ eraser *privacy.Eraser }

// Step implements [jobs.Kind].
func (k eraseCustomer) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	id, err := customer.ParseBase36(job.Subject.Name)
	if err != nil {
		return step, fmt.Errorf("the job's subject: %w", err)
	}
	step.Cursor, step.Done, step.Pause, err = k.eraser.Step(ctx, job.Tenant, id, job.Task, part.Cursor)
	step.Seen = 1
	return step, err
}

// Finish implements [jobs.Kind].
func (eraseCustomer) Finish(context.Context, jobs.Job) error { return nil }
