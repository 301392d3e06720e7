package kinds

import (
	"context"
	"math"

	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// An OrderStore reads ledgers and keeps whose the ids of orders are.
type OrderStore interface {
	// Entries reads entries of a ledger from one number to another, up to limit.
	Entries(ctx context.Context, tenant int, id customer.ID, from, to int64, limit int) ([]points.Entry, error)
	// ClaimOrder makes an order's id the customer's, unless it is another's: that
	// one is returned.
	ClaimOrder(ctx context.Context, tenant int, order string, id customer.ID) (other customer.ID, err error)
}

// claimOrders claims the ids of a customer's orders.
type claimOrders struct {
	walk
	orders OrderStore
}

// entriesAtOnce is how many entries are read together.
const entriesAtOnce = 500

// Step implements [jobs.Kind].
func (k claimOrders) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	var findings []customer.Finding
	step, err := k.each(ctx, job, part, func(id customer.ID) (bool, error) {
		found, err := k.claim(ctx, job.Tenant, id)
		findings = append(findings, found...)
		return false, err
	})
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	step.Findings = findings
	return step, nil
}

// claim claims the orders of one customer, and finds those that are another's.
func (k claimOrders) claim(ctx context.Context, tenant int, id customer.ID) (findings []customer.Finding, err error) {
	for from := int64(1); ; {
		entries, err := k.orders.Entries(ctx, tenant, id, from, math.MaxInt32, entriesAtOnce)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			from = e.Seq + 1
			if e.Kind != points.KindOrder || e.RefID == "" {
				continue
			}
			other, err := k.orders.ClaimOrder(ctx, tenant, e.RefID, id)
			if err != nil {
				return nil, err
			}
			if other != 0 {
				findings = append(findings, customer.Finding{Customer: id, Field: "order " + e.RefID, Reason: "same_order", Other: other})
			}
		}
		if len(entries) < entriesAtOnce {
			return findings, nil
		}
	}
}

// Finish implements [jobs.Kind]: nothing is left to do.
func (claimOrders) Finish(context.Context, jobs.Job) error { return nil }
