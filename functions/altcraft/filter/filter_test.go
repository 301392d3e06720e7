package filter_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"regulars/functions/altcraft/filter"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// ada is a profile as the read form shows it.
const ada = `{"id": "0000000000032a2512bcf4c6", "email": "ada@x.com", "phones": ["+1111111", "+2222222"], "_sex": "female",
	"_bdate": "1990-01-15T00:00:00Z", "old": "1066-10-14T09:00:00Z", "visits": 3, "price": 12.50, "vip": true, "note": null, "tags": ["ski", "tea"],
	"huge": 12345678901234567890123456789012345678, "tiny": 1e-130, "text": "3", "dot.ted": 1, "when": "soon",
	"card": {"level": "gold", "no": 7, "old": {"no": 6}}, "pets": [{"name": "Rex", "age": 3}, {"name": "Tom", "age": 9}, 5], "none": [],
	"subscriptions": [{"channel": "email", "resource_id": 1, "cats": ["news"]}, {"channel": "sms", "resource_id": 2, "cats": []}]}`

func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	object, err := value.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func TestMatches(t *testing.T) {
	document := parse(t, ada)
	tests := []struct {
		query string
		want  bool
	}{
		{`{}`, true},
		// Equality.
		{`{"email": "ada@x.com"}`, true},
		{`{"email": "Ada@x.com"}`, false},
		{`{"email": "ada@x.com", "visits": 3}`, true},
		{`{"email": "ada@x.com", "visits": 4}`, false},
		{`{"visits": 3.0}`, true},
		{`{"visits": "3"}`, false},
		{`{"text": 3}`, false},
		{`{"price": 12.5}`, true},
		{`{"huge": 12345678901234567890123456789012345678}`, true},
		{`{"huge": 12345678901234567890123456789012345679}`, false},
		{`{"vip": true}`, true},
		{`{"vip": "true"}`, false},
		{`{"vip": {"$eq": false}}`, false},
		{`{"card": {"no": 7, "level": "gold", "old": {"no": 6}}}`, true},
		{`{"card": {"level": "gold"}}`, false},
		{`{"card": {}}`, false},
		// null is also what is not there.
		{`{"note": null}`, true},
		{`{"unknown": null}`, true},
		{`{"email": null}`, false},
		{`{"card.unknown": null}`, true},
		{`{"unknown": {"$in": [null, 1]}}`, true},
		{`{"unknown": 1}`, false},
		// An array contains.
		{`{"phones": "+2222222"}`, true},
		{`{"phones": "+3333333"}`, false},
		{`{"phones": ["+1111111", "+2222222"]}`, true},
		{`{"phones": ["+2222222", "+1111111"]}`, false},
		{`{"phones": ["+1111111"]}`, false},
		{`{"pets": {"name": "Rex", "age": 3}}`, true},
		{`{"pets": {"name": "Rex"}}`, false},
		{`{"none": []}`, true},
		{`{"none": null}`, false},
		{`{"$and": [{"tags": "ski"}, {"tags": "tea"}]}`, true},
		// $in.
		{`{"visits": {"$in": [1, 2, 3]}}`, true},
		{`{"visits": {"$in": [1, "3"]}}`, false},
		{`{"visits": {"$in": []}}`, false},
		{`{"tags": {"$in": ["art", "tea"]}}`, true},
		{`{"card": {"$in": [1, {"level": "gold", "no": 7, "old": {"no": 6}}]}}`, true},
		// Order.
		{`{"visits": {"$gt": 2}}`, true},
		{`{"visits": {"$gt": 3}}`, false},
		{`{"visits": {"$gte": 3}}`, true},
		{`{"visits": {"$lt": 3}}`, false},
		{`{"visits": {"$lte": 3.000}}`, true},
		{`{"visits": {"$gte": 2.99, "$lt": 3.01}}`, true},
		{`{"visits": {"$gt": "2"}}`, false},
		{`{"text": {"$gt": 2}}`, false},
		{`{"vip": {"$gt": 0}}`, false},
		{`{"unknown": {"$lt": 9}}`, false},
		{`{"huge": {"$gt": 12345678901234567890123456789012345677}}`, true},
		{`{"huge": {"$gt": 12345678901234567890123456789012345678}}`, false},
		{`{"tiny": {"$gt": 0}}`, true},
		{`{"tiny": {"$lt": 2e-130}}`, true},
		{`{"email": {"$gt": "ada", "$lt": "adb"}}`, true},
		{`{"phones": {"$gt": "+2"}}`, true},
		{`{"phones": {"$lt": "+1"}}`, false},
		// Dates, in time.
		{`{"_bdate": "1990-01-15"}`, true},
		{`{"_bdate": "1990-01-15T03:00:00+03:00"}`, true},
		{`{"_bdate": "1990-01-15T03:00:00+02:00"}`, false},
		{`{"_bdate": {"$in": ["1990-01-14T23:00-01:00"]}}`, true},
		{`{"_bdate": {"$gte": "1990-01-15T05:00:00+05:00", "$lt": "1990-01-15T00:00:00.001Z"}}`, true},
		{`{"_bdate": {"$gt": "1990-01-15"}}`, false},
		{`{"_bdate": {"$gt": "1990-01-1"}}`, true}, // no date: as texts
		{`{"old": "1066-10-14T10:00:00+01:00"}`, true},
		{`{"old": {"$lt": "2001-01-01"}}`, true},
		{`{"when": {"$gt": "2001-01-01"}}`, true}, // as texts
		// $exists.
		{`{"card": {"$exists": true}}`, true},
		{`{"note": {"$exists": true}}`, true},
		{`{"unknown": {"$exists": true}}`, false},
		{`{"unknown": {"$exists": false}}`, true},
		{`{"card.level": {"$exists": false}}`, false},
		{`{"pets.name": {"$exists": true}}`, true},
		{`{"none.name": {"$exists": true}}`, false},
		// Names with dots.
		{`{"card.level": "gold"}`, true},
		{`{"card.old.no": {"$lt": 7}}`, true},
		{`{"card.level.deeper": "gold"}`, false},
		{`{"dot.ted": 1}`, true},
		{`{"pets.name": "Tom"}`, true},
		{`{"pets.age": {"$gt": 9}}`, false},
		{`{"pets.0.name": "Rex"}`, false}, // places in arrays have no names
		{`{"subscriptions.channel": "sms", "subscriptions.resource_id": 1}`, true},
		{`{"subscriptions.cats": "news"}`, true},
		{`{"email.x": null}`, true},
		// Combinations.
		{`{"$or": [{"visits": 1}, {"tags": "art"}, {"vip": true}]}`, true},
		{`{"$or": [{"visits": 1}, {"tags": "art"}]}`, false},
		{`{"$and": [{"visits": 3}, {"tags": "art"}]}`, false},
		{`{"visits": 3, "$or": [{"$and": [{"vip": true}, {"tags": "tea"}]}, {"visits": 9}]}`, true},
		{`{"$or": [{}]}`, true},
	}
	for _, tt := range tests {
		for _, query := range []any{parse(t, tt.query), tt.query} {
			f, err := filter.Parse("query", query)
			if err != nil {
				t.Errorf("Parse(%s) error = %v, want none", tt.query, err)
				continue
			}
			if got := f.Matches(document); got != tt.want {
				t.Errorf("%s means the document: %t, want %t", tt.query, got, tt.want)
			}
		}
	}
	for _, query := range []any{nil, "", "  \n", map[string]any{}} {
		if f, err := filter.Parse("query", query); err != nil || !f.Matches(document) || len(f.Names()) != 0 {
			t.Errorf("Parse(%v) = %v, error %v, want every document", query, f, err)
		}
	}
}

