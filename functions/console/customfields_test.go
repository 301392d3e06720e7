package console

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// What was filled in becomes a value of the field's type, or is rejected at its input.
func TestCustomFields(t *testing.T) {
	was := map[string]any{
		"s": "old", "i": json.Number("1"), "f": json.Number("1.50"), "b": true, "d": "2026-01-01T00:00:00Z", "e": "M", "v": "1.2",
		"t": []any{"a", "b"}, "o": map[string]any{"x": json.Number("1")}, "l": []any{map[string]any{}}, "ip": "192.0.2.1", "j": []any{json.Number("1")},
		"old": json.Number("2"), "odd": "Z",
	}
	c := &call{language: english()}
	c.Call = newHTTPCall(access.Preferences{Fields: access.Open, DeclaredFields: map[string]access.FieldType{
		"s": {Type: "string"}, "i": {Type: "int"}, "f": {Type: "float"}, "b": {Type: "bool"}, "d": {Type: "date"}, "ip": {Type: "ip"},
		"e": {Type: "enum", Options: []string{"S", "M"}}, "odd": {Type: "enum", Options: []string{"S"}}, "v": {Type: "version"}, "t": {Type: "tags"},
		"o": {Type: "object"}, "l": {Type: "arr_object"}, "new": {Type: "int"},
	}})
	who := customer.Customer{Custom: was}
	fields, whole := c.customFields(who)
	if len(fields) != len(was)+1 || !whole {
		t.Fatalf("%d fields, whole %t", len(fields), whole)
	}
	apply := func(form url.Values) (map[string]any, error) {
		c.form = form
		edited := who.Clone()
		for _, f := range fields {
			if err := f.set(c, &edited); err != nil {
				return nil, err
			}
		}
		return edited.Custom, nil
	}
	same := url.Values{}
	for _, f := range fields {
		same.Set("custom."+f.name, f.text(was[f.name]))
	}
	for name, form := range map[string]url.Values{"as it was shown": same, "without its fields": {}} {
		if got, err := apply(form); err != nil || !cmp.Equal(got, was) {
			t.Errorf("%s: %v %s", name, err, cmp.Diff(was, got))
		}
	}
	for _, tt := range []struct {
		name, text string
		want       any // nil: rejected
	}{
		{"s", "new\r\nline", "new\nline"}, {"i", "42", json.Number("42")}, {"i", "4.2", nil}, {"f", "2.5", json.Number("2.5")}, {"f", "2,5", nil},
		{"b", "false", false}, {"b", "maybe", nil}, {"d", "2026-05-31", "2026-05-31T00:00:00Z"}, {"d", "31.5.2026", nil}, {"e", "S", "S"}, {"e", "L", nil},
		{"odd", "S", "S"}, {"v", "1.3", "1.3"}, {"t", "b, c,,c", []any{"b", "c"}}, {"o", `{"y": 2}`, map[string]any{"y": json.Number("2")}}, {"o", "[]", nil},
		{"l", "[{}, {}]", []any{map[string]any{}, map[string]any{}}}, {"l", "[1]", nil}, {"l", "x", nil}, {"ip", "192.0.2.7", "192.0.2.7"}, {"ip", "::1", nil},
		{"j", `{"a": [1]}`, map[string]any{"a": []any{json.Number("1")}}}, {"j", "{", nil}, {"old", "3", json.Number("3")}, {"old", "three", nil},
		{"new", "7", json.Number("7")}, {"s", "a\x01", nil}, {"s", strings.Repeat("x", 10_001), nil},
	} {
		got, err := apply(url.Values{"custom." + tt.name: {tt.text}})
		clientErr, rejected := errs.AsClient(err)
		if tt.want == nil {
			if !rejected || clientErr.Path != "custom."+tt.name {
				t.Errorf("%s = %.30q is not rejected there: %v", tt.name, tt.text, err)
			}
			continue
		}
		if err != nil || !cmp.Equal(got[tt.name], tt.want) {
			t.Errorf("%s = %.30q becomes %v, %v, want %v", tt.name, tt.text, got[tt.name], err, tt.want)
		}
	}
	if got, err := apply(url.Values{"custom.i": {""}}); err != nil || got["i"] != nil {
		t.Errorf("an emptied field is %v, %v", got["i"], err)
	}
}

// A form takes so many fields, and leaves the others alone.
func TestManyCustomFields(t *testing.T) {
	c := &call{language: english()}
	c.Call = newHTTPCall(access.Preferences{Fields: access.Open})
	many := customer.Customer{Custom: map[string]any{"long": strings.Repeat("x", 10_001)}}
	for i := range 150 {
		many.Custom["f"+strconv.Itoa(i)] = "x"
	}
	if fields, whole := c.customFields(many); len(fields) != 100 || whole {
		t.Errorf("%d fields, whole %t", len(fields), whole)
	}
}

func newHTTPCall(p access.Preferences) *httpapi.Call {
	return &httpapi.Call{Grant: access.Grant{Settings: access.Settings{Preferences: p}}}
}
