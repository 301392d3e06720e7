package fieldop_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// parsed is the value of a JSON text; an empty one is none.
func parsed(t interface{ Fatal(...any) }, text string) any {
	if text == "" {
		return nil
	}
	v, err := value.Parse([]byte(text))
	if err != nil {
		t.Fatal(text, err)
	}
	return v
}

func TestFunction(t *testing.T) {
	tests := []struct {
		name            string
		action          fieldop.Action
		value, submatch string
		before          string
		want            string
		code            string
	}{
		{name: "set: none before", action: "set", value: `{"a":1}`, want: `{"a":1}`},
		{name: "set: replaces", action: "set", value: `"x"`, before: `7`, want: `"x"`},
		{name: "unset", action: "unset", before: `7`},
		{name: "unset: none before", action: "unset", value: `null`},
		{name: "unset: its value is ignored", action: "unset", value: `{"x":[1]}`, before: `7`},

		{name: "incr: from nothing", action: "incr", value: `3`, want: `3`},
		{name: "incr: up", action: "incr", value: `3`, before: `4`, want: `7`},
		{name: "incr: down", action: "incr", value: `-250`, before: `100`, want: `-150`},
		{name: "incr: by nothing, from nothing", action: "incr", value: `0`, want: `0`},
		{name: "incr: a fraction", action: "incr", value: `2`, before: `0.1`, want: `2.1`},
		{name: "incr: by a fraction", action: "incr", value: `0.2`, before: `0.1`, want: `0.3`},
		{name: "incr: by digits as text", action: "incr", value: `"-3"`, before: `4`, want: `1`},
		{name: "incr: to 38 digits", action: "incr", value: `1`, before: `12345678901234567890123456789012345678`, want: `12345678901234567890123456789012345679`},
		{name: "incr: beyond 38 digits", action: "incr", value: `0.1`, before: `12345678901234567890123456789012345678`, code: "bad_sum"},
		{name: "incr: out of range", action: "incr", value: `9e125`, before: `9e125`, code: "bad_sum"},
		{name: "incr: a text", action: "incr", value: `1`, before: `"7"`, code: "function_unfit"},
		{name: "incr: a boolean", action: "incr", value: `1`, before: `true`, code: "function_unfit"},
		{name: "incr: an array", action: "incr", value: `1`, before: `[1]`, code: "function_unfit"},

		{name: "add: to nothing", action: "add", value: `["ski","tea"]`, want: `["ski","tea"]`},
		{name: "add: behind those there, none twice", action: "add", value: `["tea","art","art"]`, before: `["ski","tea"]`, want: `["ski","tea","art"]`},
		{name: "add: one text", action: "add", value: `"art"`, before: `["ski"]`, want: `["ski","art"]`},
		{name: "add: those there twice stay", action: "add", value: `["b"]`, before: `["a","a"]`, want: `["a","a","b"]`},
		{name: "add: nothing to nothing", action: "add", value: `[]`},
		{name: "add: nothing", action: "add", value: `[]`, before: `["a"]`, want: `["a"]`},
		{name: "add: objects", action: "add", value: `[{"n":2.0},{"n":3}]`, before: `[{"n":2}]`, want: `[{"n":2},{"n":3}]`},
		{name: "add: one object", action: "add", value: `{"n":1}`, want: `[{"n":1}]`},
		{name: "add: texts to objects", action: "add", value: `["a"]`, before: `[{"n":2}]`, code: "function_unfit"},
		{name: "add: objects to texts", action: "add", value: `[{}]`, before: `["a"]`, code: "function_unfit"},
		{name: "add: to numbers", action: "add", value: `["a"]`, before: `[1]`, code: "function_unfit"},
		{name: "add: to a text", action: "add", value: `["a"]`, before: `"a"`, code: "function_unfit"},
		{name: "add: to an object", action: "add", value: `["a"]`, before: `{}`, code: "function_unfit"},
		{name: "add: to a property of an object", action: "add", value: `["b"]`, submatch: "likes.more", before: `{"likes":{"more":["a"]},"n":1}`, want: `{"likes":{"more":["a","b"]},"n":1}`},
		{name: "add: to a property that is not there", action: "add", value: `["b"]`, submatch: "likes.more", want: `{"likes":{"more":["b"]}}`},
		{name: "add: nothing to a property that is not there", action: "add", value: `[]`, submatch: "likes.more", before: `{"n":1}`, want: `{"n":1}`},
		{name: "add: to a property of all elements", action: "add", value: `["b"]`, submatch: "tags", before: `[{"tags":[]},{"n":1},{"tags":["b"]}]`, want: `[{"tags":["b"]},{"n":1},{"tags":["b"]}]`},

		{name: "delete: from nothing", action: "delete", value: `["a"]`},
		{name: "delete: some", action: "delete", value: `["a","x"]`, before: `["a","b","a"]`, want: `["b"]`},
		{name: "delete: all", action: "delete", value: `["a"]`, before: `["a"]`, want: `[]`},
		{name: "delete: case counts", action: "delete", value: `["A"]`, before: `["a"]`, want: `["a"]`},
		{name: "delete: objects", action: "delete", value: `[{"b":2,"a":1}]`, before: `[{"a":1,"b":2},{"a":1}]`, want: `[{"a":1}]`},
		{name: "delete: from a number", action: "delete", value: `["a"]`, before: `1`, code: "function_unfit"},
		{name: "delete: texts from objects", action: "delete", value: `["a"]`, before: `[{}]`, code: "function_unfit"},
		{name: "delete: from a property", action: "delete", value: `["b"]`, submatch: "likes", before: `{"likes":["a","b"]}`, want: `{"likes":["a"]}`},
		{name: "delete: from a property that is not there", action: "delete", value: `["b"]`, submatch: "likes.more", before: `{"n":1}`, want: `{"n":1}`},
		{name: "delete: from a property of nothing", action: "delete", value: `["b"]`, submatch: "likes.more"},

		{name: "upsert: replaces a property", action: "upsert", value: `"gold"`, submatch: "level", before: `{"level":"silver","n":1}`, want: `{"level":"gold","n":1}`},
		{name: "upsert: a new property", action: "upsert", value: `"gold"`, submatch: "level", before: `{"n":1}`, want: `{"level":"gold","n":1}`},
		{name: "upsert: a new object", action: "upsert", value: `"gold"`, submatch: "level", want: `{"level":"gold"}`},
		{name: "upsert: an object as value", action: "upsert", value: `{"level":1}`, submatch: "level", before: `{"level":0}`, want: `{"level":{"level":1}}`},
		{name: "upsert: deep", action: "upsert", value: `1`, submatch: "a.b.c", before: `{"a":{"x":0}}`, want: `{"a":{"x":0,"b":{"c":1}}}`},
		{name: "upsert: a null on the way is nothing", action: "upsert", value: `1`, submatch: "a.b", before: `{"a":null}`, want: `{"a":{"b":1}}`},
		{name: "upsert: a text on the way", action: "upsert", value: `1`, submatch: "a.b", before: `{"a":"x"}`, code: "function_unfit"},
		{name: "upsert: a text", action: "upsert", value: `1`, submatch: "a", before: `"x"`, code: "function_unfit"},
		{name: "upsert: every element that has the property", action: "upsert", value: `1`, submatch: "x", before: `[{"x":0},{"y":0},{"x":null,"y":2}]`, want: `[{"x":1},{"y":0},{"x":1,"y":2}]`},
		{name: "upsert: deep in elements", action: "upsert", value: `1`, submatch: "a.b", before: `[{"a":{}},{"a":{"b":0,"c":0}},{"a":1}]`, want: `[{"a":{}},{"a":{"b":1,"c":0}},{"a":1}]`},
		{name: "upsert: elements of a property", action: "upsert", value: `1`, submatch: "pets.age", before: `{"pets":[{"age":0},{"name":"Rex"}]}`, want: `{"pets":[{"age":1},{"name":"Rex"}]}`},
		{name: "upsert: elements of elements", action: "upsert", value: `1`, submatch: "a.b", before: `[{"a":[{"b":0},{"c":0}]},{"a":[]}]`, want: `[{"a":[{"b":1},{"c":0}]},{"a":[]}]`},
		{name: "upsert: no elements", action: "upsert", value: `1`, submatch: "x", before: `[]`, want: `[]`},
		{name: "upsert: elements that are no objects", action: "upsert", value: `1`, submatch: "x", before: `["x"]`, code: "function_unfit"},
		{name: "upsert: a whole object into elements", action: "upsert", value: `{"x":"y","z":1}`, submatch: "x", before: `[{"x":"a","w":0},{"z":0}]`, want: `[{"x":"y","w":0,"z":1},{"z":0}]`},
		{name: "upsert: an object without the property", action: "upsert", value: `{"z":1}`, submatch: "x", before: `[{"x":"a"}]`, want: `[{"x":{"z":1}}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := fieldop.New("data.x", tt.action, parsed(t, tt.value), tt.submatch)
			if err != nil {
				t.Fatal(err)
			}
			before := parsed(t, tt.before)
			got, err := f.Apply(before)
			if !value.Equal(before, parsed(t, tt.before)) {
				t.Errorf("Of(%s) altered it to %v", tt.before, before)
			}
			if tt.code != "" {
				checkRejected(t, err, tt.code, "data.x")
				return
			}
			if want := parsed(t, tt.want); err != nil || !value.Equal(got, want) {
				t.Errorf("Of(%s) = %v, error %v, want %v", tt.before, got, err, want)
			}
		})
	}
}

func checkRejected(t *testing.T, err error, code, field string) {
	t.Helper()
	clientErr, ok := errs.AsClient(err)
	if !ok || clientErr.Kind != errs.Invalid || clientErr.Code != code || clientErr.Path != field {
		t.Errorf("error = %+v, want a client error of %s with the code %s", err, field, code)
	}
}

func TestNewRejects(t *testing.T) {
	tests := []struct {
		name            string
		action          fieldop.Action
		value, submatch string
		code, field     string
	}{
		{name: "unknown", action: "decr", value: `1`, code: "function_unknown", field: "data.x"},
		{name: "in capitals", action: "INCR", value: `1`, code: "function_unknown", field: "data.x"},
		{name: "none", action: "", code: "function_unknown", field: "data.x"},

		{name: "incr: no value", action: "incr", code: "wrong_type", field: "data.x.value"},
		{name: "incr: a word", action: "incr", value: `"one"`, code: "wrong_type", field: "data.x.value"},
		{name: "incr: an empty text", action: "incr", value: `""`, code: "wrong_type", field: "data.x.value"},
		{name: "incr: more digits than are kept", action: "incr", value: `"1234567890123456789012345678901234567890.5"`, code: "wrong_type", field: "data.x.value"},
		{name: "incr: a boolean", action: "incr", value: `true`, code: "wrong_type", field: "data.x.value"},
		{name: "incr: an array", action: "incr", value: `[1]`, code: "wrong_type", field: "data.x.value"},
		{name: "incr: an object", action: "incr", value: `{}`, code: "wrong_type", field: "data.x.value"},
		{name: "incr: a submatch", action: "incr", value: `1`, submatch: "a", code: "bad_submatch", field: "data.x.submatch"},

		{name: "add: no value", action: "add", code: "wrong_type", field: "data.x.value"},
		{name: "add: a number", action: "add", value: `1`, code: "wrong_type", field: "data.x.value"},
		{name: "add: numbers", action: "add", value: `[1]`, code: "wrong_type", field: "data.x.value"},
		{name: "add: null among them", action: "add", value: `["a",null]`, code: "wrong_type", field: "data.x.value"},
		{name: "add: arrays", action: "add", value: `[["a"]]`, code: "wrong_type", field: "data.x.value"},
		{name: "add: texts and objects", action: "add", value: `["a",{}]`, code: "wrong_type", field: "data.x.value"},
		{name: "delete: no value", action: "delete", code: "wrong_type", field: "data.x.value"},
		{name: "delete: a boolean", action: "delete", value: `false`, code: "wrong_type", field: "data.x.value"},

		{name: "upsert: no value", action: "upsert", submatch: "a", code: "wrong_type", field: "data.x.value"},
		{name: "upsert: null", action: "upsert", submatch: "a", value: `null`, code: "wrong_type", field: "data.x.value"},
		{name: "upsert: no submatch", action: "upsert", value: `1`, code: "bad_submatch", field: "data.x.submatch"},
		{name: "upsert: a step without a name", action: "upsert", value: `1`, submatch: "a..b", code: "bad_submatch", field: "data.x.submatch"},
		{name: "upsert: a point alone", action: "upsert", value: `1`, submatch: ".", code: "bad_submatch", field: "data.x.submatch"},
		{name: "upsert: a point behind", action: "upsert", value: `1`, submatch: "a.", code: "bad_submatch", field: "data.x.submatch"},
		{name: "upsert: too many steps", action: "upsert", value: `1`, submatch: strings.Repeat("a.", 40) + "a", code: "bad_submatch", field: "data.x.submatch"},
		{name: "set: a submatch", action: "set", value: `1`, submatch: "a", code: "bad_submatch", field: "data.x.submatch"},
		{name: "unset: a submatch", action: "unset", submatch: "a", code: "bad_submatch", field: "data.x.submatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := fieldop.New("data.x", tt.action, parsed(t, tt.value), tt.submatch)
			checkRejected(t, err, tt.code, tt.field)
		})
	}
}

// A field may come to be as deep as a body could have brought it, and no deeper.
func TestUpsertDepth(t *testing.T) {
	for steps, rejected := range map[int]bool{29: false, 30: false, 31: true} {
		path := strings.Repeat("a.", steps-1) + "a"
		f, err := fieldop.New("data.x", fieldop.Upsert, "deep", path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Apply(nil)
		if (err != nil) != rejected || !rejected && value.Depth(got) != steps {
			t.Errorf("%d steps made %d levels, error %v, want refused: %t", steps, value.Depth(got), err, rejected)
		}
		if _, ok := errs.AsClient(err); err != nil && !ok {
			t.Errorf("error = %v, want a client error", err)
		}
	}
}

func TestFunctionOnTexts(t *testing.T) {
	tests := []struct {
		action       fieldop.Action
		value        string
		before, want []string
	}{
		{action: "add", value: `["b","c","c"]`, before: []string{"a", "b"}, want: []string{"a", "b", "c"}},
		{action: "add", value: `"a"`, want: []string{"a"}},
		{action: "delete", value: `["b","x"]`, before: []string{"a", "b"}, want: []string{"a"}},
		{action: "delete", value: `["b"]`},
	}
	for _, tt := range tests {
		f, err := fieldop.New("data.tags", tt.action, parsed(t, tt.value), "")
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(tt.before)
		if diff := cmp.Diff(tt.want, f.Texts(tt.before)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.action, tt.value, diff)
		}
		if !slices.Equal(before, tt.before) {
			t.Errorf("%s %s altered the texts before", tt.action, tt.value)
		}
	}
}

// Two attempts that add to the same list do not write into each other's.
func TestAddSharesNothing(t *testing.T) {
	before := append(make([]any, 0, 8), "a")
	var results []any
	for _, word := range []string{"b", "c"} {
		f, err := fieldop.New("data.x", fieldop.Add, word, "")
		if err != nil {
			t.Fatal(err)
		}
		v, err := f.Apply(before)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, v)
	}
	if diff := cmp.Diff([]any{[]any{"a", "b"}, []any{"a", "c"}}, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// anyValue draws what a custom field may hold.
var anyValue = rapid.Custom(func(t *rapid.T) any {
	leaf := rapid.SampledFrom([]any{nil, true, "a", "b", json.Number("1"), json.Number("-0.5"), []any{}, map[string]any{}})
	v := leaf.Draw(t, "leaf")
	for range rapid.IntRange(0, 3).Draw(t, "levels") {
		if rapid.Bool().Draw(t, "in an array") {
			v = []any{v, leaf.Draw(t, "beside")}
		} else {
			v = map[string]any{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"): v}
		}
	}
	return v
})

var anyFunction = rapid.Custom(func(t *rapid.T) fieldop.Function {
	action := rapid.SampledFrom(fieldop.Actions).Draw(t, "action")
	path := rapid.SampledFrom([]string{"", "a", "a.b", "b.a.a"}).Draw(t, "submatch")
	f, err := fieldop.New("data.x", action, anyValue.Draw(t, "value"), path)
	if err != nil {
		t.Skip("no function: ", err)
	}
	return f
})

// Whatever the value before: a function rejects it or makes a value that is kept as
// it is, does not change the value before, and gives the same when applied to it
// again; all but incr change nothing the second time; and an idempotent one gives
// the same whatever others wrote in between.
func TestFunctionsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, before := anyFunction.Draw(t, "function"), anyValue.Draw(t, "before")
		text := textOf(t, before)
		after, err := f.Apply(before)
		if textOf(t, before) != text {
			t.Fatalf("%+v altered %s to %s", f, text, textOf(t, before))
		}
		if same, sameErr := f.Apply(before); textOf(t, same) != textOf(t, after) || (sameErr == nil) != (err == nil) {
			t.Fatalf("%+v of %s = %s, then %s", f, text, textOf(t, after), textOf(t, same))
		}
		if err != nil {
			if clientErr, ok := errs.AsClient(err); !ok || f.Idempotent() || clientErr.Path != "data.x" {
				t.Fatalf("%+v of %s: error %v, want none or a client error", f, text, err)
			}
			return
		}
		if again, err := value.Parse([]byte(textOf(t, after))); err != nil || !value.Equal(again, after) {
			t.Fatalf("%+v of %s = %s, which is read as %v, error %v", f, text, textOf(t, after), again, err)
		}
		twice, err := f.Apply(after)
		if f.Action != fieldop.Incr && (err != nil || !value.Equal(twice, after)) {
			t.Fatalf("%+v twice of %s = %s, error %v, want %s", f, text, textOf(t, twice), err, textOf(t, after))
		}
		if foreign, err := f.Apply(anyValue.Draw(t, "foreign")); f.Idempotent() && (err != nil || !value.Equal(foreign, after)) {
			t.Fatalf("%+v depends on what is there", f)
		}
	})
}

func textOf(t *rapid.T, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
