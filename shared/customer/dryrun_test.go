package customer_test

import (
	"testing"
	"time"

	"regulars/shared/customer"
)

// A dry run is decided like the change, also on what it changed itself, and the table
// stays as it is.
func TestDryRun(t *testing.T) {
	table := newTable()
	s := customer.NewService(table, table.now)
	named := func(address string) customer.Request {
		return customer.Request{
			Rules: customer.Rules{Tenant: 5}, Create: true,
			Edit: func(c *customer.Customer, _ time.Time) error { c.SetEmail(address); return nil },
		}
	}
	ann, err := s.Apply(t.Context(), named("ann@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	customers, keys := len(table.customers), len(table.keys)
	dry := s.DryRun()
	ben, err := dry.Apply(t.Context(), named("ben@example.com"))
	if err != nil || !ben.Created {
		t.Errorf("Apply() = %+v, %v, want created", ben, err)
	}
	for _, address := range []string{"ann@example.com", "ben@example.com"} {
		if _, err := dry.Apply(t.Context(), named(address)); err == nil {
			t.Errorf("%s was given twice", address)
		}
	}
	gone, err := dry.Apply(t.Context(), customer.Request{Rules: customer.Rules{Tenant: 5}, Search: customer.Search{ID: ann.ID}, Edit: customer.Delete})
	if err != nil || !gone.Changed {
		t.Errorf("a deletion = %+v, %v", gone, err)
	}
	if again, err := dry.Apply(t.Context(), named("ann@example.com")); err != nil || !again.Created {
		t.Errorf("the e-mail of who would be deleted = %+v, %v, want created", again, err)
	}
	if len(table.customers) != customers || len(table.keys) != keys {
		t.Errorf("the table has %d customers and %d keys, want %d and %d", len(table.customers), len(table.keys), customers, keys)
	}
	if found, err := s.Find(t.Context(), customer.Rules{Tenant: 5}, customer.Search{ID: ann.ID}); err != nil || found.Deleted {
		t.Errorf("Find() = %+v, %v, want as it was", found, err)
	}
}
