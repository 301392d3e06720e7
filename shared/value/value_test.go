package value_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"regulars/shared/errs"
	"regulars/shared/value"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name     string
		document string
		want     any
	}{
		{name: "null", document: `null`, want: nil},
		{name: "text", document: ` "Ada" `, want: "Ada"},
		{name: "numbers become canonical at every level", document: `{"a":1.50,"b":[1E+2,{"c":-0}]}`,
			want: map[string]any{"a": json.Number("1.5"), "b": []any{json.Number("100"), map[string]any{"c": json.Number("0")}}}},
		{name: "a number beyond a float", document: `9007199254740993`, want: json.Number("9007199254740993")},
		{name: "of a repeated member the last counts", document: `{"a":1,"a":2}`, want: map[string]any{"a": json.Number("2")}},
		{name: "repeated objects are not merged", document: `{"a":{"x":1},"a":{"y":2}}`,
			want: map[string]any{"a": map[string]any{"y": json.Number("2")}}},
		{name: "tab, CR and LF", document: `"a\tb\r\nc"`, want: "a\tb\r\nc"},
		{name: "escapes beyond the first plane", document: `"\ud83d\ude00"`, want: "😀"},
		{name: "brackets in a text are no levels", document: `"` + strings.Repeat("[", 100) + `"`, want: strings.Repeat("[", 100)},
		{name: "an escaped quote does not end a text", document: `"\"` + strings.Repeat("[", 100) + `"`, want: `"` + strings.Repeat("[", 100)},
		{name: "siblings are no levels", document: `[` + strings.Repeat("[],", 99) + `[]]`, want: repeated([]any{}, 100)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := value.Parse([]byte(tt.document))
			if err != nil {
				t.Fatalf("Parse(%s) error = %v", tt.document, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse(%s) (-want +got):\n%s", tt.document, diff)
			}
		})
	}
}

func repeated(v any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func TestParseDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat("]}", n/2) }
	if _, err := value.Parse([]byte(nested(value.MaxDepth))); err != nil {
		t.Errorf("Parse of %d levels error = %v, want none", value.MaxDepth, err)
	}
	if _, err := value.Parse([]byte("[" + nested(value.MaxDepth) + "]")); err == nil {
		t.Errorf("Parse of %d levels error = nil, want a refusal", value.MaxDepth+1)
	}
}

func TestParseRejects(t *testing.T) {
	tests := []struct {
		name     string
		document string
		field    string
		text     string // part of the error
	}{
		{name: "nothing", document: ``, text: "bad_json/end"},
		{name: "an end too early", document: `{"a":`, text: "bad_json/end"},
		{name: "no JSON", document: `{a:1}`, text: "bad_json/syntax: [invalid character 'a'"},
		{name: "a number that JSON has not", document: `+1`, text: "bad_json/syntax"},
		{name: "byte order mark", document: "\ufeff{}", text: "bad_json/syntax"},
		{name: "something after the end", document: `{} {}`, text: "bad_json/more"},
		{name: "a bracket after the end", document: `{}}`, text: "bad_json/more"},
		{name: "bytes that are no UTF-8", document: "\"\xff\"", text: "bad_json/encoding"},
		{name: "half of a surrogate pair", document: `{"a":"\ud800"}`, field: "a", text: "bad_json/surrogate at a"},
		{name: "the wrong half of a surrogate pair", document: `{"a":"\udc00\ud800"}`, field: "a", text: "bad_json/surrogate at a"},
		{name: "two first halves", document: `{"a":"\ud800\ud800"}`, field: "a", text: "bad_json/surrogate at a"},
		{name: "33 levels", document: strings.Repeat("[", 33) + strings.Repeat("]", 33), text: "bad_json/too_deep: [32]"},
		{name: "levels without end", document: strings.Repeat("[", 1_000_000), text: "bad_json/too_deep: [32]"},
		{name: "39 digits", document: `{"data":{"balance":` + nines38 + `9}}`, field: "data.balance",
			text: "bad_json/digits at data.balance"},
		{name: "a number out of range in an array", document: `{"a":[0,1e400]}`, field: "a[1]", text: "bad_json/range at a[1]"},
		{name: "a number alone out of range", document: `1e400`, text: "bad_json/range"},
		{name: "control character", document: `{"a":{"b":"x\u0000"}}`, field: "a.b", text: "bad_json/control_character at a.b: [U+0000]"},
		{name: "delete character", document: `["\u007f"]`, field: "[0]", text: "bad_json/control_character at [0]: [U+007F]"},
		{name: "control character in a name", document: `{"a":{"x\u001f":1}}`, field: "a", text: "bad_json/control_character at a: [U+001F]"},
		{name: "a member without a name", document: `{"a":{"":1}}`, field: "a", text: "bad_json/no_name at a"},
		{name: "a member without a name at the top", document: `{"":1}`, text: "bad_json/no_name"},
		{name: "C1 control character", document: `{"a":"\u0085"}`, field: "a", text: "bad_json/control_character at a: [U+0085]"},
		{name: "member without a name", document: `{"a":[{"":1}]}`, field: "a[0]", text: "bad_json/no_name at a[0]"},
		{name: "control character in a name at the top", document: `{"\u0001":1}`, text: "bad_json/control_character: [U+0001]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := value.Parse([]byte(tt.document))
			clientErr, ok := errs.AsClient(err)
			if !ok {
				t.Fatalf("Parse = %v, error %v, want a refusal", got, err)
			}
			if clientErr.Kind != errs.Invalid || clientErr.Code != "bad_json" || clientErr.Path != tt.field {
				t.Errorf("refusal = %+v, want an invalid bad_json of field %q", clientErr, tt.field)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %q, want it to contain %q", err, tt.text)
			}
		})
	}
}

