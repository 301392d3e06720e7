package altcraft

import (
	"slices"
	"time"

	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A contactKind is what a search by e-mail or by phone needs to know of either.
type contactKind struct {
	member  string // at the top level
	inData  string // in data
	channel customer.Channel
	// parse returns the contact, and of one that is rejected but that somebody may
	// have, what is wrong with it.
	parse func(m matcher, field, text string) (contact string, rejected, err error)
	key   func(contact string) customer.Key
	store func(c *customer.Customer, contacts []string)
}

var (
	emails = contactKind{
		member: "email", inData: "email", channel: customer.ChannelEmail, key: customer.EmailKey,
		parse: func(_ matcher, field, text string) (string, error, error) {
			address, err := customer.ParseEmail(field, text)
			if err != nil && contact.MayBeStored(text) {
				return text, err, nil
			}
			return address.Text, nil, err
		},
		store: func(c *customer.Customer, contacts []string) {
			if len(c.Emails) == 0 {
				c.SetEmail(contacts[0])
			}
		},
	}
	phones = contactKind{
		member: "phone", inData: "phones", channel: customer.ChannelSMS, key: customer.PhoneKey,
		parse: func(m matcher, field, text string) (string, error, error) {
			number, err := customer.ParsePhone(field, text, m.country)
			return number, nil, err
		},
		store: func(c *customer.Customer, contacts []string) {
			if len(c.Phones) == 0 {
				c.SetPhones(contacts)
			}
		},
	}

	byEmail, byPhone, byEmailOrPhone = []contactKind{emails}, []contactKind{phones}, []contactKind{emails, phones}
)

// byContact finds by any of the contacts given, in the roles.
func (m matcher) byContact(roles customer.Roles, kinds []contactKind) (match, error) {
	found := match{search: customer.Search{Resource: m.resource}}
	contacts := make([][]string, len(kinds))
	for i, kind := range kinds {
		var rejected, err error
		if contacts[i], rejected, err = m.contacts(kind, roles); err != nil {
			return match{}, err
		}
		if rejected != nil {
			found.search.Rejected = rejected
		}
		for _, contact := range contacts[i] {
			found.search.Any = append(found.search.Any, customer.Lookup{Key: kind.key(contact), Roles: roles})
		}
	}
	if len(found.search.Any) == 0 {
		return match{}, noValue(kinds[0].member)
	}
	found.onCreate = func(c *customer.Customer, now time.Time) error {
		for i, kind := range kinds {
			if len(contacts[i]) == 0 {
				continue
			}
			if roles&customer.Profile != 0 {
				kind.store(c, contacts[i])
			} else if err := m.subscribe(c, customer.SubscriptionEdit{Channel: kind.channel, Contact: contacts[i][0]}, now); err != nil {
				return err
			}
		}
		return nil
	}
	return found, nil
}

// contacts are those at the top level, else those in data: of the customer, or
// for a search among subscriptions alone, of the subscriptions.
func (m matcher) contacts(kind contactKind, roles customer.Roles) (contacts []string, rejected, err error) {
	text, err := optionalText(m.body, kind.member)
	if err != nil {
		return nil, nil, err
	}
	if text != "" {
		contact, rejected, err := kind.parse(m, kind.member, text)
		return []string{contact}, rejected, err
	}
	if roles&customer.Profile == 0 {
		return m.subscribed(kind.channel), nil, nil
	}
	field := "data." + kind.inData
	texts, err := readTexts(field, m.data.sought(kind.inData), customer.MaxKeys)
	if err != nil {
		return nil, nil, err
	}
	for i, text := range texts {
		var flaw error
		if texts[i], flaw, err = kind.parse(m, field, text); err != nil {
			return nil, nil, err
		}
		if flaw != nil {
			rejected = flaw
		}
	}
	return texts, rejected, nil
}

// subscribed are the contacts on one channel in the data's subscriptions. What
// is no subscription is found fault with when the data is read.
func (m matcher) subscribed(channel customer.Channel) []string {
	var contacts []string
	seen := map[string]bool{}
	for _, e := range m.dataSubscriptions() {
		if e.Channel == channel && !seen[e.Contact] {
			seen[e.Contact] = true
			contacts = append(contacts, e.Contact)
		}
	}
	return contacts
}

// byPush finds by the token of a push subscription.
func (m matcher) byPush() (match, error) {
	provider, err := optionalText(m.body, "provider")
	if err != nil {
		return match{}, err
	}
	token, err := optionalText(m.body, "subscription_id")
	if err != nil {
		return match{}, err
	}
	found := match{search: customer.Search{Resource: m.resource}}
	var subscriptions []customer.SubscriptionEdit
	if token != "" {
		if contact.Match(token) == "" {
			return match{}, errs.New(errs.Invalid, "blank_value", "subscription_id")
		}
		subscriptions = []customer.SubscriptionEdit{{Channel: customer.ChannelPush, Provider: provider, Contact: token}}
		if provider == "" {
			return match{}, noValue("provider")
		}
	} else {
		subscriptions = m.dataSubscriptions()
	}
	for _, e := range subscriptions {
		if isPush(e) {
			key := customer.PushKey(e.Provider, e.Contact)
			found.search.Any = append(found.search.Any, customer.Lookup{Key: key, Roles: customer.InSubscription})
		}
	}
	if len(found.search.Any) == 0 {
		return match{}, noValue("subscription_id")
	}
	first := subscriptions[slices.IndexFunc(subscriptions, isPush)]
	found.onCreate = func(c *customer.Customer, now time.Time) error { return m.subscribe(c, first, now) }
	return found, nil
}

func isPush(e customer.SubscriptionEdit) bool { return e.Channel == customer.ChannelPush }

// subscribe gives a new customer the subscription that was searched for, unless
// the data did, so that the same search finds it again. Without a resource there
// is none to give.
func (m matcher) subscribe(c *customer.Customer, e customer.SubscriptionEdit, now time.Time) error {
	e.Resource = m.resource
	given := slices.ContainsFunc(c.Subscriptions, func(s customer.Subscription) bool {
		if m.resource == 0 {
			e.Resource = s.Resource // any will be found
		}
		return s.Key() == e.Key()
	})
	if given {
		return nil
	}
	if m.resource == 0 {
		return neverFound(string(e.Channel) + " subscription")
	}
	return c.Subscribe(e, now)
}

func (m matcher) dataSubscriptions() []customer.SubscriptionEdit {
	list, _ := m.data.sought("subscriptions").([]any)
	list = list[:min(len(list), maxSubscriptions)] // more are rejected when the data is read
	var edits []customer.SubscriptionEdit
	for _, entry := range list {
		if e, err := readSubscription("", entry, m.country); err == nil {
			edits = append(edits, e)
		}
	}
	return edits
}
