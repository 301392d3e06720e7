package conversation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// # How an answer matches a pattern
//
// A pattern is JSON. Values must be equal, numbers as they are written. An
// object has the members that are named, each matching, and no others; arrays
// likewise, in order. Where "..." stands last in an object or array there may be
// more. "*" alone matches every value but must be there; within a text a * is
// any run of characters. "$name" captures a text or number where the variable is
// not known yet, and is the variable's value where it is.

// variablesOf holds the variables' values by name.
type variablesOf map[string]string

var variable = regexp.MustCompile(`\$[a-z][a-z0-9_]*`)

// in puts the values of known variables into text. Others stay as they are.
func (k variablesOf) in(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if value, ok := k[name[1:]]; ok {
			return value
		}
		return name
	})
}

func (k variablesOf) matchJSON(pattern, text string) error {
	want, err := read(openEnds(pattern))
	if err != nil {
		return fmt.Errorf("the pattern is not JSON: %w", err)
	}
	got, err := read(text)
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return k.match("body", want, got)
}

// read reads one JSON document, numbers as they are written.
func read(text string) (v any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its end")
	}
	return v, nil
}

const more = "..."

// openEnds makes JSON of a pattern in which ... stands without quotes.
func openEnds(pattern string) string {
	var out strings.Builder
	var open []byte
	quoted := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case quoted && c == '\\':
			out.WriteByte(c)
			i++
			c = pattern[min(i, len(pattern)-1)]
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			open = append(open, c)
		case (c == '}' || c == ']') && len(open) > 0:
			open = open[:len(open)-1]
		case strings.HasPrefix(pattern[i:], more) && len(open) > 0:
			out.WriteString(map[byte]string{'{': `"...": true`, '[': `"..."`}[open[len(open)-1]])
			i += len(more) - 1
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

func (k variablesOf) match(at string, want, got any) error {
	if want == "*" {
		return nil
	}
	switch want := want.(type) {
	case string:
		return k.matchScalar(at, want, got)
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return k.matchObject(at, want, got)
		}
	case []any:
		if got, ok := got.([]any); ok {
			return k.matchArray(at, want, got)
		}
	default:
		if want == got {
			return nil
		}
	}
	return fmt.Errorf("%s = %s, want %s", at, show(got), show(want))
}

func (k variablesOf) matchScalar(at, want string, got any) error {
	number, isNumber := got.(json.Number)
	text, isText := got.(string)
	isVariable := variable.FindString(want) == want && want != ""
	if isNumber && isVariable {
		text = string(number)
	}
	if _, known := k[strings.TrimPrefix(want, "$")]; isVariable && !known && (isText || isNumber) {
		k[want[1:]] = text
		return nil
	}
	if (isText || isNumber && isVariable) && k.matchText(want, text) {
		return nil
	}
	return fmt.Errorf("%s = %s, want %q", at, show(got), k.in(want))
}

// matchText compares texts; a * of want is any run of characters.
func (k variablesOf) matchText(want, got string) bool {
	parts := strings.Split(k.in(want), "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(got)
}

func (k variablesOf) matchObject(at string, want, got map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		v, ok := got[name]
		if name == more {
			continue
		}
		if !ok {
			return fmt.Errorf("%s.%s is missing, want %s", at, name, show(want[name]))
		}
		if err := k.match(at+"."+name, want[name], v); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, named := want[name]; !named && want[more] == nil {
			return fmt.Errorf("%s.%s = %s, want none", at, name, show(got[name]))
		}
	}
	return nil
}

func (k variablesOf) matchArray(at string, want, got []any) error {
	open := len(want) > 0 && want[len(want)-1] == more
	if open {
		want = want[:len(want)-1]
	}
	if len(got) < len(want) || len(got) > len(want) && !open {
		return fmt.Errorf("%s has %d elements, want %d: %s", at, len(got), len(want), show(got))
	}
	for i := range want {
		if err := k.match(fmt.Sprintf("%s[%d]", at, i), want[i], got[i]); err != nil {
			return err
		}
	}
	return nil
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
