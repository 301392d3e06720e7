package kinds

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/jobs"
)

// customersAtOnce is how many customers one step does. Each takes some 20 ms, and
// what one step has done is done again after a crash.
const customersAtOnce = 25

// A List knows the ids of customers, and reads them.
type List interface {
	upkeep.Store
	OrderStore
	// CustomerIDs returns the ids above after of a tenant's customers in one
	// shard, ascending, up to limit. It may be a moment old.
	CustomerIDs(ctx context.Context, tenant, shard int, after customer.ID, limit int) ([]customer.ID, error)
}

// A walk goes over all customers of a tenant. A part is a shard of them; its
// cursor is the id of the last one done, in base 36.
type walk struct{ list List }

// each does the next customers of the part. Those that are deleted are skipped.
func (w walk) each(ctx context.Context, job jobs.Job, part jobs.Part, do func(id customer.ID) (changed bool, err error)) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	ids, err := w.next(ctx, job, part, customersAtOnce)
	if err != nil {
		return step, err
	}
	for _, id := range ids {
		// Customers created later were created by a writer that knew the declaration.
		if id.Created().After(job.NotBefore) {
			step.Done = true
			return step, nil
		}
		changed, err := do(id)
		if err != nil && !errors.Is(err, customer.ErrNotFound) {
			return step, fmt.Errorf("customer %s: %w", id.Hex(), err)
		}
		step.Cursor = id.Base36()
		step.Counts = step.Plus(jobs.Counts{Seen: 1, Changed: count(changed), Skipped: count(err != nil)})
	}
	step.Done = len(ids) < customersAtOnce
	return step, nil
}

// next are the ids of the next customers of the part, up to limit.
func (w walk) next(ctx context.Context, job jobs.Job, part jobs.Part, limit int) ([]customer.ID, error) {
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
	return w.list.CustomerIDs(ctx, job.Tenant, shard, after, limit)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
