package altcraft

import (
	"maps"
	"slices"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A match is the search of a call, and what a customer that is made because
// nobody matches gets of it.
type match struct {
	search customer.Search
	// onCreate stores the value that was searched for where the data omits it.
	onCreate func(c *customer.Customer, now time.Time) error
}

// A matcher reads the search of one call: from the top level of the body, else
// from its data (Altcraft 2.3).
type matcher struct {
	body     map[string]any
	data     profile
	country  string // calling code of the tenant, or empty
	fields   customer.MatchFields
	resource int64 // of the call, or 0
	mode     string
}

// modes are the matching modes of Altcraft 2.2. An e-mail or a phone counts in
// the match roles that the mode looks at.
var modes = map[string]func(matcher) (match, error){
	"email":           func(m matcher) (match, error) { return m.byContact(customer.Anywhere, byEmail) },
	"email_profile":   func(m matcher) (match, error) { return m.byContact(customer.Profile, byEmail) },
	"email_sub":       func(m matcher) (match, error) { return m.byContact(customer.InSubscription, byEmail) },
	"phone":           func(m matcher) (match, error) { return m.byContact(customer.Anywhere, byPhone) },
	"phone_sub":       func(m matcher) (match, error) { return m.byContact(customer.InSubscription, byPhone) },
	"email_phone":     func(m matcher) (match, error) { return m.byContact(customer.Anywhere, byEmailOrPhone) },
	"email_phone_sub": func(m matcher) (match, error) { return m.byContact(customer.InSubscription, byEmailOrPhone) },
	"push_sub":        matcher.byPush,
	"profile_id":      matcher.byID,
	"custom":          func(m matcher) (match, error) { return m.byField(customer.OfCustomer) },
	"custom_sub":      func(m matcher) (match, error) { return m.byField(customer.OfSubscription) },
}

// fieldModes are the modes that search by a match field.
var fieldModes = map[string]customer.Holder{"custom": customer.OfCustomer, "custom_sub": customer.OfSubscription}

// bareKeys are the top-level members that name the mode where `matching` does
// not (Altcraft 4.1).
var bareKeys = []struct{ member, mode string }{
	{"phone", "phone"}, {"profile_id", "profile_id"}, {"field_name", "custom"}, {"subscription_id", "push_sub"},
}

// readMatch reads the search of a call.
func (c *call) readMatch() (match, error) {
	m, err := c.readMatcher()
	if err != nil {
		return match{}, err
	}
	return m.read(c.data())
}

// readMatcher reads how a call searches.
func (c *call) readMatcher() (m matcher, err error) {
	m = matcher{body: c.body, country: c.Settings.Country, fields: c.Settings.MatchFields}
	if m.resource, err = optionalWhole(c.body, "resource_id", 1); err != nil {
		return matcher{}, err
	}
	if m.mode, err = m.readMode(); err != nil {
		return matcher{}, err
	}
	if modes[m.mode] == nil {
		return matcher{}, errs.New(errs.Invalid, "bad_matching", "matching", m.mode, strings.Join(slices.Sorted(maps.Keys(modes)), ", "))
	}
	return m, nil
}

// readBatchMatcher reads how the items of a batch are searched for. Values at the
// top level cannot tell many apart, so those in the items alone count.
func (c *call) readBatchMatcher() (matcher, error) {
	m, err := c.readMatcher()
	if err != nil {
		return matcher{}, err
	}
	m.body = map[string]any{"field_name": c.body["field_name"]}
	if of, byField := fieldModes[m.mode]; byField {
		_, err = m.field(of) // what is wrong with it is so for all items
	}
	return m, err
}

// read reads the search for the customer that data is about.
func (m matcher) read(data profile) (match, error) {
	m.data = data
	found, err := modes[m.mode](m)
	if n := len(found.search.Any) + len(found.search.All); n > customer.MaxKeys {
		return match{}, errs.New(errs.Invalid, "too_many_values", "matching", n, customer.MaxKeys)
	}
	return found, err
}

// readMode is the search mode: email, unless the call says otherwise.
func (m matcher) readMode() (string, error) {
	mode, err := optionalText(m.body, "matching")
	if mode != "" || err != nil {
		return mode, err
	}
	if m.body["email"] != nil {
		return "email", nil
	}
	var named []string
	for _, key := range bareKeys {
		if m.body[key.member] != nil {
			named = append(named, key.mode)
		}
	}
	if len(named) == 1 {
		return named[0], nil
	}
	return "email", nil
}

// byID finds by the system's id. An id that is none is nobody's.
func (m matcher) byID() (match, error) {
	for _, at := range []struct {
		member string
		v      any
	}{{"profile_id", m.body["profile_id"]}, {"profile_id", m.data.sought("profile_id")}, {"id", m.data.sought("id")}} {
		text, err := textOrNone(at.member, at.v)
		if err != nil {
			return match{}, err
		}
		if text == "" {
			continue
		}
		id, err := customer.ParseHex(text)
		if err != nil {
			return match{}, customer.ErrNotFound
		}
		return match{search: customer.Search{ID: id}}, nil
	}
	return match{}, noValue("profile_id")
}

func noValue(members string) error {
	return errs.New(errs.Invalid, "missing/search_value", members)
}

// neverFound rejects to make a customer that the same call would not find again.
func neverFound(mode string) error {
	return errs.New(errs.Invalid, "never_found", "data.subscriptions", mode)
}
