package altcraft

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, document string) map[string]any {
	t.Helper()
	object, err := value.ParseObject([]byte(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return object
}

// aCall is a call with this body, of a tenant with default settings, match
// fields, and a country.
func aCall(t *testing.T, body string) *call {
	t.Helper()
	settings := access.Settings{Tenant: 5, Preferences: access.Defaults(), MatchFields: customer.MatchFields{
		{Name: "CRM_ID", Of: customer.OfCustomer, Number: 1, State: customer.FieldReady},
		{Name: "interests", Of: customer.OfCustomer, Tags: true, Number: 2, State: customer.FieldReady},
		{Name: "CRM_ID", Of: customer.OfSubscription, Number: 3, State: customer.FieldReady},
		{Name: "coming", Of: customer.OfCustomer, Number: 4, State: customer.FieldBuilding},
		{Name: "going", Of: customer.OfCustomer, Number: 5, State: customer.FieldRemoving},
	}}
	settings.Country = "84"
	return &call{Call: &httpapi.Call{Grant: access.Grant{Settings: settings}}, body: parse(t, body)}
}

// checkClientErr fails unless err is a client error of that code and field; empty codes
// stand for no error.
func checkClientErr(t *testing.T, err error, code, field string) {
	t.Helper()
	clientErr, rejected := errs.AsClient(err)
	switch {
	case code == "" && err != nil:
		t.Fatalf("error = %v, want none", err)
	case code == "":
	case !rejected || clientErr.Code != code || clientErr.Path != field:
		t.Fatalf("error = %#v, want %s of %q", err, code, field)
	case texts.Of(clientErr) == "":
		t.Errorf("refusal %s has no text", code)
	}
}

func TestOptionalText(t *testing.T) {
	tests := []struct {
		name, body, want, code string
	}{
		{name: "absent", body: `{}`},
		{name: "null", body: `{"x":null}`},
		{name: "empty", body: `{"x":""}`},
		{name: "text", body: `{"x":"a"}`, want: "a"},
		{name: "number", body: `{"x":1}`, code: "wrong_type"},
		{name: "boolean", body: `{"x":false}`, code: "wrong_type"},
		{name: "array", body: `{"x":["a"]}`, code: "wrong_type"},
		{name: "object", body: `{"x":{}}`, code: "wrong_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := optionalText(parse(t, tt.body), "x")
			checkClientErr(t, err, tt.code, "x")
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOptionalTexts(t *testing.T) {
	tests := []struct {
		name, body  string
		want        []string
		code, field string
	}{
		{name: "absent", body: `{}`},
		{name: "null", body: `{"x":null}`},
		{name: "one text", body: `{"x":"a"}`, want: []string{"a"}},
		{name: "none", body: `{"x":[]}`, want: []string{}},
		{name: "several", body: `{"x":["a","a"]}`, want: []string{"a", "a"}},
		{name: "number", body: `{"x":1}`, code: "wrong_type", field: "data.x"},
		{name: "object", body: `{"x":{"action":"add"}}`, code: "wrong_type", field: "data.x"},
		{name: "a number among them", body: `{"x":["a",1]}`, code: "wrong_type", field: "data.x[1]"},
		{name: "null among them", body: `{"x":[null]}`, code: "wrong_type", field: "data.x[0]"},
		{name: "more than the most", body: `{"x":["1","2","3","4","5","6"]}`, code: "too_many", field: "data.x"},
		{name: "array among them", body: `{"x":[["a"]]}`, code: "wrong_type", field: "data.x[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := optionalTexts(parse(t, tt.body), "data.", "x", 5)
			checkClientErr(t, err, tt.code, tt.field)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOptionalWhole(t *testing.T) {
	tests := []struct {
		name, body string
		want       int64
		code       string
	}{
		{name: "absent", body: `{}`},
		{name: "null", body: `{"x":null}`},
		{name: "number", body: `{"x":7}`, want: 7},
		{name: "digits", body: `{"x":"7"}`, want: 7},
		{name: "a fraction of nothing", body: `{"x":7.0}`, want: 7},
		{name: "exponent", body: `{"x":7e1}`, want: 70},
		{name: "the least", body: `{"x":1}`, want: 1},
		{name: "the highest", body: `{"x":9223372036854775807}`, want: 1<<63 - 1},
		{name: "below the least", body: `{"x":0}`, code: "out_of_range"},
		{name: "negative", body: `{"x":"-7"}`, code: "out_of_range"},
		{name: "beyond 64 bits", body: `{"x":9223372036854775808}`, code: "wrong_type"},
		{name: "fraction", body: `{"x":1.5}`, code: "wrong_type"},
		{name: "word", body: `{"x":"seven"}`, code: "wrong_type"},
		{name: "empty", body: `{"x":""}`, code: "wrong_type"},
		{name: "blank", body: `{"x":" 7"}`, code: "wrong_type"},
		{name: "boolean", body: `{"x":true}`, code: "wrong_type"},
		{name: "array", body: `{"x":[7]}`, code: "wrong_type"},
		{name: "object", body: `{"x":{}}`, code: "wrong_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := optionalWhole(parse(t, tt.body), "x", 1)
			checkClientErr(t, err, tt.code, "x")
			if got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestOptionalBool(t *testing.T) {
	tests := []struct {
		name, body string
		want       bool
		code       string
	}{
		{name: "absent", body: `{}`},
		{name: "null", body: `{"x":null}`},
		{name: "true", body: `{"x":true}`, want: true},
		{name: "false", body: `{"x":false}`},
		{name: "words", body: `{"x":"True"}`, want: true},
		{name: "word false", body: `{"x":"FALSE"}`},
		{name: "digit", body: `{"x":1}`, want: true},
		{name: "digit as text", body: `{"x":"1"}`, want: true},
		{name: "zero", body: `{"x":0}`},
		{name: "another number", body: `{"x":2}`, code: "wrong_type"},
		{name: "another word", body: `{"x":"yes"}`, code: "wrong_type"},
		{name: "empty", body: `{"x":""}`, code: "wrong_type"},
		{name: "array", body: `{"x":[]}`, code: "wrong_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := optionalBool(parse(t, tt.body), "x")
			checkClientErr(t, err, tt.code, "x")
			if got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
