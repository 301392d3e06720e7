package admin_test

import (
	"fmt"
	"testing"
)

// The values are taken in any spelling, as searches take them.
func TestRebuildKey(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop", "settings": {"country": "84"}}`)
	o.call(t, `{"action": "declare-match-field", "tenant": 5, "name": "card"}`)
	for _, tt := range []struct{ kind, value, subject, code string }{
		{"email", "Ann@Example.COM", "email ann@example.com", ""},
		{"phone", "0909 123 456", "phone +84909123456", ""},
		{"card", " A-1 ", "f1 A-1", ""},
		{"phone", "12", "", "bad_phone"},
		{"shoe", "42", "", "match_field_unknown"},
	} {
		got := o.call(t, fmt.Sprintf(`{"action": "rebuild-key", "tenant": 5, "kind": %q, "value": %q}`, tt.kind, tt.value))
		if tt.code != "" {
			if at(got, "error.code") != tt.code {
				t.Errorf("%s %s = %v, want %s", tt.kind, tt.value, got, tt.code)
			}
			continue
		}
		if got["kind"] != "rebuild-key" || got["subject"] != tt.subject {
			t.Errorf("%s %s = %v, want the subject %s", tt.kind, tt.value, got, tt.subject)
		}
	}
}
