package altcraft

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// written is what data makes of a new customer.
func written(t *testing.T, c *call) (customer.Customer, error) {
	t.Helper()
	setters, err := c.readData()
	if err != nil {
		return customer.Customer{}, err
	}
	var got customer.Customer
	return got, edit(setters, match{})(&got, noon)
}

func custom(name string, v any) customer.Customer {
	return customer.Customer{Custom: map[string]any{name: v}}
}

func TestReadData(t *testing.T) {
	type c = customer.Customer
	tests := []struct {
		name        string
		data        string
		want        customer.Customer
		code, field string
	}{
		{name: "nothing", data: `{}`},
		{name: "null leaves alone", data: `{"email":null,"phones":null,"_sex":null,"subscriptions":null,"x":null}`},
		{name: "no object", data: `[]`, code: "wrong_type", field: "data"},
		{name: "null data", data: `null`, code: "missing", field: "data"},

		{name: "email", data: `{"email":" Ada@X.com "}`, want: c{Emails: []string{"Ada@X.com"}}},
		{name: "email: array", data: `{"email":["ada@x.com"]}`, code: "wrong_type", field: "data.email"},
		{name: "email: none", data: `{"email":""}`, code: "bad_email", field: "data.email"},
		{name: "email: bad", data: `{"email":"ada"}`, code: "bad_email", field: "data.email"},
		{name: "phones", data: `{"phones":["+7 999 1234567","0901234567","+79991234567"]}`, want: c{Phones: []string{"+79991234567", "+84901234567"}}},
		{name: "phones: one text", data: `{"phones":"+79991234567"}`, want: c{Phones: []string{"+79991234567"}}},
		{name: "phones: none", data: `{"phones":[]}`},
		{name: "phones: number", data: `{"phones":79991234567}`, code: "wrong_type", field: "data.phones"},
		{name: "phones: number in the array", data: `{"phones":[79991234567]}`, code: "wrong_type", field: "data.phones[0]"},
		{name: "phones: bad", data: `{"phones":["+79991234567","12345"]}`, code: "bad_phone", field: "data.phones"},
		{name: "texts", data: `{"_fname":"Ada","_lname":"Lovelace","Title":"Countess","_country":"GB","_region":"L","_city":"London","address":"Square 12"}`,
			want: c{FirstName: "Ada", LastName: "Lovelace", Title: "Countess", Country: "GB", Region: "L", City: "London", Street: "Square 12"}},
		{name: "text: number", data: `{"_fname":7}`, code: "wrong_type", field: "data._fname"},
		{name: "text: boolean", data: `{"Title":true}`, code: "wrong_type", field: "data.Title"},

		{name: "sex: male", data: `{"_sex":"male"}`, want: c{Sex: customer.Male}},
		{name: "sex: any case", data: `{"_sex":"FeMale"}`, want: c{Sex: customer.Female}},
		{name: "sex: unknown", data: `{"_sex":"unknown"}`},
		{name: "sex: unknow", data: `{"_sex":"Unknow"}`},
		{name: "sex: 0", data: `{"_sex":0}`},
		{name: "sex: 1", data: `{"_sex":1}`, want: c{Sex: customer.Male}},
		{name: "sex: 2", data: `{"_sex":2}`, want: c{Sex: customer.Female}},
		{name: "sex: digit as text", data: `{"_sex":"2"}`, want: c{Sex: customer.Female}},
		{name: "sex: 3", data: `{"_sex":3}`, code: "bad_sex", field: "data._sex"},
		{name: "sex: letter", data: `{"_sex":"m"}`, code: "bad_sex", field: "data._sex"},
		{name: "sex: empty", data: `{"_sex":""}`, code: "bad_sex", field: "data._sex"},
		{name: "sex: boolean", data: `{"_sex":true}`, code: "bad_sex", field: "data._sex"},
		{name: "sex: array", data: `{"_sex":["male"]}`, code: "bad_sex", field: "data._sex"},

		{name: "birth: date", data: `{"_bdate":"2001-12-31"}`, want: c{BirthDate: "2001-12-31"}},
		{name: "birth: its offset is kept", data: `{"_bdate":"2001-12-31T00:00+03:00"}`, want: c{BirthDate: "2001-12-31T00:00:00+03:00"}},
		{name: "birth: milliseconds", data: `{"_bdate":1009756800123}`, want: c{BirthDate: "2001-12-31T00:00:00.123Z"}},
		{name: "birth: milliseconds before 1970", data: `{"_bdate":-1}`, want: c{BirthDate: "1969-12-31T23:59:59.999Z"}},
		{name: "birth: milliseconds with an exponent", data: `{"_bdate":1e12}`, want: c{BirthDate: "2001-09-09T01:46:40Z"}},
		{name: "birth: milliseconds beyond the years", data: `{"_bdate":253402300800000}`, code: "bad_date", field: "data._bdate"},
		{name: "birth: milliseconds before the years", data: `{"_bdate":-62135596800001}`, code: "bad_date", field: "data._bdate"},
		{name: "birth: milliseconds beyond 64 bits", data: `{"_bdate":1e30}`, code: "bad_date", field: "data._bdate"},
		{name: "birth: fraction", data: `{"_bdate":1.5}`, code: "bad_date", field: "data._bdate"},
		{name: "birth: milliseconds as text", data: `{"_bdate":"1009756800123"}`, code: "bad_date", field: "data._bdate"},
		{name: "birth: empty", data: `{"_bdate":""}`, code: "bad_date", field: "data._bdate"},
		{name: "birth: boolean", data: `{"_bdate":false}`, code: "bad_date", field: "data._bdate"},
		{name: "registered: as it is emitted", data: `{"_regdate":"2018-01-19T16:54:05.468+03:00"}`, want: custom("_regdate", "2018-01-19T13:54:05.468Z")},
		{name: "registered: date", data: `{"_regdate":"2010-10-20"}`, want: custom("_regdate", "2010-10-20T00:00:00Z")},
		{name: "registered: milliseconds", data: `{"_regdate":1516370045468}`, want: custom("_regdate", "2018-01-19T13:54:05.468Z")},
		{name: "registered: without a zone", data: `{"_regdate":"2023-01-02T03:04:05.678"}`, want: custom("_regdate", "2023-01-02T03:04:05.678Z")},
		{name: "registered: bad", data: `{"_regdate":"20.10.2010"}`, code: "bad_date", field: "data._regdate"},

		{name: "loyalty status: disabled", data: `{"loyalty_status":"disabled"}`, want: c{Disabled: true}},
		{name: "loyalty status: enabled", data: `{"loyalty_status":"enabled"}`},
		{name: "loyalty status: another", data: `{"loyalty_status":"Enabled"}`, code: "bad_loyalty_status", field: "data.loyalty_status"},
		{name: "loyalty status: boolean", data: `{"loyalty_status":true}`, code: "bad_loyalty_status", field: "data.loyalty_status"},
		{name: "loyalty status: array", data: `{"loyalty_status":["disabled"]}`, code: "bad_loyalty_status", field: "data.loyalty_status"},
		{name: "tags", data: `{"tags":["a","b","a",""]}`, want: c{Tags: []string{"a", "b"}}},
		{name: "tags: text", data: `{"tags":"a"}`, code: "wrong_type", field: "data.tags"},
		{name: "tags: number among them", data: `{"tags":["a",1]}`, code: "wrong_type", field: "data.tags[1]"},

		{name: "ip", data: `{"_ip":"8.8.8.8"}`, want: custom("_ip", "8.8.8.8")},
		{name: "ip: registered from", data: `{"_regip":"10.0.0.1"}`, want: custom("_regip", "10.0.0.1")},
		{name: "ip: empty", data: `{"_ip":""}`, code: "bad_ip", field: "data._ip"},
		{name: "ip: version 6", data: `{"_ip":"::1"}`, code: "bad_ip", field: "data._ip"},
		{name: "ip: version 4 in 6", data: `{"_ip":"::ffff:8.8.8.8"}`, code: "bad_ip", field: "data._ip"},
		{name: "ip: leading zero", data: `{"_ip":"8.8.8.08"}`, code: "bad_ip", field: "data._ip"},
		{name: "ip: number", data: `{"_ip":8}`, code: "bad_ip", field: "data._ip"},
		{name: "status: number", data: `{"_status":5}`, want: custom("_status", json.Number("5"))},
		{name: "status: word", data: `{"_status":"unsubscribed"}`, want: custom("_status", json.Number("1"))},
		{name: "status: digit as text", data: `{"_status":"0"}`, want: custom("_status", json.Number("0"))},
		{name: "status: 7", data: `{"_status":7}`, code: "bad_status", field: "data._status"},
		{name: "status: boolean", data: `{"_status":true}`, code: "wrong_type", field: "data._status"},
		{name: "status: object", data: `{"_status":{}}`, code: "wrong_type", field: "data._status"},
		{name: "postal code: text", data: `{"_postal_code":"039000"}`, want: custom("_postal_code", "039000")},
		{name: "postal code: number", data: `{"_postal_code":390000}`, want: custom("_postal_code", "390000")},
		{name: "postal code: boolean", data: `{"_postal_code":true}`, code: "wrong_type", field: "data._postal_code"},
		{name: "postal code: array", data: `{"_postal_code":["1"]}`, code: "wrong_type", field: "data._postal_code"},
		{name: "text field", data: `{"_tz":"Europe/Moscow"}`, want: custom("_tz", "Europe/Moscow")},
		{name: "text field: number", data: `{"_vendor":30}`, code: "wrong_type", field: "data._vendor"},

		{name: "custom fields keep their JSON", data: `{"LOYALTY_SCORE":5e2,"obj":{"a":[1,null]},"flag":false}`,
			want: c{Custom: map[string]any{"LOYALTY_SCORE": json.Number("500"), "obj": map[string]any{"a": []any{json.Number("1"), nil}}, "flag": false}}},
		{name: "names are case-sensitive", data: `{"Email":"x","title":"y"}`, want: c{Custom: map[string]any{"Email": "x", "title": "y"}}},
		{name: "a name that begins like a path", data: `{"data.x":1}`, want: custom("data.x", json.Number("1"))},
		{name: "longest name", data: `{"` + strings.Repeat("n", 255) + `":1}`, want: custom(strings.Repeat("n", 255), json.Number("1"))},
		{name: "name too long", data: `{"` + strings.Repeat("n", 256) + `":1}`, code: "bad_name", field: "data"},
		{name: "read-only fields are ignored", data: `{"id":"x","_id":1,"db_id":"x","profile_id":[],"_createtime":"x","_md5":1,"_xxh":1,"_xxm":"x","_lat":1.5,"_deliv_date":"x"}`},

		{name: "object with a member more is a value", data: `{"visits":{"action":"incr","value":1,"by":"x"}}`,
			want: custom("visits", map[string]any{"action": "incr", "value": json.Number("1"), "by": "x"})},
		{name: "object without an action is a value", data: `{"visits":{"value":1}}`, want: custom("visits", map[string]any{"value": json.Number("1")})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := written(t, aCall(t, `{"data":`+tt.data+`}`))
			checkClientErr(t, err, tt.code, tt.field)
			if !tt.want.Same(got) {
				t.Errorf("customer (-want +got):\n%s", cmp.Diff(tt.want, got))
			}
		})
	}
}

