package altcraft

import (
	"encoding/json"
	"maps"
	"strings"
)

// A shape says what XML cannot: what the text of an element stands for, and that
// of the elements in it. A nil shape is of texts, all the way down.
type shape struct {
	is      kind
	members map[string]*shape // of an object, or of the objects in an array
	others  *shape            // of the members that are not named
}

// A kind is what a text stands for. One that is not of its kind stays a text, and
// whoever reads it finds fault with it.
type kind int

const (
	ofText kind = iota
	ofNumber
	ofBool
	ofMoment   // a date, or milliseconds since 1970
	ofObject   // has members; without any it is empty all the same
	ofFunction // a field's value, which may be a function (Altcraft 4)
)

var (
	aNumber  = &shape{is: ofNumber}
	aBool    = &shape{is: ofBool}
	aMoment  = &shape{is: ofMoment}
	aField   = &shape{is: ofFunction}
	aContact = &shape{is: ofObject}
	aChat    = &shape{is: ofObject, members: map[string]*shape{"id": aNumber}}

	subscriptionShape = &shape{is: ofObject, members: map[string]*shape{
		"resource_id": aNumber, "status": aNumber, "priority": aNumber, "is_delete": aBool,
		"email_data": aContact, "phone_data": aContact, "push_data": aContact, "cc_data": aChat,
		"custom_fields": {is: ofObject, others: aField},
	}}
	profileShape = &shape{is: ofObject, others: aField, members: map[string]*shape{
		"_sex": aNumber, "_status": aNumber, "_bdate": aMoment, "_regdate": aMoment, "subscriptions": subscriptionShape,
	}}
	callShape = newCallShape()
)

// newCallShape is the shape of a body. Methods about one subscription have its
// members at the top level.
func newCallShape() *shape {
	members := map[string]*shape{
		"db_id": aNumber, "segment_id": aNumber, "limit": aNumber, "add_to_segments": aNumber, "remove_from_segments": aNumber,
		"skip_triggers": aBool, "skip_invalid_subscriptions": aBool, "detect_geo": aBool, "data": profileShape,
		"date": aMoment, "reg_info": {is: ofObject, members: map[string]*shape{"date": aMoment}},
	}
	maps.Copy(members, subscriptionShape.members)
	return &shape{is: ofObject, members: members}
}

// of is the shape of a member.
func (s *shape) of(name string) *shape {
	if s == nil {
		return nil
	}
	if m, ok := s.members[name]; ok {
		return m
	}
	return s.others
}

// longestDay is the longest text that counts as a day without separators, such
// as 20011231, rather than as milliseconds.
const longestDay = 8

// text is what a text stands for.
func (s *shape) text(text string) any {
	if s == nil {
		return text
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case s.is == ofNumber && isNumber(trimmed), s.is == ofMoment && len(trimmed) > longestDay && isNumber(trimmed):
		return json.Number(trimmed)
	case s.is == ofBool && (trimmed == "true" || trimmed == "false"):
		return trimmed == "true"
	case s.is == ofObject && trimmed == "":
		return map[string]any{}
	}
	return text
}

// isNumber reports whether text is a number as JSON writes it.
func isNumber(text string) bool {
	return strings.Trim(text, "+-.0123456789eE") == "" && json.Valid([]byte(text))
}

// object is what an element with elements in it stands for: the value of the
// function incr is a number.
func (s *shape) object(members map[string]any) map[string]any {
	text, isText := members["value"].(string)
	_, deep := members["submatch"]
	alone := len(members) == 2 || len(members) == 3 && deep // else it is an object like any other
	if isText && alone && s != nil && s.is == ofFunction && members["action"] == "incr" {
		members["value"] = aNumber.text(text)
	}
	return members
}
