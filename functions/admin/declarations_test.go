package admin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeclarations(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	steps := []struct {
		name, call string
		want       map[string]any
		setting    string // that show-tenant then shows
		shown      any
	}{
		{"a field", `{"action": "declare-field", "tenant": "5", "name": "size.eu", "type": "enum", "options": "S, M"}`,
			map[string]any{"name": "size.eu", "type": "enum", "options": []any{"S", "M"}},
			"declared_fields", map[string]any{"size.eu": map[string]any{"type": "enum", "options": []any{"S", "M"}}}},
		{"the field, another way", `{"action": "declare-field", "tenant": 5, "name": "size.eu", "type": "int"}`,
			map[string]any{"name": "size.eu", "type": "int"},
			"declared_fields", map[string]any{"size.eu": map[string]any{"type": "int"}}},
		{"no field", `{"action": "remove-field", "tenant": 5, "name": "size.eu"}`,
			map[string]any{"removed": map[string]any{"name": "size.eu"}}, "declared_fields", map[string]any{}},
		{"a resource", `{"action": "declare-resource", "tenant": 5, "id": "2", "name": "News", "url": "https://x.com", "channels": "email,sms"}`,
			map[string]any{"id": 2.0, "name": "News", "url": "https://x.com", "channels": []any{"email", "sms"}},
			"declared_resources", map[string]any{"2": map[string]any{"name": "News", "url": "https://x.com", "channels": []any{"email", "sms"}}}},
		{"the resource, with less", `{"action": "declare-resource", "tenant": 5, "id": 2, "name": "Offers"}`,
			map[string]any{"id": 2.0, "name": "Offers"},
			"declared_resources", map[string]any{"2": map[string]any{"name": "Offers"}}},
		{"no resource", `{"action": "remove-resource", "tenant": 5, "id": 2}`,
			map[string]any{"removed": map[string]any{"id": "2"}}, "declared_resources", map[string]any{}},
		{"a segment", `{"action": "declare-segment", "tenant": 5, "id": 3, "name": "VIP"}`,
			map[string]any{"id": 3.0, "name": "VIP"}, "segments", map[string]any{"3": map[string]any{"name": "VIP"}}},
		{"no segment", `{"action": "remove-segment", "tenant": 5, "id": 3}`,
			map[string]any{"removed": map[string]any{"id": "3"}}, "segments", map[string]any{}},
	}
	for _, step := range steps {
		if diff := cmp.Diff(step.want, o.call(t, step.call)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(step.shown, at(o.call(t, `{"action": "show-tenant", "tenant": 5}`), "settings."+step.setting)); diff != "" {
			t.Errorf("%s, shown (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestDeclarationsRejected(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop", "settings": {"segments": {"3": {"name": "VIP"}, "30": {"name": "Guests"}}}}`)
	before := o.call(t, `{"action": "show-tenant", "tenant": 5}`)
	tests := []struct{ name, call, code, field string }{
		{"a type that is none", `{"action": "declare-field", "tenant": 5, "name": "A", "type": "text"}`, "bad_setting", "declared_fields.A.type"},
		{"an enum without options", `{"action": "declare-field", "tenant": 5, "name": "A", "type": "enum"}`, "bad_setting", "declared_fields.A.options"},
		{"options of no enum", `{"action": "declare-field", "tenant": 5, "name": "A", "type": "int", "options": "1"}`, "bad_setting", "declared_fields.A.options"},
		{"a field of another tenant", `{"action": "declare-field", "tenant": 6, "name": "A", "type": "int"}`, "tenant_unknown", "tenant"},
		{"a field without a type", `{"action": "declare-field", "tenant": 5, "name": "A"}`, "missing_parameter", "type"},
		{"a resource 0", `{"action": "declare-resource", "tenant": 5, "id": 0, "name": "News"}`, "bad_setting", "declared_resources.0"},
		{"a channel that is none", `{"action": "declare-resource", "tenant": 5, "id": 1, "name": "News", "channels": "fax"}`, "bad_setting", "declared_resources.1.channels"},
		{"an address that is none", `{"action": "declare-resource", "tenant": 5, "id": 1, "name": "News", "url": "x.com"}`, "bad_setting", "declared_resources.1.url"},
		{"a segment -1", `{"action": "declare-segment", "tenant": 5, "id": -1, "name": "VIP"}`, "bad_setting", "segments.-1"},
		{"a segment without a name", `{"action": "declare-segment", "tenant": 5, "id": 1}`, "missing_parameter", "name"},
		{"removing no field", `{"action": "remove-field", "tenant": 5, "name": "A"}`, "undeclared", "name"},
		{"removing no resource", `{"action": "remove-resource", "tenant": 5, "id": 1}`, "undeclared", "id"},
		{"removing no segment", `{"action": "remove-segment", "tenant": 5, "id": 1}`, "undeclared", "id"},
		{"removing from no tenant", `{"action": "remove-segment", "tenant": 6, "id": 3}`, "tenant_unknown", "tenant"},
	}
	for _, tt := range tests {
		answer := o.call(t, tt.call)
		if at(answer, "error.code") != tt.code || at(answer, "error.field") != tt.field {
			t.Errorf("%s = %v, want code %s, field %s", tt.name, answer, tt.code, tt.field)
		}
	}
	if diff := cmp.Diff(before, o.call(t, `{"action": "show-tenant", "tenant": 5}`)); diff != "" {
		t.Errorf("what was refused changed (-before +after):\n%s", diff)
	}
}