func TestNames(t *testing.T) {
	f, err := filter.Parse("query", `{"b.c": 1, "$or": [{"a": 1}, {"$and": [{"b.d": 1, "a": {"$gt": 1}}]}], "tags": {"$exists": true}}`)
	if want := []string{"a", "b", "b.c", "b.d", "tags"}; err != nil || !slices.Equal(f.Names(), want) {
		t.Errorf("Names() = %v, error %v, want %v", f.Names(), err, want)
	}
}

func TestParseRejects(t *testing.T) {
	list := func(n int, of string) string { return "[" + strings.TrimSuffix(strings.Repeat(of+",", n), ",") + "]" }
	nested := func(n int) string { return strings.Repeat(`{"$and": [`, n) + `{"a": 1}` + strings.Repeat(`]}`, n) }
	tests := []struct {
		name, query string
		says        []string
	}{
		{"an array", `[]`, []string{"query", "array"}},
		{"a number", `7`, []string{"query"}},
		{"a text that is no JSON", `"{\"a\": "`, []string{"query", "bad_query/json"}},
		{"a text that is no object", `"[1]"`, []string{"query", "bad_json/no_object"}},
		{"$regex", `{"email": {"$regex": "^a"}}`, []string{"query.email.$regex", "$regex"}},
		{"$where", `{"$where": "sleep(1)"}`, []string{"query.$where", "$where"}},
		{"$not", `{"a": {"$not": {"$gt": 1}}}`, []string{"$not"}},
		{"$ne", `{"a": {"$ne": 1}}`, []string{"$ne"}},
		{"$nor", `{"$nor": [{"a": 1}]}`, []string{"$nor"}},
		{"$elemMatch", `{"$and": [{"a": {"$elemMatch": {"b": 1}}}]}`, []string{"query.$and.a.$elemMatch"}},
		{"an operator in another case", `{"a": {"$GT": 1}}`, []string{"$GT"}},
		{"an operator within a value", `{"card": {"level": {"$gt": 1}}}`, []string{"query.card", "$gt", "operator_in_value"}},
		{"an operator within $in", `{"card": {"$in": [{"$oid": "x"}]}}`, []string{"query.card.$in", "$oid"}},
		{"an operator in a name", `{"card.$where": 1}`, []string{"$where"}},
		{"a field's operator at the top", `{"$gt": 1}`, []string{"query.$gt", "field"}},
		{"$and below a field", `{"a": {"$and": [{"b": 1}]}}`, []string{"query.a.$and"}},
		{"operators and names", `{"a": {"$gt": 1, "b": 2}}`, []string{"query.a", "b"}},
		{"$and of an object", `{"$and": {"a": 1}}`, []string{"query.$and", "objects"}},
		{"$or of nothing", `{"$or": []}`, []string{"query.$or"}},
		{"$or of texts", `{"$or": ["a"]}`, []string{"query.$or", "text"}},
		{"$in of a text", `{"a": {"$in": "x"}}`, []string{"query.a.$in", "array"}},
		{"$exists of a number", `{"a": {"$exists": 1}}`, []string{"query.a.$exists"}},
		{"$gt of null", `{"a": {"$gt": null}}`, []string{"query.a.$gt", "null"}},
		{"$gt of a boolean", `{"a": {"$gt": true}}`, []string{"query.a.$gt"}},
		{"$lt of an array", `{"a": {"$lt": [1]}}`, []string{"query.a.$lt"}},
		{"nine levels of $and", nested(9), []string{"8"}},
		{"101 conditions", `{"$or": ` + list(51, `{"a": 1}`) + `}`, []string{"100"}},
		{"101 empty objects", `{"$or": ` + list(101, `{}`) + `}`, []string{"100"}},
		{"a huge $in", `{"a": {"$in": ` + list(1001, `1`) + `}}`, []string{"query.a.$in", "1000"}},
		{"two large $in", `{"a": {"$in": ` + list(600, `1`) + `}, "b": {"$in": ` + list(600, `1`) + `}}`, []string{"query.b.$in", "1000"}},
		{"a long path", `{"` + strings.Repeat("a.", 16) + `a": 1}`, []string{"16"}},
		{"a long hostile name", `{"` + strings.Repeat("\u0416", 10_000) + `": {"$x": 1}}`, []string{"query.", "$x"}},
	}
	for _, tt := range tests {
		v, err := value.Parse([]byte(tt.query))
		if err != nil {
			t.Fatal(err)
		}
		_, err = filter.Parse("query", v)
		clientErr, rejected := errs.AsClient(err)
		if !rejected || clientErr.Kind != errs.Invalid || clientErr.Code != "bad_query" {
			t.Errorf("%s: Parse() error = %v, want a refusal", tt.name, err)
			continue
		}
		for _, part := range tt.says {
			if !strings.Contains(clientErr.Error(), part) {
				t.Errorf("%s: Parse() says %q, want %q in it", tt.name, clientErr.Error(), part)
			}
		}
		if len(clientErr.Error()) > 500 {
			t.Errorf("%s: Parse() says %d bytes, want a sentence", tt.name, len(clientErr.Error()))
		}
	}

	for name, query := range map[string]string{
		"eight levels of $and": nested(8),
		"100 conditions":       `{"$or": ` + list(50, `{"a": 1}`) + `}`,
		"1000 values":          `{"a": {"$in": ` + list(1000, `1`) + `}}`,
		"16 parts":             `{"` + strings.Repeat("a.", 15) + `a": 1}`,
	} {
		if _, err := filter.Parse("query", query); err != nil {
			t.Errorf("%s: Parse() error = %v, want none", name, err)
		}
	}
}

