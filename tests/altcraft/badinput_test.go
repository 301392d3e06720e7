package altcraft_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"regulars/tests/client"
)

// What is rejected names the field and the reason, with HTTP 200, and leaves the
// table as it was. These are the requests that are too long for a file; the
// others are in altcraft/bad-input.txt.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	for _, known := range []map[string]any{
		{"email": "ann@example.com", "data": map[string]any{"phones": phoneNumbers(0, 60)}},
		{"email": "bob@example.com", "data": map[string]any{"note": strings.Repeat("x", 299_000)}},
		{"email": "carl@example.com", "data": map[string]any{"phones": phoneNumbers(1000, 89)}}, // 90 keys, the limit
	} {
		if _, a := post(t, s, "profiles/import", body(known)); a.Error != 0 {
			t.Fatalf("import %s = %d %s, want 0", known["email"], a.Error, a.Text)
		}
	}

	tests := []struct {
		name string
		body []byte
		want []string // parts of the text
	}{
		{"5.5 MB", bytes.Repeat([]byte(" "), 5_500_000), []string{"5000000 bytes", "bulk import"}},
		{"a byte too many", bytes.Repeat([]byte(" "), 5_000_001), []string{"5000000 bytes", "bulk import"}},
		{"depth 10,000", raw(`"note": ` + nested(10_000)), []string{"levels"}},
		{"33 levels", raw(`"note": ` + nested(31)), []string{"levels"}},
		{"10,000 brackets that never close", bytes.Repeat([]byte("["), 10_000), []string{"levels"}},
		{"39 digits", raw(`"note": 123456789012345678901234567890123456789`), []string{"data.note", "38 digits"}},
		{"39 digits after the point", raw(`"note": [0.123456789012345678901234567890123456789]`), []string{"data.note[0]", "38 digits"}},
		{"a number out of range", raw(`"note": 1e126`), []string{"data.note", "range"}},
		{"an exponent out of range", raw(`"note": 1e99999999999999999999`), []string{"data.note", "range"}},
		{"a million digits", raw(`"note": ` + strings.Repeat("7", 1_000_000)), []string{"data.note", "38 digits"}},
		{"invalid UTF-8", raw("\"note\": \"a\xffb\""), []string{"UTF-8"}},
		{"a cut rune", raw("\"note\": \"\xd0\""), []string{"UTF-8"}},
		{"invalid UTF-8 in a name", raw("\"n\xc0\xaf\": 1"), []string{"UTF-8"}},
		{"a surrogate in UTF-8", raw("\"note\": \"\xed\xa0\x80\""), []string{"UTF-8"}},
		{"NUL", raw(`"note": "a\u0000"`), []string{"data.note", "U+0000"}},
		{"NUL, not escaped", raw("\"note\": \"a\x00\""), []string{"JSON"}},
		{"NUL in the e-mail", raw(`"email": "ann\u0000@example.com"`), []string{"data.email", "U+0000"}},
		{"a name of 256 bytes", raw(`"` + strings.Repeat("n", 256) + `": 1`), []string{"data", "255"}},
		{"a long hostile name", raw(`"` + strings.Repeat("\u0416", 100_000) + `": "\u0000"`), []string{"data.", "U+0000"}},

		{"a customer of 301 KB", data("ann@example.com", "note", strings.Repeat("x", 301_000)), []string{"data", "300000"}},
		{"a new customer of 301 KB", data("new@example.com", "note", strings.Repeat("x", 301_000)), []string{"data", "300000"}},
		{"growing beyond 300 KB", data("bob@example.com", "more", strings.Repeat("x", 1_500)), []string{"data", "300000"}},
		{"300 KB of small members", data("ann@example.com", "note", many(60_000)), []string{"data", "300000"}},
		{"90,000 members", data("ann@example.com", "note", many(90_000)), []string{"80000 values"}},
		{"30,000 objects", data("ann@example.com", "note", objects(30_000)), []string{"20000 objects"}},
		{"2 MB of text", data("ann@example.com", "note", strings.Repeat("x", 2_000_000)), []string{"2000000 bytes"}},
		{"91 match keys", data("carl@example.com", "CRM_ID", "C-1"), []string{"data", "91", "90"}},
		{"91 match keys of a new customer", data("new@example.com", "phones", phoneNumbers(2000, 90)), []string{"data", "91", "90"}},
		{"120 changes", data("ann@example.com", "phones", phoneNumbers(3000, 60)), []string{"data", "95"}},
		{"100 tags of a match field", data("ann@example.com", "interests", words(100)), []string{"data", "90"}},
		{"100 tags added to a match field", data("ann@example.com", "interests", function("add", words(100))), []string{"data", "90"}},
		{"one match key more by a function", data("carl@example.com", "CRM_ID", function("incr", 1)), []string{"data", "91", "90"}},
		{"growing beyond 300 KB by a function", data("bob@example.com", "more", function("add", words(200))), []string{"data", "300000"}},
		{"a path of 100,000 steps", data("ann@example.com", "note", upsert(1, strings.Repeat("a.", 100_000)+"a")), []string{"data.note.submatch", "too long"}},
		{"a function with a value of 39 digits", raw(`"note": {"action": "incr", "value": 123456789012345678901234567890123456789}`), []string{"data.note.value", "38 digits"}},
		{"a function with digits without end", data("ann@example.com", "note", function("incr", strings.Repeat("7", 1_000_000))), []string{"data.note.value"}},
		{"a function with an exponent without end", data("ann@example.com", "note", function("incr", "1e999999999")), []string{"data.note.value"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { rejected(t, s, tt.body, tt.want...) })
	}

	t.Run("at the limits", func(t *testing.T) {
		for name, b := range map[string][]byte{
			"32 levels": raw(`"note": ` + nested(30)),
			"38 digits": raw(`"note": 12345678901234567890123456789012345678`),
			"255 bytes": raw(`"` + strings.Repeat("n", 255) + `": 1`),
			"60 phones": data("carl@example.com", "phones", phoneNumbers(1000, 60)),
			"40 others": data("ann@example.com", "phones", phoneNumbers(20, 60)),
		} {
			if _, a := post(t, s, "profiles/import", b); a.Error != 0 || !a.Changed {
				t.Errorf("%s = %+v, want changed", name, a)
			}
		}
	})
}

