package customer

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"regulars/shared/value"
)

// Delete is the edit that leaves a tombstone: it bears the id, and those of customers
// that were merged into this one, whose remains are removed with it. Every value is
// released.
func Delete(c *Customer, _ time.Time) error {
	gone := Customer{ID: c.ID, Deleted: true}
	for _, f := range c.Formerly {
		gone.Formerly = append(gone.Formerly, Named{ID: f.ID})
	}
	*c = gone
	return nil
}

// errManyValues says that a customer holds more values than one transaction
// releases, which only what was declared later can bring about, and records of
// extensions.
var errManyValues = errors.New("too many values to delete at once")

// errLacksRecords says that the records of extensions must be read first.
var errLacksRecords = errors.New("the records of extensions were not read")

// releasable reports whether one transaction releases all that c holds.
func (c Customer) releasable(r Request) error {
	if c.lacksRecords() {
		return errLacksRecords
	}
	if len(c.allHeld(r.Rules))+len(c.allIdentValues(r.IdentKeys))+len(c.Extensions) > MaxKeys {
		return errManyValues
	}
	return nil
}

// deleteSome commits one step towards the deletion of a customer that holds more
// values than one transaction releases: it takes as many away as fit. A value
// mostly releases one key, but one that stands in many identification values
// releases all of them, so fewer are tried where they do not fit.
func (s *Service) deleteSome(ctx context.Context, r Request, l loaded) error {
	for left := deletedAtOnce; ; left /= 2 {
		commit := Commit{ID: rand.Text(), Tenant: r.Tenant, Before: l.record, After: l.record.Clone()}
		commit.After.Changed = s.instant()
		commit.After.removeValues(r.Rules, left)
		if !commit.Changes() { // there are more keys than one transaction releases, and nothing is left to take away
			return tooManyChanges(len(commit.Before.allHeld(r.Rules)) + len(commit.Before.allIdentValues(r.IdentKeys)))
		}
		if len(identChanges(commit.Before.Customer, commit.After, r.IdentKeys)) > deletedAtOnce && left > 1 {
			continue
		}
		if err := s.planKeyChanges(ctx, r, &commit, l.keys, true); err != nil {
			return err
		}
		commit.checkStaleOwners(l)
		if commit.items() <= MaxItems {
			return s.store.Commit(ctx, commit)
		}
		if left == 1 {
			return tooManyChanges(commit.items())
		}
	}
}

// deletedAtOnce is how many values one step takes away. With the customer and the
// request that is within [MaxItems].
const deletedAtOnce = 80

// removeValues takes some values away: those of extensions, match fields and
// attributes of identification keys first, which are many, and the first e-mail
// never.
func (c *Customer) removeValues(rules Rules, left int) {
	for _, number := range slices.Sorted(maps.Keys(c.Extensions)) {
		c.setRecords(number, cut(c.Extensions[number].Records, 0, &left))
	}
	for _, f := range rules.MatchFields {
		if f.Of == OfCustomer {
			c.SetCustom(f.Name, shorter(c.Custom[f.Name], f.Tags, &left))
			continue
		}
		for i := range c.Subscriptions {
			s := &c.Subscriptions[i]
			if v := shorter(s.Custom[f.Name], f.Tags, &left); v != nil {
				s.Custom[f.Name] = v
			} else {
				delete(s.Custom, f.Name)
			}
		}
	}
	c.removeAttributes(rules.IdentKeys, &left)
	c.Subscriptions = cut(c.Subscriptions, 0, &left)
	c.Emails = cut(c.Emails, 1, &left)
	c.Phones = cut(c.Phones, 0, &left) // the last one brings values of the e-mails alone
}

// removeAttributes takes away values of custom fields that hold several and that
// identification keys are over.
func (c *Customer) removeAttributes(idents IdentKeys, left *int) {
	for _, k := range idents {
		for _, name := range k.Attributes {
			list, several := c.Custom[name].([]any)
			if !several || k.Extension != 0 {
				continue
			}
			if list = cut(list, 0, left); len(list) > 0 {
				c.SetCustom(name, list)
			} else {
				c.SetCustom(name, nil)
			}
		}
	}
}

// shorter is a match field's value without its last words, as many as are left to
// take; nil when none remain.
func shorter(v any, tags bool, left *int) any {
	if v == nil || *left == 0 {
		return v
	}
	words := matchValues(v, tags, canonicalForms)
	words = cut(words, 0, left)
	if len(words) == 0 {
		return nil
	}
	return value.List(words)
}

// cut takes as many of the last values as are left to take, and leaves least.
func cut[T any](values []T, least int, left *int) []T {
	n := min(max(len(values)-least, 0), *left)
	*left -= n
	return values[:len(values)-n]
}
