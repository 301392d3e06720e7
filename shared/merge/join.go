package merge

import (
	"maps"
	"slices"
	"strings"

	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// A Choice is a field in which the two customers differ, and what it becomes.
type Choice struct {
	Field                string
	Rule                 Rule
	Stays, Goes, Becomes any
}

// A join makes one customer of two.
type join struct {
	stays, goes, after customer.Customer
	rules              Rules
	choices            []Choice
}

// joined returns the customer that one becomes which stays when another is merged into
// it, and in what they differ. It rejects records of extensions that differ and cannot
// be there together, and rules that say nothing.
func joined(stays, goes customer.Customer, rules Rules, schemas extension.Schemas) (customer.Customer, []Choice, error) {
	if err := rules.check(); err != nil {
		return customer.Customer{}, nil, err
	}
	for name := range rules {
		if extensionName, ok := strings.CutPrefix(name, extensionPrefix); ok {
			if _, found := schemas.Find(extensionName); !found {
				return customer.Customer{}, nil, errs.New(errs.NotFound, "extension_unknown", "rules", extensionName).DependingOnSettings()
			}
		}
	}
	j := join{stays: stays, goes: goes, after: stays.Clone(), rules: rules}
	j.scalars()
	j.lists()
	j.custom()
	j.subscriptions()
	if err := j.extensions(schemas); err != nil {
		return customer.Customer{}, nil, err
	}
	j.after.Formerly = append(j.after.Formerly, goes.Formerly...)
	j.after.Formerly = append(j.after.Formerly, customer.Named{ID: goes.ID, ClientID: goes.ClientID})
	return j.after, j.choices, nil
}

// chosen is the one of two values that a rule names, or the other where that is none.
func chosen[T any](j *join, rule Rule, stays, goes T, none func(T) bool) T {
	first, second := stays, goes
	if rule == Other || rule == Newest && j.goes.Changed.After(j.stays.Changed) {
		first, second = goes, stays
	}
	if none(first) {
		return second
	}
	return first
}

func (j *join) note(field string, rule Rule, stays, goes, becomes any) {
	j.choices = append(j.choices, Choice{field, rule, stays, goes, becomes})
}

func scalar[T comparable](j *join, field string, stays, goes T, into *T) {
	var zero T
	rule := j.rules.of(field, Kept)
	*into = chosen(j, rule, stays, goes, func(v T) bool { return v == zero })
	if stays != goes {
		j.note(field, rule, stays, goes, *into)
	}
}

func (j *join) scalars() {
	s, g, a := j.stays, j.goes, &j.after
	scalar(j, "first_name", s.FirstName, g.FirstName, &a.FirstName)
	scalar(j, "last_name", s.LastName, g.LastName, &a.LastName)
	scalar(j, "title", s.Title, g.Title, &a.Title)
	scalar(j, "birth_date", s.BirthDate, g.BirthDate, &a.BirthDate)
	scalar(j, "sex", s.Sex, g.Sex, &a.Sex)
	scalar(j, "country", s.Country, g.Country, &a.Country)
	scalar(j, "region", s.Region, g.Region, &a.Region)
	scalar(j, "city", s.City, g.City, &a.City)
	scalar(j, "street", s.Street, g.Street, &a.Street)
	rule := j.rules.of("loyalty_status", Kept)
	a.Disabled = chosen(j, rule, s.Disabled, g.Disabled, func(bool) bool { return false })
	if s.Disabled != g.Disabled {
		j.note("loyalty_status", rule, status(s.Disabled), status(g.Disabled), status(a.Disabled))
	}
}

func status(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

func list[T any, K comparable](j *join, field string, stays, goes []T, same func(T) K) []T {
	rule := j.rules.of(field, Union)
	becomes := chosen(j, rule, stays, goes, func(v []T) bool { return len(v) == 0 })
	if rule == Union {
		becomes = union(stays, goes, same)
	}
	becomes = slices.Clone(becomes)
	if !slices.EqualFunc(stays, goes, func(v, w T) bool { return same(v) == same(w) }) {
		j.note(field, rule, stays, goes, becomes)
	}
	return becomes
}

// union are the first values, and those of the others that are not among them.
func union[T any, K comparable](first, others []T, same func(T) K) []T {
	seen := map[K]bool{}
	var all []T
	for _, v := range slices.Concat(first, others) {
		if !seen[same(v)] {
			seen[same(v)] = true
			all = append(all, v)
		}
	}
	return all
}

func itself[T any](v T) T { return v }

func (j *join) lists() {
	j.after.Emails = list(j, "emails", j.stays.Emails, j.goes.Emails, contact.StoredEmailKey)
	j.after.Phones = list(j, "phones", j.stays.Phones, j.goes.Phones, itself)
	j.after.Tags = list(j, "tags", j.stays.Tags, j.goes.Tags, itself)
	j.after.Segments = list(j, "segments", j.stays.Segments, j.goes.Segments, itself)
	slices.Sort(j.after.Segments)
}

func (j *join) custom() {
	names := map[string]bool{}
	for _, c := range []customer.Customer{j.stays, j.goes} {
		for name := range c.Custom {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		field := customPrefix + name
		stays, goes, rule := j.stays.Custom[name], j.goes.Custom[name], j.rules.of(field, Kept)
		becomes := chosen(j, rule, stays, goes, func(v any) bool { return v == nil })
		first, isList := stays.([]any)
		second, areLists := goes.([]any)
		if rule == Union && isList && areLists {
			becomes = unitedValues(first, second)
		}
		j.after.SetCustom(name, becomes)
		if !value.Equal(stays, goes) {
			j.note(field, rule, stays, goes, becomes)
		}
	}
}

// unitedValues are the elements of a list, and those of another that equal none of them.
func unitedValues(first, others []any) []any {
	all := slices.Clone(first)
	for _, v := range others {
		if !slices.ContainsFunc(all, func(w any) bool { return value.Equal(v, w) }) {
			all = append(all, v)
		}
	}
	return all
}

// strictness orders the statuses of subscriptions by how much they allow, the least
// last. One that was deleted allows less than any.
var strictness = []customer.Status{"subscribed", "unconfirmed", "suspended", "invalid", "hardbounced", "unsubscribed", "complained"}

func strict(s customer.Subscription) int {
	if s.Deleted {
		return len(strictness)
	}
	return slices.Index(strictness, s.Status)
}

func (j *join) subscriptions() {
	rule := j.rules.of(subscriptionsField, Stricter)
	all := slices.Clone(j.stays.Subscriptions)
	for _, s := range j.goes.Subscriptions {
		i := slices.IndexFunc(all, func(t customer.Subscription) bool { return t.Key() == s.Key() })
		if i < 0 {
			all = append(all, s)
			continue
		}
		if rule == Stricter && strict(s) > strict(all[i]) || rule != Stricter && chosen(j, rule, false, true, func(bool) bool { return false }) {
			all[i] = s
		}
	}
	j.after.Subscriptions = all
	if !slices.EqualFunc(j.stays.Subscriptions, j.goes.Subscriptions, customer.Subscription.Same) {
		j.note(subscriptionsField, rule, j.stays.Subscriptions, j.goes.Subscriptions, all)
	}
	j.after = j.after.Clone() // shares no subscription's fields with what was read
}

func (j *join) extensions(schemas extension.Schemas) error {
	for _, number := range slices.Sorted(maps.Keys(j.goes.Extensions)) {
		i := slices.IndexFunc(schemas, func(s extension.Schema) bool { return s.Number == number && !s.Removing })
		if i < 0 {
			continue // its records are being removed
		}
		schema := schemas[i]
		field := extensionPrefix + schema.Name
		stays, goes := j.stays.Extensions[number], j.goes.Extensions[number]
		if slices.EqualFunc(stays.Records, goes.Records, sameRecord) {
			continue
		}
		rule := j.rules.ofExtension(schema.Name)
		becomes := chosen(j, rule, stays.Records, goes.Records, func(r []extension.Record) bool { return len(r) == 0 })
		if rule == Union {
			var err error
			if becomes, err = unitedRecords(schema, stays.Records, goes.Records); err != nil {
				return err
			}
		}
		if !slices.EqualFunc(stays.Records, becomes, sameRecord) {
			if j.after.Extensions == nil {
				j.after.Extensions = map[int]customer.Extension{}
			}
			j.after.Extensions[number] = customer.Extension{Commit: stays.Commit, Bytes: stays.Bytes, Records: becomes}
		}
		j.note(field, rule, stays.Records, goes.Records, becomes)
	}
	return nil
}

func sameRecord(r, s extension.Record) bool { return value.Equal(map[string]any(r), map[string]any(s)) }

// unitedRecords are those of both. It rejects two that differ where the extension takes
// one, or one with their values.
func unitedRecords(schema extension.Schema, stays, goes []extension.Record) ([]extension.Record, error) {
	var further []extension.Record
	for _, record := range goes {
		if !slices.ContainsFunc(stays, func(r extension.Record) bool { return sameRecord(r, record) }) {
			further = append(further, record)
		}
	}
	if len(further) == 0 {
		return stays, nil
	}
	if !schema.Multi && len(stays) > 0 {
		return nil, errs.New(errs.FailedPrecondition, "records_differ", "rules", schema.Name, extensionPrefix+schema.Name).DependingOnSettings()
	}
	all := slices.Concat(stays, further)
	lenient := schema // which asks for nothing but unique values
	lenient.Attributes = nil
	if _, err := lenient.Complete(all); err != nil {
		return nil, errs.New(errs.FailedPrecondition, "records_differ", "rules", schema.Name, extensionPrefix+schema.Name).DependingOnSettings()
	}
	return all, nil
}
