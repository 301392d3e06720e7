package value_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// skims demands that Skim says of a document what ParseObjectUpTo says.
func skims(t *testing.T, document []byte) {
	t.Helper()
	const most = 50
	want, wantErr := value.ParseObjectUpTo(most, document)
	got, err := value.Skim(value.Limits{Values: most}, document, "token", "db_id", "")
	wantClient, wantIs := errs.AsClient(wantErr)
	client, is := errs.AsClient(err)
	if is != wantIs || is && (client.Code != wantClient.Code || client.Reason != wantClient.Reason || client.Path != wantClient.Path || !cmp.Equal(client.Args, wantClient.Args)) {
		t.Fatalf("Skim(%q) error = %v, want %v", document, err, wantErr)
	}
	if wantErr != nil {
		return
	}
	kept := map[string]any{}
	for _, name := range []string{"token", "db_id"} {
		if v, ok := want[name]; ok {
			kept[name] = v
		}
	}
	if diff := cmp.Diff(kept, got); diff != "" {
		t.Fatalf("Skim(%q) (-want +got):\n%s", document, diff)
	}
}

var skimmed = []string{
	``, ` `, `null`, `7`, `"x"`, `[{"token": "x"}]`, `{}`, `{"token": "a"}`, `{"token": "a", "token": null}`, `{"a": {"token": "b"}, "db_id": 5}`,
	`{"to\u006ben": "a"}`, `{"token": ["x", {"y": -1.50e1}]} `, `{"token": "a"} x`, `{"": 1}`, `{"a": {"": 1}}`, `{"token": "\u0000"}`,
	`{"a": "\b"}`, `{"a": "\f\q"}`, `{"a": "\ud800"}`, `{"a": "\ud83d\ude00\u0007"}`, `{"a": "\u12"}`, `{"a": "\`, "{\"a\": \"\x7f\"}", "{\"a\": \"\u0085\"}",
	"{\"a\": \"\t\"}", `{"a\u0001": 1}`, `{"a": [1, 2, {"b": 1e126}]}`, `{"a": 1e-131}`, `{"a": 0.0000000000000000000000000000000000000000000001}`,
	`{"a": 123456789012345678901234567890123456789}`, `{"a": -}`, `{"a": 01}`, `{"a": 1.}`, `{"a": 1e}`, `{"a": .5}`, `{"a": +1}`, `{"a": tru}`, `{"a" 1}`, `{"a": 1,}`,
	`{a: 1}`, `{"a": [1,]}`, `{"a": [1 2]}`, "\xff", `{"a": ` + strings.Repeat("[", 40), `{"a": ` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`,
	`{"a": [` + strings.Repeat("0,", 60) + `0]}`, `{"a": [` + strings.Repeat("0,", 47) + `0]}`, `{"a": [` + strings.Repeat("0,", 48) + `0]}`,
}

func TestSkim(t *testing.T) {
	for _, document := range skimmed {
		skims(t, []byte(document))
	}
}

func FuzzSkim(f *testing.F) {
	for _, document := range skimmed {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) { skims(t, document) })
}

// What is skimmed takes no memory, however large and dense it is.
func TestSkimKeepsNothing(t *testing.T) {
	for name, unit := range map[string]string{
		"numbers": `0,`, "negative numbers": `-1.5,`, "empty objects": `{},`, "objects": `{"a":0},`, "texts": `"x",`, "escapes": `"\u0041\n",`, "empty arrays": `[],`,
	} {
		document := []byte(`{"a": [` + strings.Repeat(unit, 5_000_000/len(unit)) + `0], "token": "x"}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := value.Skim(value.Limits{Values: 10_000_000}, document, "token")
		runtime.ReadMemStats(&after)
		if err != nil || got["token"] != "x" {
			t.Errorf("%s: Skim() = %v, %v", name, got, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 100_000 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}

// What only Skim bounds.
func TestSkimLimits(t *testing.T) {
	for _, tt := range []struct {
		limits   value.Limits
		document string
		reason   string
	}{
		{value.Limits{Values: 9, Nested: 2}, `{"a": [], "b": [{}]}`, "too_nested"},
		{value.Limits{Values: 9, Nested: 3}, `{"a": [], "b": [{}]}`, ""},
		{value.Limits{Values: 9, Text: 12}, `{"a": "x", "b": "yyy"}`, "too_long"},
		{value.Limits{Values: 9, Text: 14}, `{"a": "x", "b": "yyy"}`, ""},
		{value.Limits{Values: 3, Text: 100}, `{"a": [1, 2]}`, "too_many"},
	} {
		_, err := value.Skim(tt.limits, []byte(tt.document))
		client, rejected := errs.AsClient(err)
		if rejected != (tt.reason != "") || rejected && (client.Reason != tt.reason || client.Path != "") {
			t.Errorf("Skim(%+v, %s) error = %v, want %q", tt.limits, tt.document, err, tt.reason)
		}
	}
}

// A document of too many values is rejected before they take memory.
func TestTooManyValues(t *testing.T) {
	document := []byte(`{"a": [` + strings.Repeat("{},", 1_600_000) + `0]}`)
	_, err := value.ParseObject(document)
	if client, ok := errs.AsClient(err); !ok || client.Reason != "too_many" || client.Path != "" {
		t.Errorf("ParseObject() error = %v, want bad_json/too_many", err)
	}
	if _, err := value.ParseObjectUpTo(4, []byte(`{"a": [1, 2]}`)); err != nil {
		t.Errorf("four values of four: %v", err)
	}
	if _, err := value.ParseObjectUpTo(3, []byte(`{"a": [1, 2]}`)); err == nil {
		t.Error("four values of three: no error")
	}
}

func BenchmarkSkim(b *testing.B) {
	document := bytes.Repeat([]byte(`{"a":0},`), 600_000)
	document = append(append([]byte(`{"a":[`), document...), `0],"token":"x"}`...)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := value.Skim(value.Limits{Values: 10_000_000}, document, "token"); err != nil {
			b.Fatal(err)
		}
	}
}
