package xmlbody

import (
	"encoding/json"
	"strings"
)

// A Shape says what XML cannot: what the text of an element stands for, and that
// of the elements in it. A nil shape is of texts, all the way down.
type Shape struct {
	Is      Kind
	Members map[string]*Shape // of an object, or of the objects in an array
	Others  *Shape            // of the members that are not named
}

// A Kind is what a text stands for. One that is not of its kind stays a text, and
// whoever reads it finds fault with it.
type Kind int

const (
	OfText Kind = iota
	OfNumber
	OfBool
	OfMoment   // a date, or milliseconds since 1970
	OfObject   // has members; without any it is empty all the same
	OfFunction // a field's value, which may be a function (Altcraft 4)
)

// Of is the shape of a member.
func (s *Shape) Of(name string) *Shape {
	if s == nil {
		return nil
	}
	if m, ok := s.Members[name]; ok {
		return m
	}
	return s.Others
}

// longestDay is the longest text that counts as a day without separators, such
// as 20011231, rather than as milliseconds.
const longestDay = 8

// Text is what a text stands for.
func (s *Shape) Text(text string) any {
	if s == nil {
		return text
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case s.Is == OfNumber && isNumber(trimmed), s.Is == OfMoment && len(trimmed) > longestDay && isNumber(trimmed):
		return json.Number(trimmed)
	case s.Is == OfBool && (trimmed == "true" || trimmed == "false"):
		return trimmed == "true"
	case s.Is == OfObject && trimmed == "":
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
func (s *Shape) object(members map[string]any) map[string]any {
	text, isText := members["value"].(string)
	_, deep := members["submatch"]
	alone := len(members) == 2 || len(members) == 3 && deep // else it is an object like any other
	if isText && alone && s != nil && s.Is == OfFunction && members["action"] == "incr" {
		members["value"] = (&Shape{Is: OfNumber}).Text(text)
	}
	return members
}
