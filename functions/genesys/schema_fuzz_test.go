package genesys

import "testing"

// A declaration of an extension is one, or is rejected.
func FuzzSchema(f *testing.F) {
	for _, seed := range []string{
		`{"name": "Phone", "type": "multi-valued", "attributes": [{"name": "PhoneNumber", "type": "string", "length": 32, "mandatory": true}], "unique": ["PhoneNumber"]}`,
		`{"name": "A", "type": "classifier"}`, `{"name": "A", "type": "single-valued", "attributes": [{"name": "b", "type": "integer", "default": 3, "mandatory": "true"}]}`, `{"name": 1}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if s, err := ParseSchema(document); err == nil && s.Name == "" {
			t.Errorf("%q is an extension without a name", document)
		}
	})
}
