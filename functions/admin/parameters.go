package admin

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// A parameter is what an action takes.
type parameter struct {
	name     string
	kind     kind
	required bool
	meaning  string
}

func required(name string, k kind, meaning string) parameter {
	return parameter{name, k, true, meaning}
}
func optional(name string, k kind, meaning string) parameter {
	return parameter{name, k, false, meaning}
}

// A kind is how a parameter is written. Each may be written as a text, since on
// the command line there is nothing else.
type kind struct {
	what string // in a sentence
	// read returns the value, or an error that says what is wrong.
	read func(v any) (any, error)
}

var (
	text    = kind{"a text", readText}
	number  = kind{"a whole number", readNumber}
	numbers = kind{"whole numbers with commas between", readNumbers}
	list    = kind{"words with commas between", readList}
	object  = kind{"a JSON object", readObject}
	flag    = kind{"true or false", readFlag}
	instant = kind{"a date (2030-01-01) or an RFC 3339 time", readInstant}
)

var errOther = errors.New("it is not")

// arguments are the values of parameters by name: int, []int, string, []string,
// map[string]any, bool or [time.Time].
type arguments map[string]any

// arg is an argument, or the zero value where it was not given.
func arg[T any](a arguments, name string) T {
	v, _ := a[name].(T)
	return v
}

// read makes arguments of the members of a call. It rejects what the action does
// not take, what is missing, and what is not of its kind.
func (a action) read(members map[string]any) (arguments, error) {
	names := make([]string, len(a.parameters))
	for i, p := range a.parameters {
		names[i] = p.name
	}
	for name := range members {
		if !slices.Contains(names, name) {
			return nil, reject("unknown_parameter", name, a.name, name, nearest(name, names))
		}
	}
	read := make(arguments, len(members))
	for _, p := range a.parameters {
		v, given := members[p.name]
		if !given {
			if p.required {
				return nil, reject("missing_parameter", p.name, a.name, p.name, p.kind.what, p.meaning)
			}
			continue
		}
		var err error
		if read[p.name], err = p.kind.read(v); err != nil {
			return nil, reject("bad_parameter", p.name, p.meaning, p.kind.what, err)
		}
	}
	return read, nil
}

func readText(v any) (any, error) {
	if s, ok := v.(string); ok && s != "" {
		return s, nil
	}
	return nil, errOther
}

func readNumber(v any) (any, error) {
	digits, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		digits, ok = string(n), true
	}
	n, err := strconv.Atoi(digits)
	if err != nil || !ok {
		return nil, errOther
	}
	return n, nil
}

func readNumbers(v any) (any, error) {
	all := []int{}
	for _, e := range elements(v) {
		n, err := readNumber(e)
		if err != nil {
			return nil, err
		}
		all = append(all, n.(int))
	}
	if len(all) == 0 {
		return nil, errOther
	}
	return all, nil
}

func readList(v any) (any, error) {
	all := []string{}
	for _, e := range elements(v) {
		word, ok := e.(string)
		if !ok {
			return nil, errOther
		}
		all = append(all, word)
	}
	if len(all) == 0 {
		return nil, errOther
	}
	return all, nil
}

// elements are those of an array, or of a text with commas; none of all else.
func elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case string:
		var words []any
		for word := range strings.SplitSeq(v, ",") {
			words = append(words, strings.TrimSpace(word))
		}
		return words
	}
	return nil
}

func readObject(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case string:
		members, err := value.ParseObject([]byte(v))
		if clientErr, rejected := errs.AsClient(err); rejected {
			return nil, errors.New(strings.TrimSuffix(texts.Of(clientErr), "."))
		}
		return members, err
	}
	return nil, errOther
}

func readFlag(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if b, err := strconv.ParseBool(v); err == nil {
			return b, nil
		}
	}
	return nil, errOther
}

func readInstant(v any) (any, error) {
	s, _ := v.(string)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return nil, errOther
}
