package altcraft

import (
	"maps"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// fieldsOfXML is profile data, or an array of it, with what JSON would say in
// other words: a system field may stand without its underscore, and the text of a
// declared field is a value of its type.
func fieldsOfXML(v any, settings access.Settings) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = itemOfXML(e, settings)
		}
		return list
	case map[string]any:
		return profileOfXML(v, settings)
	}
	return v
}

// itemOfXML is fieldsOfXML of an item of a batch, which may be wrapped.
func itemOfXML(v any, settings access.Settings) any {
	item, _ := v.(map[string]any)
	if inner, wrapped := wrappedIn(item, settings); wrapped {
		return map[string]any{"data": profileOfXML(inner, settings)}
	}
	return fieldsOfXML(v, settings)
}

// profileOfXML takes a bare name for a system field's, unless a declared field has
// it, or the system field stands there as well.
func profileOfXML(data map[string]any, settings access.Settings) map[string]any {
	read := make(map[string]any, len(data))
	for name, v := range data {
		full := "_" + name
		if _, both := data[full]; isSystemField(full) && !both && !declares(settings, name) {
			name, v = full, retyped(profileShape.of(full), v)
		}
		read[name] = retyped(typeShapes[settings.DeclaredFields[name].Type], v)
	}
	return read
}

func isSystemField(name string) bool {
	_, is := coreFields[name]
	return is
}

// declares reports whether a tenant declared a field of that name.
func declares(settings access.Settings, name string) bool {
	_, field := settings.DeclaredFields[name]
	_, match := settings.MatchFields.Find(customer.OfCustomer, name)
	return field || match
}

// typeShapes are the shapes of the declared types that are no texts.
var typeShapes = map[string]*shape{
	"int": aNumber, "float": aNumber, "bool": aBool, "date": aMoment, "object": {is: ofObject},
}

// retyped is a value of XML, or the function that makes one, read once more by a
// shape.
func retyped(s *shape, v any) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case map[string]any:
		if text, ok := v["value"].(string); ok && v["action"] == "set" {
			function := maps.Clone(v)
			function["value"] = s.text(text)
			return function
		}
	}
	return v
}