// FuzzFilter: whatever is sent as a query, it is rejected in a sentence, or says
// yes or no of any document, the same each time.
func FuzzFilter(f *testing.F) {
	for _, query := range []string{
		`{}`, `{"email": "ada@x.com", "visits": {"$gte": 1, "$lt": 9e125}}`, `{"$or": [{"tags": {"$in": ["ski", null, 1]}}, {"$and": [{"card.level": "gold"}]}]}`,
		`{"_bdate": {"$gt": "1990-01-15T00:00:00+03:00"}}`, `{"a": {"$exists": false}}`, `"{\"a\": 1}"`, `{"a": {"$regex": "x"}}`, `{"pets": [{"name": "Rex"}]}`, `[]`, `{"a..b.$": 1}`,
	} {
		f.Add(query, ada)
		f.Add(query, query)
	}
	f.Fuzz(func(t *testing.T, query, document string) {
		v, err := value.Parse([]byte(query))
		if err != nil {
			return
		}
		read, err := filter.Parse("query", v)
		if err != nil {
			if clientErr, rejected := errs.AsClient(err); !rejected || len(clientErr.Error()) > 1000 {
				t.Fatalf("Parse(%s) error = %v, want a refusal in a sentence", query, err)
			}
			return
		}
		object, err := value.ParseObject([]byte(document))
		if err != nil {
			return
		}
		got := read.Matches(object)
		named := map[string]any{}
		for _, name := range read.Names() {
			if v, found := object[name]; found {
				named[name] = v
			}
		}
		if again := read.Matches(named); again != got {
			t.Fatalf("%s means %s: %t, and of the members that it names: %t", query, document, got, again)
		}
		if !read.Matches(object) == got {
			t.Fatalf("%s means %s: %t, and asked again: %t", query, document, got, !got)
		}
		whole, err := json.Marshal(map[string]any{"$and": []any{map[string]any{"whole": map[string]any{"$in": []any{object}}}}})
		if err != nil {
			t.Fatal(err)
		}
		containing, err := filter.Parse("query", string(whole))
		if err != nil {
			if !errors.Is(err, errs.New(errs.Invalid, "bad_query", "")) {
				t.Fatalf("Parse(%s) error = %v, want a refusal", whole, err)
			}
			return // an operator within the document, or too deep a one
		}
		if !containing.Matches(map[string]any{"whole": []any{object, fmt.Sprint(got)}}) {
			t.Fatalf("%s does not mean an array that contains it", whole)
		}
	})
}
