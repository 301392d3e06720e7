package access_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
)

// Settings that can be read (levels, earning rules, wallets, campaigns) mean the same when
// they are written and read again.
func FuzzPreferences(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"country": "84", "fields": "declared", "declared_fields": {"A": {"type": "int"}}, "budget": {"requests": 5}}`,
		`{"levels": [{"id": 1, "name": "Gold", "from": 100}], "money_per_point": 1000, "wallets": {"2": {"code": "coins", "name": "Coins"}}}`,
		`{"earning": {"rules": [{"name": "a", "percent": 10, "when": {"tags": ["x"]}}]}, "campaigns": {"w": {"reason": "welcome"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		first, err := access.ParsePreferences(document)
		if err != nil {
			return
		}
		text, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("%q is read, and cannot be written: %v", document, err)
		}
		again, err := access.ParsePreferences(text)
		if err != nil {
			t.Fatalf("%q is written as %s, which cannot be read: %v", document, text, err)
		}
		texts, err := json.Marshal(again)
		if diff := cmp.Diff(string(text), string(texts)); err != nil || diff != "" {
			t.Errorf("%q is read as another one the second time: %v\n%s", document, err, diff)
		}
	})
}

// The hash of a token is read as it is written, and nothing else is.
func FuzzHash(f *testing.F) {
	f.Add(access.HashOf("secret").String())
	f.Add("0")
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := access.ParseHash(text); err == nil && h.String() != text {
			t.Errorf("%q is read as %s", text, h)
		}
	})
}
