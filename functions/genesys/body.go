package genesys

import (
	"slices"
	"strings"
	"unicode/utf8"

	"regulars/shared/access"
	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// memberID is the member that names the customer.
const memberID = "customer_id"

// A profile is what a body says of a customer.
type profile struct {
	// id is its customer_id, or empty.
	id string
	// attributes are the core attributes that have values.
	attributes map[string][]any
	extensions []extensionBody
}

// An extensionBody is what a body says of an extension: the records, perhaps none.
type extensionBody struct {
	schema  extension.Schema
	records []extension.Record
}

// readProfile reads a body (Genesys 1.1).
func readProfile(settings access.Settings, body map[string]any) (profile, error) {
	p := profile{attributes: map[string][]any{}}
	for name, v := range body {
		if name == memberID {
			id, err := readID(v)
			if err != nil {
				return profile{}, err
			}
			p.id = id
			continue
		}
		if schema, ok := settings.Extensions.Find(name); ok {
			if err := p.addExtension(schema, v); err != nil {
				return profile{}, err
			}
			continue
		}
		values, err := readAttribute(settings, name, v)
		if err != nil {
			return profile{}, err
		}
		if len(values) > 0 {
			p.attributes[name] = values
		}
	}
	slices.SortFunc(p.extensions, func(a, b extensionBody) int { return a.schema.Number - b.schema.Number })
	return p, nil
}

// readID reads customer_id; null is absent.
func readID(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	id, ok := v.(string)
	if !ok {
		return "", wrongType(memberID, v, "a text")
	}
	if !clientID.MatchString(id) {
		return "", errs.New(errs.Invalid, "bad_id/form", memberID)
	}
	return id, nil
}

// addExtension reads the records of an extension. null is absent.
func (p *profile) addExtension(schema extension.Schema, v any) error {
	if v == nil {
		return nil
	}
	if slices.ContainsFunc(p.extensions, func(e extensionBody) bool { return e.schema.Number == schema.Number }) {
		return errs.New(errs.Invalid, "extension_twice", schema.Name)
	}
	records, err := readRecords(schema, v)
	if err != nil {
		return err
	}
	p.extensions = append(p.extensions, extensionBody{schema, records})
	return nil
}

// readRecords reads an array of records of a multi-valued extension, or the one
// record of a single-valued one; an empty array is none.
func readRecords(schema extension.Schema, v any) ([]extension.Record, error) {
	elements, isArray := v.([]any)
	switch {
	case schema.Multi && !isArray:
		return nil, wrongType(schema.Name, v, "an array of records")
	case !schema.Multi && isArray && len(elements) > 0:
		return nil, wrongType(schema.Name, v, "one record (an object)")
	case !isArray:
		record, err := schema.ReadRecord(schema.Name, v)
		return []extension.Record{record}, err
	}
	records := make([]extension.Record, len(elements))
	for i, e := range elements {
		var err error
		if records[i], err = schema.ReadRecord(element(schema.Name, i), e); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// singles are the core fields that have one value.
var singles = []string{customer.AttributeFirstName, customer.AttributeLastName, customer.AttributeTitle, customer.AttributeBirthDate}

// maxName bounds the name of an attribute, in bytes, as that of a custom field.
const maxName = 255

// readAttribute returns the values of a core attribute as they are kept; none
// where it is null or empty.
func readAttribute(settings access.Settings, name string, v any) ([]any, error) {
	if name == "" || len(name) > maxName {
		return nil, errs.New(errs.Invalid, "bad_name/attribute", "", name, maxName)
	}
	values, err := valuesOf(name, v)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	if settings.Attributes == access.Declared {
		if values, err = readDeclared(settings, name, values); err != nil {
			return nil, err
		}
	}
	if slices.Contains(singles, name) && len(values) > 1 {
		return nil, errs.New(errs.Invalid, "too_many_values/single", name, len(values))
	}
	switch name {
	case customer.AttributeFirstName, customer.AttributeLastName, customer.AttributeTitle:
		if _, ok := values[0].(string); !ok {
			return nil, wrongType(name, values[0], "a text")
		}
	case customer.AttributeBirthDate:
		return readTexts(name, values, func(text string) (string, error) {
			birth, err := customer.ParseBirthDate(name, text)
			return string(birth), err
		})
	case customer.AttributeEmail:
		return readTexts(name, values, func(text string) (string, error) {
			_, err := customer.ParseEmail(name, text)
			if err != nil && contact.MayBeStored(text) {
				err = nil // emailsFor decides
			}
			return text, err
		})
	case customer.AttributePhone:
		return readTexts(name, values, func(text string) (string, error) { return customer.ParsePhone(name, text, settings.Country) })
	}
	return values, nil
}

// valuesOf are the scalars of an attribute, which may be one or an array of them.
func valuesOf(name string, v any) ([]any, error) {
	elements, isArray := v.([]any)
	if !isArray {
		if v == nil {
			return nil, nil
		}
		elements = []any{v}
	}
	for i, e := range elements {
		at := name
		if isArray {
			at = element(name, i)
		}
		if _, isObject := e.(map[string]any); isObject {
			return nil, errs.New(errs.Invalid, "extension_unknown/no_objects", name, at).DependingOnSettings()
		}
		if _, scalar := value.Text(e); !scalar {
			return nil, wrongType(at, e, "a text, number or boolean")
		}
	}
	return elements, nil
}

// readDeclared demands that the core schema has the attribute, and the values are
// of its type.
func readDeclared(settings access.Settings, name string, values []any) ([]any, error) {
	declared, ok := settings.DeclaredAttributes[name]
	if !ok && slices.Contains(customer.CoreAttributes, name) {
		return values, nil
	}
	if !ok {
		return nil, undeclared(name)
	}
	read := make([]any, len(values))
	for i, v := range values {
		var err error
		if read[i], err = (extension.Attribute{Name: name, Type: declared.Type}).Read(name, v); err != nil {
			clientErr, _ := errs.AsClient(err)
			return nil, clientErr.DependingOnSettings()
		}
	}
	return read, nil
}

func undeclared(name string) error {
	return errs.New(errs.Invalid, "attribute_undeclared/core", name).DependingOnSettings()
}

// readTexts reads values that must be texts; of those that are repeated the first
// counts.
func readTexts(name string, values []any, read func(string) (string, error)) ([]any, error) {
	if len(values) > customer.MaxKeys {
		return nil, errs.New(errs.Invalid, "too_many_values/limit", name, len(values), customer.MaxKeys)
	}
	var texts []string
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, wrongType(name, v, "a text")
		}
		text, err := read(text)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(texts, func(t string) bool { return sameText(name, t, text) }) {
			texts = append(texts, text)
		}
	}
	return value.List(texts), nil
}

func sameText(name, a, b string) bool {
	return a == b || name == customer.AttributeEmail && customer.EmailKey(a) == customer.EmailKey(b)
}

func wrongType(field string, v any, expected string) error {
	return errs.New(errs.Invalid, "wrong_type/expected", field, short(field), expected, value.TypeName(v))
}

// short keeps a hostile name from filling the answer.
func short(name string) string {
	const longest = 100
	if len(name) <= longest {
		return name
	}
	cut := longest
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return strings.ToValidUTF8(name[:cut], "") + "..."
}
