package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"regulars/shared/errs"
)

// maxChoices bounds the JSON form of the choices: they are read with each
// lookup and must stay well below the 400 KB of an item.
const maxChoices = 100_000 // bytes

// merge returns the choices after a merge patch (RFC 7396): members of objects
// are merged, null gives a member back its default, all else is replaced. It
// rejects with bad_setting, naming the member.
func (c Preferences) merge(patch map[string]any) (Preferences, error) {
	document, err := c.members()
	if err != nil {
		return Preferences{}, err
	}
	merged, err := json.Marshal(mergeObject(document, patch))
	if err != nil {
		return Preferences{}, fmt.Errorf("settings as JSON: %w", err)
	}
	if len(merged) > maxChoices {
		return Preferences{}, badSetting("bytes", "", len(merged), maxChoices)
	}
	if err := checkMembers(patch, reflect.TypeFor[Preferences](), ""); err != nil {
		return Preferences{}, err
	}
	next, err := ParsePreferences(merged)
	if err != nil {
		return Preferences{}, badType(err)
	}
	return next, next.check()
}

// ParsePreferences reads the JSON form as it was kept. What it does not name has its
// default.
func ParsePreferences(document []byte) (Preferences, error) {
	c := Defaults()
	err := json.Unmarshal(document, &c)
	return c, err
}

// members returns the JSON form, numbers as they are written.
func (c Preferences) members() (map[string]any, error) {
	document, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("settings as JSON: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var members map[string]any
	return members, decoder.Decode(&members)
}

// mergeObject merges patch into an object, in place, and returns it.
func mergeObject(into, patch map[string]any) map[string]any {
	for name, member := range patch {
		changes, isObject := member.(map[string]any)
		switch {
		case member == nil:
			delete(into, name)
		case isObject:
			old, _ := into[name].(map[string]any)
			if old == nil {
				old = map[string]any{}
			}
			into[name] = mergeObject(old, changes)
		default:
			into[name] = member
		}
	}
	return into
}

// checkMembers rejects a member that t does not have. encoding/json would ignore
// it, and take a wrong case for the right one.
func checkMembers(v any, t reflect.Type, path string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return nil // its type is looked at when it is read
	}
	switch t.Kind() {
	case reflect.Map:
		for name, member := range object {
			// One spelling of a number alone: two would be two members, of which one is lost.
			if n, err := strconv.ParseInt(name, 10, 64); t.Key().Kind() == reflect.Int64 && (err != nil || strconv.FormatInt(n, 10) != name) {
				return badSetting("not_a_number", join(path, name), path, name)
			}
			if err := checkMembers(member, t.Elem(), join(path, name)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		known := memberTypes(t)
		for name, member := range object {
			of, ok := known[name]
			if !ok {
				names := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
				return badSetting("unknown", join(path, name), names)
			}
			if err := checkMembers(member, of, join(path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// memberTypes are the types of a struct's members by their JSON names.
func memberTypes(t reflect.Type) map[string]reflect.Type {
	types := make(map[string]reflect.Type, t.NumField())
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		types[name] = field.Type
	}
	return types
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// badType explains that a value was of a wrong JSON type.
func badType(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return badSetting("unreadable", "", err)
	}
	return badSetting("wrong_type", wrong.Field, jsonKind(wrong.Type), wrong.Value)
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}

func badSetting(reason, path string, args ...any) error {
	return errs.New(errs.Invalid, "bad_setting/"+reason, path, args...)
}
