// Package history says who changed what of a customer, and when. Each change of a
// customer is one [Change], written in the transaction that makes it, so that none is
// lost and none is told twice. The names of what changed stay; what it was and became
// is kept for as many days as the tenant says (docs/decisions/history.md).
package history

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/value"
)

// An Author is who made a change, and by what. All of it is for people: nothing is
// decided on it.
type Author struct {
	// Token is the name of the token, TokenID the first eight digits of its SHA-256; empty
	// where nobody showed one.
	Token   string `json:"token,omitempty"`
	TokenID string `json:"token_id,omitempty"`
	// By is who called the admin function, as the caller says.
	By string `json:"by,omitempty"`
	// Action is what the audit trail calls it: the route, the kind of the job, or the name
	// of the admin action.
	Action string `json:"action,omitempty"`
	// Job is the id of the job, Import that of the import.
	Job    string `json:"job,omitempty"`
	Import string `json:"import,omitempty"`
	// Request is the id of the request or part, as logs have it.
	Request string `json:"request,omitempty"`
}

type authorKey struct{}

// WithAuthor returns a context in which a makes changes.
func WithAuthor(ctx context.Context, a Author) context.Context {
	return context.WithValue(ctx, authorKey{}, a)
}

// AuthorOf is who makes changes in ctx.
func AuthorOf(ctx context.Context) Author {
	a, _ := ctx.Value(authorKey{}).(Author)
	return a
}

// A Change is what one commit changed of a customer.
type Change struct {
	// ID is that of the commit, At when it was, in UTC to the microsecond.
	ID string
	At time.Time
	// Of is in whose collection it is: the customer, or one that was merged into it.
	Of customer.ID
	Author
	// Fields are the names of what changed, as rules of merges have them, and client_id,
	// merged_into, merged_profiles.
	Fields []string
	// Created: the customer was made.
	Created bool
	// Values are what the fields were and became, in the order of Fields. There are none
	// once their time has passed, and where TooLarge says that they did not fit an item.
	Values   []Value
	TooLarge bool
}

// A Value is what a field was and became, as JSON has it; nil is nothing. Of
// subscriptions and of records of an extension it has those alone that changed.
type Value struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Names are the names of the fields of values.
func Names(values []Value) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = v.Field
	}
	return names
}

// A differ gathers in what two customers differ.
type differ struct{ values []Value }

// Values are what changes when before becomes after. Extensions are those of which
// records change. Of one that is merged into another, or parted from it, that alone
// is told.
func Values(before, after customer.Customer, extensions []customer.ExtensionChange) []Value {
	var d differ
	if before.MergedInto != after.MergedInto {
		d.note("merged_into", idText(before.MergedInto), idText(after.MergedInto))
	}
	if after.MergedInto != 0 || before.Deleted {
		return d.values
	}
	d.scalars(before, after)
	d.lists(before, after)
	d.custom(before.Custom, after.Custom)
	d.subscriptions(before.Subscriptions, after.Subscriptions)
	if before.MergedInto != 0 {
		return d.values // it has the records that it had
	}
	for _, e := range extensions {
		d.records("extension."+strconv.Itoa(e.Number), e.Before.Records, e.After.Records)
	}
	return d.values
}

func (d *differ) note(field string, before, after any) {
	d.values = append(d.values, Value{field, before, after})
}

func (d *differ) scalars(before, after customer.Customer) {
	for _, f := range []struct{ name, before, after string }{
		{"first_name", before.FirstName, after.FirstName}, {"last_name", before.LastName, after.LastName},
		{"title", before.Title, after.Title}, {"birth_date", string(before.BirthDate), string(after.BirthDate)},
		{"sex", string(before.Sex), string(after.Sex)}, {"country", before.Country, after.Country},
		{"region", before.Region, after.Region}, {"city", before.City, after.City}, {"street", before.Street, after.Street},
		{"client_id", before.ClientID, after.ClientID},
	} {
		if f.before != f.after {
			d.note(f.name, text(f.before), text(f.after))
		}
	}
	if before.Disabled != after.Disabled {
		d.note("loyalty_status", status(before.Disabled), status(after.Disabled))
	}
}

// text is nil where it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func idText(id customer.ID) any {
	if id == 0 {
		return nil
	}
	return id.Decimal()
}

func status(disabled bool) any {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

func (d *differ) lists(before, after customer.Customer) {
	list(d, "emails", before.Emails, after.Emails)
	list(d, "phones", before.Phones, after.Phones)
	list(d, "tags", before.Tags, after.Tags)
	list(d, "segments", before.Segments, after.Segments)
	list(d, "merged_profiles", decimals(before.Formerly), decimals(after.Formerly))
}

func list[T comparable](d *differ, name string, before, after []T) {
	if !slices.Equal(before, after) {
		d.note(name, some(before), some(after))
	}
}

// some is nil where the list is empty.
func some[T any](all []T) any {
	if len(all) == 0 {
		return nil
	}
	return all
}

func decimals(named []customer.Named) (ids []string) {
	for _, n := range named {
		ids = append(ids, n.ID.Decimal())
	}
	return ids
}

func (d *differ) custom(before, after map[string]any) {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !value.Equal(before[name], after[name]) {
			d.note("custom."+name, before[name], after[name])
		}
	}
}

// A subscription is one as values have it.
type subscription struct {
	Resource int64            `json:"resource"`
	Channel  customer.Channel `json:"channel"`
	Contact  string           `json:"contact"`
	Provider string           `json:"provider,omitempty"`
	Status   customer.Status  `json:"status"`
	Priority *int64           `json:"priority,omitempty"`
	Cats     []string         `json:"categories,omitempty"`
	Custom   map[string]any   `json:"custom,omitempty"`
	Created  time.Time        `json:"created"`
	IP       string           `json:"ip,omitempty"`
	URL      string           `json:"url,omitempty"`
	Deleted  bool             `json:"deleted,omitempty"`
}

func (d *differ) subscriptions(before, after []customer.Subscription) {
	if was, is := parted(shown(before), shown(after)); len(was)+len(is) > 0 {
		d.note("subscriptions", some(was), some(is))
	}
}

func shown(all []customer.Subscription) []subscription {
	views := make([]subscription, len(all))
	for i, s := range all {
		views[i] = subscription{
			s.Resource, s.Channel, s.Contact, s.Provider, s.Status, s.Priority, s.Cats, s.Custom, s.Created, s.IP, s.URL, s.Deleted,
		}
	}
	return views
}

func (d *differ) records(name string, before, after []extension.Record) {
	was, is := parted(before, after)
	d.note(name, some(was), some(is))
}

// parted are the elements that are gone and those that have come, however many there
// are of each.
func parted[T any](before, after []T) (was, is []T) {
	there := map[string]int{}
	texts := make([]string, len(after))
	for i, v := range after {
		texts[i] = textOf(v)
		there[texts[i]]++
	}
	for _, v := range before {
		if text := textOf(v); there[text] > 0 {
			there[text]--
		} else {
			was = append(was, v)
		}
	}
	for i, v := range after {
		if there[texts[i]] > 0 {
			there[texts[i]]--
			is = append(is, v)
		}
	}
	return was, is
}

// textOf is the JSON of a value of a customer, which is the same for the same value.
func textOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // values of customers are JSON
	}
	return string(text)
}