// Dates are emitted in UTC, and what was emitted can be sent back.
func TestEmittedDatesAreAccepted(t *testing.T) {
	for _, date := range []string{
		`"2001-12-31"`, `"2001-12-31T00:00+03:00"`, `1009756800123`, `"9999-12-31T23:59:59-03:00"`, `"0001-01-01T00:00:00+03:00"`, `"2001-12-31T00:00:00+24:60"`,
	} {
		t.Run(date, func(t *testing.T) {
			c, err := written(t, aCall(t, `{"data":{"_bdate":`+date+`,"_regdate":`+date+`}}`))
			if err != nil {
				return // rejected: nothing is emitted
			}
			shown := show(5, c)
			again, err := written(t, aCall(t, string(marshal(t, map[string]any{"data": map[string]any{
				"_bdate": shown["_bdate"], "_regdate": shown["_regdate"],
			}}))))
			if err != nil || !again.BirthDate.Time().Equal(c.BirthDate.Time()) || again.Custom["_regdate"] != c.Custom["_regdate"] {
				t.Errorf("%v and %v are read as %s and %v, error %v", shown["_bdate"], shown["_regdate"], again.BirthDate, again.Custom["_regdate"], err)
			}
		})
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	document, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestDeclaredTypes(t *testing.T) {
	tests := []struct {
		name string
		of   access.FieldType
		v    string
		want any // nil: the value as it is
		code string
	}{
		{name: "string", of: access.FieldType{Type: "string"}, v: `"x"`},
		{name: "string: number", of: access.FieldType{Type: "string"}, v: `1`, code: "wrong_type"},
		{name: "version", of: access.FieldType{Type: "version"}, v: `"1.2.3"`},
		{name: "version: number", of: access.FieldType{Type: "version"}, v: `1.2`, code: "wrong_type"},
		{name: "int", of: access.FieldType{Type: "int"}, v: `-888`},
		{name: "int: a fraction of nothing", of: access.FieldType{Type: "int"}, v: `7.0`, want: json.Number("7")},
		{name: "int: fraction", of: access.FieldType{Type: "int"}, v: `7.5`, code: "wrong_type"},
		{name: "int: text", of: access.FieldType{Type: "int"}, v: `"7"`, code: "wrong_type"},
		{name: "int: beyond 64 bits", of: access.FieldType{Type: "int"}, v: `9223372036854775808`, code: "wrong_type"},
		{name: "float", of: access.FieldType{Type: "float"}, v: `7.5`},
		{name: "float: whole", of: access.FieldType{Type: "float"}, v: `7`},
		{name: "float: text", of: access.FieldType{Type: "float"}, v: `"7.5"`, code: "wrong_type"},
		{name: "bool", of: access.FieldType{Type: "bool"}, v: `true`},
		{name: "bool: number", of: access.FieldType{Type: "bool"}, v: `1`, code: "wrong_type"},
		{name: "date", of: access.FieldType{Type: "date"}, v: `"2001-12-31T00:00+03:00"`, want: "2001-12-30T21:00:00Z"},
		{name: "date: bad", of: access.FieldType{Type: "date"}, v: `"soon"`, code: "bad_date"},
		{name: "ip", of: access.FieldType{Type: "ip"}, v: `"8.8.8.8"`},
		{name: "ip: bad", of: access.FieldType{Type: "ip"}, v: `"8.8.8"`, code: "bad_ip"},
		{name: "enum: number", of: access.FieldType{Type: "enum", Options: []string{"4", "x"}}, v: `4`},
		{name: "enum: text", of: access.FieldType{Type: "enum", Options: []string{"4", "x"}}, v: `"x"`},
		{name: "enum: no option", of: access.FieldType{Type: "enum", Options: []string{"4", "x"}}, v: `"X"`, code: "bad_option"},
		{name: "enum: array", of: access.FieldType{Type: "enum", Options: []string{"4"}}, v: `[4]`, code: "bad_option"},
		{name: "tags", of: access.FieldType{Type: "tags"}, v: `["a","b"]`},
		{name: "tags: one text", of: access.FieldType{Type: "tags"}, v: `"a"`, want: []any{"a"}},
		{name: "tags: number", of: access.FieldType{Type: "tags"}, v: `1`, code: "wrong_type"},
		{name: "object", of: access.FieldType{Type: "object"}, v: `{"a":1}`},
		{name: "object: array", of: access.FieldType{Type: "object"}, v: `[]`, code: "wrong_type"},
		{name: "array of objects", of: access.FieldType{Type: "arr_object"}, v: `[{},{"a":1}]`},
		{name: "array of objects: none", of: access.FieldType{Type: "arr_object"}, v: `[]`},
		{name: "array of objects: a text among them", of: access.FieldType{Type: "arr_object"}, v: `[{},"x"]`, code: "wrong_type"},
		{name: "array of objects: object", of: access.FieldType{Type: "arr_object"}, v: `{}`, code: "wrong_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := aCall(t, `{"data":{"x":`+tt.v+`}}`)
			want := tt.want
			if want == nil && tt.code == "" {
				want = c.body["data"].(map[string]any)["x"]
			}
			c.Settings.Fields = access.Declared
			c.Settings.DeclaredFields = map[string]access.FieldType{"x": tt.of}
			got, err := written(t, c)
			if tt.code != "" {
				clientErr, _ := clientErrOf(err)
				if clientErr.Code != tt.code || !strings.HasPrefix(clientErr.Path, "data.x") || !clientErr.DependsOnSettings {
					t.Errorf("error = %+v, want %s of data.x that rests on settings", err, tt.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Custom["x"]); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryDeclaredTypeIsRead(t *testing.T) {
	for _, name := range access.FieldTypes {
		if _, err := readTyped("data.x", struct{}{}, access.FieldType{Type: name}); err == nil {
			t.Errorf("type %s takes anything", name)
		}
	}
}

func TestUndeclaredField(t *testing.T) {
	c := aCall(t, `{"data":{"x":1}}`)
	c.Settings.Fields = access.Declared
	_, err := written(t, c)
	checkClientErr(t, err, "field_undeclared", "data.x")
	if clientErr, _ := clientErrOf(err); !clientErr.DependsOnSettings {
		t.Errorf("refusal %+v does not say that it rests on settings", clientErr)
	}
}
