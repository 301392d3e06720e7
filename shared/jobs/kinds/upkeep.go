package kinds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// The kinds of job that the upkeep starts. They have a part for each shard of the
// customers.
const (
	// ExpirePurchases ends purchases whose days are over.
	ExpirePurchases = "expire-purchases"
	// PurgeCustomers removes what deleted customers left.
	PurgeCustomers = "sweep-customers"
)

// Tombstones are those of deleted customers of whom something is left.
type Tombstones interface {
	// Tombstones returns their ids above after in one shard, ascending, up to limit. It
	// may be a moment old.
	Tombstones(ctx context.Context, tenant, shard int, after customer.ID, limit int) ([]customer.ID, error)
	// RemoveLeft removes the identification values that one left, its separations from
	// others, and its history. It does nothing where there is none of that.
	RemoveLeft(ctx context.Context, tenant int, id customer.ID) error
	// Purged takes one off that list.
	Purged(ctx context.Context, tenant int, id customer.ID) error
}

// A Remover removes what one domain keeps of a customer that was deleted. It does
// nothing where there is nothing, and may be asked twice.
type Remover interface {
	Remove(ctx context.Context, tenant int, id customer.ID) error
}

// An Upkeep is what is done every hour for all tenants: where there is something
// to do for one, a job is started.
type Upkeep struct {
	registrar  *access.AdminService
	tombstones Tombstones
	products   *catalog.Service
	removers   []Remover

	reconciliation *Reconciliation // nil: none
	anchoring      *Anchoring      // nil: none
}

// WithAnchoring returns the upkeep that also starts the anchoring, once a day.
func (u *Upkeep) WithAnchoring(a *Anchoring) *Upkeep {
	u.anchoring = a
	return u
}

// WithReconciliation returns the upkeep that also starts the reconciliation, once a day.
func (u *Upkeep) WithReconciliation(r *Reconciliation) *Upkeep {
	u.reconciliation = r
	return u
}

// NewUpkeep makes the upkeep. Whoever keeps something of customers beside
// themselves is asked to remove it when they are deleted.
func NewUpkeep(tombstones Tombstones, registrar *access.AdminService, products *catalog.Service, others ...Remover) *Upkeep {
	return &Upkeep{registrar: registrar, tombstones: tombstones, products: products, removers: append([]Remover{products}, others...)}
}

// Kinds are the kinds of job that the upkeep starts, by name.
func (u *Upkeep) Kinds() map[string]jobs.Kind {
	known := map[string]jobs.Kind{
		ExpirePurchases: expirePurchases{u.products},
		PurgeCustomers:  purgeCustomers{u.tombstones, u.removers},
	}
	if u.reconciliation != nil {
		known[jobs.Reconcile] = u.reconciliation
	}
	if u.anchoring != nil {
		known[jobs.Anchor] = u.anchoring
	}
	return known
}

// Start starts the jobs that tenants need. One tenant's trouble is no other's.
func (u *Upkeep) Start(ctx context.Context, service *jobs.Service) error {
	var trouble []error
	for after := 0; ; {
		tenants, err := u.registrar.Tenants(ctx, after)
		if err != nil || len(tenants) == 0 {
			return errors.Join(append(trouble, err)...)
		}
		for _, t := range tenants {
			trouble = append(trouble, u.startFor(ctx, service, t.Tenant))
			if u.reconciliation != nil {
				trouble = append(trouble, u.reconciliation.start(ctx, service, t))
			}
			if u.anchoring != nil {
				trouble = append(trouble, u.anchoring.start(ctx, service, t.Tenant))
			}
			after = t.Tenant
		}
	}
}

func (u *Upkeep) startFor(ctx context.Context, service *jobs.Service, tenant int) error {
	var trouble []error
	for kind, needed := range map[string]func(ctx context.Context, tenant int) (bool, error){
		ExpirePurchases: u.overdue, PurgeCustomers: u.deleted,
	} {
		some, err := needed(ctx, tenant)
		if err == nil && some {
			_, err = service.Start(ctx, jobs.Spec{Tenant: tenant, Kind: kind, Ranges: shardRanges()})
		}
		if err != nil {
			trouble = append(trouble, fmt.Errorf("%s of tenant %d: %w", kind, tenant, err))
		}
	}
	return errors.Join(trouble...)
}

func inAnyShard(in func(shard int) (bool, error)) (bool, error) {
	for shard := range customer.Shards {
		if some, err := in(shard); err != nil || some {
			return some, err
		}
	}
	return false, nil
}

