package customer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"regulars/shared/contact"
	"regulars/shared/errs"
)

// A Finding is something about a customer that a job leaves to a person.
type Finding struct {
	Customer ID
	// Field is the path of the value, as in emails[1].
	Field string
	// Reason is a code with its reason, as bad_phone/date; same_value where another
	// customer has the value, too.
	Reason string
	// Other is the other customer; 0 where Reason is about none.
	Other ID
}

// sameValue is the reason of a finding that two customers have one value.
const sameValue = "same_value"

// FindRekey finds what [Service.Rekey] would leave to a person: values that would be
// rejected today, and values that another customer has as well once both are
// compared as now. It writes nothing. A customer that is gone is rejected with
// [ErrNotFound].
func (s *Service) FindRekey(ctx context.Context, rules Rules, country string, id ID) ([]Finding, error) {
	var findings []Finding
	err := errs.Retry(ctx, func(int) error {
		record, err := s.record(ctx, rules.Tenant, id, false)
		if err != nil {
			return err
		}
		if record.Absent() || record.Deleted {
			return ErrNotFound
		}
		after := record.Clone()
		findings = append(after.canonicalPhones(country), after.rejectedEmails()...)
		former := record.held(rules.MatchFields, formerForms)
		var keys []Key
		for _, l := range after.held(rules.MatchFields, canonicalForms) {
			if former.roles(l.Key) == 0 {
				keys = append(keys, l.Key)
			}
		}
		if len(keys) == 0 {
			return nil
		}
		loaded, err := s.store.Keys(ctx, rules.Tenant, keys)
		for _, key := range keys {
			if other := loaded[key].otherThan(id); other != 0 {
				findings = append(findings, Finding{id, string(key.Kind), sameValue, other})
			}
		}
		return err
	})
	return findings, err
}

// Rekey brings a customer that was written before values were compared as package
// contact has it to where a writer of today would have it: phones in E.164, and the
// match keys and identification values of all of its values. It merges nobody: an
// address that is another's first one does not become this one's key, and a phone
// that would be rejected stays. A customer that is gone is rejected with
// [ErrNotFound].
func (s *Service) Rekey(ctx context.Context, rules Rules, country string, id ID) (changed bool, err error) {
	result, err := s.Apply(ctx, Request{Rules: rules, Search: Search{ID: id}, Idempotent: true, Edit: func(c *Customer, _ time.Time) error {
		c.canonicalPhones(country)
		return nil
	}})
	if err != nil {
		return false, err
	}
	changed = result.Changed
	for more := true; more; {
		var wrote bool
		err := errs.Retry(ctx, func(int) (err error) {
			wrote, more, err = s.rekeySome(ctx, rules, id)
			return err
		})
		if err != nil {
			return changed, err
		}
		changed = changed || wrote
	}
	for _, key := range rules.IdentKeys {
		if !key.writes() {
			continue
		}
		wrote, err := s.KeepIdents(ctx, rules.Tenant, key, id)
		if _, shared := errors.AsType[*Duplicate](err); err != nil && !shared {
			return changed, err
		}
		changed = changed || wrote
	}
	return changed, nil
}