// What is too long for altcraft/xml-bad-input.txt.
func TestBadXML(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	head := "<xml><token>reg_local_demo</token><db_id>5</db_id><email>ann@example.com</email><data>"
	tests := []struct{ name, body, want string }{
		{"5.5 MB", strings.Repeat(" ", 5_500_000), "5000000 bytes"},
		{"5.5 MB of elements", head + strings.Repeat("<a array='true'>x</a>", 262_000), "5000000 bytes"},
		{"more than a profile has", head + "<note>" + strings.Repeat(`"`, 3_000_000) + "</note></data></xml>", "1000000 bytes"},
		{"100,000 attributes", head + "<note " + strings.Repeat("a='' ", 100_000) + "/></data></xml>", "a tag of more than"},
		{"40,000 levels", head + strings.Repeat("<a>", 40_000), "levels"},
		{"100,000 levels", head + strings.Repeat("<a>", 100_000), "50000 tags"},
		{"32 levels, and an array more", head + strings.Repeat("<a>", 30) + "<a array='true'>x</a>" + strings.Repeat("</a>", 30) + "</data></xml>", "levels"},
		{"an entity bomb", "<!DOCTYPE xml [" + strings.Repeat(`<!ENTITY a "&b;&b;">`, 10_000) + "]><xml/>", "document type"},
		{"a name of 256 bytes", head + "<" + strings.Repeat("n", 256) + ">x</" + strings.Repeat("n", 256) + "></data></xml>", "255"},
		{"a customer of 301 KB", head + "<note>" + strings.Repeat("x", 301_000) + "</note></data></xml>", "300000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/xml")
			w := httptest.NewRecorder()
			checker{s, t}.ServeHTTP(w, r)
			if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, "<xml><error>400</error>") || !strings.Contains(got, tt.want) || len(got) > 1000 {
				t.Errorf("answer = %d %.300s, want error 400 and %q", w.Code, got, tt.want)
			}
		})
	}
}

