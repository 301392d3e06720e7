package dynamo

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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

// A customerRow is a customer as attributevalue would convert it.
type customerRow struct {
	key
	Commit    string            `dynamodbav:"c"`
	Changed   int64             `dynamodbav:"u"`
	Emails    []string          `dynamodbav:"em,omitempty"`
	Phones    []string          `dynamodbav:"ph,omitempty"`
	FirstName string            `dynamodbav:"fn,omitempty"`
	LastName  string            `dynamodbav:"ln,omitempty"`
	Sex       string            `dynamodbav:"sx,omitempty"`
	BirthDate string            `dynamodbav:"bd,omitempty"`
	City      string            `dynamodbav:"ci,omitempty"`
	Custom    map[string]any    `dynamodbav:"cf,omitempty"`
	Subs      []subscriptionRow `dynamodbav:"sb,omitempty"`
}

type subscriptionRow struct {
	Resource int64  `dynamodbav:"r"`
	Channel  string `dynamodbav:"h"`
	Contact  string `dynamodbav:"t,omitempty"`
	Provider string `dynamodbav:"p,omitempty"`
	Created  int64  `dynamodbav:"d"`
}

func rowOf(c customer.Customer, commit string) customerRow {
	row := customerRow{
		key: customerKey(5, c.ID), Commit: commit, Changed: c.Changed.UnixMicro(), Emails: c.Emails, Phones: c.Phones,
		FirstName: c.FirstName, LastName: c.LastName, Sex: string(c.Sex), BirthDate: string(c.BirthDate), City: c.City, Custom: c.Custom,
	}
	for _, s := range c.Subscriptions {
		row.Subs = append(row.Subs, subscriptionRow{s.Resource, string(s.Channel), s.Contact, s.Provider, s.Created.Unix()})
	}
	return row
}

// customFields are custom fields of at least size bytes as JSON.
func customFields(size int) map[string]any {
	fields := map[string]any{}
	for i := range (size + 74) / 75 {
		fields[fmt.Sprintf("field_%d", i)] = map[string]any{
			"name": "A value of it", "amount": json.Number("1250.5"), "tags": []any{"one", "two"}, "on": true,
		}
	}
	return fields
}

// Conversion by hand beside attributevalue, without custom fields and with 3 KB and 300 KB of them. attributevalue is
// given less to do: it makes no index keys, and the numbers it reads are not yet of the type that package value keeps.
func BenchmarkConvert(b *testing.B) {
	for _, size := range []int{0, 3_000, 300_000} {
		c := someCustomer()
		if size > 0 {
			c.Custom = customFields(size)
		}
		it, err := newCustomerItem(5, c, "commit", c.Changed)
		if err != nil {
			b.Fatal(err)
		}
		conversions := []struct {
			name string
			run  func() error
		}{
			{"write/by hand", func() error { _, err := newCustomerItem(5, c, "commit", c.Changed); return err }},
			{"write/attributevalue", func() error { _, err := attributevalue.MarshalMap(rowOf(c, "commit")); return err }},
			{"read/by hand", func() error { _, err := readCustomer(c.ID, it); return err }},
			{"read/attributevalue", func() error {
				var row customerRow
				return attributevalue.UnmarshalMapWithOptions(it, &row, func(o *attributevalue.DecoderOptions) { o.UseNumber = true })
			}},
		}
		for _, conversion := range conversions {
			b.Run(fmt.Sprintf("%d bytes/%s", size, conversion.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := conversion.run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// attributevalue would change what custom fields keep: an empty array that is a nil slice becomes null, and a number
// that is read is not a json.Number. This is why fromValue and toValue are ours.
func TestAttributevalueChangesValues(t *testing.T) {
	var empty []any
	if av, err := attributevalue.Marshal(empty); err != nil || reflect.TypeOf(av) != reflect.TypeFor[*types.AttributeValueMemberNULL]() {
		t.Errorf("attributevalue writes an empty array as %T, error %v", av, err)
	}
	if av, err := fromValue(empty); err != nil || reflect.TypeOf(av) != reflect.TypeFor[*types.AttributeValueMemberL]() {
		t.Errorf("fromValue writes an empty array as %T, error %v", av, err)
	}
	var v any
	if err := attributevalue.Unmarshal(n("9007199254740993"), &v); err != nil || v != 9007199254740992.0 {
		t.Errorf("attributevalue reads a number as %#v, error %v", v, err)
	}
	if v, err := toValue(n("9007199254740993")); err != nil || v != json.Number("9007199254740993") {
		t.Errorf("toValue reads a number as %#v, error %v", v, err)
	}
}
