package access

import (
	"slices"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

// Settings of a tenant: what its administrators chose, and what is declared in
// steps. They are values; whoever holds one changes none of its maps and lists.
type Settings struct {
	// Tenant is its number, from 1 to 2^31-1.
	Tenant int
	Preferences
	MatchFields customer.MatchFields
	// Extensions and IdentKeys are by number, those being removed among them.
	Extensions extension.Schemas
	IdentKeys  customer.IdentKeys
	// LastNumber is the highest number that anything declared ever had; the
	// next one gets the number after it.
	LastNumber int
	// Rev is the id of the commit that wrote the settings; empty: not saved yet.
	Rev string
}

// CustomerRules are the settings that decide how customers are stored and found.
func (s Settings) CustomerRules() customer.Rules {
	return customer.Rules{Tenant: s.Tenant, MatchFields: s.MatchFields, IdentKeys: s.IdentKeys, HistoryDays: int(s.HistoryDays)}
}

// MaxTenant is the highest number of a tenant: clients keep it in 32 bits.
const MaxTenant = 1<<31 - 1

// maxMatchFields bounds the match keys that one customer may come to hold.
const maxMatchFields = 50

// The client errors about match fields. Compare with [errors.Is].
var (
	ErrMatchFieldUnknown  = &errs.Client{Kind: errs.NotFound, Code: "match_field_unknown"}
	ErrMatchFieldRemoving = &errs.Client{Kind: errs.FailedPrecondition, Code: "match_field_removing"}
	ErrMatchFieldOther    = &errs.Client{Kind: errs.FailedPrecondition, Code: "match_field_other"}
)

// NewSettings are those of a new tenant, with the defaults of the contracts.
func NewSettings(tenant int, name string) (Settings, error) {
	if tenant < 1 || tenant > MaxTenant {
		return Settings{}, errs.New(errs.Invalid, "bad_tenant", "tenant", MaxTenant)
	}
	s := Settings{Tenant: tenant, Preferences: Defaults()}
	s.Name = name
	return s, s.check()
}

// Change merges a patch (RFC 7396) into the choices. It rejects with bad_setting
// or bad_name, naming the member.
func (s Settings) Change(patch map[string]any) (Settings, error) {
	choices, err := s.merge(patch)
	if err != nil {
		return Settings{}, err
	}
	s.Preferences = choices
	return s, nil
}

// DeclareMatchField makes the custom field one to match by: from now on writers
// keep its keys, and once [Settings.MatchFieldReady] was said searches use them.
// Declaring a field again the same way changes nothing.
func (s Settings) DeclareMatchField(name string, of customer.Holder, tags bool) (Settings, customer.MatchField, error) {
	if err := checkMatchField(name, of); err != nil {
		return Settings{}, customer.MatchField{}, err
	}
	if f, ok := s.MatchFields.Find(of, name); ok {
		switch {
		case f.State == customer.FieldRemoving:
			return Settings{}, f, matchFieldRemoving(f)
		case f.Tags != tags:
			return Settings{}, f, errs.New(ErrMatchFieldOther.Kind, "match_field_other", "tags", name, f.Tags)
		}
		return s, f, nil
	}
	if len(s.MatchFields) >= maxMatchFields {
		return Settings{}, customer.MatchField{}, errs.New(errs.FailedPrecondition, "too_many_match_fields", "name", maxMatchFields)
	}
	s.LastNumber++
	f := customer.MatchField{Name: name, Of: of, Tags: tags, Number: s.LastNumber, State: customer.FieldBuilding}
	s.MatchFields = append(slices.Clone(s.MatchFields), f)
	return s, f, nil
}

// MatchFieldReady lets searches use the field: the keys of all customers are
// there. It rejects a field that is gone or going.
func (s Settings) MatchFieldReady(number int) (Settings, error) {
	i := s.matchField(number)
	switch {
	case i < 0:
		return Settings{}, errs.New(errs.NotFound, "match_field_unknown/number", "name", number)
	case s.MatchFields[i].State == customer.FieldRemoving:
		return Settings{}, matchFieldRemoving(s.MatchFields[i])
	}
	return s.withState(i, customer.FieldReady), nil
}

// RemoveMatchField ends matching by the field: writers release its keys, and once
// all keys are released [Settings.MatchFieldRemoved] forgets it. Removing a field
// again changes nothing.
func (s Settings) RemoveMatchField(name string, of customer.Holder) (Settings, customer.MatchField, error) {
	f, ok := s.MatchFields.Find(of, name)
	if !ok {
		return Settings{}, f, errs.New(errs.NotFound, "match_field_unknown/name", "name", name, of)
	}
	s = s.withState(s.matchField(f.Number), customer.FieldRemoving)
	f.State = customer.FieldRemoving
	return s, f, nil
}

// MatchFieldRemoved forgets a field whose keys are all gone. A field that is
// forgotten already changes nothing; one that is not being removed is rejected.
func (s Settings) MatchFieldRemoved(number int) (Settings, error) {
	i := s.matchField(number)
	switch {
	case i < 0:
		return s, nil
	case s.MatchFields[i].State != customer.FieldRemoving:
		return Settings{}, errs.New(errs.FailedPrecondition, "match_field_in_use", "", s.MatchFields[i].Name)
	}
	s.MatchFields = slices.Delete(slices.Clone(s.MatchFields), i, i+1)
	return s, nil
}

// matchField is the index of the field with that number, or -1.
func (s Settings) matchField(number int) int {
	return slices.IndexFunc(s.MatchFields, func(f customer.MatchField) bool { return f.Number == number })
}

func (s Settings) withState(i int, state customer.FieldState) Settings {
	s.MatchFields = slices.Clone(s.MatchFields)
	s.MatchFields[i].State = state
	return s
}

func checkMatchField(name string, of customer.Holder) error {
	if of != customer.OfCustomer && of != customer.OfSubscription {
		return errs.New(errs.Invalid, "bad_holder", "of")
	}
	return checkName("name", name)
}

func matchFieldRemoving(f customer.MatchField) error {
	return errs.New(ErrMatchFieldRemoving.Kind, "match_field_removing", "name", f.Name)
}