// What can be said short of doing it is said soon: a function has 25 seconds, and
// its work must not grow with the square of a body.
func TestHugeListsAreRejectedSoon(t *testing.T) {
	t.Parallel()
	const (
		elements = 25_000
		soon     = 20 * time.Second
	)
	s := client.NewScene(t)
	subscriptions := make([]any, elements/3)
	for i := range subscriptions {
		subscriptions[i] = map[string]any{"channel": "telegram_bot", "resource_id": 1, "cc_data": map[string]any{"id": i}}
	}
	tests := []struct {
		name string
		body []byte
	}{
		{"phones", data("ann@example.com", "phones", phoneNumbers(0, elements))},
		{"search by phones", body(map[string]any{"matching": "phone", "data": map[string]any{"phones": phoneNumbers(0, elements)}})},
		{"tags", data("ann@example.com", "tags", words(elements))},
		{"tags to add", data("ann@example.com", "tags", function("add", words(elements)))},
		{"words to add", data("ann@example.com", "likes", function("add", append(words(elements), strings.Repeat("x", 300_000))))},
		{"objects to add", data("ann@example.com", "pets", function("add", objects(2*elements)))},
		{"search by tags", body(map[string]any{"matching": "custom", "field_name": "interests", "field_value": words(elements), "data": map[string]any{}})},
		{"subscriptions", data("ann@example.com", "subscriptions", subscriptions)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			rejected(t, s, tt.body)
			if took := time.Since(began); took > soon {
				t.Errorf("refused after %v, want within %v", took, soon)
			}
		})
	}
}

// The members that a request may have, each with values of the wrong types. null
// is never wrong: it is absent.
func TestWrongTypes(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	text, number, truth, list, object := any("x"), any(7), any(true), any([]any{}), any(map[string]any{"a": 1})
	sub := func(channel string, more map[string]any) map[string]any {
		entry := map[string]any{"channel": channel, "resource_id": 1}
		maps.Copy(entry, more)
		return entry
	}
	tests := []struct {
		at     string // of the member, as the rejection spells it
		values []any
	}{
		{"token", []any{number, truth, list, object}},
		{"db_id", []any{text, truth, list, object}},
		{"matching", []any{number, truth, list, object}},
		{"email", []any{number, truth, list, object}},
		{"resource_id", []any{text, truth, list, object}},
		{"skip_invalid_subscriptions", []any{text, number, list, object}},
		{"skip_triggers", []any{text, number, list, object}},
		{"detect_geo", []any{text, number, list, object}},
		{"add_to_segments", []any{text, number, truth, object, []any{"x"}}},
		{"remove_from_segments", []any{text, number, truth, object, []any{"x"}}},
		{"data", []any{text, number, truth, list}},

		{"data.email", []any{number, truth, list, object}},
		{"data.phones", []any{number, truth, object, []any{7}, []any{"+79005550001", nil}}},
		{"data._fname", []any{number, truth, list, object}},
		{"data._lname", []any{number, truth, list, object}},
		{"data.Title", []any{number, truth, list, object}},
		{"data._country", []any{number, truth, list, object}},
		{"data._region", []any{number, truth, list, object}},
		{"data._city", []any{number, truth, list, object}},
		{"data.address", []any{number, truth, list, object}},
		{"data._sex", []any{text, number, truth, list, object}},
		{"data._bdate", []any{text, truth, list, object}},
		{"data._regdate", []any{text, truth, list, object}},
		{"data._regip", []any{text, number, truth, list, object}},
		{"data._ip", []any{text, number, truth, list, object}},
		{"data._regurl", []any{number, truth, list, object}},
		{"data._regcity", []any{number, truth, list, object}},
		{"data._regcountry", []any{number, truth, list, object}},
		{"data._postal_code", []any{truth, list, object}},
		{"data._tz", []any{number, truth, list, object}},
		{"data._vendor", []any{number, truth, list, object}},
		{"data._browser", []any{number, truth, list, object}},
		{"data._os", []any{number, truth, list, object}},
		{"data._status", []any{text, number, truth, list, object}},
		{"data.loyalty_status", []any{text, number, truth, list, object}},
		{"data.tags", []any{text, number, truth, object, []any{7}}},
		{"data.subscriptions", []any{text, number, truth, object}},
	}
	for _, tt := range tests {
		for _, v := range tt.values {
			request := map[string]any{"email": "ann@example.com", "data": map[string]any{"note": "x"}}
			name, inData := strings.CutPrefix(tt.at, "data.")
			if inData {
				request["data"] = map[string]any{name: v}
			} else {
				request[name] = v
			}
			rejectedAt(t, s, tt.at, v, body(request))
		}
	}

	entries := []struct {
		member string
		values []any
		entry  map[string]any
	}{
		{"channel", []any{number, truth, list, object}, nil},
		{"resource_id", []any{text, truth, list, object}, nil},
		{"email", []any{number, truth, list, object}, sub("email", nil)},
		{"email_data", []any{text, number, truth, list}, sub("email", nil)},
		{"phone", []any{number, truth, list, object}, sub("sms", nil)},
		{"phone_data", []any{text, number, truth, list}, sub("sms", nil)},
		{"provider", []any{number, truth, list, object}, sub("push", map[string]any{"subscription_id": "t"})},
		{"subscription_id", []any{number, truth, list, object}, sub("push", map[string]any{"provider": "p"})},
		{"push_data", []any{text, number, truth, list}, sub("push", nil)},
		{"cc_data", []any{text, number, truth, list}, sub("viber", nil)},
		{"cc_data", []any{text, number, truth, list, map[string]any{"id": true}, map[string]any{"id": []any{}}}, sub("telegram_bot", nil)},
		{"status", []any{text, number, truth, list, object}, nil},
		{"priority", []any{text, truth, list, object}, nil},
		{"cats", []any{number, truth, object, []any{7}}, nil},
		{"custom_fields", []any{text, number, truth, list}, nil},
	}
	for _, tt := range entries {
		if tt.entry == nil {
			tt.entry = sub("email", map[string]any{"email": "ann@example.com"})
		}
		for _, v := range tt.values {
			entry := maps.Clone(tt.entry)
			entry[tt.member] = v
			// The contact that is missing then may be what is named.
			rejectedAt(t, s, "data.subscriptions[0].", v, data("ann@example.com", "subscriptions", []any{entry}))
		}
	}

	searches := []struct {
		at     string
		values []any
		search map[string]any
	}{
		{"phone", []any{number, truth, list, object}, map[string]any{"matching": "phone"}},
		{"profile_id", []any{number, truth, list, object}, map[string]any{"matching": "profile_id"}},
		{"field_name", []any{number, truth, list, object}, map[string]any{"matching": "custom", "field_value": "x"}},
		{"field_value", []any{list, object}, map[string]any{"matching": "custom", "field_name": "CRM_ID"}},
		{"field_value", []any{object, []any{object}}, map[string]any{"matching": "custom", "field_name": "interests"}},
		{"provider", []any{number, truth, list, object}, map[string]any{"matching": "push_sub", "subscription_id": "t"}},
		{"subscription_id", []any{number, truth, list, object}, map[string]any{"matching": "push_sub", "provider": "p"}},
	}
	for _, tt := range searches {
		for _, v := range tt.values {
			request := maps.Clone(tt.search)
			request["data"] = map[string]any{}
			request[tt.at] = v
			rejectedAt(t, s, tt.at, v, body(request))
		}
	}
}

