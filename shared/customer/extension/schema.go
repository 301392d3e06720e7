// Package extension knows the extensions of customers: the schemas that a tenant
// declares, and records that are read and checked by them (Genesys 3.2).
package extension

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// An Attribute says what values an attribute of an extension may have (Genesys 3.2).
type Attribute struct {
	Name string `json:"name"`
	// Type is one of [AttributeTypes].
	Type string `json:"type"`
	// Default is what a record gets that is inserted without the attribute.
	Default any `json:"default,omitempty"`
	// Length is how many characters a text, or digits a whole number, may have; 0: any.
	Length int `json:"length,omitempty"`
	// Mandatory: a record that is inserted has it.
	Mandatory bool `json:"mandatory,omitempty"`
}

// AttributeTypes are those of Genesys 3.2.
var AttributeTypes = []string{"string", "integer", "long", "double", "date", "datetime", "currency", "boolean"}

// A Schema declares an extension: a typed set of records of a customer.
type Schema struct {
	// Name as it was declared; case does not tell names apart.
	Name string `json:"name"`
	// Number stands for the extension in table keys and is never used again.
	Number int `json:"number"`
	// Multi: a customer has any number of records, else one at most.
	Multi      bool        `json:"multi,omitempty"`
	Attributes []Attribute `json:"attributes,omitempty"`
	// Unique are the combinations of attributes whose values do not repeat among
	// the records of one customer; the first identifies a record.
	Unique [][]string `json:"unique,omitempty"`
	// Form is how the declaration was written where that is shown again.
	Form json.RawMessage `json:"form,omitempty"`
	// Removing: it was deleted, and its records are being removed.
	Removing bool `json:"removing,omitempty"`
}

// Schemas are the extensions of one tenant.
type Schemas []Schema

// Find returns the extension of that name, in any case.
func (s Schemas) Find(name string) (Schema, bool) {
	i := slices.IndexFunc(s, func(e Schema) bool { return !e.Removing && strings.EqualFold(e.Name, name) })
	if i < 0 {
		return Schema{}, false
	}
	return s[i], true
}

// Attribute returns the attribute of exactly that name.
func (s Schema) Attribute(name string) (Attribute, bool) {
	i := slices.IndexFunc(s.Attributes, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return Attribute{}, false
	}
	return s.Attributes[i], true
}

// A Record is one record of an extension: values by the names of the
// attributes, as package value keeps them. Records are replaced, never changed in place.
type Record = map[string]any

// ReadRecord reads what a client wrote as a record. null is absent. The error
// names the member, below field.
func (s Schema) ReadRecord(field string, v any) (Record, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil, wrongType(field, v, "wrong_type/record")
	}
	record := make(Record, len(members))
	for name, member := range members {
		attribute, declared := s.Attribute(name)
		if !declared {
			return nil, errs.New(errs.Invalid, "attribute_undeclared", field, s.Name, name).DependingOnSettings()
		}
		if member == nil {
			continue
		}
		read, err := attribute.Read(field+"."+name, member)
		if err != nil {
			return nil, err
		}
		record[name] = read
	}
	return record, nil
}

// complete fills in defaults and rejects a record that lacks what is mandatory.
func (s Schema) complete(field string, record Record) (Record, error) {
	full := make(Record, len(record))
	maps.Copy(full, record)
	for _, a := range s.Attributes {
		if _, given := full[a.Name]; given {
			continue
		}
		if a.Default != nil {
			full[a.Name] = a.Default
		} else if a.Mandatory {
			return nil, errs.New(errs.Invalid, "missing/mandatory", field+"."+a.Name).DependingOnSettings()
		}
	}
	return full, nil
}

var (
	integerText = regexp.MustCompile(`^-?\d+$`)
	decimalText = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
)

// Read returns the value as it is kept, or an error that names field.
func (a Attribute) Read(field string, v any) (any, error) {
	switch a.Type {
	case "string":
		text, ok := v.(string)
		if !ok {
			return nil, wrongType(field, v, "wrong_type/text")
		}
		return text, a.fits(field, utf8.RuneCountInString(text), "too_long/characters")
	case "integer":
		return a.readInteger(field, v, 32)
	case "long":
		return a.readInteger(field, v, 64)
	case "double":
		if _, ok := v.(json.Number); ok {
			return v, nil
		}
		return nil, wrongType(field, v, "wrong_type/number")
	case "currency":
		text, ok := value.Text(v)
		if _, isBool := v.(bool); !ok || isBool || !decimalText.MatchString(text) {
			return nil, wrongType(field, v, "wrong_type/amount")
		}
		return v, nil
	case "boolean":
		if _, ok := v.(bool); ok {
			return v, nil
		}
		return nil, wrongType(field, v, "wrong_type/boolean")
	}
	return a.readTime(field, v)
}

