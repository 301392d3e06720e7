package customer

import (
	"slices"
	"time"

	"regulars/shared/errs"
)

// ErrNoSubscription rejects the name of a subscription that the customer does
// not have.
var ErrNoSubscription = errs.New(errs.NotFound, "subscription_not_found", "")

// Subscription returns the subscription of that key, also one that was deleted,
// or rejects with [ErrNoSubscription].
func (c Customer) Subscription(key SubscriptionKey) (Subscription, error) {
	i := c.subscriptionAt(key)
	if i < 0 {
		return Subscription{}, ErrNoSubscription
	}
	return c.Subscriptions[i], nil
}

// DeleteSubscription is the edit that deletes the subscription of that key: its
// contact and its match fields are released, the rest stays for
// [RestoreSubscription]. One that is deleted already stays so. It rejects with
// [ErrNoSubscription].
func DeleteSubscription(key SubscriptionKey) Edit { return markSubscription(key, true) }

// RestoreSubscription is the edit that undoes [DeleteSubscription]; the status is
// what it was.
func RestoreSubscription(key SubscriptionKey) Edit { return markSubscription(key, false) }

func markSubscription(key SubscriptionKey, deleted bool) Edit {
	return func(c *Customer, _ time.Time) error {
		i := c.subscriptionAt(key)
		if i < 0 {
			return ErrNoSubscription
		}
		c.Subscriptions[i].Deleted = deleted
		return nil
	}
}

func (c Customer) subscriptionAt(key SubscriptionKey) int {
	return slices.IndexFunc(c.Subscriptions, func(s Subscription) bool { return s.Key() == key })
}
