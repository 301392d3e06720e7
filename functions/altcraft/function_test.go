package altcraft

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// lovelace has something in every kind of field.
func lovelace() customer.Customer {
	return customer.Customer{
		ID: 1, Changed: noon, Emails: []string{"ada@x.com"}, Phones: []string{"+79991234567"}, FirstName: "Ada", LastName: "Lovelace", Title: "Countess",
		BirthDate: "1815-12-10", Sex: customer.Female, Country: "GB", Region: "L", City: "London", Street: "Square 12", Disabled: true, Tags: []string{"a", "b"},
		Custom: map[string]any{
			"visits": json.Number("7"), "nickname": "Queen", "likes": []any{"tea"}, "card": map[string]any{"level": "gold", "n": json.Number("1")},
			"pets": []any{map[string]any{"name": "Puff"}, map[string]any{"age": json.Number("3")}}, "_regip": "8.8.8.8",
		},
	}
}

func TestFunctionsOnFields(t *testing.T) {
	type c = customer.Customer
	tests := []struct {
		name        string
		data        string
		want        func(c *customer.Customer)
		code, field string
	}{
		{name: "set: core field", data: `{"_fname":{"action":"set","value":"Eve"}}`, want: func(c *c) { c.FirstName = "Eve" }},
		{name: "set: e-mail", data: `{"email":{"action":"set","value":"eve@x.com"}}`, want: func(c *c) { c.Emails = []string{"eve@x.com"} }},
		{name: "set: form", data: `{"_postal_code":{"action":"set","value":390000}}`, want: func(c *c) { c.Custom["_postal_code"] = "390000" }},
		{name: "set: custom field", data: `{"card":{"action":"set","value":{"action":"incr","value":1}}}`,
			want: func(c *c) { c.Custom["card"] = map[string]any{"action": "incr", "value": json.Number("1")} }},
		{name: "set: null leaves alone", data: `{"_fname":{"action":"set","value":null},"visits":{"action":"set","value":null}}`},
		{name: "set: of a wrong type", data: `{"_fname":{"action":"set","value":7}}`, code: "wrong_type", field: "data._fname"},
		{name: "set: no value", data: `{"visits":{"action":"set"}}`, code: "missing", field: "data.visits.value"},
		{name: "set: a submatch", data: `{"card":{"action":"set","value":1,"submatch":"level"}}`, code: "bad_submatch", field: "data.card.submatch"},
		{name: "set: subscriptions", data: `{"subscriptions":{"action":"set","value":[{"channel":"sms","resource_id":1,"phone":"+1111111"}]}}`,
			want: func(c *c) {
				c.Subscriptions = []customer.Subscription{{Resource: 1, Channel: "sms", Contact: "+1111111", Status: "subscribed", Created: noon}}
			}},

		{name: "unset: core fields", data: `{"phones":{"action":"unset"},"_fname":{"action":"unset"},"_lname":{"action":"unset"},"Title":{"action":"unset"},
			"_bdate":{"action":"unset"},"_sex":{"action":"unset"},"_country":{"action":"unset"},"_region":{"action":"unset"},"_city":{"action":"unset"},
			"address":{"action":"unset"},"loyalty_status":{"action":"unset"},"tags":{"action":"unset"}}`,
			want: func(was *c) {
				*was = c{ID: was.ID, Emails: was.Emails, Custom: was.Custom}
			}},
		{name: "unset: custom fields, whatever the value", data: `{"visits":{"action":"unset","value":null},"card":{"action":"unset","value":[1]},"_regip":{"action":"unset"},"none":{"action":"unset"}}`,
			want: func(c *c) { delete(c.Custom, "visits"); delete(c.Custom, "card"); delete(c.Custom, "_regip") }},
		{name: "unset: e-mail", data: `{"email":{"action":"unset"}}`, code: "function_unfit", field: "data.email"},
		{name: "unset: subscriptions", data: `{"subscriptions":{"action":"unset"}}`, code: "function_unfit", field: "data.subscriptions"},
		{name: "unset: a submatch", data: `{"card":{"action":"unset","submatch":"level"}}`, code: "bad_submatch", field: "data.card.submatch"},

		{name: "incr: custom fields", data: `{"visits":{"action":"incr","value":-10},"none":{"action":"incr","value":1.5}}`,
			want: func(c *c) { c.Custom["visits"], c.Custom["none"] = json.Number("-3"), json.Number("1.5") }},
		{name: "incr: a text", data: `{"nickname":{"action":"incr","value":1}}`, code: "function_unfit", field: "data.nickname"},
		{name: "incr: core field", data: `{"_sex":{"action":"incr","value":1}}`, code: "function_unfit", field: "data._sex"},
		{name: "incr: a form", data: `{"_status":{"action":"incr","value":1}}`, code: "function_unfit", field: "data._status"},
		{name: "incr: by a word", data: `{"visits":{"action":"incr","value":"one"}}`, code: "wrong_type", field: "data.visits.value"},

		{name: "add: tags", data: `{"tags":{"action":"add","value":["c","a","c"]}}`, want: func(c *c) { c.Tags = []string{"a", "b", "c"} }},
		{name: "add: one tag", data: `{"tags":{"action":"add","value":"c"}}`, want: func(c *c) { c.Tags = []string{"a", "b", "c"} }},
		{name: "add: custom fields", data: `{"likes":{"action":"add","value":["art"]},"none":{"action":"add","value":["art"]},"pets":{"action":"add","value":[{"name":"Rex"}]}}`,
			want: func(c *c) {
				c.Custom["likes"], c.Custom["none"] = []any{"tea", "art"}, []any{"art"}
				c.Custom["pets"] = append(c.Custom["pets"].([]any), map[string]any{"name": "Rex"})
			}},
		{name: "add: objects to tags", data: `{"tags":{"action":"add","value":[{}]}}`, code: "wrong_type", field: "data.tags.value[0]"},
		{name: "add: to tags by a path", data: `{"tags":{"action":"add","value":["c"],"submatch":"x"}}`, code: "bad_submatch", field: "data.tags.submatch"},
		{name: "add: phones", data: `{"phones":{"action":"add","value":["+1111111"]}}`, code: "function_unfit", field: "data.phones"},
		{name: "add: subscriptions", data: `{"subscriptions":{"action":"add","value":[{}]}}`, code: "function_unfit", field: "data.subscriptions"},
		{name: "add: to a number", data: `{"visits":{"action":"add","value":["a"]}}`, code: "function_unfit", field: "data.visits"},
		{name: "add: numbers", data: `{"likes":{"action":"add","value":[1]}}`, code: "wrong_type", field: "data.likes.value"},
		{name: "delete: tags", data: `{"tags":{"action":"delete","value":["b","x"]}}`, want: func(c *c) { c.Tags = []string{"a"} }},
		{name: "delete: custom fields", data: `{"likes":{"action":"delete","value":["tea"]},"none":{"action":"delete","value":["tea"]},"pets":{"action":"delete","value":{"name":"Puff"}}}`,
			want: func(c *c) {
				c.Custom["likes"], c.Custom["pets"] = []any{}, c.Custom["pets"].([]any)[1:]
			}},
		{name: "delete: a text field", data: `{"_city":{"action":"delete","value":["London"]}}`, code: "function_unfit", field: "data._city"},

		{name: "upsert: object", data: `{"card":{"action":"upsert","value":"silver","submatch":"level"},"none":{"action":"upsert","value":1,"submatch":"a.b"}}`,
			want: func(c *c) {
				c.Custom["card"] = map[string]any{"level": "silver", "n": json.Number("1")}
				c.Custom["none"] = map[string]any{"a": map[string]any{"b": json.Number("1")}}
			}},
		{name: "upsert: array of objects", data: `{"pets":{"action":"upsert","value":4,"submatch":"age"}}`,
			want: func(c *c) {
				c.Custom["pets"] = []any{map[string]any{"name": "Puff"}, map[string]any{"age": json.Number("4")}}
			}},
		{name: "upsert: no submatch", data: `{"card":{"action":"upsert","value":1}}`, code: "bad_submatch", field: "data.card.submatch"},
		{name: "upsert: submatch is no text", data: `{"card":{"action":"upsert","value":1,"submatch":["level"]}}`, code: "wrong_type", field: "data.card.submatch"},
		{name: "upsert: a text", data: `{"nickname":{"action":"upsert","value":1,"submatch":"x"}}`, code: "function_unfit", field: "data.nickname"},
		{name: "upsert: core field", data: `{"_fname":{"action":"upsert","value":1,"submatch":"x"}}`, code: "function_unfit", field: "data._fname"},
		{name: "upsert: tags", data: `{"tags":{"action":"upsert","value":1,"submatch":"x"}}`, code: "function_unfit", field: "data.tags"},

		{name: "unknown", data: `{"visits":{"action":"decr","value":1}}`, code: "function_unknown", field: "data.visits"},
		{name: "in capitals", data: `{"visits":{"action":"INCR","value":1}}`, code: "function_unknown", field: "data.visits"},
		{name: "no text", data: `{"visits":{"action":1}}`, code: "function_unknown", field: "data.visits"},
		{name: "empty", data: `{"visits":{"action":""}}`, code: "function_unknown", field: "data.visits"},
		{name: "unknown on a read-only field", data: `{"_md5":{"action":"x"}}`, code: "function_unknown", field: "data._md5"},
		{name: "on a read-only field", data: `{"_md5":{"action":"unset"},"id":{"action":"incr","value":1}}`},
		{name: "one of two is refused", data: `{"_fname":{"action":"unset"},"nickname":{"action":"incr","value":1}}`, code: "function_unfit", field: "data.nickname"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := lovelace()
			got := before.Clone()
			setters, err := aCall(t, `{"data":`+tt.data+`}`).readData()
			if err == nil {
				err = edit(setters, match{})(&got, noon)
			}
			if diff := cmp.Diff(lovelace(), before); diff != "" {
				t.Errorf("the customer before was altered (-want +got):\n%s", diff)
			}
			checkClientErr(t, err, tt.code, tt.field)
			if tt.code != "" {
				return
			}
			want := lovelace()
			if tt.want != nil {
				tt.want(&want)
			}
			if !want.Same(got) {
				t.Errorf("customer (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// Every core field but the e-mail can be unset, and so can those that the
// contract gives a form.
func TestEveryFieldCanBeUnset(t *testing.T) {
	before := lovelace()
	for name := range coreFields {
		if clears[name] == nil {
			before.SetCustom(name, "x")
		}
	}
	for name := range coreFields {
		setters, err := aCall(t, `{"data":{"`+name+`":{"action":"unset"}}}`).readData()
		if name == "email" {
			checkClientErr(t, err, "function_unfit", "data.email")
			continue
		}
		got := before.Clone()
		if err != nil || edit(setters, match{})(&got, noon) != nil || got.Same(before) {
			t.Errorf("unset of %s: error %v, changed %t, want it gone", name, err, !got.Same(before))
		}
	}
}

func TestFunctionsOnDeclaredFields(t *testing.T) {
	tests := []struct {
		name         string
		of           string
		before, f    string
		want         string
		code         string
		evenIfOpenly bool // rejected whatever is declared
	}{
		{name: "unset", of: "enum", before: `"4"`, f: `{"action":"unset"}`, want: `null`},
		{name: "set", of: "int", before: `1`, f: `{"action":"set","value":2}`, want: `2`},
		{name: "set of a wrong type", of: "int", f: `{"action":"set","value":"2"}`, code: "wrong_type"},
		{name: "incr an int", of: "int", before: `1`, f: `{"action":"incr","value":2}`, want: `3`},
		{name: "incr an int by a fraction", of: "int", before: `1`, f: `{"action":"incr","value":0.5}`, code: "wrong_type"},
		{name: "incr an int beyond 64 bits", of: "int", before: `9223372036854775807`, f: `{"action":"incr","value":1}`, code: "bad_result"},
		{name: "incr an int that is a fraction", of: "int", before: `0.5`, f: `{"action":"incr","value":1}`, code: "bad_result"},
		{name: "incr an int that is a text", of: "int", before: `"x"`, f: `{"action":"incr","value":1}`, code: "function_unfit", evenIfOpenly: true},
		{name: "incr a float", of: "float", before: `0.1`, f: `{"action":"incr","value":2}`, want: `2.1`},
		{name: "incr a float by a fraction", of: "float", f: `{"action":"incr","value":0.5}`, want: `0.5`},
		{name: "incr a string", of: "string", f: `{"action":"incr","value":1}`, code: "function_unfit"},
		{name: "incr an enum", of: "enum", before: `4`, f: `{"action":"incr","value":1}`, code: "function_unfit"},
		{name: "add to tags", of: "tags", before: `["a"]`, f: `{"action":"add","value":["b"]}`, want: `["a","b"]`},
		{name: "add to tags that are numbers", of: "tags", before: `[1]`, f: `{"action":"add","value":["b"]}`, code: "function_unfit", evenIfOpenly: true},
		{name: "add objects to tags", of: "tags", f: `{"action":"add","value":[{}]}`, code: "wrong_type"},
		{name: "add to tags by a path", of: "tags", f: `{"action":"add","value":["a"],"submatch":"x"}`, code: "function_unfit"},
		{name: "add to an array of objects", of: "arr_object", before: `[{}]`, f: `{"action":"add","value":[{"a":1}]}`, want: `[{},{"a":1}]`},
		{name: "add texts to an array of objects", of: "arr_object", f: `{"action":"add","value":["a"]}`, code: "wrong_type"},
		{name: "add to a property of each", of: "arr_object", before: `[{"x":[]},{}]`, f: `{"action":"add","value":["a"],"submatch":"x"}`, want: `[{"x":["a"]},{}]`},
		{name: "add to an object", of: "object", before: `{}`, f: `{"action":"add","value":[{}]}`, code: "function_unfit"},
		{name: "add to a property", of: "object", f: `{"action":"add","value":["a"],"submatch":"x"}`, want: `{"x":["a"]}`},
		{name: "delete from tags", of: "tags", before: `["a"]`, f: `{"action":"delete","value":["a"]}`, want: `[]`},
		{name: "delete from a string", of: "string", before: `"a"`, f: `{"action":"delete","value":["a"]}`, code: "function_unfit"},
		{name: "delete from no tags", of: "tags", f: `{"action":"delete","value":["a"]}`, want: `null`},
		{name: "upsert into an object", of: "object", f: `{"action":"upsert","value":[1],"submatch":"x"}`, want: `{"x":[1]}`},
		{name: "upsert into an array of objects", of: "arr_object", before: `[{"x":1},{}]`, f: `{"action":"upsert","value":2,"submatch":"x"}`, want: `[{"x":2},{}]`},
		{name: "upsert into no array of objects", of: "arr_object", f: `{"action":"upsert","value":2,"submatch":"x"}`, want: `null`},
		{name: "upsert into an array that is an object", of: "arr_object", before: `{"x":1}`, f: `{"action":"upsert","value":2,"submatch":"x"}`, code: "bad_result"},
		{name: "upsert into a string", of: "string", f: `{"action":"upsert","value":2,"submatch":"x"}`, code: "function_unfit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			call := aCall(t, `{"data":{"x":`+tt.f+`}}`)
			call.Settings.Fields = access.Declared
			call.Settings.DeclaredFields = map[string]access.FieldType{"x": {Type: tt.of, Options: []string{"4"}}}
			var got customer.Customer
			if tt.before != "" {
				got.SetCustom("x", parse(t, `{"x":`+tt.before+`}`)["x"])
			}
			setters, err := call.readData()
			if err == nil {
				err = edit(setters, match{})(&got, noon)
			}
			if tt.code != "" {
				clientErr, _ := clientErrOf(err)
				if clientErr.Code != tt.code || clientErr.DependsOnSettings == tt.evenIfOpenly {
					t.Errorf("error = %+v, want %s that rests on settings: %t", err, tt.code, !tt.evenIfOpenly)
				}
				return
			}
			if want := parse(t, `{"x":`+tt.want+`}`)["x"]; err != nil || !cmp.Equal(want, got.Custom["x"]) {
				t.Errorf("value = %v, error %v, want %v", got.Custom["x"], err, want)
			}
		})
	}
}

func TestFunctionOnUndeclaredField(t *testing.T) {
	for _, f := range []string{`{"action":"incr","value":1}`, `{"action":"unset"}`, `{"action":"set","value":1}`} {
		c := aCall(t, `{"data":{"x":`+f+`}}`)
		c.Settings.Fields = access.Declared
		_, err := written(t, c)
		checkClientErr(t, err, "field_undeclared", "data.x")
	}
}

// What may happen twice goes as a plain write; what counts up, or may be rejected
// the second time, does not.
func TestPlain(t *testing.T) {
	entry := func(members string) string {
		return `"subscriptions":[{"channel":"email","resource_id":1,"email":"a@b.c",` + members + `}]`
	}
	tests := []struct {
		data string
		want bool
	}{
		{``, true},
		{`"x":1,"y":{"action":"incr","by":1},"z":{"value":1}`, true},
		{`"x":{"action":"set","value":1},"y":{"action":"unset"}`, true},
		{`"tags":{"action":"add","value":["a"]}`, true},
		{`"tags":{"action":"delete","value":["a"]}`, true},
		{`"x":{"action":"incr","value":1}`, false},
		{`"x":{"action":"add","value":["a"]}`, false},
		{`"x":{"action":"delete","value":["a"]}`, false},
		{`"x":{"action":"upsert","value":1,"submatch":"a"}`, false},
		{`"a":1,"x":{"action":"incr","value":1},"z":2`, false},
		{entry(`"status":0`), true},
		{entry(`"cats":{"action":"add","value":["a"]}`), true},
		{entry(`"custom_fields":{"n":{"action":"unset"}}`), true},
		{entry(`"custom_fields":{"n":{"action":"incr","value":1}}`), false},
		{entry(`"custom_fields":{"n":{"action":"add","value":["a"]}}`), false},
		{`"subscriptions":{"action":"set","value":[{"channel":"email","resource_id":1,"email":"a@b.c","custom_fields":{"n":{"action":"incr","value":1}}}]}`, false},
	}
	for _, tt := range tests {
		c := aCall(t, `{"data":{`+tt.data+`}}`)
		if got := c.data().plain(); got != tt.want {
			t.Errorf("plain({%s}) = %t, want %t", tt.data, got, tt.want)
		}
		if _, err := c.readData(); err != nil {
			t.Errorf("{%s}: %v", tt.data, err)
		}
	}
}

// Where a call says so, a subscription whose function cannot be done is left out,
// all of it, and the others are not.
func TestSkippedFunctions(t *testing.T) {
	const body = `{"skip_invalid_subscriptions":SKIP,"data":{"subscriptions":[
		{"channel":"sms","resource_id":1,"phone":"+1111111","status":"suspended","custom_fields":{"a":{"action":"incr","value":1},"n":{"action":"incr","value":1}}},
		{"channel":"sms","resource_id":2,"phone":"+1111111","custom_fields":{"n":{"action":"incr","value":1}}}]}}`
	before := customer.Customer{Subscriptions: []customer.Subscription{
		{Resource: 1, Channel: "sms", Contact: "+1111111", Status: "subscribed", Custom: map[string]any{"n": "text"}, Created: noon},
	}}
	for skip, code := range map[string]string{"true": "", "false": "function_unfit"} {
		got := before.Clone()
		setters, err := aCall(t, strings.Replace(body, "SKIP", skip, 1)).readData()
		if err != nil {
			t.Fatal(err)
		}
		err = edit(setters, match{})(&got, noon)
		checkClientErr(t, err, code, "data.subscriptions[0].custom_fields.n")
		if code != "" {
			continue
		}
		want := append(before.Clone().Subscriptions, customer.Subscription{
			Resource: 2, Channel: "sms", Contact: "+1111111", Status: "subscribed", Custom: map[string]any{"n": json.Number("1")}, Created: noon,
		})
		if diff := cmp.Diff(want, got.Subscriptions); diff != "" {
			t.Errorf("subscriptions (-want +got):\n%s", diff)
		}
	}
}

// The value of a set can be searched by; that of other functions cannot.
func TestMatchByFunction(t *testing.T) {
	tests := []struct {
		body        string
		want        customer.Key
		code, field string
	}{
		{body: `{"data":{"email":{"action":"set","value":"ada@x.com"}}}`, want: customer.EmailKey("ada@x.com")},
		{body: `{"matching":"custom","field_name":"CRM_ID","data":{"CRM_ID":{"action":"set","value":7}}}`, want: customer.Key{Kind: "f1", Value: "7"}},
		{body: `{"matching":"phone","data":{"phones":{"action":"unset"}}}`, code: "missing", field: "phone"},
		{body: `{"matching":"custom","field_name":"interests","data":{"interests":{"action":"add","value":["ski"]}}}`, code: "missing", field: "field_value"},
		{body: `{"matching":"custom_sub","field_name":"CRM_ID","data":{"subscriptions":[{"channel":"sms","resource_id":1,"phone":"+1111111","custom_fields":{"CRM_ID":{"action":"set","value":7}}}]}}`,
			want: customer.Key{Kind: "f3", Value: "7"}},
	}
	for _, tt := range tests {
		m, err := aCall(t, tt.body).readMatch()
		checkClientErr(t, err, tt.code, tt.field)
		if tt.code == "" && (len(m.search.Any) != 1 || m.search.Any[0].Key != tt.want) {
			t.Errorf("%s: search %+v, want %+v", tt.body, m.search, tt.want)
		}
	}
}
