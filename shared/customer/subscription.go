package customer

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"regulars/shared/contact"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
)

// A Channel is a way to reach a person.
type Channel string

// The channels (Altcraft 5.1).
const (
	ChannelEmail    Channel = "email"
	ChannelSMS      Channel = "sms"
	ChannelPush     Channel = "push"
	ChannelNotify   Channel = "notify"
	ChannelViber    Channel = "viber"
	ChannelWhatsApp Channel = "whatsapp"
	ChannelTelegram Channel = "telegram_bot"
)

// Channels lists all channels.
var Channels = []Channel{ChannelEmail, ChannelSMS, ChannelPush, ChannelNotify, ChannelViber, ChannelWhatsApp, ChannelTelegram}

// A Status says whether a subscription may be used.
type Status string

// Statuses lists the words in the order of their numbers, 0 to 6.
var Statuses = []Status{"subscribed", "unsubscribed", "complained", "hardbounced", "unconfirmed", "suspended", "invalid"}

const (
	// Subscribed is the status of a new subscription.
	Subscribed Status = "subscribed"
	// Suspended is the status of a subscription that pauses.
	Suspended Status = "suspended"
)

// A Subscription is a contact on one channel for one resource. Resource, channel
// and contact are its key within the customer.
type Subscription struct {
	Resource int64
	Channel  Channel
	// Contact is an e-mail address, a phone, a chat id, or a push token.
	Contact string
	// Provider is whose token it is; push alone has one.
	Provider string

	Status Status
	// Priority is nil where none was given, which counts as 0, the highest.
	Priority *int64
	Cats     []string
	// Custom fields of the subscription, as package value keeps them.
	Custom map[string]any
	// Created is when it was added, in UTC to the second.
	Created time.Time
	// IP and URL are from where, as the writer says; empty: unknown.
	IP, URL string
	// Deleted: it was deleted and can be restored.
	Deleted bool
}

// SubscriptionKey tells the subscriptions of one customer apart.
type SubscriptionKey struct {
	Resource          int64
	Channel           Channel
	Contact, Provider string
}

// Key is the subscription's key: of contacts it has the form they are compared in.
func (s Subscription) Key() SubscriptionKey {
	return subscriptionKey(s.Resource, s.Channel, s.Contact, s.Provider)
}

// Key is the key of the subscription that e is about.
func (e SubscriptionEdit) Key() SubscriptionKey {
	return subscriptionKey(e.Resource, e.Channel, e.Contact, e.Provider)
}

func subscriptionKey(resource int64, channel Channel, given, provider string) SubscriptionKey {
	switch channel {
	case ChannelEmail:
		given = contact.StoredEmailKey(given)
	case ChannelPush:
		given = contact.Match(given)
	}
	return SubscriptionKey{resource, channel, given, provider}
}

// Hash is the subscription's opaque name, 8 hex characters. It is made of an address
// in lower case, as it always was.
func (s Subscription) Hash() string {
	given := s.Contact
	if s.Channel == ChannelEmail {
		given = contact.FormerEmailKey(given)
	}
	return shortHash(strconv.FormatInt(s.Resource, 10)+" "+string(s.Channel)+" "+url.PathEscape(s.Provider)+" "+given, 4)
}

// Same reports whether both say the same.
func (s Subscription) Same(t Subscription) bool {
	samePriority := s.Priority == t.Priority || s.Priority != nil && t.Priority != nil && *s.Priority == *t.Priority
	return s.Resource == t.Resource && s.Channel == t.Channel && s.Contact == t.Contact && s.Provider == t.Provider &&
		s.Status == t.Status && samePriority && slices.Equal(s.Cats, t.Cats) && sameCustom(s.Custom, t.Custom) &&
		s.Created.Equal(t.Created) && s.IP == t.IP && s.URL == t.URL && s.Deleted == t.Deleted
}

