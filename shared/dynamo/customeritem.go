package dynamo

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
)

// The attributes of a customer. Times are microseconds since 1970 UTC.
const (
	attrChanged   = "u"
	attrDeleted   = "x"
	attrEmails    = "em"
	attrPhones    = "ph"
	attrFirstName = "fn"
	attrLastName  = "ln"
	attrTitle     = "ti"
	attrBirth     = "bd"
	attrSex       = "sx"
	attrCountry   = "co"
	attrRegion    = "re"
	attrCity      = "ci"
	attrStreet    = "st"
	attrDisabled  = "di"
	attrTags      = "tg"
	attrSegments  = "sg"
	attrCustom    = "cf"
	attrSubs      = "sb"
	attrClientID  = "id"
	attrStamps    = "ex" // a map: the commit of each extension by its number
	attrMerged    = "mi" // the customer into which this one was merged, in base 36
	attrFormerly  = "mg" // those merged into it: 16 digits of base 36, then the client's id
)

// The attributes of a subscription, a map within the customer. Times are seconds
// since 1970 UTC; a status that is absent is subscribed.
const (
	subResource = "r"
	subChannel  = "h"
	subContact  = "t"
	subProvider = "p"
	subStatus   = "s"
	subPriority = "o"
	subCats     = "g"
	subCustom   = "f"
	subCreated  = "d"
	subDeleted  = "x"
	subIP       = "i"
	subURL      = "u"
)

func newCustomerItem(tenant int, c customer.Customer, commit string, now time.Time) (item, error) {
	it := make(attributes, 24)
	var places indexKeys
	switch {
	case c.MergedInto != 0: // its id leads on for ever, and no list shows it
	case c.Deleted:
		it.setNumber(attrTTL, now.Add(tombstoneRetention).Unix())
		places = goneIndexKeys(tenant, c.ID)
	default:
		places = customerIndexKeys(tenant, c)
	}
	it.setPlaces(customerKey(tenant, c.ID), places)
	it.setText(attrCommit, commit)
	it.setNumber(attrChanged, c.Changed.UnixMicro())
	it.setFlag(attrDeleted, c.Deleted)
	it.setTexts(attrEmails, c.Emails)
	it.setTexts(attrPhones, c.Phones)
	it.setText(attrFirstName, c.FirstName)
	it.setText(attrLastName, c.LastName)
	it.setText(attrTitle, c.Title)
	it.setText(attrBirth, string(c.BirthDate))
	it.setText(attrSex, string(c.Sex))
	it.setText(attrCountry, c.Country)
	it.setText(attrRegion, c.Region)
	it.setText(attrCity, c.City)
	it.setText(attrStreet, c.Street)
	it.setFlag(attrDisabled, c.Disabled)
	it.setTexts(attrTags, c.Tags)
	it.setNumbers(attrSegments, c.Segments)
	if err := it.setFields(attrCustom, c.Custom); err != nil {
		return nil, fmt.Errorf("item of customer %s: %w", c.ID.Hex(), err)
	}
	if err := it.setSubscriptions(c.Subscriptions); err != nil {
		return nil, fmt.Errorf("item of customer %s: %w", c.ID.Hex(), err)
	}
	it.setText(attrClientID, c.ClientID)
	it.setStamps(c.Extensions)
	if c.MergedInto != 0 {
		it.setText(attrMerged, c.MergedInto.Base36())
	}
	if c.MergedInto != 0 || len(c.Formerly) > 0 {
		it.setNumber(attrSchema, schema)
	}
	var formerly []string
	for _, f := range c.Formerly {
		formerly = append(formerly, f.ID.Base36()+f.ClientID)
	}
	it.setTexts(attrFormerly, formerly)
	return item(it), nil
}

