package altcraft

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// maxFieldName is the longest name of a custom field, in bytes.
const maxFieldName = 255

// readCustomField reads a member of data that the contract does not name. A
// declared field's value must be of its type.
func readCustomField(name string, settings access.Settings) func(path string, v any, _ access.Settings) (any, error) {
	declared, ok, undeclared := declaredType(name, settings)
	return func(path string, v any, _ access.Settings) (any, error) {
		if undeclared != nil || !ok {
			return v, undeclared
		}
		typed, err := readTyped(path, v, declared)
		return typed, bySettings(err)
	}
}

// declaredType is the type of a custom field; ok is false where any will do.
func declaredType(name string, settings access.Settings) (t access.FieldType, ok bool, err error) {
	if len(name) > maxFieldName {
		return t, false, errs.New(errs.Invalid, "bad_name/field", "data", maxFieldName)
	}
	t, ok = settings.DeclaredFields[name]
	if !ok && settings.Fields == access.Declared {
		field := "data." + name
		return t, false, errs.New(errs.Invalid, "field_undeclared", field).DependingOnSettings()
	}
	return t, ok, nil
}

// bySettings says of a client error that it rests on settings.
func bySettings(err error) error {
	if clientErr, rejected := errs.AsClient(err); rejected {
		return clientErr.DependingOnSettings()
	}
	return err
}

// readTyped reads a value of a declared type (Altcraft 3.6).
func readTyped(field string, v any, t access.FieldType) (any, error) {
	switch t.Type {
	case "date":
		return readDate(field, v)
	case "ip":
		return v, checkIP(field, v)
	case "enum":
		text, ok := value.Text(v)
		if !ok || !slices.Contains(t.Options, text) {
			return nil, errs.New(errs.Invalid, "bad_option", field, strings.Join(t.Options, ", "))
		}
		return v, nil
	case "tags":
		words, err := readTexts(field, v, maxTexts)
		return value.List(words), err
	}
	check := typeChecks[t.Type]
	if !check.ok(v) {
		return nil, wrongType(field, v, check.expected)
	}
	return v, nil
}

// typeChecks are the types whose values are kept as they come.
var typeChecks = map[string]struct {
	expected string
	ok       func(v any) bool
}{
	"string":     {"a text", isText},
	"version":    {"a text", isText},
	"int":        {"a whole number", isWhole},
	"float":      {"a number", func(v any) bool { _, ok := v.(json.Number); return ok }},
	"bool":       {"true or false", func(v any) bool { _, ok := v.(bool); return ok }},
	"object":     {"an object", isObject},
	"arr_object": {"an array of objects", isObjects},
}

func isText(v any) bool { _, ok := v.(string); return ok }

func isWhole(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	_, err := strconv.ParseInt(string(n), 10, 64)
	return err == nil
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }

func isObjects(v any) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(e any) bool { return !isObject(e) })
}

// dateForm is how dates are emitted: RFC 3339 in UTC, with milliseconds where
// there are any (Altcraft 3.4).
const dateForm = "2006-01-02T15:04:05.999Z"

func formDate(t time.Time) string { return t.UTC().Format(dateForm) }

func statusNumber(s customer.Status) json.Number {
	return json.Number(strconv.Itoa(slices.Index(customer.Statuses, s)))
}
