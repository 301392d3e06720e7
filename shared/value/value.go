// Package value keeps JSON values exactly: what a client wrote in a custom
// field is what another reads. A value is nil, bool, string, [json.Number] in
// canonical form, []any or map[string]any. The limits are those of "text and
// nesting" in docs/contracts/altcraft.md.
package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"regulars/shared/outcome"
)

// MaxDepth is how many levels of arrays and objects a document may have. The
// table itself takes 32.
const MaxDepth = 32

// Parse reads one JSON document. Of a repeated member the last counts. It
// refuses, naming the member, what the table could not keep exactly: numbers of
// more than 38 digits, more than [MaxDepth] levels, bytes that are not UTF-8,
// and control characters other than tab, CR and LF.
func Parse(document []byte) (any, error) {
	if !utf8.Valid(document) {
		return nil, refuse("", "The body is not valid UTF-8.")
	}
	if err := scan(document); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, syntax(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse("", "The body is not one JSON document: something follows its end at byte %d.", decoder.InputOffset())
	}
	return clean(v, "")
}

// ParseObject is [Parse] for a document that must be an object.
func ParseObject(document []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, refuse("", "The body is empty; a JSON object is expected.")
	}
	v, err := Parse(document)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("", "The body is %s; a JSON object is expected.", TypeName(v))
	}
	return object, nil
}

func refuse(field, format string, args ...any) error {
	return outcome.Refuse(outcome.Invalid, "bad_json", field, format, args...)
}

func syntax(err error) error {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return refuse("", "The body is not JSON: %s at byte %d.", s.Error(), s.Offset)
	}
	return refuse("", "The body is not JSON: it ends too early.")
}

// scan refuses what the decoder would do first and say later, or not at all:
// brackets outside of texts that nest beyond [MaxDepth], and half a surrogate
// pair, which it would replace.
func scan(document []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(document); i++ {
		switch c := document[i]; {
		case quoted && c == '\\':
			n := escape(document[i:])
			if n == 0 {
				return refuse("", "The body has half of a surrogate pair at byte %d.", i)
			}
			i += n - 1
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return refuse("", "The body has more than %d levels of arrays and objects.", MaxDepth)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// escape is the length of the escape that text begins with; 0 is half of a
// surrogate pair. What is no escape at all is the decoder's business.
func escape(text []byte) int {
	first, ok := unicodeEscape(text)
	if !ok || !utf16.IsSurrogate(first) {
		return 2
	}
	second, _ := unicodeEscape(text[unicodeLength:])
	if utf16.DecodeRune(first, second) == utf8.RuneError {
		return 0
	}
	return 2 * unicodeLength
}

const unicodeLength = len(`\u0000`)

// unicodeEscape reads the escape \u0000 that text begins with.
func unicodeEscape(text []byte) (rune, bool) {
	if len(text) < unicodeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:unicodeLength]), 16, 16)
	return rune(n), err == nil
}

// clean makes numbers canonical, in place, and refuses what may not be kept.
// path names v in refusals.
func clean(v any, path string) (any, error) {
	switch v := v.(type) {
	case string:
		return v, checkText(v, path)
	case json.Number:
		n, err := Number(string(v))
		if err != nil {
			return nil, refuse(path, "%s is %v.", name(path), err)
		}
		return n, nil
	case []any:
		for i := range v {
			e, err := clean(v[i], path+"["+strconv.Itoa(i)+"]")
			if err != nil {
				return nil, err
			}
			v[i] = e
		}
	case map[string]any:
		return v, cleanMembers(v, path)
	}
	return v, nil
}

func cleanMembers(object map[string]any, path string) error {
	for key, member := range object {
		if key == "" {
			return refuse(path, "%s has a member without a name.", name(path))
		}
		if err := checkText(key, path); err != nil {
			return err
		}
		memberPath := key
		if path != "" {
			memberPath = path + "." + key
		}
		e, err := clean(member, memberPath)
		if err != nil {
			return err
		}
		object[key] = e
	}
	return nil
}

func checkText(s, path string) error {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			return refuse(path, "%s contains the control character U+%04X.", name(path), r)
		}
	}
	return nil
}

func name(path string) string {
	if path == "" {
		return "The body"
	}
	const longest = 100 // a hostile name must not fill the answer
	if len(path) > longest {
		return strings.ToValidUTF8(path[:longest], "") + "..."
	}
	return path
}

// TypeName says in a sentence what v is: "a text", "a number".
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
