package altcraft

import (
	"maps"
	"slices"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// use makes settings those of the call. Data that came in XML is read by them:
// they know which names and types are a tenant's own.
func (c *call) use(settings access.Settings) (err error) {
	c.settings = settings
	if c.xmlData != nil {
		c.body["data"], err = fieldsOfXML(c.xmlData, settings)
	}
	return err
}

// fieldsOfXML is profile data, or an array of it, with what JSON would say in
// other words: a system field may stand without its underscore where no declared
// field has that name, and the text of a declared field is a value of its type.
func fieldsOfXML(v any, settings access.Settings) (any, error) {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			var err error
			if list[i], err = itemOfXML(e, settings); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		return profileOfXML(v, settings)
	}
	return v, nil
}

// itemOfXML is fieldsOfXML of an item of a batch, which may be wrapped.
func itemOfXML(v any, settings access.Settings) (any, error) {
	item, _ := v.(map[string]any)
	inner, wrapped := wrappedIn(item, settings)
	if !wrapped {
		return fieldsOfXML(v, settings)
	}
	read, err := profileOfXML(inner, settings)
	return map[string]any{"data": read}, err
}

func profileOfXML(data map[string]any, settings access.Settings) (map[string]any, error) {
	read := make(map[string]any, len(data))
	for _, name := range slices.Sorted(maps.Keys(data)) {
		v := data[name]
		if full := "_" + name; isSystemField(full) && !declares(settings, name) {
			if _, both := data[full]; both {
				return nil, outcome.Refuse(outcome.Invalid, "bad_xml", "data."+full, "data.%s: it stands there twice, as %s and %s.", full, name, full)
			}
			name, v = full, retyped(profileShape.of(full), v)
		}
		read[name] = retyped(typeShapes[settings.DeclaredFields[name].Type], v)
	}
	return read, nil
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
