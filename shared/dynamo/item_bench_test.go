package dynamo

import (
	"testing"
	"time"

	"regulars/shared/customer"
)

// someCustomer is the customer of the Altcraft document.
func someCustomer() customer.Customer {
	c := customer.Customer{
		ID: customer.NewID(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 7), Changed: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		FirstName: "Ivan", LastName: "Petrov", Sex: customer.Male, BirthDate: "1990-01-15T12:00:00Z", City: "Moscow",
		Emails: []string{"i.petrov@example.com"}, Phones: []string{"+79000000000"},
	}
	for _, e := range []customer.SubscriptionEdit{
		{Resource: 1, Channel: customer.ChannelEmail, Contact: "i.petrov@example.com"},
		{Resource: 1, Channel: customer.ChannelSMS, Contact: "+79000000000"},
		{Resource: 1, Channel: customer.ChannelPush, Provider: "Firefox", Contact: "abcdefghijklmnqrstuvwxyz"},
	} {
		c.Subscribe(e, c.Changed)
	}
	return c
}

func BenchmarkNewCustomerItem(b *testing.B) {
	c := someCustomer()
	for b.Loop() {
		if _, err := newCustomerItem(5, c, "commit", c.Changed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadCustomer(b *testing.B) {
	c := someCustomer()
	it, err := newCustomerItem(5, c, "commit", c.Changed)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := readCustomer(c.ID, it); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewMatchKeyItem(b *testing.B) {
	c := someCustomer()
	owners := customer.Owners{}.With(c.ID, customer.Primary)
	k := matchKey(5, customer.EmailKey(c.Emails[0]))
	for b.Loop() {
		newMatchKeyItem(k, owners, "commit")
	}
}

func BenchmarkKeys(b *testing.B) {
	c := someCustomer()
	for b.Loop() {
		c.Keys(nil)
	}
}

func BenchmarkCompress(b *testing.B) {
	answer := []byte(`{"id":7001,"first_name":"An","phone":"0900000001","country_name":"Vietnam","point_available":125,"level_name":"Member","attributes":[]}`)
	for b.Loop() {
		if _, err := compress(answer); err != nil {
			b.Fatal(err)
		}
	}
}
