package dynamo

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"regulars/shared/customer"
)

// A customerItem is a customer in the table.
type customerItem struct {
	key
	indexKeys
	Commit    string             `dynamodbav:"c"`
	Changed   int64              `dynamodbav:"u"` // microseconds since 1970 UTC
	Deleted   bool               `dynamodbav:"x,omitempty"`
	TTL       int64              `dynamodbav:"ttl,omitempty"` // of a tombstone
	Emails    []string           `dynamodbav:"em,omitempty"`
	Phones    []string           `dynamodbav:"ph,omitempty"`
	FirstName string             `dynamodbav:"fn,omitempty"`
	LastName  string             `dynamodbav:"ln,omitempty"`
	Title     string             `dynamodbav:"ti,omitempty"`
	Birth     string             `dynamodbav:"bd,omitempty"`
	Sex       string             `dynamodbav:"sx,omitempty"`
	Country   string             `dynamodbav:"co,omitempty"`
	Region    string             `dynamodbav:"re,omitempty"`
	City      string             `dynamodbav:"ci,omitempty"`
	Street    string             `dynamodbav:"st,omitempty"`
	Disabled  bool               `dynamodbav:"di,omitempty"`
	Tags      []string           `dynamodbav:"tg,omitempty"`
	Custom    fieldMap           `dynamodbav:"cf,omitempty"`
	Subs      []subscriptionItem `dynamodbav:"sb,omitempty"`
}

// A subscriptionItem is one subscription within a customerItem.
type subscriptionItem struct {
	Resource int64    `dynamodbav:"r"`
	Channel  string   `dynamodbav:"h"`
	Contact  string   `dynamodbav:"t"`
	Provider string   `dynamodbav:"p,omitempty"`
	Status   string   `dynamodbav:"s,omitempty"` // omitted: subscribed
	Priority *int64   `dynamodbav:"o,omitempty"`
	Cats     []string `dynamodbav:"g,omitempty"`
	Custom   fieldMap `dynamodbav:"f,omitempty"`
	Created  int64    `dynamodbav:"d"` // seconds since 1970 UTC
	Deleted  bool     `dynamodbav:"x,omitempty"`
}

func newCustomerItem(tenant int, c customer.Customer, commit string, now time.Time) (item, error) {
	row := customerItem{
		key: customerKey(tenant, c.ID), Commit: commit, Changed: c.Changed.UnixMicro(), Deleted: c.Deleted,
		Emails: c.Emails, Phones: c.Phones, FirstName: c.FirstName, LastName: c.LastName, Title: c.Title,
		Birth: string(c.Birth), Sex: string(c.Sex), Country: c.Country, Region: c.Region, City: c.City,
		Street: c.Street, Disabled: c.Disabled, Tags: c.Tags, Custom: c.Custom,
	}
	if c.Deleted {
		row.TTL = now.Add(remember).Unix()
	} else {
		row.indexKeys = customerIndexKeys(tenant, c)
	}
	for _, s := range c.Subscriptions {
		row.Subs = append(row.Subs, newSubscriptionItem(s))
	}
	it, err := attributevalue.MarshalMap(row)
	if err != nil {
		return nil, fmt.Errorf("item of customer %s: %w", c.ID.Hex(), err)
	}
	return it, nil
}

func newSubscriptionItem(s customer.Subscription) subscriptionItem {
	row := subscriptionItem{
		Resource: s.Resource, Channel: string(s.Channel), Contact: s.Contact, Provider: s.Provider,
		Status: string(s.Status), Priority: s.Priority, Cats: s.Cats, Custom: s.Custom,
		Created: s.Created.Unix(), Deleted: s.Deleted,
	}
	if s.Status == customer.Subscribed {
		row.Status = ""
	}
	return row
}

// readCustomer reads the item of customer id.
func readCustomer(id customer.ID, it item) (customer.Record, error) {
	var row customerItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return customer.Record{}, fmt.Errorf("item of customer %s: %w", id.Hex(), err)
	}
	c := customer.Customer{
		ID: id, Changed: time.UnixMicro(row.Changed).UTC(), Deleted: row.Deleted,
		Emails: row.Emails, Phones: row.Phones, FirstName: row.FirstName, LastName: row.LastName, Title: row.Title,
		Birth: customer.Birth(row.Birth), Sex: customer.Sex(row.Sex), Country: row.Country, Region: row.Region,
		City: row.City, Street: row.Street, Disabled: row.Disabled, Tags: row.Tags, Custom: row.Custom,
	}
	for _, s := range row.Subs {
		c.Subscriptions = append(c.Subscriptions, s.subscription())
	}
	return customer.Record{Customer: c, Rev: customer.Rev{Commit: row.Commit, Bytes: sizeOf(it)}}, nil
}

func (row subscriptionItem) subscription() customer.Subscription {
	s := customer.Subscription{
		Resource: row.Resource, Channel: customer.Channel(row.Channel), Contact: row.Contact, Provider: row.Provider,
		Status: customer.Status(row.Status), Priority: row.Priority, Cats: row.Cats, Custom: row.Custom,
		Created: time.Unix(row.Created, 0).UTC(), Deleted: row.Deleted,
	}
	if row.Status == "" {
		s.Status = customer.Subscribed
	}
	return s
}