// rejected demands that an import is rejected with 400, and each of the parts in
// the text.
func rejected(t *testing.T, s client.Scene, b []byte, parts ...string) {
	t.Helper()
	response, a := post(t, checker{s, t}, "profiles/import", b)
	if response.StatusCode != http.StatusOK || a.Error != 400 || a.ID != "" {
		t.Errorf("HTTP %d, error %d %.200q, want HTTP 200, error 400", response.StatusCode, a.Error, a.Text)
	}
	for _, part := range parts {
		if !strings.Contains(a.Text, part) {
			t.Errorf("text = %.300q, want %q in it", a.Text, part)
		}
	}
	if len(a.Text) > 1000 {
		t.Errorf("the text has %d bytes, want a sentence", len(a.Text))
	}
}

func rejectedAt(t *testing.T, s client.Scene, at string, v any, b []byte) {
	t.Helper()
	value, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	t.Run(fmt.Sprintf("%s %s", at, value), func(t *testing.T) {
		t.Helper()
		rejected(t, s, b, at)
	})
}

// body is a request of the local tenant; members given win.
func body(members map[string]any) []byte {
	all := map[string]any{"token": "reg_local_demo", "db_id": 5}
	maps.Copy(all, members)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return text
}

// data is an import by e-mail of one member.
func data(email, name string, v any) []byte {
	return body(map[string]any{"email": email, "data": map[string]any{name: v}})
}

// raw is an import of Ann with data that need not be JSON.
func raw(members string) []byte {
	return []byte(`{"token": "reg_local_demo", "db_id": 5, "email": "ann@example.com", "data": {` + members + `}}`)
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func phoneNumbers(from, n int) []string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+7900%07d", from+i)
	}
	return numbers
}

func words(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("word%d", i)
	}
	return list
}

// function is a function object, as a field's value.
func function(action string, v any) map[string]any {
	return map[string]any{"action": action, "value": v}
}

func upsert(v any, submatch string) map[string]any {
	return map[string]any{"action": "upsert", "value": v, "submatch": submatch}
}

func objects(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"n": i}
	}
	return list
}

func many(n int) map[string]any {
	object := make(map[string]any, n)
	for _, word := range words(n) {
		object[word] = true
	}
	return object
}
