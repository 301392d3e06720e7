package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/imports"
)

// ErrUnknown rejects the id of a customer of which there is nothing.
var ErrUnknown = errs.New(errs.NotFound, "profile_unknown", "profile")

// Files are what imports left in the bucket.
type Files interface {
	// Imports lists the imports of a tenant, the newest first, from before the one with
	// the id on, up to limit.
	Imports(ctx context.Context, tenant int, before string, limit int) ([]imports.Import, error)
	// Touch returns what one import left about a person.
	Touch(ctx context.Context, im imports.Import, who imports.Person) (imports.Touch, error)
	// Forget takes it out. The import must have ended.
	Forget(ctx context.Context, im imports.Import, who imports.Person, touch imports.Touch) (imports.Forgotten, error)
	// KeepExport keeps a document and returns where; ForgetExport deletes it.
	KeepExport(ctx context.Context, tenant int, id customer.ID, document []byte) (key string, err error)
	ForgetExport(ctx context.Context, tenant int, id customer.ID) (int, error)
}

// Settings are those of tenants.
type Settings interface {
	// Tenant reads a tenant's settings. It rejects with [access.ErrTenantUnknown].
	Tenant(ctx context.Context, tenant int) (access.Settings, error)
}

// A Service shows everything of a customer.
type Service struct {
	store    ErasingStore
	files    Files
	settings Settings
	now      func() time.Time
}

// NewService makes a service.
func NewService(store ErasingStore, files Files, settings Settings, now func() time.Time) *Service {
	return &Service{store, files, settings, now}
}

// importsAtOnce is how many imports are listed at once.
const importsAtOnce = 50

// reserve is how much of its time a request keeps for its answer.
const reserve = 5 * time.Second

// Export returns everything of a customer. It rejects with [ErrUnknown] where there is no
// such customer, or no longer.
func (s *Service) Export(ctx context.Context, tenant int, id customer.ID) (Document, error) {
	settings, err := s.settings.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	items, err := s.store.OfCustomer(ctx, settings.CustomerRules(), id, nil)
	if err != nil {
		return nil, err
	}
	c, there := customerIn(items)
	if !there || c.Deleted {
		return nil, ErrUnknown
	}
	id = c.ID
	d, err := NewDocument(tenant, id, s.now(), items)
	if err != nil {
		return nil, err
	}
	touched, complete, err := s.touched(ctx, personOf(settings, id, items))
	if err != nil {
		return nil, err
	}
	d["imports"], d["imports_complete"] = touched, complete
	d["audit"] = auditOf(id)
	return d, nil
}

// Keep puts a document that is too large for an answer into the bucket, and returns its
// key.
func (s *Service) Keep(ctx context.Context, tenant int, id customer.ID, document []byte) (key string, err error) {
	return s.files.KeepExport(ctx, tenant, id, document)
}

// customerIn is the customer among items.
func customerIn(items []Item) (c customer.Customer, there bool) {
	for _, it := range items {
		if c, there = it.Content.(customer.Customer); there {
			return c, true
		}
	}
	return c, false
}

// personOf is whom rows of imports may be about.
func personOf(settings access.Settings, id customer.ID, items []Item) imports.Person {
	who := imports.Person{Tenant: settings.Tenant, ID: id, Country: settings.Country}
	for _, it := range items {
		switch content := it.Content.(type) {
		case MatchKey:
			who.Keys = append(who.Keys, content.Key)
		case customer.Customer:
			if content.ID != id {
				who.Merged = append(who.Merged, content.ID)
			}
		}
	}
	if c, there := customerIn(items); there { // of which some key may have overflowed
		for k := range c.Keys(settings.MatchFields) {
			if !slices.Contains(who.Keys, k) {
				who.Keys = append(who.Keys, k)
			}
		}
	}
	return who
}

// touched are the imports that have to do with a person, the newest first. It ends in
// time, and complete is false then.
func (s *Service) touched(ctx context.Context, who imports.Person) (touched []any, complete bool, err error) {
	touched = []any{}
	for before := ""; ; {
		list, err := s.files.Imports(ctx, who.Tenant, before, importsAtOnce)
		if err != nil || len(list) == 0 {
			return touched, true, err
		}
		for _, im := range list {
			if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < reserve {
				return touched, false, nil
			}
			touch, err := s.files.Touch(ctx, im, who)
			if errors.Is(err, context.DeadlineExceeded) {
				return touched, false, nil
			}
			if err != nil {
				return nil, false, err
			}
			if len(touch.Rows)+len(touch.Rejected) > 0 {
				touched = append(touched, showTouch(touch))
			}
		}
		before = list[len(list)-1].ID
	}
}

func showTouch(t imports.Touch) map[string]any {
	rows, rejected := []any{}, []any{}
	for _, r := range t.Rows {
		rows = append(rows, with(map[string]any{
			"row": r.Row, "created": r.Created, "before": fields(r.Before), "after": fields(r.After), "points_entries": list(r.Points),
		}, optional{"order", text(r.Order)}))
	}
	for _, r := range t.Rejected {
		rejected = append(rejected, map[string]any{"row": r.Row, "text": r.Text, "error": r.Error})
	}
	return map[string]any{
		"id": t.ID, "file": t.Key, "version": t.Version, "state": t.State, "started": t.Started, "rows": rows, "rejected": rejected,
	}
}

// fields are never null.
func fields(object json.RawMessage) json.RawMessage {
	if object == nil {
		return json.RawMessage("{}")
	}
	return object
}

// auditOf says where the lines of the audit trail about a customer are: they are logs,
// and in no table.
func auditOf(id customer.ID) map[string]any {
	return map[string]any{
		"where": "the log group AuditLogGroup of the deployment, and the log of the process on a development machine; lines have ids, and no data of the customer",
		"query": "fields @timestamp, action, outcome, token, by, request, ids | filter msg = \"audit\" and (@message like \"customer:" + id.Base36() + "\" or @message like \"profile:" + id.Decimal() + "\") | sort @timestamp asc",
	}
}

// Erasure returns what is kept of the erasing of a customer, or what would be: then its
// Rev is empty. It rejects with [ErrUnknown] where there is nothing of a customer.
func (s *Service) Erasure(ctx context.Context, tenant int, id customer.ID) (Erasure, error) {
	settings, err := s.settings.Tenant(ctx, tenant)
	if err != nil {
		return Erasure{}, err
	}
	e, err := s.store.Erasure(ctx, tenant, id)
	if err != nil || e.Rev != "" {
		return e, err
	}
	items, err := s.store.OfCustomer(ctx, settings.CustomerRules(), id, nil)
	if err != nil {
		return e, err
	}
	if len(items) == 0 {
		return e, ErrUnknown
	}
	c, there := customerIn(items)
	if there && c.ID != id {
		return s.Erasure(ctx, tenant, c.ID)
	}
	return Erasure{Tenant: tenant, ID: id, Merged: personOf(settings, id, items).Merged, List: ListOf(items)}, nil
}
