package altcraft

import (
	"slices"
	"time"

	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// byField finds by the value of a declared match field.
func (m matcher) byField(of customer.Holder) (match, error) {
	field, err := m.field(of)
	if err != nil {
		return match{}, err
	}
	v, texts, err := m.fieldValue(field)
	if err != nil {
		return match{}, err
	}
	var found match
	for _, text := range texts {
		lookup := customer.Lookup{Key: customer.Key{Kind: field.Kind(), Value: text}, Roles: customer.InCustom}
		if field.Tags {
			found.search.All = append(found.search.All, lookup)
		} else {
			found.search.Any = append(found.search.Any, lookup)
		}
	}
	found.onCreate = func(c *customer.Customer, _ time.Time) error { return giveField(c, field, v, found.search) }
	return found, nil
}

// field is the match field that the call names.
func (m matcher) field(of customer.Holder) (customer.MatchField, error) {
	name, err := optionalText(m.body, "field_name")
	if err != nil {
		return customer.MatchField{}, err
	}
	if name == "" {
		return customer.MatchField{}, noValue("field_name")
	}
	return m.declared(of, name)
}

// declared returns the match field, if searches use it.
func (m matcher) declared(of customer.Holder, name string) (customer.MatchField, error) {
	field, ok := m.fields.Find(of, name)
	if !ok || field.State == customer.FieldRemoving {
		return customer.MatchField{}, errs.New(errs.Invalid, "match_field_undeclared", "field_name", name, of, of).DependingOnSettings()
	}
	if field.State == customer.FieldBuilding {
		return customer.MatchField{}, &errs.Unavailable{Code: "match_field_building", Args: []any{name}}
	}
	return field, nil
}

// fieldValue is the value to search by, and the texts it is matched under: the
// words of a tags field, or the one value.
func (m matcher) fieldValue(field customer.MatchField) (v any, texts []string, err error) {
	if v = m.body["field_value"]; v != nil {
		texts, err = fieldTexts("field_value", v, field.Tags)
	} else if field.Of == customer.OfCustomer {
		v = m.data.sought(field.Name)
		texts, err = fieldTexts("data."+field.Name, v, field.Tags)
	} else {
		v, texts, err = m.subscriptionValue(field)
	}
	if err == nil && len(texts) == 0 {
		err = noValue("field_value")
	}
	return v, texts, err
}

// subscriptionValue is the field's value in the first of the data's
// subscriptions that has it.
func (m matcher) subscriptionValue(field customer.MatchField) (v any, texts []string, err error) {
	for _, e := range m.dataSubscriptions() {
		if v = e.Custom[field.Name]; v != nil {
			texts, err = fieldTexts("data.subscriptions.custom_fields."+field.Name, v, field.Tags)
			return v, texts, err
		}
	}
	return nil, nil, nil
}

// fieldTexts are the texts that a value to search by is matched under.
func fieldTexts(name string, v any, tags bool) ([]string, error) {
	elements, isArray := v.([]any)
	switch {
	case v == nil:
		return nil, nil
	case isArray && !tags:
		return nil, wrongType(name, v, "a text or number")
	case !isArray:
		elements = []any{v}
	}
	for _, e := range elements {
		if _, ok := value.Text(e); !ok {
			return nil, wrongType(name, e, "a text or number")
		}
	}
	text, _ := value.Text(v)
	sought := contact.Match(text)
	switch {
	case sought == "" && text != "":
		return nil, errs.New(errs.Invalid, "blank_value", name)
	case tags:
		return customer.Words(v), nil
	case text == "":
		return nil, nil
	}
	return []string{sought}, nil
}

// giveField stores the value that was searched for on a new customer, where the
// data omits the field. A subscription's field has no subscription to be in, so
// the data must have it: else the same search would not find the customer again.
func giveField(c *customer.Customer, field customer.MatchField, v any, search customer.Search) error {
	if field.Of == customer.OfCustomer {
		if c.Custom[field.Name] == nil {
			c.SetCustom(field.Name, asStored(v, field))
		}
		return nil
	}
	held := c.Keys(customer.MatchFields{field})
	for _, l := range slices.Concat(search.Any, search.All) {
		if held[l.Key] == 0 {
			return neverFound("custom_sub")
		}
	}
	return nil
}

// asStored is a value that was searched for in the form it is stored in: a field
// of tags is an array.
func asStored(v any, field customer.MatchField) any {
	if !field.Tags {
		return v
	}
	return value.List(customer.Words(v))
}
