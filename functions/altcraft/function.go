package altcraft

import (
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
)

// readFunction reads v if it is a function object: its members are action, value
// and submatch alone (section 4.1). Any other object is a plain value.
func readFunction(field string, v any) (f fieldop.Function, isFunction bool, err error) {
	object, isFunction := functionObject(v)
	if !isFunction {
		return f, false, nil
	}
	action, _ := object["action"].(string)
	submatch, ok := object["submatch"].(string)
	if !ok && object["submatch"] != nil {
		return f, true, wrongType(field+".submatch", object["submatch"], "a text")
	}
	if _, given := object["value"]; !given && action == string(fieldop.Set) {
		return f, true, errs.New(errs.Invalid, "missing/member", field+".value")
	}
	f, err = fieldop.New(field, fieldop.Action(action), object["value"], submatch)
	return f, true, err
}

func functionObject(v any) (object map[string]any, ok bool) {
	object, ok = v.(map[string]any)
	if !ok || object["action"] == nil {
		return nil, false
	}
	for member := range object {
		if member != "action" && member != "value" && member != "submatch" {
			return nil, false
		}
	}
	return object, true
}

func isFunction(v any) bool {
	_, ok := functionObject(v)
	return ok
}

func isSet(v any) bool {
	object, ok := functionObject(v)
	return ok && object["action"] == string(fieldop.Set)
}

// bare is the value that v comes to: set is the same as a bare value.
func bare(v any) any {
	if isSet(v) {
		return v.(map[string]any)["value"]
	}
	return v
}

// readFieldFunction reads a function other than set on a member of data.
func readFieldFunction(name string, f fieldop.Function, settings access.Settings) (setter, error) {
	_, isCore := coreFields[name]
	switch clear := clears[name]; {
	case f.Action == fieldop.Unset && clear != nil:
		return does(func(c *customer.Customer, _ time.Time) error { clear(c); return nil }), nil
	case f.Action == fieldop.Unset && isCore && name != "email":
		return setter{set: setsCustom(name)}, nil
	case name == "tags" && (f.Action == fieldop.Add || f.Action == fieldop.Delete):
		return does(func(c *customer.Customer, _ time.Time) error { c.Tags = f.Texts(c.Tags); return nil }), checkTexts(f)
	case isCore:
		return setter{}, unfit(f)
	case name == "subscriptions":
		return setter{}, errs.New(errs.Invalid, "function_unfit/subscriptions", f.Field, f.Action)
	}
	return readCustomFunction(name, f, settings)
}

// checkTexts rejects an add or a delete of anything but texts.
func checkTexts(f fieldop.Function) error {
	if len(f.Path) > 0 {
		return errs.New(errs.Invalid, "bad_submatch/texts", f.Field+".submatch")
	}
	_, err := readTexts(f.Field+".value", f.Value, maxTexts)
	return err
}

// meantFor says what fields an action is for: in words, and by declared type.
var meantFor = map[fieldop.Action]struct {
	words string
	types []string
}{
	fieldop.Unset:  {words: "fields other than email"},
	fieldop.Incr:   {"numbers", []string{"int", "float"}},
	fieldop.Add:    {"tags and arrays of objects", []string{"tags", "arr_object"}},
	fieldop.Delete: {"tags and arrays of objects", []string{"tags", "arr_object"}},
	fieldop.Upsert: {"objects and arrays of objects", []string{"object", "arr_object"}},
}

func unfit(f fieldop.Function) error {
	return errs.New(errs.Invalid, "function_unfit/fields", f.Field, f.Action, meantFor[f.Action].words)
}

// readCustomFunction reads a function on a custom field. Of a declared one the
// action, its value, and what comes of it must be of the field's type.
func readCustomFunction(name string, f fieldop.Function, settings access.Settings) (setter, error) {
	declared, ok, err := declaredType(name, settings)
	if err != nil {
		return setter{}, err
	}
	if !ok || f.Action == fieldop.Unset {
		return does(func(c *customer.Customer, _ time.Time) error {
			v, err := f.Apply(c.Custom[name])
			if err == nil {
				c.SetCustom(name, v)
			}
			return err
		}), nil
	}
	return typedFunction(name, f, declared), bySettings(checkTyped(f, declared))
}

// checkTyped rejects a function that is never for a field of that type.
func checkTyped(f fieldop.Function, t access.FieldType) error {
	types := meantFor[f.Action].types
	if len(f.Path) > 0 {
		types = meantFor[fieldop.Upsert].types
	}
	if !slices.Contains(types, t.Type) {
		return errs.New(errs.Invalid, "function_unfit/type", f.Field, f.Action, strings.Join(types, " or "), t.Type)
	}
	if len(f.Path) > 0 {
		return nil // a property may be anything
	}
	_, err := readTyped(f.Field+".value", f.Value, t)
	return err
}

// typedFunction does f to a field of a declared type, whose result must be of it.
func typedFunction(name string, f fieldop.Function, t access.FieldType) setter {
	return does(func(c *customer.Customer, _ time.Time) error {
		before := c.Custom[name]
		if before == nil && t.Type == "arr_object" && len(f.Path) > 0 {
			return nil // no element has the property
		}
		v, err := f.Apply(before)
		if err != nil || v == nil {
			return err
		}
		if _, err := readTyped(f.Field, v, t); err != nil {
			return errs.New(errs.Invalid, "bad_result", f.Field, f.Action, t.Type).DependingOnSettings()
		}
		c.SetCustom(name, v)
		return nil
	})
}
