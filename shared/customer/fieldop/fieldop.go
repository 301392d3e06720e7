// Package fieldop does operations on fields: what a writer wants done to a field's
// value, where the result depends on the value that is there.
package fieldop

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// An Action is what a function does to a field (Altcraft 4.1).
type Action string

// The actions.
const (
	Set    Action = "set"
	Unset  Action = "unset"
	Incr   Action = "incr"
	Add    Action = "add"
	Delete Action = "delete"
	Upsert Action = "upsert"
)

// Actions lists all actions.
var Actions = []Action{Set, Unset, Incr, Add, Delete, Upsert}

// A Function is an action on a field with its arguments. It is not changed once it
// is made.
type Function struct {
	// Field is the field as the client spells it, for errors.
	Field  string
	Action Action
	// Value as package value keeps it: a number for incr; for add and delete an
	// array, whose elements are all texts or all objects; nil for unset.
	Value any
	// Path leads to the property of an object that the action is about; empty: to
	// the field itself.
	Path []string
}

// New makes a function of what a writer gave; an absent value is nil, an absent
// submatch empty. It rejects what the action does not take; the error names the
// value or the submatch.
func New(field string, action Action, v any, submatch string) (Function, error) {
	f := Function{Field: field, Action: action}
	if !slices.Contains(Actions, action) {
		return Function{}, errs.New(errs.Invalid, "function_unknown", field, action)
	}
	var err error
	if f.Path, err = readSubmatch(field+".submatch", action, submatch); err != nil {
		return Function{}, err
	}
	f.Value, err = readOperand(field+".value", action, v)
	return f, err
}

func readSubmatch(field string, action Action, submatch string) ([]string, error) {
	if submatch == "" {
		if action == Upsert {
			return nil, errs.New(errs.Invalid, "bad_submatch/missing", field)
		}
		return nil, nil
	}
	if action != Upsert && action != Add && action != Delete {
		return nil, errs.New(errs.Invalid, "bad_submatch/not_for_action", field)
	}
	if strings.Count(submatch, ".") >= value.MaxDepth {
		return nil, errs.New(errs.Invalid, "bad_submatch/too_long", field)
	}
	path := strings.Split(submatch, ".")
	if slices.Contains(path, "") {
		return nil, errs.New(errs.Invalid, "bad_submatch/form", field)
	}
	return path, nil
}

// readOperand reads the value of a function; null is none.
func readOperand(field string, action Action, v any) (any, error) {
	switch action {
	case Unset:
		return nil, nil
	case Incr:
		n, ok := readNumber(v)
		if !ok {
			return nil, wrongType(field, v, "wrong_type/number")
		}
		return n, nil
	case Add, Delete:
		list, isArray := v.([]any)
		if !isArray {
			list = []any{v}
		}
		if !sameType(list) {
			return nil, wrongType(field, v, "wrong_type/texts_or_objects")
		}
		return list, nil
	case Upsert:
		if v == nil {
			return nil, wrongType(field, v, "wrong_type/value")
		}
	}
	return v, nil
}

// readNumber reads a number, or its digits as text.
func readNumber(v any) (json.Number, bool) {
	switch v := v.(type) {
	case json.Number:
		return v, true
	case string:
		n, err := value.Number(v)
		return n, err == nil
	}
	return "", false
}

// sameType reports whether the elements are all texts, or all objects.
func sameType(list []any) bool {
	texts, objects := 0, 0
	for _, e := range list {
		switch e.(type) {
		case string:
			texts++
		case map[string]any:
			objects++
		}
	}
	return texts == len(list) || objects == len(list)
}

// Idempotent reports whether f gives the same result whatever the value before,
// without an error, so that it may be applied again even if others wrote in between.
func (f Function) Idempotent() bool { return f.Action == Set || f.Action == Unset }

// maxFieldDepth is how deep the value of a field is at most: a body has it two
// levels down.
const maxFieldDepth = value.MaxDepth - 2

// Apply returns the value that f makes of a field's value before; nil is no value.
// It does not change before, and rejects a value that the action cannot be done to.
func (f Function) Apply(before any) (any, error) {
	after, err := f.within(before, f.Path)
	if err != nil {
		return nil, err
	}
	if len(f.Path) > 0 && value.Depth(after) > maxFieldDepth {
		return nil, errs.New(errs.Invalid, "bad_submatch/too_deep", f.Field, maxFieldDepth)
	}
	return after, nil
}