// rekeySome is one transaction of Rekey: a check of the customer and some keys.
func (s *Service) rekeySome(ctx context.Context, rules Rules, id ID) (wrote, more bool, err error) {
	record, err := s.record(ctx, rules.Tenant, id, false)
	if err != nil {
		return false, false, err
	}
	if record.Absent() || record.Deleted {
		return false, false, ErrNotFound
	}
	differ := changed(record.held(rules.MatchFields, formerForms), record.held(rules.MatchFields, canonicalForms), rules)
	if len(differ) == 0 {
		return false, false, nil
	}
	keys := make([]Key, len(differ))
	for i, k := range differ {
		keys[i] = k.key
	}
	loaded, err := s.store.Keys(ctx, rules.Tenant, keys)
	if err != nil {
		return false, false, err
	}
	var changes []KeyChange
	for _, k := range differ {
		before := loaded[k.key]
		if other := before.Primary(); other != 0 && other != id && k.after&Primary != 0 {
			continue // a finding
		}
		if after := before.With(id, k.after); !after.Equal(before.Owners) {
			changes = append(changes, KeyChange{k.key, before, after})
		}
	}
	if len(changes) == 0 {
		return false, false, nil
	}
	commit := Commit{
		ID: rand.Text(), Tenant: rules.Tenant, Before: record, After: record.Customer,
		Keys: changes[:min(keysAtOnce, len(changes))], UnchangedCustomers: []Record{record},
	}
	return true, len(changes) > keysAtOnce, s.store.Commit(ctx, commit)
}

// otherThan is the first owner that is not id, or 0.
func (o Owners) otherThan(id ID) ID {
	for _, owner := range slices.Sorted(maps.Keys(o.Roles)) {
		if owner != id {
			return owner
		}
	}
	return 0
}

// canonicalPhones writes the customer's phones, and those of its subscriptions, in
// E.164. It finds those that are rejected or that two subscriptions would have in
// common: these stay as they are.
func (c *Customer) canonicalPhones(country string) (findings []Finding) {
	read := func(field, number string) (string, bool) {
		canonical, err := ParsePhone(field, number, country)
		if clientErr, rejected := errs.AsClient(err); rejected {
			findings = append(findings, Finding{Customer: c.ID, Field: field, Reason: clientErr.ID()})
		}
		return canonical, err == nil && canonical != number
	}
	phones, differ := slices.Clone(c.Phones), false
	for i, number := range phones {
		if canonical, differs := read(fmt.Sprintf("phones[%d]", i), number); differs {
			phones[i], differ = canonical, true
		}
	}
	if differ {
		c.SetPhones(phones)
	}
	for i, s := range c.Subscriptions {
		if s.Deleted || s.Channel != ChannelSMS && s.Channel != ChannelViber && s.Channel != ChannelNotify && s.Channel != ChannelWhatsApp {
			continue
		}
		field := fmt.Sprintf("subscriptions[%d]", i)
		canonical, differs := read(field, s.Contact)
		if !differs {
			continue
		}
		s.Contact = canonical
		if slices.ContainsFunc(c.Subscriptions, func(other Subscription) bool { return other.Key() == s.Key() }) {
			findings = append(findings, Finding{Customer: c.ID, Field: field, Reason: sameValue})
			continue
		}
		c.Subscriptions[i] = s
	}
	return findings
}

// rejectedEmails finds addresses that would be rejected today.
func (c Customer) rejectedEmails() (findings []Finding) {
	find := func(field, address string) {
		_, err := ParseEmail(field, address)
		if clientErr, rejected := errs.AsClient(err); rejected {
			findings = append(findings, Finding{Customer: c.ID, Field: field, Reason: clientErr.ID()})
		}
	}
	for i, address := range c.Emails {
		find(fmt.Sprintf("emails[%d]", i), address)
	}
	for i, s := range c.Subscriptions {
		if s.Channel == ChannelEmail && !s.Deleted {
			find(fmt.Sprintf("subscriptions[%d]", i), s.Contact)
		}
	}
	return findings
}

// forms make the texts by which values are compared.
type forms struct {
	email func(string) string
	match func(string) string // a value of a match field, a push token
	word  func(string) string // a word of a field of tags
}

var (
	canonicalForms = forms{contact.StoredEmailKey, contact.Match, contact.Match}
	// formerForms are those from before package contact.
	formerForms = forms{contact.FormerEmailKey, func(text string) string { return text }, strings.TrimSpace}
)

// heldFormerly reports whether c held the key by the former forms.
func (c Customer) heldFormerly(key Key, fields MatchFields) bool {
	return c.held(fields, formerForms).roles(key) != 0
}
