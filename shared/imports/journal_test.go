package imports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
)

// Undoing a row that added a subscription takes it away again, and leaves the others.
func TestRestoreTakesASubscriptionAway(t *testing.T) {
	t.Parallel()
	kept := customer.Subscription{Resource: 1, Channel: customer.ChannelSMS, Contact: "+84909000001", Status: customer.Subscribed}
	before := customer.Customer{ID: 7, Subscriptions: []customer.Subscription{kept}}
	after := before.Clone()
	after.Subscriptions = append(after.Subscriptions, customer.Subscription{Resource: 2, Channel: customer.ChannelSMS, Contact: "+84909000002", Status: customer.Subscribed})
	was, is := new(difference).of(before, after)
	wasFields, err := readFields(was)
	if err != nil {
		t.Fatal(err)
	}
	isFields, err := readFields(is)
	if err != nil {
		t.Fatal(err)
	}
	left, err := restore(&after, wasFields, isFields)
	if err != nil || len(left) > 0 {
		t.Fatalf("restore = %v, %v", left, err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}
