package customer_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
)

func TestSetEmail(t *testing.T) {
	tests := []struct {
		name    string
		before  []string
		address string
		want    []string
	}{
		{name: "none before", address: "ada@x.com", want: []string{"ada@x.com"}},
		{name: "replaces the first alone", before: []string{"old@x.com", "more@x.com"}, address: "ada@x.com", want: []string{"ada@x.com", "more@x.com"}},
		{name: "the same", before: []string{"ada@x.com", "more@x.com"}, address: "ada@x.com", want: []string{"ada@x.com", "more@x.com"}},
		{name: "another spelling", before: []string{"ada@x.com", "more@x.com"}, address: "Ada@X.com", want: []string{"Ada@X.com", "more@x.com"}},
		{name: "one of the further ones moves up", before: []string{"old@x.com", "ada@x.com", "more@x.com"}, address: "ada@x.com", want: []string{"ada@x.com", "more@x.com"}},
		{name: "one of the further ones in another spelling", before: []string{"old@x.com", "more@x.com", "ADA@x.com"}, address: "ada@x.com", want: []string{"ada@x.com", "more@x.com"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := customer.Customer{Emails: tt.before}
			before := c.Clone()
			c.SetEmail(tt.address)
			if diff := cmp.Diff(tt.want, c.Emails); diff != "" {
				t.Errorf("e-mails (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before.Emails, tt.before); diff != "" {
				t.Errorf("the list before was altered (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetPhones(t *testing.T) {
	before := []string{"+1111111", "+2222222"}
	c := customer.Customer{Phones: before}
	c.SetPhones([]string{"+3333333", "+1111111", "+3333333"})
	if diff := cmp.Diff([]string{"+3333333", "+1111111"}, c.Phones); diff != "" {
		t.Errorf("phones (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"+1111111", "+2222222"}, before); diff != "" {
		t.Errorf("the list before was altered (-want +got):\n%s", diff)
	}
	c.SetPhones(nil)
	if len(c.Phones) != 0 {
		t.Errorf("phones = %v, want none", c.Phones)
	}
}

func TestSetCustom(t *testing.T) {
	var c customer.Customer
	c.SetCustom("x", nil)
	c.SetCustom("x", "1")
	c.SetCustom("y", false)
	c.SetCustom("x", nil)
	if diff := cmp.Diff(map[string]any{"y": false}, c.Custom); diff != "" {
		t.Errorf("custom fields (-want +got):\n%s", diff)
	}
}

// full is a customer with everything that an edit can alter.
func full() customer.Customer {
	one := int64(1)
	return customer.Customer{
		ID: 1 << 12, Changed: noon,
		Emails: []string{"ada@x.com", "more@x.com"}, Phones: []string{"+1111111"},
		FirstName: "Ada", LastName: "Lovelace", Title: "Countess", BirthDate: "1815-12-10", Sex: customer.Female,
		Country: "GB", Region: "London", City: "London", Street: "St James's Square 12",
		Tags: []string{"maths"}, Segments: []int64{1, 7},
		Custom: map[string]any{"CRM_ID": json.Number("7"), "list": []any{"x"}},
		Subscriptions: []customer.Subscription{{
			Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com", Status: customer.Subscribed,
			Priority: &one, Cats: []string{"news"}, Custom: map[string]any{"k": "v"}, Created: noon,
		}},
	}
}

func TestCloneSharesNothing(t *testing.T) {
	c := full()
	d := c.Clone()
	if diff := cmp.Diff(c, d); diff != "" || !c.Same(d) {
		t.Fatalf("clone (-want +got):\n%s", diff)
	}
	priority := int64(9)
	status := customer.Statuses[1]
	d.Emails[0], d.Phones[0], d.Tags[0] = "eve@x.com", "+2222222", "art"
	d.LeaveSegments(1)
	d.SetCustom("CRM_ID", json.Number("8"))
	d.Subscribe(customer.SubscriptionEdit{
		Resource: 1, Channel: customer.ChannelEmail, Contact: "ADA@x.com", Status: &status, Priority: &priority,
		Cats: &[]string{"sport"}, Custom: map[string]any{"k": "w"},
	}, noon)
	if diff := cmp.Diff(full(), c); diff != "" {
		t.Errorf("an edit of the clone altered the customer (-want +got):\n%s", diff)
	}
}

func TestSame(t *testing.T) {
	two := int64(2)
	one := int64(1)
	tests := []struct {
		name string
		edit func(c *customer.Customer)
		same bool
	}{
		{name: "nothing", edit: func(*customer.Customer) {}, same: true},
		{name: "when it changed", edit: func(c *customer.Customer) { c.Changed = noon.Add(time.Hour) }, same: true},
		{name: "an equal priority elsewhere", edit: func(c *customer.Customer) { c.Subscriptions[0].Priority = &one }, same: true},
		{name: "the same instant in another zone", same: true, edit: func(c *customer.Customer) {
			c.Subscriptions[0].Created = noon.In(time.FixedZone("", 3600))
		}},
		{name: "an equal custom value", edit: func(c *customer.Customer) { c.Custom["list"] = []any{"x"} }, same: true},
		{name: "id", edit: func(c *customer.Customer) { c.ID++ }},
		{name: "deleted", edit: func(c *customer.Customer) { c.Deleted = true }},
		{name: "spelling of an e-mail", edit: func(c *customer.Customer) { c.Emails[0] = "Ada@x.com" }},
		{name: "order of e-mails", edit: func(c *customer.Customer) { c.Emails[0], c.Emails[1] = c.Emails[1], c.Emails[0] }},
		{name: "phones", edit: func(c *customer.Customer) { c.Phones = nil }},
		{name: "first name", edit: func(c *customer.Customer) { c.FirstName = "" }},
		{name: "last name", edit: func(c *customer.Customer) { c.LastName = "" }},
		{name: "title", edit: func(c *customer.Customer) { c.Title = "" }},
		{name: "birth", edit: func(c *customer.Customer) { c.BirthDate = "1815-12-10T00:00:00Z" }},
		{name: "sex", edit: func(c *customer.Customer) { c.Sex = customer.SexUnknown }},
		{name: "country", edit: func(c *customer.Customer) { c.Country = "" }},
		{name: "region", edit: func(c *customer.Customer) { c.Region = "" }},
		{name: "city", edit: func(c *customer.Customer) { c.City = "" }},
		{name: "street", edit: func(c *customer.Customer) { c.Street = "" }},
		{name: "disabled", edit: func(c *customer.Customer) { c.Disabled = true }},
		{name: "tags", edit: func(c *customer.Customer) { c.Tags = append(c.Tags, "more") }},
		{name: "segments", edit: func(c *customer.Customer) { c.JoinSegments(2) }},
		{name: "a custom value of another type", edit: func(c *customer.Customer) { c.Custom["CRM_ID"] = "7" }},
		{name: "another custom field", edit: func(c *customer.Customer) { delete(c.Custom, "CRM_ID"); c.Custom["CRM"] = json.Number("7") }},
		{name: "a subscription more", edit: func(c *customer.Customer) { c.Subscriptions = append(c.Subscriptions, customer.Subscription{}) }},
		{name: "resource", edit: func(c *customer.Customer) { c.Subscriptions[0].Resource = 2 }},
		{name: "channel", edit: func(c *customer.Customer) { c.Subscriptions[0].Channel = customer.ChannelPush }},
		{name: "contact", edit: func(c *customer.Customer) { c.Subscriptions[0].Contact = "Ada@x.com" }},
		{name: "provider", edit: func(c *customer.Customer) { c.Subscriptions[0].Provider = "p" }},
		{name: "status", edit: func(c *customer.Customer) { c.Subscriptions[0].Status = customer.Statuses[1] }},
		{name: "priority", edit: func(c *customer.Customer) { c.Subscriptions[0].Priority = &two }},
		{name: "no priority", edit: func(c *customer.Customer) { c.Subscriptions[0].Priority = nil }},
		{name: "categories", edit: func(c *customer.Customer) { c.Subscriptions[0].Cats = nil }},
		{name: "custom field of a subscription", edit: func(c *customer.Customer) { c.Subscriptions[0].Custom = map[string]any{"k": "w"} }},
		{name: "when it was subscribed", edit: func(c *customer.Customer) { c.Subscriptions[0].Created = noon.Add(time.Second) }},
		{name: "subscription deleted", edit: func(c *customer.Customer) { c.Subscriptions[0].Deleted = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, d := full(), full()
			tt.edit(&d)
			if c.Same(d) != tt.same || d.Same(c) != tt.same {
				t.Errorf("Same = %t and %t, want %t", c.Same(d), d.Same(c), tt.same)
			}
		})
	}
}

// A tombstone bears the id and nothing else.
func TestDelete(t *testing.T) {
	c := full()
	if err := customer.Delete(&c, noon); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(customer.Customer{ID: 1 << 12, Deleted: true}, c); diff != "" {
		t.Errorf("tombstone (-want +got):\n%s", diff)
	}
	if keys := c.Keys(fields); len(keys) != 0 {
		t.Errorf("keys of a tombstone = %v, want none", keys)
	}
}