// A hostile name must not fill the answer.
func TestParseShortensNames(t *testing.T) {
	_, err := value.Parse([]byte(`{"` + strings.Repeat("ä", 100_000) + `":1e400}`))
	clientErr, ok := errs.AsClient(err)
	if !ok || len(clientErr.Path) > 110 || !strings.HasSuffix(clientErr.Path, "...") {
		t.Errorf("refusal = %.300v, want a short one", err)
	}
}

func TestParseObject(t *testing.T) {
	tests := []struct {
		name     string
		document string
		want     map[string]any
		err      string // part of the error
	}{
		{name: "object", document: ` {"a":null} `, want: map[string]any{"a": nil}},
		{name: "empty object", document: `{}`, want: map[string]any{}},
		{name: "nothing", document: "", err: "bad_json/empty"},
		{name: "blanks", document: " \r\n\t", err: "bad_json/empty"},
		{name: "array", document: `[]`, err: "bad_json/no_object: [an array]"},
		{name: "null", document: `null`, err: "bad_json/no_object: [null]"},
		{name: "text", document: `"{}"`, err: "bad_json/no_object: [a text]"},
		{name: "no JSON", document: `token=1`, err: "bad_json/syntax"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := value.ParseObject([]byte(tt.document))
			if tt.err != "" {
				if clientErr, ok := errs.AsClient(err); !ok || !strings.Contains(clientErr.Error(), tt.err) {
					t.Fatalf("ParseObject(%q) error = %v, want a refusal with %q", tt.document, err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("ParseObject(%q) error = %v (-want +got):\n%s", tt.document, err, diff)
			}
		})
	}
}

var anyText = rapid.String().Filter(func(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' })
})

var anyName = anyText.Filter(func(s string) bool { return s != "" })

// anyValue draws a value of up to depth levels, as the package keeps them.
func anyValue(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		anyText.AsAny(),
		rapid.Map(anyNumber, func(text string) any {
			if n, err := value.Number(text); err == nil {
				return n
			}
			return json.Number("0")
		}),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := anyValue(depth - 1)
	return rapid.OneOf(append(scalars,
		rapid.SliceOfN(inner, 0, 4).AsAny(),
		rapid.MapOfN(anyName, inner, 0, 4).AsAny())...)
}

func TestParseReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(4).Draw(t, "value")
		document, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := value.Parse(document)
		if err != nil {
			t.Fatalf("Parse(%s) error = %v", document, err)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Fatalf("Parse(%s) (-want +got):\n%s", document, diff)
		}
		if !value.Equal(v, got) || !value.Equal(got, v) {
			t.Fatalf("Equal(%#v, %#v) = false, want true", v, got)
		}
	})
}

// Equal agrees with cmp on any two values, also those of different types.
func TestEqualAgreesWithCmp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.OneOf(
			anyValue(2),
			rapid.SampledFrom([]any{nil, false, "", "1", json.Number("1"), []any{}, []any{nil}, map[string]any{}, map[string]any{"": nil}}),
		)
		a, b := small.Draw(t, "a"), small.Draw(t, "b")
		if got, want := value.Equal(a, b), cmp.Equal(a, b); got != want {
			t.Fatalf("Equal(%#v, %#v) = %t, want %t", a, b, got, want)
		}
	})
}