// readInteger reads a whole number of so many bits, also from its digits as text.
func (a Attribute) readInteger(field string, v any, bits int) (any, error) {
	text, _ := value.Text(v)
	if _, isBool := v.(bool); isBool || !integerText.MatchString(text) {
		return nil, wrongType(field, v, "wrong_type/integer")
	}
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return nil, errs.New(errs.Invalid, "out_of_range", field, text, bits)
	}
	digits := strconv.FormatInt(n, 10)
	return json.Number(digits), a.fits(field, len(strings.TrimPrefix(digits, "-")), "too_long/digits")
}

// fits rejects, with the code, what is longer than the attribute's length.
func (a Attribute) fits(field string, length int, code string) error {
	if a.Length > 0 && length > a.Length {
		return errs.New(errs.Invalid, code, field, length, a.Length).DependingOnSettings()
	}
	return nil
}

// readTime reads a date or a date and time, and keeps it as it was written.
func (a Attribute) readTime(field string, v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, wrongType(field, v, "wrong_type/date")
	}
	if a.Type == "date" {
		_, _, err := value.ParseTime(field, text)
		return text, err
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05Z"} {
		// The parser takes fractions also where the layout has none.
		if _, err := time.Parse(layout, text); err == nil && len(text) == len(layout) {
			return text, nil
		}
	}
	return nil, errs.New(errs.Invalid, "bad_date/datetime", field)
}

func wrongType(field string, v any, code string) error {
	return errs.New(errs.Invalid, code, field, value.TypeName(v))
}

const (
	// maxSchemaName bounds names of extensions and keys (Genesys 3.3).
	maxSchemaName = 26
	// maxAttributeName bounds names of attributes, in bytes.
	maxAttributeName = 100
	// maxAttributes bounds the attributes of an extension, maxUniques its
	// combinations: settings are one item, read often.
	maxAttributes = 100
	maxUniques    = 10
)

var schemaName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// CheckName rejects what cannot be the name of an extension or a key.
func CheckName(field, name string) error {
	if len(name) > maxSchemaName || !schemaName.MatchString(name) {
		return errs.New(errs.Invalid, "bad_name/schema", field, name, maxSchemaName)
	}
	return nil
}

// Check rejects a declaration that makes no sense.
func (s Schema) Check() error {
	if err := CheckName("name", s.Name); err != nil {
		return err
	}
	if len(s.Attributes) > maxAttributes {
		return errs.New(errs.Invalid, "bad_schema/too_many_attributes", "attributes", maxAttributes)
	}
	for i, a := range s.Attributes {
		at := fmt.Sprintf("attributes[%d]", i)
		if err := a.check(at); err != nil {
			return err
		}
		if first, _ := s.Attribute(a.Name); s.indexOf(a.Name) != i {
			return errs.New(errs.Invalid, "bad_schema/attribute_twice", at+".name", first.Name)
		}
	}
	if len(s.Unique) > 0 && !s.Multi {
		return errs.New(errs.Invalid, "bad_schema/single_valued", "unique")
	}
	if len(s.Unique) > maxUniques {
		return errs.New(errs.Invalid, "bad_schema/too_many_combinations", "unique", maxUniques)
	}
	for _, combination := range s.Unique {
		for i, name := range combination {
			if s.indexOf(name) < 0 || slices.Contains(combination[:i], name) {
				return errs.New(errs.Invalid, "bad_schema/bad_combination", "unique", name)
			}
		}
	}
	return nil
}

func (s Schema) indexOf(name string) int {
	return slices.IndexFunc(s.Attributes, func(a Attribute) bool { return a.Name == name })
}

func (a Attribute) check(at string) error {
	switch {
	case strings.TrimSpace(a.Name) == "" || len(a.Name) > maxAttributeName || strings.Contains(a.Name, "."):
		return errs.New(errs.Invalid, "bad_schema/attribute_name", at+".name", a.Name, maxAttributeName)
	case !slices.Contains(AttributeTypes, a.Type):
		return errs.New(errs.Invalid, "bad_schema/attribute_type", at+".type", a.Type, strings.Join(AttributeTypes, ", "))
	case a.Length < 0:
		return errs.New(errs.Invalid, "bad_schema/attribute_length", at+".length")
	case a.Default == nil:
		return nil
	}
	_, err := a.Read(at+".default", a.Default)
	return err
}