// overdue reports whether any purchase of a tenant is over.
func (u *Upkeep) overdue(ctx context.Context, tenant int) (bool, error) {
	products, err := u.products.Bounded(ctx, tenant)
	if err != nil || len(products) == 0 {
		return false, err
	}
	return inAnyShard(func(shard int) (bool, error) {
		due, _, _, err := u.products.Overdue(ctx, tenant, shard, products, catalog.Cursor{}, 1)
		return len(due) > 0, err
	})
}

// deleted reports whether anything of a deleted customer of a tenant is to be removed.
func (u *Upkeep) deleted(ctx context.Context, tenant int) (bool, error) {
	return inAnyShard(func(shard int) (bool, error) {
		ids, err := u.tombstones.Tombstones(ctx, tenant, shard, 0, 1)
		return len(ids) > 0, err
	})
}

func shardRanges() []string {
	var ranges []string
	for shard := range customer.Shards {
		ranges = append(ranges, strconv.Itoa(shard))
	}
	return ranges
}

// expirePurchases ends purchases whose days are over. Its cursor is the number of
// the product and a place among its purchases.
type expirePurchases struct{ products *catalog.Service }

// Step implements [jobs.Kind]. Each purchase that ended is a line of the log,
// written by the step that committed the end.
func (k expirePurchases) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	shard, err := strconv.Atoi(part.Range)
	if err != nil {
		return step, fmt.Errorf("the part's range: %w", err)
	}
	products, err := k.products.Bounded(ctx, job.Tenant)
	if err != nil {
		return step, err
	}
	due, next, more, err := k.products.Overdue(ctx, job.Tenant, shard, products, parseCursor(part.Cursor), customersAtOnce)
	if err != nil {
		return step, err
	}
	for _, d := range due {
		expired, err := k.products.Expire(ctx, job.Tenant, d)
		if err != nil {
			return step, fmt.Errorf("purchase %d: %w", d.Purchase, err)
		}
		if expired {
			slog.InfoContext(ctx, "purchase expired", "tenant", job.Tenant, "purchase", d.Purchase, "job", job.ID)
		}
		step.Counts = step.Plus(jobs.Counts{Seen: 1, Changed: count(expired), Skipped: count(!expired)})
	}
	step.Cursor, step.Done = fmt.Sprintf("%d/%s", next.Product, next.Position), !more
	return step, nil
}

// Finish implements [jobs.Kind].
func (expirePurchases) Finish(context.Context, jobs.Job) error { return nil }

// parseCursor reads what Step writes; whatever else is the start.
func parseCursor(text string) catalog.Cursor {
	product, place, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(product)
	if err != nil {
		return catalog.Cursor{}
	}
	return catalog.Cursor{Product: n, Position: place}
}

// purgeCustomers removes what deleted customers left. Its cursor is the id of the
// last one done, in base 36.
type purgeCustomers struct {
	tombstones Tombstones
	removers   []Remover
}

// Step implements [jobs.Kind].
func (k purgeCustomers) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	shard, err := strconv.Atoi(part.Range)
	if err != nil {
		return step, fmt.Errorf("the part's range: %w", err)
	}
	after := customer.ID(0)
	if part.Cursor != "" {
		if after, err = customer.ParseBase36(part.Cursor); err != nil {
			return step, fmt.Errorf("the part's cursor: %w", err)
		}
	}
	ids, err := k.tombstones.Tombstones(ctx, job.Tenant, shard, after, customersAtOnce)
	if err != nil {
		return step, err
	}
	for _, id := range ids {
		if err := k.purge(ctx, job.Tenant, id); err != nil {
			return step, fmt.Errorf("customer %s: %w", id.Hex(), err)
		}
		step.Cursor = id.Base36()
		step.Counts = step.Plus(jobs.Counts{Seen: 1, Changed: 1})
	}
	step.Done = len(ids) < customersAtOnce
	return step, nil
}

func (k purgeCustomers) purge(ctx context.Context, tenant int, id customer.ID) error {
	for _, r := range k.removers {
		if err := r.Remove(ctx, tenant, id); err != nil {
			return err
		}
	}
	if err := k.tombstones.RemoveLeft(ctx, tenant, id); err != nil {
		return err
	}
	return k.tombstones.Purged(ctx, tenant, id)
}

// Finish implements [jobs.Kind].
func (purgeCustomers) Finish(context.Context, jobs.Job) error { return nil }