func (it attributes) setSubscriptions(subscriptions []customer.Subscription) error {
	if len(subscriptions) == 0 {
		return nil
	}
	list := make([]types.AttributeValue, len(subscriptions))
	for i, s := range subscriptions {
		m := make(attributes, 8)
		m.setNumber(subResource, s.Resource)
		m.setText(subChannel, string(s.Channel))
		m.setText(subContact, s.Contact)
		m.setText(subProvider, s.Provider)
		if s.Status != customer.Subscribed {
			m.setText(subStatus, string(s.Status))
		}
		if s.Priority != nil {
			m.setNumber(subPriority, *s.Priority)
		}
		m.setTexts(subCats, s.Cats)
		m.setNumber(subCreated, s.Created.Unix())
		m.setFlag(subDeleted, s.Deleted)
		m.setText(subIP, s.IP)
		m.setText(subURL, s.URL)
		if err := m.setFields(subCustom, s.Custom); err != nil {
			return err
		}
		list[i] = &types.AttributeValueMemberM{Value: m}
	}
	it[attrSubs] = &types.AttributeValueMemberL{Value: list}
	return nil
}

// readCustomer reads the item of customer id.
func readCustomer(id customer.ID, it item) (customer.Record, error) {
	r := reader{it: it}
	c := customer.Customer{
		ID: id, Changed: time.UnixMicro(r.number(attrChanged)).UTC(), Deleted: r.flag(attrDeleted),
		Emails: r.texts(attrEmails), Phones: r.texts(attrPhones),
		FirstName: r.text(attrFirstName), LastName: r.text(attrLastName), Title: r.text(attrTitle),
		BirthDate: customer.BirthDate(r.text(attrBirth)), Sex: customer.Sex(r.text(attrSex)),
		Country: r.text(attrCountry), Region: r.text(attrRegion), City: r.text(attrCity), Street: r.text(attrStreet),
		Disabled: r.flag(attrDisabled), Tags: r.texts(attrTags), Segments: r.numbers(attrSegments), Custom: r.fields(attrCustom),
		Subscriptions: r.subscriptions(), ClientID: r.text(attrClientID), Extensions: r.stamps(),
		MergedInto: r.mergedInto(), Formerly: r.formerly(),
	}
	rev := customer.Rev{Commit: r.text(attrCommit), Bytes: sizeOf(it)}
	if r.err != nil {
		return customer.Record{}, fmt.Errorf("item of customer %s: %w", id.Hex(), r.err)
	}
	return customer.Record{Customer: c, Rev: rev}, nil
}

func (r *reader) subscriptions() []customer.Subscription {
	list := r.list(attrSubs)
	if len(list) == 0 {
		return nil
	}
	subscriptions := make([]customer.Subscription, len(list))
	for i, e := range list {
		m, ok := e.(*types.AttributeValueMemberM)
		if !ok {
			r.wrong(attrSubs, e)
			return nil
		}
		s := reader{it: m.Value, err: r.err}
		subscriptions[i] = s.subscription()
		r.err = s.err
	}
	return subscriptions
}

func (r *reader) subscription() customer.Subscription {
	s := customer.Subscription{
		Resource: r.number(subResource), Channel: customer.Channel(r.text(subChannel)), Contact: r.text(subContact),
		Provider: r.text(subProvider), Status: customer.Status(r.text(subStatus)), Cats: r.texts(subCats),
		Custom: r.fields(subCustom), Created: time.Unix(r.number(subCreated), 0).UTC(), Deleted: r.flag(subDeleted),
		IP: r.text(subIP), URL: r.text(subURL),
	}
	if s.Status == "" {
		s.Status = customer.Subscribed
	}
	if r.it[subPriority] != nil {
		priority := r.number(subPriority)
		s.Priority = &priority
	}
	return s
}

// mergedInto reads the customer into which one was merged, or 0.
func (r *reader) mergedInto() customer.ID {
	digits := r.text(attrMerged)
	if digits == "" || r.err != nil {
		return 0
	}
	id, err := customer.ParseBase36(digits)
	r.err = err
	return id
}

// idDigits is how many digits of base 36 an id has.
const idDigits = 16

// formerly reads those that were merged into a customer.
func (r *reader) formerly() (all []customer.Named) {
	for _, text := range r.texts(attrFormerly) {
		digits := min(idDigits, len(text))
		id, err := customer.ParseBase36(text[:digits])
		r.err = firstError(r.err, err)
		all = append(all, customer.Named{ID: id, ClientID: text[digits:]})
	}
	return all
}
