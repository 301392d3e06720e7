package altcraft

import (
	"maps"

	"regulars/functions/altcraft/xmlbody"
	"regulars/shared/access"
	"regulars/shared/customer"
)

// The shapes of what stands in a body.
var (
	aNumber  = &xmlbody.Shape{Is: xmlbody.OfNumber}
	aBool    = &xmlbody.Shape{Is: xmlbody.OfBool}
	aMoment  = &xmlbody.Shape{Is: xmlbody.OfMoment}
	aField   = &xmlbody.Shape{Is: xmlbody.OfFunction}
	aContact = &xmlbody.Shape{Is: xmlbody.OfObject}
	aChat    = &xmlbody.Shape{Is: xmlbody.OfObject, Members: map[string]*xmlbody.Shape{"id": aNumber}}

	subscriptionShape = &xmlbody.Shape{Is: xmlbody.OfObject, Members: map[string]*xmlbody.Shape{
		"resource_id": aNumber, "status": aNumber, "priority": aNumber, "is_delete": aBool,
		"email_data": aContact, "phone_data": aContact, "push_data": aContact, "cc_data": aChat,
		"custom_fields": {Is: xmlbody.OfObject, Others: aField},
	}}
	profileShape = &xmlbody.Shape{Is: xmlbody.OfObject, Others: aField, Members: map[string]*xmlbody.Shape{
		"_sex": aNumber, "_status": aNumber, "_bdate": aMoment, "_regdate": aMoment, "subscriptions": subscriptionShape,
	}}
	callShape = newCallShape()
)

// newCallShape is the shape of a body. Methods about one subscription have its
// members at the top level.
func newCallShape() *xmlbody.Shape {
	members := map[string]*xmlbody.Shape{
		"db_id": aNumber, "segment_id": aNumber, "limit": aNumber, "add_to_segments": aNumber, "remove_from_segments": aNumber,
		"skip_triggers": aBool, "skip_invalid_subscriptions": aBool, "detect_geo": aBool, "data": profileShape,
		"date": aMoment, "reg_info": {Is: xmlbody.OfObject, Members: map[string]*xmlbody.Shape{"date": aMoment}},
	}
	maps.Copy(members, subscriptionShape.Members)
	return &xmlbody.Shape{Is: xmlbody.OfObject, Members: members}
}

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
	if inner, wrapped := wrappedIn("data", item["data"], settings); wrapped && len(item) == 1 {
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
			name, v = full, retyped(profileShape.Of(full), v)
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
var typeShapes = map[string]*xmlbody.Shape{
	"int": aNumber, "float": aNumber, "bool": aBool, "date": aMoment, "object": {Is: xmlbody.OfObject},
}

// retyped is a value of XML, or the function that makes one, read once more by a
// shape.
func retyped(s *xmlbody.Shape, v any) any {
	switch v := v.(type) {
	case string:
		return s.Text(v)
	case map[string]any:
		if text, ok := v["value"].(string); ok && v["action"] == "set" {
			function := maps.Clone(v)
			function["value"] = s.Text(text)
			return function
		}
	}
	return v
}
