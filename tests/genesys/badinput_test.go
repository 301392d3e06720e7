package genesys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// What is too long for a conversation: rejected soon, by name, and nothing is
// written.
func TestUCSBadInput(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	l := client.ServiceOn(t, dynamotest.Client(t), table)
	client.Seed(t, l, table)
	u := ucs{t: t, h: l}
	u.must("POST", "/metadata/profiles/extensions", map[string]any{"name": "Visit", "type": "multi-valued", "attributes": []any{
		map[string]any{"name": "shop", "type": "string"},
	}})
	id := u.must("POST", "/profiles", map[string]any{"FirstName": "Ann", "Phone": records(80, 0), "Visit": visits(500, 100)}).id()
	post := func(members string) (string, string, []byte) { return "POST", "/profiles", []byte("{" + members + "}") }
	insert := func(v any) (string, string, []byte) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return "POST", "/profiles/" + id + "/extensions", text
	}
	replace := func(v any) (string, string, []byte) {
		_, _, text := insert(v)
		return "PUT", "/profiles/" + id, text
	}
	type request struct {
		method, path string
		body         []byte
	}
	of := func(method, path string, body []byte) request { return request{method, path, body} }
	tests := []struct {
		name string
		request
		want []string // parts of the answer
	}{
		{"more than 5 MB", of("POST", "/profiles", bytes.Repeat([]byte(" "), 5_000_001)), []string{"5000000 bytes"}},
		{"5 MB of records", of(insert(map[string]any{"Visit": visits(45_000, 80)})), []string{"25000 values"}},
		{"5 MB of text", of(insert(map[string]any{"Visit": visits(5_000, 900)})), []string{"2000000 bytes"}},
		{"12,000 records", of(insert(map[string]any{"Visit": visits(12_000, 100)})), []string{"300000"}},
		{"6,000 records of a keyed extension", of(insert(map[string]any{"Phone": records(6_000, 1000)})), []string{"90"}},
		{"12,000 records in a replacement", of(replace(map[string]any{"Visit": visits(12_000, 100)})), []string{"300000"}},
		{"growing beyond 300 KB", of(insert(map[string]any{"Visit": visits(2000, 120)})), []string{"300000"}},
		{"91 identification values", of(insert(map[string]any{"Phone": records(11, 1000)})), []string{"91", "90"}},
		{"more changes than a transaction takes", of(replace(map[string]any{"Phone": records(80, 1000)})), []string{"95"}},
		{"a number among 6,000 that repeats", of(insert(map[string]any{"Phone": append(records(6_000, 0), records(1, 7)...)})), []string{"Phone[6000]", "prefix PhoneNumber"}},
		{"91 addresses", of(replace(map[string]any{"EmailAddress": addresses(91)})), []string{"EmailAddress", "91", "90"}},
		{"33 levels", of(post(`"Note": ` + strings.Repeat("[", 33) + strings.Repeat("]", 33))), []string{"levels"}},
		{"10,000 brackets that never close", of("POST", "/profiles", bytes.Repeat([]byte("["), 10_000)), []string{"levels"}},
		{"39 digits", of(post(`"Note": 123456789012345678901234567890123456789`)), []string{"Note", "38 digits"}},
		{"invalid UTF-8", of(post("\"Note\": \"a\xffb\"")), []string{"UTF-8"}},
		{"NUL in a value", of(post(`"Note": "a\u0000"`)), []string{"Note", "U+0000"}},
		{"NUL in a record", of(post(`"Visit": [{"shop": "a\u0000"}]`)), []string{"shop", "U+0000"}},
		{"a name of 256 bytes", of(post(`"` + strings.Repeat("n", 256) + `": 1`)), []string{"255"}},
		{"a long hostile name", of(post(`"` + strings.Repeat("\u0416", 120) + `": {"a": 1}`)), []string{"extension"}},
		{"an empty name", of(post(`"": 1`)), []string{"name"}},
		{"a header in an id", of("POST", "/profiles", []byte(`{"customer_id": "a\r\nSet-Cookie: b"}`)), []string{"customer_id"}},
		{"a profile of 301 KB", of(post(`"Note": "` + strings.Repeat("x", 301_000) + `"`)), []string{"300000"}},
		{"a long key", of("GET", "/profiles?id_key="+strings.Repeat("k", 5000)+"&EmailAddress=a", nil), []string{"id_key"}},
		{"a long attribute", of("GET", "/profiles?"+strings.Repeat("k", 5000)+"=a", nil), []string{"EmailKey"}},
		{"a long path", of("GET", "/profiles/"+strings.Repeat("k", 5000), nil), []string{"not_found"}},
	}
	before := client.Dump(t, table)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.path, bytes.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			r.SetBasicAuth("test", devserver.DemoToken)
			w := httptest.NewRecorder()
			l.ServeHTTP(w, r)
			if w.Code != 400 && w.Code != 404 {
				t.Errorf("HTTP %d %.300s, want refused", w.Code, w.Body)
			}
			for _, part := range tt.want {
				if !strings.Contains(w.Body.String(), part) {
					t.Errorf("%.300s, want %q in it", w.Body, part)
				}
			}
			if w.Body.Len() > 1500+len(tt.path) || len(w.Header()["Set-Cookie"]) > 0 {
				t.Errorf("the answer has %d bytes and the headers %v", w.Body.Len(), w.Header())
			}
		})
	}
	if after := client.Dump(t, table); !slices.Equal(before, after) {
		t.Error("what was refused wrote")
	}
	if n := len(u.must("GET", "/profiles/"+id+"?extensions=Visit", nil).object()["Visit"].([]any)); n != 500 {
		t.Errorf("%d records, want 500", n)
	}
}

func visits(n, size int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"shop": fmt.Sprint(i, strings.Repeat("x", size))}
	}
	return list
}

func addresses(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("many%d@example.com", i)
	}
	return list
}
