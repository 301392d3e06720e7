package kinds_test

import (
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/jobs/kinds"
	"regulars/shared/points"
)

// Waiting points of all tenants become available, at their hour
// and not before.
func TestDuePoints(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), now)
	registrar := access.NewAdminService(store, now)
	service := points.NewService(store, now)
	var ids []customer.ID
	for tenant := 1; tenant <= 2; tenant++ {
		settings, err := registrar.CreateTenant(t.Context(), tenant, "Shop", map[string]any{
			"earning": map[string]any{"usable_after_hours": 1, "expires_after_days": 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		made, err := customer.NewService(store, now).Apply(t.Context(), customer.Request{
			Rules: customer.Rules{Tenant: tenant}, Create: true, Edit: func(c *customer.Customer, _ time.Time) error { c.FirstName = "Ann"; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.ID)
		r := points.Request{Tenant: tenant, ID: made.ID, Rules: settings.Preferences, Show: func(points.Profile) ([]byte, error) { return []byte("{}"), nil }}
		if _, err := service.Pay(t.Context(), r, points.Order{ID: "1", Total: 5000}); err != nil {
			t.Fatal(err)
		}
	}
	due := kinds.NewDuePoints(service, registrar)
	for _, step := range []struct {
		at                  time.Duration
		available, incoming int64
	}{{time.Hour, 0, 5}, {90*time.Minute - time.Microsecond, 0, 5}, {90 * time.Minute, 5, 0}, {35 * time.Hour, 5, 0}, {36 * time.Hour, 0, 0}} {
		clock = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC).Add(step.at)
		if err := due.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, id := range ids {
			p, err := service.Profile(t.Context(), i+1, id)
			if err != nil || p.Account.Available != step.available || p.Account.Incoming != step.incoming {
				t.Errorf("after %v tenant %d has %+v, %v, want %d available and %d incoming", step.at, i+1, p.Account.Figures, err, step.available, step.incoming)
			}
		}
	}
}
