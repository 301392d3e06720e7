package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

const (
	// maxCustom is how many custom fields the form of fields has, and maxCustomText how
	// many bytes they have together. Those beyond stay as they are.
	maxCustom     = 100
	maxCustomText = 50_000
	// maxCustomName is the longest name of a custom field, in bytes.
	maxCustomName = 255

	customPrefix = "custom."
	newNameField = "new_name"
	newTextField = "new_value"
)

// A customField is one that the form of fields has.
type customField struct {
	name string
	access.FieldType
}

// kindJSON is the type of values that are neither declared nor plain.
const kindJSON = "json"

// customFields are those that a customer has or may have, as far as a form takes them;
// whole is false where some are left out.
func (c *call) customFields(who customer.Customer) (fields []customField, whole bool) {
	names := map[string]bool{}
	for name := range who.Custom {
		names[name] = true
	}
	for name := range c.Settings.DeclaredFields {
		names[name] = true
	}
	size, whole := 0, true
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := customField{name, c.Settings.DeclaredFields[name]}
		if f.Type == "" {
			f.Type = typeOf(who.Custom[name])
		}
		text := f.text(who.Custom[name])
		if size += len(name) + len(text); len(fields) == maxCustom || size > maxCustomText || utf8.RuneCountInString(text) > maxArea {
			whole = false
			continue
		}
		fields = append(fields, f)
	}
	return fields, whole
}

// typeOf is the type of a value that is not declared.
func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case json.Number:
		return "float"
	case bool:
		return "bool"
	}
	return kindJSON
}

// text is a value as it stands in the form.
func (f customField) text(v any) string {
	list, isList := v.([]any)
	if f.Type != "tags" || !isList {
		return plain(v)
	}
	words := make([]string, len(list))
	for i, e := range list {
		word, isText := e.(string)
		if !isText || strings.Contains(word, ",") {
			return plain(v)
		}
		words[i] = word
	}
	return strings.Join(words, ", ")
}

// input is the field in the form, for a value that it has.
func (c *call) customInput(f customField, v any) input {
	in := input{Name: customPrefix + f.name, Label: f.name, Kind: "text"}
	switch f.Type {
	case "bool":
		in.Kind, in.Options = "select", []option{{"", c.say("custom.none")}, {"true", c.say("custom.true")}, {"false", c.say("custom.false")}}
	case "enum":
		in.Kind, in.Options = "select", []option{{"", c.say("custom.none")}}
		for _, o := range f.Options {
			in.Options = append(in.Options, option{o, o})
		}
		if text := f.text(v); text != "" && !slices.Contains(f.Options, text) {
			in.Options = append(in.Options, option{text, text})
		}
	case "date":
		in.Help = c.say("custom.date")
	case "tags":
		in.Help = c.say("field.tags.help")
	case "object", "arr_object", kindJSON:
		in.Kind, in.Help = "area", c.say("custom.json")
	default:
		if text := f.text(v); strings.ContainsAny(text, "\r\n") || utf8.RuneCountInString(text) > maxText {
			in.Kind = "area"
		}
	}
	return in
}

// set reads what was filled in and changes the customer. What is as it was stays, also
// where it would be rejected today.
func (f customField) set(in *call, c *customer.Customer) error {
	path := customPrefix + f.name
	if !in.form.Has(path) {
		return nil
	}
	unify := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace
	text := unify(in.field(path))
	if text == strings.TrimSpace(unify(f.text(c.Custom[f.name]))) {
		return nil
	}
	if text == "" {
		c.SetCustom(f.name, nil)
		return nil
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
		return errs.New(errs.Invalid, "bad_text", path)
	}
	if utf8.RuneCountInString(text) > maxArea {
		return errs.New(errs.Invalid, "too_long", path, maxArea)
	}
	v, err := f.read(path, text)
	if err == nil {
		c.SetCustom(f.name, v)
	}
	return err
}

// read reads a text as a value of the field's type.
func (f customField) read(path, text string) (any, error) {
	switch f.Type {
	case "int":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errs.New(errs.Invalid, "bad_value/int", path)
		}
		return json.Number(strconv.FormatInt(n, 10)), nil
	case "float":
		n, isNumber := asJSON(text).(json.Number)
		if !isNumber {
			return nil, errs.New(errs.Invalid, "bad_value/float", path)
		}
		return n, nil
	case "bool":
		if text != "true" && text != "false" {
			return nil, errs.New(errs.Invalid, "bad_choice", path)
		}
		return text == "true", nil
	case "enum":
		if !slices.Contains(f.Options, text) {
			return nil, errs.New(errs.Invalid, "bad_choice", path)
		}
		return text, nil
	case "date":
		t, _, err := value.ParseTime(path, text)
		if err != nil {
			return nil, errs.New(errs.Invalid, "bad_value/date", path)
		}
		return t.UTC().Format("2006-01-02T15:04:05.999Z"), nil
	case "ip":
		if address, err := netip.ParseAddr(text); err != nil || !address.Is4() {
			return nil, errs.New(errs.Invalid, "bad_value/ip", path)
		}
		return text, nil
	case "tags":
		return value.List(wordsIn(text)), nil
	case "object":
		object, isObject := asJSON(text).(map[string]any)
		if !isObject {
			return nil, errs.New(errs.Invalid, "bad_value/object", path)
		}
		return object, nil
	case "arr_object":
		list, isList := asJSON(text).([]any)
		for _, e := range list {
			_, isObject := e.(map[string]any)
			isList = isList && isObject
		}
		if !isList {
			return nil, errs.New(errs.Invalid, "bad_value/objects", path)
		}
		return list, nil
	case kindJSON:
		v := asJSON(text)
		if v == nil {
			return nil, errs.New(errs.Invalid, "bad_value/json", path)
		}
		return v, nil
	}
	return text, nil
}

// asJSON is the value of a JSON text; nil where it is none, or null.
func asJSON(text string) any {
	v, err := value.Parse(bytes.TrimSpace([]byte(text)))
	if err != nil {
		return nil
	}
	return v
}

// wordsIn are the words between commas, each once.
func wordsIn(text string) (words []string) {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// newFieldInputs are those of a custom field that the customer does not have yet.
func (c *call) newFieldInputs() []input {
	if c.Settings.Fields != access.Open {
		return nil
	}
	return []input{
		{Name: newNameField, Label: c.say("custom.new"), Kind: "text", Help: c.say("custom.new.help")},
		{Name: newTextField, Label: c.say("custom.new_value"), Kind: "text"},
	}
}

// setNewField gives the customer a custom field that it does not have yet, with a text.
func (c *call) setNewField(edited *customer.Customer) error {
	name, err := c.text(newNameField)
	if err != nil {
		return err
	}
	text, err := c.text(newTextField)
	if err != nil {
		return err
	}
	_, declared := c.Settings.DeclaredFields[name]
	_, there := edited.Custom[name]
	switch {
	case name == "" && text == "":
		return nil
	case name == "":
		return errs.New(errs.Invalid, "missing", newNameField)
	case text == "":
		return errs.New(errs.Invalid, "missing", newTextField)
	case len(name) > maxCustomName:
		return errs.New(errs.Invalid, "too_long", newNameField, maxCustomName)
	case there || declared:
		return errs.New(errs.Invalid, "field_exists", newNameField)
	case c.Settings.Fields != access.Open:
		return errs.New(errs.Invalid, "field_undeclared", newNameField)
	}
	edited.SetCustom(name, text)
	return nil
}
