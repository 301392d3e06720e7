package altcraft

import (
	"net/netip"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// keyMembers are what names a subscription; the methods that only name one look
// at nothing else.
var keyMembers = []string{
	"resource_id", "channel", "email", "email_data", "phone", "phone_data", "provider", "subscription_id", "push_data", "cc_data",
}

// readSubscriptionKey reads which subscription a call is about: its body is the
// entry.
func (c *call) readSubscriptionKey() (customer.SubscriptionKey, error) {
	entry := make(map[string]any, len(keyMembers))
	for _, member := range keyMembers {
		entry[member] = c.body[member]
	}
	e, err := readSubscription("", entry, c.Settings.Country)
	return e.Key(), atTop(err)
}

// readSet reads the subscription that a call sets: its body is the entry.
func (c *call) readSet() (customer.Request, error) {
	if _, err := optionalBool(c.body, "skip_triggers"); err != nil {
		return customer.Request{}, err
	}
	e, err := readSubscription("", c.body, c.Settings.Country)
	if err == nil {
		err = checkResource("", e, c.Settings)
	}
	if err != nil {
		return customer.Request{}, atTop(err)
	}
	if err := c.readRegInfo(&e); err != nil {
		return customer.Request{}, err
	}
	return customer.Request{Edit: subscribe(e), Idempotent: e.Idempotent()}, nil
}

// readRegInfo reads when and where the contact was given: date, ip and url beside
// the other members, or in reg_info, the form in which they are shown.
func (c *call) readRegInfo(e *customer.SubscriptionEdit) error {
	nested, isObject := c.body["reg_info"].(map[string]any)
	if c.body["reg_info"] != nil && !isObject {
		return wrongType("reg_info", c.body["reg_info"], "an object")
	}
	at := func(member string) (field string, v any) {
		if v := c.body[member]; v != nil {
			return member, v
		}
		return "reg_info." + member, nested[member]
	}
	if field, v := at("date"); v != nil {
		created, err := readInstant(field, v)
		if err != nil {
			return err
		}
		e.Created = &created
	}
	if field, v := at("ip"); v != nil {
		ip, ok := v.(string)
		if _, err := netip.ParseAddr(ip); !ok || err != nil {
			return errs.New(errs.Invalid, "bad_ip", field)
		}
		e.IP = &ip
	}
	if field, v := at("url"); v != nil {
		url, ok := v.(string)
		if !ok {
			return wrongType(field, v, "a text")
		}
		e.URL = &url
	}
	return nil
}

// readInstant reads a date to the second.
func readInstant(field string, v any) (time.Time, error) {
	text, err := dateText(field, v)
	if err != nil {
		return time.Time{}, err
	}
	t, _, err := value.ParseTime(field, text)
	return t.UTC().Truncate(time.Second), err
}

// subscribe is the edit that [customer.Customer.Subscribe] makes.
func subscribe(e customer.SubscriptionEdit) customer.Edit {
	return func(c *customer.Customer, now time.Time) error { return atTop(c.Subscribe(e, now)) }
}

// atTop is a client error of an entry that is the body itself, whose members have
// nothing in front of them.
func atTop(err error) error {
	clientErr, rejected := errs.AsClient(err)
	if !rejected {
		return err
	}
	return clientErr.At(strings.TrimPrefix(clientErr.Path, "."))
}