// within does f to the property of v that the path leads to: of an array, in
// every element that has it.
func (f Function) within(v any, path []string) (any, error) {
	if len(path) == 0 {
		return f.do(v)
	}
	switch v := v.(type) {
	case nil:
		made, err := f.withinObject(nil, path)
		if len(made) == 0 {
			return nil, err
		}
		return made, nil
	case map[string]any:
		return f.withinObject(v, path)
	case []any:
		return f.withinEach(v, path)
	}
	return nil, errs.New(errs.Invalid, "function_unfit/property", f.Field, f.Action, path[0], value.TypeName(v))
}

// withinObject does f to the property of an object, and returns the object itself
// where the result is no value.
func (f Function) withinObject(object map[string]any, path []string) (map[string]any, error) {
	after, err := f.within(object[path[0]], path[1:])
	if err != nil || after == nil {
		return object, err
	}
	changed := make(map[string]any, len(object)+1)
	maps.Copy(changed, object)
	changed[path[0]] = after
	return changed, nil
}

// withinEach does f to the elements that have the property. An upsert of an
// object that has it, too, writes all members of that object.
func (f Function) withinEach(list []any, path []string) (any, error) {
	list = slices.Clone(list)
	given, _ := f.Value.(map[string]any)
	for i, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			return nil, errs.New(errs.Invalid, "function_unfit/objects", f.Field, f.Action, value.TypeName(list))
		}
		if !has(object, path) {
			continue
		}
		if f.Action == Upsert && has(given, path) {
			object = maps.Clone(object)
			maps.Copy(object, given)
			list[i] = object
			continue
		}
		var err error
		if list[i], err = f.withinObject(object, path); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// has reports whether the path leads to a property of v, or of an element of v.
func has(v any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		inner, ok := v[path[0]]
		return ok && has(inner, path[1:])
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return has(e, path) })
	}
	return false
}

// do does f to a value.
func (f Function) do(before any) (any, error) {
	switch f.Action {
	case Incr:
		return f.incr(before)
	case Add, Delete:
		return f.addOrDelete(before)
	}
	return f.Value, nil // nil of unset
}

// incr counts up from what is there, else from 0.
func (f Function) incr(before any) (any, error) {
	if before == nil {
		before = json.Number("0")
	}
	n, ok := before.(json.Number)
	if !ok {
		return nil, errs.New(errs.Invalid, "function_unfit/number", f.Field, f.Action, value.TypeName(before))
	}
	sum, err := value.Add(n, f.Value.(json.Number))
	if errors.Is(err, value.ErrRange) {
		return nil, errs.New(errs.Invalid, "bad_sum/range", f.Field, n, f.Value)
	}
	if err != nil {
		return nil, errs.New(errs.Invalid, "bad_sum/digits", f.Field, n, f.Value)
	}
	return sum, nil
}

// addOrDelete compares elements by their text: an add makes no element double.
func (f Function) addOrDelete(before any) (any, error) {
	list, isArray := before.([]any)
	named := f.Value.([]any)
	switch {
	case before == nil && (f.Action == Delete || len(named) == 0):
		return nil, nil
	case before != nil && !isArray:
		return nil, errs.New(errs.Invalid, "function_unfit/texts_or_objects", f.Field, f.Action, value.TypeName(before))
	case !sameType(slices.Concat(list, named)):
		return nil, errs.New(errs.Invalid, "function_unfit/mixed", f.Field, f.Action)
	}
	if f.Action == Delete {
		return without(list, named, elementText), nil
	}
	return union(list, named, elementText), nil
}

// Texts returns what f, an add or a delete, makes of a list of texts.
func (f Function) Texts(before []string) []string {
	var named []string
	for _, v := range f.Value.([]any) {
		if text, ok := v.(string); ok {
			named = append(named, text)
		}
	}
	itself := func(text string) string { return text }
	if f.Action == Delete {
		return without(before, named, itself)
	}
	return union(before, named, itself)
}

// elementText is an element as text, by which elements are compared: values are
// canonical, and a list of texts has no other elements.
func elementText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	text, _ := json.Marshal(v) // a value is JSON
	return string(text)
}

// union is list and, behind it, what more has besides.
func union[T any](list, more []T, key func(T) string) []T {
	list = slices.Clone(list)
	there := keysOf(list, key)
	for _, e := range more {
		if k := key(e); !there[k] {
			there[k] = true
			list = append(list, e)
		}
	}
	return list
}

func without[T any](list, unwanted []T, key func(T) string) []T {
	there := keysOf(unwanted, key)
	return slices.DeleteFunc(slices.Clone(list), func(e T) bool { return there[key(e)] })
}

func keysOf[T any](list []T, key func(T) string) map[string]bool {
	keys := make(map[string]bool, len(list))
	for _, e := range list {
		keys[key(e)] = true
	}
	return keys
}

func wrongType(field string, v any, code string) error {
	return errs.New(errs.Invalid, code, field, value.TypeName(v))
}