func TestEqual(t *testing.T) {
	object := map[string]any{"a": []any{json.Number("1"), nil}}
	tests := []struct {
		name string
		a, b any
		want bool
	}{
		{name: "nothing", a: nil, b: nil, want: true},
		{name: "same text", a: "x", b: "x", want: true},
		{name: "objects", a: object, b: map[string]any{"a": []any{json.Number("1"), nil}}, want: true},
		{name: "a number and its digits", a: json.Number("1"), b: "1"},
		{name: "null and false", a: nil, b: false},
		{name: "null and an empty text", a: nil, b: ""},
		{name: "an empty array and an empty object", a: []any{}, b: map[string]any{}},
		{name: "a scalar and an array", a: "x", b: []any{"x"}},
		{name: "an array and a scalar", a: []any{"x"}, b: "x"},
		{name: "an object and null", a: object, b: nil},
		{name: "another order in an array", a: []any{"x", "y"}, b: []any{"y", "x"}},
		{name: "another length", a: []any{"x"}, b: []any{"x", "x"}},
		{name: "null and absent", a: map[string]any{"a": nil}, b: map[string]any{"b": nil}},
		{name: "a member more", a: object, b: map[string]any{"a": []any{json.Number("1"), nil}, "b": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := value.Equal(tt.a, tt.b); got != tt.want {
				t.Errorf("Equal = %t, want %t", got, tt.want)
			}
			if got := value.Equal(tt.b, tt.a); got != tt.want {
				t.Errorf("Equal the other way round = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	tests := []struct {
		name   string
		v      any
		want   string
		scalar bool
		noun   string
	}{
		{name: "text", v: "Ada", want: "Ada", scalar: true, noun: "a text"},
		{name: "empty text", v: "", want: "", scalar: true, noun: "a text"},
		{name: "number", v: json.Number("-1.5"), want: "-1.5", scalar: true, noun: "a number"},
		{name: "true", v: true, want: "true", scalar: true, noun: "a boolean"},
		{name: "false", v: false, want: "false", scalar: true, noun: "a boolean"},
		{name: "null", v: nil, noun: "null"},
		{name: "array", v: []any{"x"}, noun: "an array"},
		{name: "object", v: map[string]any{}, noun: "an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, scalar := value.Text(tt.v)
			if got != tt.want || scalar != tt.scalar {
				t.Errorf("Text = %q, %t, want %q, %t", got, scalar, tt.want, tt.scalar)
			}
			if noun := value.TypeName(tt.v); noun != tt.noun {
				t.Errorf("TypeName = %q, want %q", noun, tt.noun)
			}
		})
	}
}

// FuzzParse: whatever comes, Parse rejects it or keeps it so that it is written
// and read again the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"token":"t","db_id":5,"data":{"a":[1.50,null,true,"x"]}}`, `[]`, `1e400`, `"\ud800"`, "\"\xff\"", `{"a":1,"a":2}`,
		strings.Repeat("[", 40), `{} {}`, `"\u0000"`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		v, err := value.Parse(document)
		if err == nil && !agreed(document, v) {
			t.Fatalf("Parse(%q) = %#v, which encoding/json reads otherwise", document, v)
		}
		if err != nil {
			if strings.Contains(err.Error(), "bad_json/syntax") && json.Valid(document) {
				t.Fatalf("Parse(%q) error = %v, but encoding/json reads it", document, err)
			}
			if clientErr, ok := errs.AsClient(err); !ok || clientErr.Code != "bad_json" || clientErr.Reason == "" {
				t.Fatalf("Parse error = %v, want a bad_json", err)
			}
			return
		}
		written, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("what Parse accepted cannot be written: %v", err)
		}
		again, err := value.Parse(written)
		if err != nil {
			t.Fatalf("Parse(%s) error = %v, want none, for %q was accepted", written, err, document)
		}
		if !value.Equal(v, again) {
			t.Fatalf("%q was read as %#v, written and read again as %#v", document, v, again)
		}
	})
}

// agreed reports whether encoding/json reads a document as v, which is canonical.
func agreed(document []byte, v any) bool {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var w any
	if err := decoder.Decode(&w); err != nil || decoder.More() {
		return false
	}
	return value.Equal(canonical(w), v)
}

// canonical makes the numbers in v canonical.
func canonical(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, _ := value.Number(string(v))
		return n
	case []any:
		for i := range v {
			v[i] = canonical(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = canonical(v[name])
		}
	}
	return v
}

func TestDepth(t *testing.T) {
	for document, want := range map[string]int{
		`1`: 0, `null`: 0, `"[[]]"`: 0, `[]`: 1, `{}`: 1, `[[],1]`: 2, `{"a":{"b":[{}]},"c":[]}`: 4,
		strings.Repeat("[", value.MaxDepth) + strings.Repeat("]", value.MaxDepth): value.MaxDepth,
	} {
		v, err := value.Parse([]byte(document))
		if got := value.Depth(v); err != nil || got != want {
			t.Errorf("Depth(%s) = %d, error %v, want %d", document, got, err, want)
		}
	}
}
