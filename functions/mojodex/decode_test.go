package mojodex

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/errs"
)

func TestParse(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	tests := []struct {
		name, document string
		want           any
		flawed, broken bool
	}{
		{name: "an object", document: `{"a": [1, "b", null, true]}`, want: map[string]any{"a": []any{json.Number("1"), "b", nil, true}}},
		{name: "a byte order mark", document: "\ufeff{}", want: map[string]any{}},
		{name: "two of them", document: "\ufeff\ufeff{}", broken: true},
		{name: "the last of two", document: `{"a": 1, "a": 2}`, want: map[string]any{"a": json.Number("2")}},
		{name: "NaN", document: `[NaN, Infinity, -Infinity, "NaN", "\"NaN"]`, want: []any{json.Number(noNumber), json.Number(noNumber), json.Number(noNumber), "NaN", `"NaN`}},
		{name: "half of NaN", document: `[Na]`, broken: true},
		{name: "more than NaN", document: `[NaNs]`, broken: true},
		{name: "nothing", document: "", broken: true},
		{name: "spaces", document: " \n", broken: true},
		{name: "half an object", document: `{"a":`, broken: true},
		{name: "two documents", document: `{} {}`, broken: true},
		{name: "not UTF-8", document: "{\"a\": \"\xff\"}", broken: true},
		{name: "half of UTF-8", document: "\"\xc3", broken: true},
		{name: "UTF-16", document: "{\x00}\x00", broken: true},
		{name: "a raw control character", document: "{\"a\": \"\x01\"}", broken: true},
		{name: "an escaped NUL", document: `{"a": "\u0000"}`, flawed: true},
		{name: "half a surrogate pair", document: `{"a": "\ud800"}`, flawed: true},
		{name: "a member without a name", document: `{"": 1}`, flawed: true},
		{name: "a number too long", document: `{"a": 1` + strings.Repeat("0", 40) + `1}`, flawed: true},
		{name: "32 levels", document: deep(32), want: nil},
		{name: "33 levels", document: deep(33), flawed: true},
		{name: "1,000 levels", document: deep(1000), flawed: true},
		{name: "100,000 levels", document: deep(100_000), broken: true},
	}
	for _, tt := range tests {
		v, flaw, err := parse([]byte(tt.document))
		if (flaw != nil) != tt.flawed || (err != nil) != tt.broken {
			t.Errorf("%s: parse() = %v, %v, want flawed %t, broken %t", tt.name, flaw, err, tt.flawed, tt.broken)
		}
		if tt.want != nil && err == nil {
			if diff := cmp.Diff(tt.want, v); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	}
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"application/json": true, "APPLICATION/Json ; charset=x": true, "application/ld+json": true, "application/json; charset": true,
		"": false, "text/json": false, "application/jsonx": false, "json": false, "application/+xml": false, "multipart/form-data": false, "text/x+json": false,
	} {
		if got := isJSON(header); got != want {
			t.Errorf("isJSON(%q) = %t, want %t", header, got, want)
		}
	}
}

func TestRef(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v    any
		n    int
		said string
	}{
		{json.Number("2"), 2, "2"}, {"2", 2, "2"}, {" 2 ", 2, " 2 "}, {"+2", 2, "+2"}, {json.Number("-1"), 0, "-1"}, {json.Number("0"), 0, "0"},
		{json.Number("2147483647"), 2147483647, "2147483647"}, {json.Number("2147483648"), 0, "2147483648"}, {json.Number("1e40"), 0, "1e40"},
		{json.Number("2.5"), 0, "2.5"}, {"2.0", 0, "2.0"}, {"", 0, ""}, {nil, 0, "None"}, {true, 0, "True"}, {false, 0, "False"},
		{[]any{json.Number("1")}, 0, "[1]"}, {map[string]any{}, 0, "{}"}, {"x", 0, "x"}, {strings.Repeat("9", 400), 0, strings.Repeat("9", 300) + "..."},
	} {
		if got := ref(tt.v); got.Number != tt.n || python(got.Raw) != tt.said {
			t.Errorf("ref(%#v) = %+v, want %d said %q", tt.v, got, tt.n, tt.said)
		}
	}
}

// Whatever is sent, what is read is JSON that can be kept, or it is rejected.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a": NaN}`, "\ufeff[]", `{"a": "\u0000"}`, `{"a": -Infinity, "b": "NaN"}`, "{\"a\":\xff}", `{"":1}`, `"\"NaN`, `"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		v, flaw, err := parse(document)
		if err != nil {
			if clientErr, rejected := errs.AsClient(err); !rejected || clientErr.Code != codeBroken {
				t.Fatalf("parse() = %v, want a refusal", err)
			}
			return
		}
		if _, err := json.Marshal(v); err != nil {
			t.Fatalf("what was read is no JSON: %v", err)
		}
		if _, rejected := errs.AsClient(flaw); flaw != nil && !rejected {
			t.Fatalf("flaw = %v, want a refusal", flaw)
		}
		if flaw == nil {
			productForm(map[string]any{"label": v, "displayed_data": v, "is_free": v, "n_days_validity": v, "product_category_fk": v, "product_stripe_id": v}, "label")
			categoryForm(map[string]any{"label": v, "displayed_data": v, "emoji": v, "visible": v, "implicit_goal": v}, nil)
		}
	})
}
