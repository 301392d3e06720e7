// Package value keeps JSON values exactly: what a client wrote in a custom
// field is what another reads. A value is nil, bool, string, [json.Number] in
// canonical form, []any or map[string]any. The limits are those of "text and
// nesting" in docs/contracts/altcraft.md.
package value

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Member is one of an object, where objects are kept in the order of their names
// and not as maps.
type Member struct {
	Name  string
	Value any
}

// Members are the members of an object, in the order of their names.
func Members(object map[string]any) []Member {
	members := make([]Member, 0, len(object))
	for name, v := range object {
		members = append(members, Member{name, v})
	}
	SortMembers(members)
	return members
}

// SortMembers puts members into the order of their names.
func SortMembers(members []Member) {
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
}

// TypeName names the type of v with its article: "a text", "a number".
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a %T", v)
}

// Equal reports whether a and b are the same value. Numbers are compared as
// numbers, since all are canonical.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, Equal)
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

// Text returns a scalar as the text under which it is matched: a number and the
// text of its digits are the same. It reports false for nil, arrays and objects.
func Text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// List returns an array of the texts.
func List(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// Count returns how many values v is: itself, and all that are in it.
func Count(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += Count(e)
		}
	case map[string]any:
		for _, e := range v {
			n += Count(e)
		}
	}
	return n
}

// Depth returns how many levels of arrays and objects v has; a scalar has 0.
func Depth(v any) int {
	depth := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			depth = max(depth, Depth(e))
		}
	case map[string]any:
		for _, e := range v {
			depth = max(depth, Depth(e))
		}
	default:
		return 0
	}
	return depth + 1
}
