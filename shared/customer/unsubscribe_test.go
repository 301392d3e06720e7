package customer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"regulars/shared/customer"
)

// Deleting a subscription releases its contact and match fields, restoring it
// takes them again, and either may be done twice.
func TestDeleteAndRestoreSubscription(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		subscribed := func(c *customer.Customer, now time.Time) error {
			c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelSMS, Contact: "+79005550001"}, now)
			return nil
		}
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), subscribed)))
		key := customer.SubscriptionKey{Resource: 1, Channel: customer.ChannelSMS, Contact: "+79005550001"}
		held := func() bool {
			roles := world.keys[customer.PhoneKey("+79005550001")].Roles[ada.ID]
			return roles == customer.InSubscription
		}
		for _, step := range []struct {
			edit          customer.Edit
			changed, held bool
		}{
			{customer.RestoreSubscription(key), false, true},
			{customer.DeleteSubscription(key), true, false},
			{customer.DeleteSubscription(key), false, false},
			{customer.RestoreSubscription(key), true, true},
		} {
			result := must(t, service, updates(id(ada.ID), step.edit))
			if result.Changed != step.changed || held() != step.held {
				t.Errorf("changed = %t, held = %t, want %t and %t", result.Changed, held(), step.changed, step.held)
			}
		}
		key.Resource = 2
		for name, edit := range map[string]customer.Edit{"delete": customer.DeleteSubscription(key), "restore": customer.RestoreSubscription(key)} {
			if _, err := service.Apply(ctx, updates(id(ada.ID), edit)); !errors.Is(err, customer.ErrNoSubscription) {
				t.Errorf("%s what is not there: error = %v", name, err)
			}
		}
		found, err := service.Find(ctx, customer.Rules{Tenant: tenant}, id(ada.ID))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := found.Subscription(key); !errors.Is(err, customer.ErrNoSubscription) {
			t.Errorf("Subscription() error = %v", err)
		}
	})
}
