package kinds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// A PurchaseChecker says what of a customer's purchases does not fit, a sentence each.
type PurchaseChecker interface {
	CheckPurchases(ctx context.Context, tenant int, id customer.ID) ([]string, error)
}

// A Reconciliation looks at each customer of a tenant once in as many days as its
// setting says: match keys, identification values, points and purchases.
type Reconciliation struct {
	customers *customer.Service
	ledgers   *points.Service
	purchases PurchaseChecker
	list      List
	registrar *access.AdminService
}

// NewReconciliation makes the reconciliation.
func NewReconciliation(customers *customer.Service, ledgers *points.Service, purchases PurchaseChecker, list List, registrar *access.AdminService) *Reconciliation {
	return &Reconciliation{customers, ledgers, purchases, list, registrar}
}

// dayForm names the subject of a day's job.
const dayForm = "2006-01-02"

// start starts the job of today, unless the tenant wants none or there was one.
func (r *Reconciliation) start(ctx context.Context, service *jobs.Service, settings access.Settings) error {
	if settings.VerifyDays == 0 {
		return nil
	}
	return service.StartReconcile(ctx, settings.Tenant, time.Now().UTC().Format(dayForm))
}

// Flaws says what of a customer does not fit. It reads strongly.
func (r *Reconciliation) Flaws(ctx context.Context, rules customer.Rules, id customer.ID) (flaws []string, err error) {
	if flaws, err = r.customers.Check(ctx, rules, id); err != nil {
		return nil, err
	}
	ledgers, err := r.ledgers.Ledgers(ctx, rules.Tenant, id)
	if err != nil {
		return nil, err
	}
	for _, ledger := range ledgers {
		report, err := r.ledgers.Verify(ctx, rules.Tenant, ledger)
		switch {
		case errors.Is(err, points.ErrNotFound), errors.Is(err, customer.ErrNotFound):
		case err != nil:
			return nil, err
		case report.Mismatch != nil:
			_, wallet := points.OwnerOf(ledger)
			flaws = append(flaws, fmt.Sprintf("entry %d of the ledger of wallet %d: %s", report.Mismatch.Seq, wallet, report.Mismatch.Problem))
		}
	}
	purchases, err := r.purchases.CheckPurchases(ctx, rules.Tenant, id)
	return append(flaws, purchases...), err
}

// listedAtOnce is how many ids one step reads: an index lists them for next to nothing.
const listedAtOnce = 500

// Step implements [jobs.Kind].
func (r *Reconciliation) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	settings, err := r.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return step, err
	}
	ids, err := walk{r.list}.next(ctx, job, part, listedAtOnce)
	if err != nil {
		return step, err
	}
	for _, id := range ids {
		if inSlice(id, job.Subject.Name, settings.VerifyDays) {
			if step.Seen == customersAtOnce {
				return step, nil
			}
			flaws, err := r.Flaws(ctx, settings.CustomerRules(), id)
			if err != nil {
				return step, fmt.Errorf("customer %s: %w", id.Hex(), err)
			}
			step.Seen++
			for _, flaw := range flaws {
				slog.ErrorContext(ctx, "flaw", "tenant", job.Tenant, "customer", id.Decimal(), "flaw", flaw, "job", job.ID)
				step.Findings = append(step.Findings, customer.Finding{Customer: id, Field: flaw, Reason: "flaw"})
			}
		}
		step.Cursor = id.Base36()
	}
	step.Done = len(ids) < listedAtOnce
	return step, nil
}

// inSlice reports whether a customer is looked at on a day: each is on one of days in a
// row.
func inSlice(id customer.ID, day string, days int64) bool {
	at, err := time.Parse(dayForm, day)
	if err != nil || days <= 1 {
		return true // once, whatever the day is called
	}
	const lowBits = 3 // which name the shard
	return int64(id>>lowBits)%days == at.Unix()/(24*3600)%days
}

// Finish implements [jobs.Kind]: nothing is left to do.
func (r *Reconciliation) Finish(context.Context, jobs.Job) error { return nil }
