package history_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/history"
)

// Each field that differs is told once, with what it was and became, and no other is.
func TestValues(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	sms := customer.Subscription{Resource: 1, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: customer.Subscribed, Created: noon}
	mail := customer.Subscription{Resource: 1, Channel: customer.ChannelEmail, Contact: "a@example.com", Status: customer.Subscribed, Created: noon}
	stopped := mail
	stopped.Status = "unsubscribed"
	record := func(n string) extension.Record { return extension.Record{"number": json.Number(n)} }
	full := customer.Customer{
		ID: 7, Emails: []string{"a@example.com"}, FirstName: "Ann", Tags: []string{"a", "b"}, Custom: map[string]any{"size": "S", "visits": json.Number("1")},
		Subscriptions: []customer.Subscription{sms, mail},
	}
	change := func(edit func(c *customer.Customer)) customer.Customer {
		c := full.Clone()
		edit(&c)
		return c
	}
	tests := []struct {
		name          string
		before, after customer.Customer
		extensions    []customer.ExtensionChange
		want          string
	}{
		{name: "nothing", before: full, after: full, want: `[]`},
		{name: "a field", before: full, after: change(func(c *customer.Customer) { c.FirstName, c.City = "Anna", "Oslo" }),
			want: `[{"field":"first_name","before":"Ann","after":"Anna"},{"field":"city","before":null,"after":"Oslo"}]`},
		{name: "a field that is removed", before: full, after: change(func(c *customer.Customer) { c.SetCustom("size", nil) }),
			want: `[{"field":"custom.size","before":"S","after":null}]`},
		{name: "the sequence of a list", before: full, after: change(func(c *customer.Customer) { c.Tags = []string{"b", "a"} }),
			want: `[{"field":"tags","before":["a","b"],"after":["b","a"]}]`},
		{name: "loyalty status", before: full, after: change(func(c *customer.Customer) { c.Disabled = true }),
			want: `[{"field":"loyalty_status","before":"enabled","after":"disabled"}]`},
		{name: "consent", before: full, after: change(func(c *customer.Customer) { c.Subscriptions[1] = stopped }),
			want: `[{"field":"subscriptions","before":[{"resource":1,"channel":"email","contact":"a@example.com","status":"subscribed","created":"2026-03-01T12:00:00Z"}],"after":[{"resource":1,"channel":"email","contact":"a@example.com","status":"unsubscribed","created":"2026-03-01T12:00:00Z"}]}]`},
		{name: "one of two equal records goes, another comes", before: full, after: full,
			extensions: []customer.ExtensionChange{{Number: 3,
				Before: customer.Extension{Records: []extension.Record{record("1"), record("1"), record("2")}},
				After:  customer.Extension{Records: []extension.Record{record("2"), record("1"), record("4")}},
			}},
			want: `[{"field":"extension.3","before":[{"number":1}],"after":[{"number":4}]}]`},
		{name: "one comes", before: customer.Customer{}, after: customer.Customer{ID: 7, Phones: []string{"+4790000001"}, ClientID: "x"},
			want: `[{"field":"client_id","before":null,"after":"x"},{"field":"phones","before":null,"after":["+4790000001"]}]`},
		{name: "it is merged into another", before: full, after: customer.Customer{ID: 7, Deleted: true, MergedInto: 9},
			want: `[{"field":"merged_into","before":null,"after":"9"}]`},
		{name: "it comes back, with stricter consent", before: change(func(c *customer.Customer) { c.MergedInto = 9 }), after: change(func(c *customer.Customer) { c.Subscriptions[1] = stopped }),
			extensions: []customer.ExtensionChange{{Number: 3, After: customer.Extension{Records: []extension.Record{record("1")}}}},
			want:       `[{"field":"merged_into","before":"9","after":null},{"field":"subscriptions","before":[{"resource":1,"channel":"email","contact":"a@example.com","status":"subscribed","created":"2026-03-01T12:00:00Z"}],"after":[{"resource":1,"channel":"email","contact":"a@example.com","status":"unsubscribed","created":"2026-03-01T12:00:00Z"}]}]`},
		{name: "another is merged into it", before: full, after: change(func(c *customer.Customer) { c.Formerly = []customer.Named{{ID: 9}} }),
			want: `[{"field":"merged_profiles","before":null,"after":["9"]}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values := history.Values(tt.before, tt.after, tt.extensions)
			got, err := json.Marshal(append([]history.Value{}, values...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("Values() (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a customer has is told: a field that Values does not know would be lost.
func TestEveryFieldIsTold(t *testing.T) {
	t.Parallel()
	edits := map[string]func(c *customer.Customer){
		"emails":          func(c *customer.Customer) { c.Emails = []string{"a@example.com"} },
		"phones":          func(c *customer.Customer) { c.Phones = []string{"+1"} },
		"first_name":      func(c *customer.Customer) { c.FirstName = "x" },
		"last_name":       func(c *customer.Customer) { c.LastName = "x" },
		"title":           func(c *customer.Customer) { c.Title = "x" },
		"birth_date":      func(c *customer.Customer) { c.BirthDate = "2000-01-01" },
		"sex":             func(c *customer.Customer) { c.Sex = customer.Male },
		"country":         func(c *customer.Customer) { c.Country = "x" },
		"region":          func(c *customer.Customer) { c.Region = "x" },
		"city":            func(c *customer.Customer) { c.City = "x" },
		"street":          func(c *customer.Customer) { c.Street = "x" },
		"loyalty_status":  func(c *customer.Customer) { c.Disabled = true },
		"tags":            func(c *customer.Customer) { c.Tags = []string{"x"} },
		"segments":        func(c *customer.Customer) { c.Segments = []int64{1} },
		"custom.x":        func(c *customer.Customer) { c.Custom = map[string]any{"x": true} },
		"subscriptions":   func(c *customer.Customer) { c.Subscriptions = []customer.Subscription{{Resource: 1}} },
		"client_id":       func(c *customer.Customer) { c.ClientID = "x" },
		"merged_profiles": func(c *customer.Customer) { c.Formerly = []customer.Named{{ID: 9}} },
		"merged_into":     func(c *customer.Customer) { c.MergedInto = 9 },
	}
	names := []string{"ID", "Changed", "Deleted", "Extensions"} // the last is in the commit
	for want, edit := range edits {
		var after customer.Customer
		edit(&after)
		if got := history.Names(history.Values(customer.Customer{}, after, nil)); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is told as %v", want, got)
		}
		names = append(names, differing(customer.Customer{}, after)...)
	}
	if missing := without(fieldsOf(customer.Customer{}), names); len(missing) > 0 {
		t.Errorf("nothing here changes %v", missing)
	}
}
