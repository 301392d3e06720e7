package customer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
)

// While a field is being removed writers release its keys and make none.
func TestFieldBeingRemoved(t *testing.T) {
	removing := slices.Clone(fields)
	removing[0].State = customer.FieldRemoving
	crm := func(v any) customer.Edit {
		return func(c *customer.Customer, _ time.Time) error { c.SetCustom("CRM_ID", v); return nil }
	}
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), crm("7"))))
		r := updates(id(ada.ID), crm("8"))
		r.MatchFields = removing
		must(t, service, r)
		if len(world.keys) != 1 {
			t.Errorf("keys = %v, want that of the e-mail alone", world.keys)
		}
		r = updates(id(ada.ID), crm("7"))
		r.MatchFields = removing
		must(t, service, r)
		if len(world.keys) != 1 {
			t.Errorf("keys = %v, want that of the e-mail alone", world.keys)
		}
		must(t, service, updates(id(ada.ID), crm("9"))) // for the invariant: in use again
	})
}

func TestKeepAndDropField(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		crm := func(v any) customer.Edit {
			return func(c *customer.Customer, _ time.Time) error { c.SetCustom("CRM_ID", v); return nil }
		}
		r := imports(email("ada@x.com"), both(setEmail("ada@x.com"), crm("7")))
		r.MatchFields = nil // not declared yet
		ada := must(t, service, r)

		// While its key is made the value changes: the new one is kept, the old one not.
		world.once("commit", func() { must(t, service, updates(id(ada.ID), crm("8"))) })
		if _, err := service.KeepField(ctx, tenant, fields[0], ada.ID); err != nil {
			t.Fatalf("KeepField error = %v", err)
		}
		if diff := cmp.Diff(owners(int(ada.ID), customer.InCustom), world.keys[fieldKey(1, "8")].Owners); diff != "" || len(world.keys) != 2 {
			t.Errorf("keys = %v (-want +got):\n%s", world.keys, diff)
		}
		commits := len(world.commits)
		if changed, err := service.KeepField(ctx, tenant, fields[0], ada.ID); err != nil || changed || len(world.commits) != commits {
			t.Errorf("KeepField again = %t, error %v, want nothing written", changed, err)
		}

		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), crm("8"))))
		if changed, err := service.DropField(ctx, tenant, fields[0], eve.ID); err != nil || !changed {
			t.Errorf("DropField = %t, error %v, want the key dropped", changed, err)
		}
		if diff := cmp.Diff(owners(int(ada.ID), customer.InCustom), world.keys[fieldKey(1, "8")].Owners); diff != "" {
			t.Errorf("the other owner (-want +got):\n%s", diff)
		}
		must(t, service, deletes(id(eve.ID)))
		if _, err := service.KeepField(ctx, tenant, fields[0], eve.ID); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("KeepField of a deleted customer: error = %v, want %v", err, customer.ErrNotFound)
		}
		if _, err := service.DropField(ctx, tenant, fields[0], 4096); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("DropField of an unknown customer: error = %v, want %v", err, customer.ErrNotFound)
		}
	})
}
