// Package merge makes one customer of two, and two of one again. What a merge comes to
// is a plan, a pure function of both customers as they were read and of the rules; the
// plan that is shown is the one that is carried out. A merge keeps both customers as
// they were, so that it can be undone exactly (docs/decisions/merge.md).
package merge

import (
	"slices"
	"strings"

	"regulars/shared/errs"
)

// A Rule says what a field has after a merge. Where the customer whose value it names
// has none, it has that of the other one.
type Rule string

// The rules.
const (
	// Kept: the value of the customer that stays.
	Kept Rule = "kept"
	// Other: that of the customer that goes.
	Other Rule = "other"
	// Newest: that of the customer that changed last.
	Newest Rule = "newest"
	// Union: the elements of both, of the customer that stays first. For lists alone.
	Union Rule = "union"
	// Stricter: where both have a subscription, the one that allows less. For
	// subscriptions alone.
	Stricter Rule = "stricter"
)

// Rules are those of a merge, by field: a name of [Fields], or custom.<name>,
// extension.<name>. What is not named is united where it is a list or an extension, the
// stricter one of subscriptions, and kept of all else.
type Rules map[string]Rule

// lists are the fields that are lists of their own.
var lists = []string{"emails", "phones", "tags", "segments"}

// scalars are the other fields that have rules.
var scalars = []string{
	"first_name", "last_name", "title", "birth_date", "sex", "country", "region", "city", "street", "loyalty_status",
}

const (
	subscriptionsField = "subscriptions"
	customPrefix       = "custom."
	extensionPrefix    = "extension."
)

// Fields are the names of the core fields that rules may name.
func Fields() []string { return slices.Concat(scalars, lists, []string{subscriptionsField}) }

// check rejects rules that say nothing.
func (r Rules) check() error {
	for name, rule := range r {
		list := slices.Contains(lists, name) || strings.HasPrefix(name, customPrefix) || strings.HasPrefix(name, extensionPrefix)
		known := list || slices.Contains(scalars, name) || name == subscriptionsField
		if !known {
			return errs.New(errs.Invalid, "bad_rule/field", "rules", name, strings.Join(Fields(), ", "))
		}
		allowed := []Rule{Kept, Other, Newest}
		if list {
			allowed = append(allowed, Union)
		}
		if name == subscriptionsField {
			allowed = append(allowed, Stricter)
		}
		if !slices.Contains(allowed, rule) {
			return errs.New(errs.Invalid, "bad_rule/rule", "rules", name, string(rule), words(allowed))
		}
	}
	return nil
}

func words(rules []Rule) string {
	all := make([]string, len(rules))
	for i, r := range rules {
		all[i] = string(r)
	}
	return strings.Join(all, ", ")
}

// of is the rule of a field, by default another.
func (r Rules) of(field string, byDefault Rule) Rule {
	if rule, ok := r[field]; ok {
		return rule
	}
	return byDefault
}

// ofExtension is the rule of an extension, whose name is compared without case.
func (r Rules) ofExtension(name string) Rule {
	for field, rule := range r {
		if given, ok := strings.CutPrefix(field, extensionPrefix); ok && strings.EqualFold(given, name) {
			return rule
		}
	}
	return Union
}
