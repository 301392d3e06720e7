package mojodex

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// A number of the reference has 32 bits.
const (
	maxNumber = math.MaxInt32
	minNumber = math.MinInt32
)

// ref reads the number of something: a whole number, or the text of one. Whatever
// else was said is a number that nothing has.
func ref(v any) catalog.Ref {
	r := catalog.Ref{Raw: v}
	if n, ok := wholeNumber(v); ok && n > 0 {
		r.Number = n
	}
	return r
}

// wholeNumber reads 2, 2.0 and "2".
func wholeNumber(v any) (int, bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = string(v)
	case string:
		text = strings.TrimSpace(v)
	default:
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return int(n), err == nil && n >= minNumber && n <= maxNumber
}

// flaws gathers what is wrong with the values of a request; the first is told.
type flaws struct{ first error }

func (f *flaws) add(reason, name string, args ...any) {
	if f.first == nil {
		f.first = errs.New(errs.Invalid, "wrong_value/"+reason, name, args...)
	}
}

func (f *flaws) wrongType(name, expected string, v any) {
	f.add("type", name, expected, value.TypeName(v))
}

// text reads a text; loosely, a number or boolean is one as well.
func (f *flaws) text(name string, v any, loosely bool, most int) string {
	text, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber && loosely && n != noNumber {
		text, ok = string(n), true
	}
	if b, isFlag := v.(bool); isFlag && loosely {
		text, ok = strconv.FormatBool(b), true
	}
	if !ok {
		f.wrongType(name, "a text", v)
		return ""
	}
	if err := catalog.CheckLength(name, text, most); err != nil && f.first == nil {
		f.first = err
	}
	return text
}

// flag reads a boolean, or 0 and 1 for one.
func (f *flaws) flag(name string, v any) bool {
	switch v {
	case true, json.Number("1"):
		return true
	case false, json.Number("0"):
		return false
	}
	f.wrongType(name, "a boolean", v)
	return false
}

// bound reads a whole number, or null for none.
func (f *flaws) bound(name string, v any) *int {
	if v == nil {
		return nil
	}
	n, ok := wholeNumber(v)
	if !ok {
		f.add("bound", name, v)
	}
	return &n
}

// optional reads a text or null.
func (f *flaws) optional(name string, v any) *string {
	if v == nil {
		return nil
	}
	text := f.text(name, v, false, catalog.MaxText)
	return &text
}

// displayed reads displayed_data of which each element names a language, and has
// the names given; names of those that are needed are rejected with what lacks
// says. What is wrong with the shape is told before what is wrong with values.
func (f *flaws) displayed(v any, names, needed []string, lacks func(name string, language any) error) (forms []catalog.TextForm, shape error) {
	elements, ok := v.([]any)
	for _, e := range elements {
		if _, isObject := e.(map[string]any); !isObject {
			ok = false
		}
	}
	if !ok {
		return nil, errs.New(errs.Invalid, "bad_displayed_data", "displayed_data")
	}
	for _, e := range elements {
		element := e.(map[string]any)
		language, ok := element["language_code"]
		if !ok {
			return nil, errs.New(errs.Invalid, "missing/in_displayed", "displayed_data", "language_code")
		}
		for _, name := range needed {
			if _, ok := element[name]; !ok {
				return nil, lacks(name, language)
			}
		}
		form := catalog.TextForm{Language: f.text("language_code", language, false, catalog.MaxLanguage)}
		for i, to := range []**string{&form.Name, &form.Description}[:len(names)] {
			if v, ok := element[names[i]]; ok {
				text := f.text(names[i], v, true, catalog.MaxText)
				*to = &text
			}
		}
		forms = append(forms, form)
	}
	return forms, nil
}
