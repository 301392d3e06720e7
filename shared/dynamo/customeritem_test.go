package dynamo

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
)

// What was written is read, whatever a customer has.
func TestCustomerIsReadAsWritten(t *testing.T) {
	t.Parallel()
	priority := int64(0)
	full := someCustomer()
	full.Emails = append(full.Emails, "more@example.com")
	full.Title, full.Country, full.Region, full.Street, full.Disabled = "Dr", "RU", "Moscow", "Arbat 1", true
	full.Tags, full.Segments = []string{"b", "a"}, []int64{1, 7, 1<<31 - 1}
	full.Custom = map[string]any{"CRM_ID": json.Number("7"), "card": map[string]any{"level": "gold", "list": []any{nil, true, "x"}}}
	full.Subscriptions[0].Priority, full.Subscriptions[0].Deleted = &priority, true
	full.Subscriptions[1].Status, full.Subscriptions[1].Cats = "suspended", []string{"news"}
	full.Subscriptions[2].Custom = map[string]any{"_os": "Linux"}
	full.Formerly = []customer.Named{{ID: 1 << 40}, {ID: 2 << 40, ClientID: "0004Va58A92T0017"}}

	for name, c := range map[string]customer.Customer{
		"full": full, "bare": {ID: full.ID, Changed: full.Changed}, "deleted": {ID: full.ID, Changed: full.Changed, Deleted: true},
		"merged": {ID: full.ID, Changed: full.Changed, Deleted: true, MergedInto: 3 << 40},
	} {
		it, err := newCustomerItem(5, c, "commit", c.Changed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readCustomer(c.ID, it)
		if err != nil {
			t.Fatal(err)
		}
		want := customer.Record{Customer: c, Rev: customer.Rev{Commit: "commit", Bytes: sizeOf(it)}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	it, err := newCustomerItem(5, full, "commit", full.Changed)
	if err != nil {
		t.Fatal(err)
	}
	it[attrSegments] = it[attrTags]
	if _, err := readCustomer(full.ID, it); err == nil {
		t.Error("segments that are texts are read, want a fault")
	}
}
