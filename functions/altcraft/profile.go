package altcraft

import (
	"slices"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer/fieldop"
	"regulars/shared/value"
)

// A profile is the data of one profile as a client wrote it: its members in the order
// of their names.
type profile []value.Member

// get is the value of a member; nil where there is none.
func (p profile) get(name string) any {
	i, found := slices.BinarySearchFunc(p, name, func(m value.Member, name string) int { return strings.Compare(m.Name, name) })
	if !found {
		return nil
	}
	return p[i].Value
}

// sought is the value of a member that can be searched by: functions other than set
// have none.
func (p profile) sought(name string) any {
	v := p.get(name)
	if object, ok := functionObject(v); ok && object["action"] != string(fieldop.Set) {
		return nil
	}
	return bare(v)
}

// unwrap takes {"data": {...}} for the profile inside, as neighbouring batches of
// that platform wrap each item (Altcraft 6.4). With anything beside it, or where a
// field is declared by that name, it is a profile with a field called data.
func (p profile) unwrap(settings access.Settings) profile {
	if len(p) == 1 {
		if inner, wrapped := wrappedIn(p[0].Name, p[0].Value, settings); wrapped {
			return value.Members(inner)
		}
	}
	return p
}

// wrappedIn is the profile in the only member of an item.
func wrappedIn(name string, v any, settings access.Settings) (inner map[string]any, wrapped bool) {
	_, declared := settings.DeclaredFields["data"]
	inner, wrapped = v.(map[string]any)
	return inner, wrapped && name == "data" && !declared
}

// plain reports whether writing the data twice does no harm, even if others wrote in
// between (see [fieldop.Function.Idempotent]). Tags and categories are sets that
// nothing else can stand in for.
func (p profile) plain() bool {
	for _, m := range p {
		switch {
		case m.Name == "tags":
		case m.Name == "subscriptions":
			if !plainSubscriptions(bare(m.Value)) {
				return false
			}
		case !plainValue(m.Value):
			return false
		}
	}
	return true
}

func plainSubscriptions(v any) bool {
	list, _ := v.([]any)
	for _, e := range list {
		entry, _ := e.(map[string]any)
		fields, _ := entry["custom_fields"].(map[string]any)
		for _, v := range fields {
			if !plainValue(v) {
				return false
			}
		}
	}
	return true
}

func plainValue(v any) bool {
	object, ok := functionObject(v)
	if !ok {
		return true
	}
	action, _ := object["action"].(string)
	return fieldop.Function{Action: fieldop.Action(action)}.Idempotent()
}
