package customer

import (
	"slices"
	"strconv"

	"regulars/shared/contact"
)

// A MatchField is a custom field that a tenant declared as one by whose value
// customers are found (docs/design.md).
type MatchField struct {
	// Name of the custom field, as its writers spell it.
	Name string
	// Of says whose custom field it is.
	Of Holder
	// Tags says that the field holds several values, each of which is matched by.
	Tags bool
	// Number stands for the field in match keys and is never used again.
	Number int
	// State says who uses the field.
	State FieldState
}

// Holder says what bears a custom field.
type Holder string

// The holders.
const (
	OfCustomer     Holder = "customer"
	OfSubscription Holder = "subscription"
)

// FieldState is how far the declaration of a match field is.
type FieldState string

const (
	// FieldBuilding: writers keep the keys, searches do not use them yet.
	FieldBuilding FieldState = "building"
	// FieldReady: writers keep the keys and searches use them.
	FieldReady FieldState = "ready"
	// FieldRemoving: writers only release keys, searches do not use them.
	FieldRemoving FieldState = "removing"
)

// MatchFields are the match fields of one tenant.
type MatchFields []MatchField

// Find returns the field of that name and holder.
func (m MatchFields) Find(of Holder, name string) (MatchField, bool) {
	i := slices.IndexFunc(m, func(f MatchField) bool { return f.Of == of && f.Name == name })
	if i < 0 {
		return MatchField{}, false
	}
	return m[i], true
}

// Key is the match key of a value of the field, in any spelling.
func (f MatchField) Key(value string) Key { return Key{f.Kind(), contact.Match(value)} }

// Kind is the kind of the field's match keys.
func (f MatchField) Kind() Kind { return Kind("f" + strconv.Itoa(f.Number)) }
