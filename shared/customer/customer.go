package customer

import (
	"maps"
	"slices"
	"time"

	"regulars/shared/contact"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// A Customer is a person the business knows. Each field has one meaning in all
// dialects (docs/words.md); what is no core field is a custom field. A
// Customer is a value: an [Edit] gets a copy of its own.
type Customer struct {
	ID ID
	// Changed is when the customer last changed, in UTC to the microsecond.
	Changed time.Time
	// Deleted marks the tombstone of a deleted customer; it bears nothing else but
	// Formerly.
	Deleted bool
	// MergedInto, unless 0, is the customer into which this one was merged, and whom its
	// id means from then on. It is Deleted as well, and bears nothing else.
	MergedInto ID
	// Formerly are the customers that were merged into this one, the latest last: their
	// ids, and those that clients brought, are its own. A tombstone has the former alone.
	Formerly []Named

	// Emails are as written, trimmed; the first is unique in the tenant.
	Emails []string
	// Phones are + and 7 to 15 digits.
	Phones []string

	FirstName, LastName, Title    string
	BirthDate                     BirthDate
	Sex                           Sex
	Country, Region, City, Street string
	// Disabled is the loyalty status: enabled unless set.
	Disabled bool
	Tags     []string
	// Segments are the numbers of the static segments the customer is in, ascending.
	Segments []int64

	// Custom fields by name, as package value keeps them.
	Custom        map[string]any
	Subscriptions []Subscription

	// ClientID is the id that a client brought, unique in the tenant; mostly empty.
	ClientID string
	// Extensions by the number of their schema.
	Extensions map[int]Extension
}

// An Edit changes a customer that it may alter freely, or rejects. It is called
// again at each attempt, so it must give the same for the same customer.
type Edit func(c *Customer, now time.Time) error

// Clone returns a copy that shares nothing that an edit alters in place. Custom
// values are replaced, never altered.
func (c Customer) Clone() Customer {
	c.Emails = slices.Clone(c.Emails)
	c.Phones = slices.Clone(c.Phones)
	c.Tags = slices.Clone(c.Tags)
	c.Segments = slices.Clone(c.Segments)
	c.Custom = cloneMap(c.Custom)
	c.Subscriptions = slices.Clone(c.Subscriptions)
	for i := range c.Subscriptions {
		c.Subscriptions[i].Custom = cloneMap(c.Subscriptions[i].Custom)
	}
	c.Extensions = maps.Clone(c.Extensions)
	c.Formerly = slices.Clone(c.Formerly)
	return c
}

// Was reports whether the customer of an id was merged into c.
func (c Customer) Was(id ID) bool {
	return slices.ContainsFunc(c.Formerly, func(f Named) bool { return f.ID == id })
}

func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	c := make(map[string]any, len(m)+4) // edits add a few
	for k, v := range m {
		c[k] = v
	}
	return c
}

// Same reports whether c and d say the same but for when they last changed.
func (c Customer) Same(d Customer) bool {
	return c.ID == d.ID && c.Deleted == d.Deleted &&
		slices.Equal(c.Emails, d.Emails) && slices.Equal(c.Phones, d.Phones) &&
		c.FirstName == d.FirstName && c.LastName == d.LastName && c.Title == d.Title &&
		c.BirthDate == d.BirthDate && c.Sex == d.Sex &&
		c.Country == d.Country && c.Region == d.Region && c.City == d.City && c.Street == d.Street &&
		c.Disabled == d.Disabled && slices.Equal(c.Tags, d.Tags) && slices.Equal(c.Segments, d.Segments) &&
		sameCustom(c.Custom, d.Custom) &&
		slices.EqualFunc(c.Subscriptions, d.Subscriptions, Subscription.Same) &&
		c.ClientID == d.ClientID && sameExtensions(c.Extensions, d.Extensions) &&
		c.MergedInto == d.MergedInto && slices.Equal(c.Formerly, d.Formerly)
}

func sameCustom(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		w, ok := b[name]
		if !ok || !value.Equal(v, w) {
			return false
		}
	}
	return true
}

// Values is how many values c has in custom fields, in those of its subscriptions, and
// in the records of extensions that were read, with all members and elements in them.
func (c Customer) Values() int {
	n := countValues(c.Custom)
	for _, s := range c.Subscriptions {
		n += countValues(s.Custom)
	}
	for _, e := range c.Extensions {
		for _, record := range e.Records {
			n += countValues(record)
		}
	}
	return n
}

func countValues(fields map[string]any) int {
	n := 0
	for _, v := range fields {
		n += value.Count(v)
	}
	return n
}

// SetEmail makes address the first e-mail and leaves the others; where it was
// one of them it moves up.
func (c *Customer) SetEmail(address string) {
	if len(c.Emails) > 0 && c.Emails[0] == address {
		return
	}
	rest := c.Emails
	if len(rest) > 0 {
		rest = rest[1:]
	}
	key := contact.StoredEmailKey(address)
	rest = slices.DeleteFunc(slices.Clone(rest), func(e string) bool { return contact.StoredEmailKey(e) == key })
	c.Emails = append([]string{address}, rest...)
}

// SetPhones replaces the phones; of a repeated number the first counts.
func (c *Customer) SetPhones(numbers []string) {
	c.Phones = c.Phones[:0:0]
	for _, n := range numbers {
		if !slices.Contains(c.Phones, n) {
			c.Phones = append(c.Phones, n)
		}
	}
}

// SetCustom sets a custom field; nil removes it.
func (c *Customer) SetCustom(name string, v any) {
	if v == nil {
		delete(c.Custom, name)
		return
	}
	if c.Custom == nil {
		c.Custom = map[string]any{}
	}
	c.Custom[name] = v
}

// Sex is stored as unknown, male or female.
type Sex string

// The sexes; the zero value is unknown.
const (
	SexUnknown Sex = ""
	Male       Sex = "male"
	Female     Sex = "female"
)

// Word is the sex as a word: unknown, male, female.
func (s Sex) Word() string {
	if s == SexUnknown {
		return "unknown"
	}
	return string(s)
}

// The limits of a customer (docs/table.md).
const (
	// MaxKeys is how many key values a customer may hold.
	MaxKeys = 90
	// MaxBytes is how large a customer may grow, as the table counts it, alone and
	// together with all its extensions.
	MaxBytes = 300_000
	// MaxValues is how many values a customer may have ([Customer.Values]): each takes
	// some hundred bytes of memory, whatever it takes in the table.
	MaxValues = 20_000
	// MaxSegments is how many static segments a customer may be in.
	MaxSegments = 1000
	// MaxItems is how many items one request may change: a transaction takes 100.
	MaxItems = 95
)

// TooLarge is the client error of a customer that would grow to size bytes.
func TooLarge(size int) error {
	return errs.New(errs.Invalid, "customer_too_large", "", size, MaxBytes)
}