// A SubscriptionEdit is what a writer says of one subscription. What is nil
// stays as it is.
type SubscriptionEdit struct {
	Resource          int64
	Channel           Channel
	Contact, Provider string
	// Rejected, unless nil, is what is wrong with an e-mail address, which the
	// customer may have from before it was rejected.
	Rejected error

	Status   *Status
	Priority *int64
	Cats     *[]string
	// CatsBy, unless nil, adds categories or deletes some.
	CatsBy *fieldop.Function
	// Custom fields to set, by name.
	Custom map[string]any
	// CustomBy are functions on custom fields, by name.
	CustomBy map[string]fieldop.Function
	// Created is when the contact was given; nil: now.
	Created *time.Time
	// IP and URL are from where it was given.
	IP, URL *string
}

// Idempotent reports whether doing e again does no harm (see [fieldop.Function.Idempotent]).
// Categories are a set that nothing else can stand in for.
func (e SubscriptionEdit) Idempotent() bool {
	for _, f := range e.CustomBy {
		if !f.Idempotent() {
			return false
		}
	}
	return true
}

// Subscribe updates the subscription that e names, or adds it. One that was
// deleted is a subscription again. It rejects what a function rejects, and a contact
// that the edit says is rejected and the customer does not have; then nothing is
// changed.
func (c *Customer) Subscribe(e SubscriptionEdit, now time.Time) error {
	if e.Rejected != nil && !c.HasEmail(e.Contact) {
		return e.Rejected
	}
	key := e.Key()
	i := slices.IndexFunc(c.Subscriptions, func(s Subscription) bool { return s.Key() == key })
	s := Subscription{
		Resource: e.Resource, Channel: e.Channel, Contact: e.Contact, Provider: e.Provider,
		Status: Subscribed, Created: now.UTC().Truncate(time.Second),
	}
	if i >= 0 {
		s = c.Subscriptions[i]
	}
	if len(e.CustomBy) > 0 {
		s.Custom = cloneMap(s.Custom) // a client error must not show
	}
	if err := e.apply(&s); err != nil {
		return err
	}
	if i < 0 {
		c.Subscriptions = append(c.Subscriptions, s)
	} else {
		c.Subscriptions[i] = s
	}
	return nil
}

func (e SubscriptionEdit) apply(s *Subscription) error {
	s.Deleted = false
	if e.Status != nil {
		s.Status = *e.Status
	}
	if e.Priority != nil && (s.Priority != nil || *e.Priority != 0) {
		s.Priority = e.Priority
	}
	if e.Cats != nil {
		s.Cats = *e.Cats
	}
	if e.CatsBy != nil {
		s.Cats = e.CatsBy.Texts(s.Cats)
	}
	if e.Created != nil {
		s.Created = *e.Created
	}
	if e.IP != nil {
		s.IP = *e.IP
	}
	if e.URL != nil {
		s.URL = *e.URL
	}
	for name, v := range e.Custom {
		if v != nil { // null leaves the field as it is
			s.setCustom(name, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.CustomBy)) {
		v, err := e.CustomBy[name].Apply(s.Custom[name])
		if err != nil {
			return err
		}
		s.setCustom(name, v)
	}
	return nil
}

// setCustom sets a custom field; nil removes it.
func (s *Subscription) setCustom(name string, v any) {
	if v == nil {
		delete(s.Custom, name)
		return
	}
	if s.Custom == nil {
		s.Custom = map[string]any{}
	}
	s.Custom[name] = v
}

// ParseStatus reads a status by its word or its number.
func ParseStatus(field, word string) (Status, error) {
	if n, err := strconv.Atoi(word); err == nil && n >= 0 && n < len(Statuses) && strconv.Itoa(n) == word {
		return Statuses[n], nil
	}
	if i := slices.Index(Statuses, Status(word)); i >= 0 {
		return Statuses[i], nil
	}
	return "", errs.New(errs.Invalid, "bad_status", field, word, Statuses)
}
