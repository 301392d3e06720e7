package console_test

import (
	"net/http"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/tests/client"
)

// The card shows the latest changes and who made them, and a page all of them; only to
// whom the scope is given, and where the tenant keeps them.
func TestHistory(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	before := s.person(t, "eve@example.com", map[string]any{"_fname": "Eve"})
	if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"history_days": 30}); err != nil {
		t.Fatal(err)
	}
	client.Eventually(t, "every writer knows it", func() bool {
		(client.Altcraft{T: t, Handler: s}).Must("update", map[string]any{"email": "eve@example.com", "data": map[string]any{"visits": client.Function("incr", 1)}})
		return len(client.History(t, s.Server, before)) > 0
	})
	id := s.person(t, "olga@example.com", map[string]any{"_fname": "Olga", "phones": []any{herPhone}, "subscriptions": []any{
		map[string]any{"resource_id": 1, "channel": "sms", "phone": herPhone},
	}})
	for _, city := range []string{"Riga", "<b>Oslo</b>", "Hue", "Tallinn", "Bergen", "Vilnius"} {
		(client.Altcraft{T: t, Handler: s}).Must("update", map[string]any{"email": "olga@example.com", "data": map[string]any{"_city": city, "shoe": city[:1]}})
	}
	v := signIn(t, s, devserver.DemoToken)
	card := "/console/customers/" + id.Decimal()
	body := v.get(card).body
	for _, want := range []string{">History<", "demo", "POST /api/v1.1/profiles/update", "<del>Bergen</del>", "<ins>Vilnius</ins>", "&lt;b&gt;Oslo", card + "/history\""} {
		if !strings.Contains(body, want) {
			t.Errorf("the card has no %s", want)
		}
	}
	if strings.Contains(body, "<b>Oslo") || strings.Contains(body, "profiles/import") {
		t.Error("the card has markup of a client, or more than the latest changes")
	}
	all := v.get(card + "/history")
	for _, want := range []string{"profiles/import", "created", "<ins>Riga</ins>", strings.TrimPrefix(herPhone, "+") + ": subscribed"} {
		if all.code != http.StatusOK || !strings.Contains(strings.ToLower(all.body), strings.ToLower(want)) {
			t.Errorf("the history has no %s: %d", want, all.code)
		}
	}
	if p := v.get(card + "/history?before=yesterday"); p.code == http.StatusOK {
		t.Errorf("a place that is none = %d", p.code)
	}
	secret, _, err := s.Registrar.CreateToken(t.Context(), access.Token{
		Name: "reader", Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltRead, access.UCSRead, access.LoyRead},
	})
	if err != nil {
		t.Fatal(err)
	}
	reader := signIn(t, s, secret)
	if p := reader.get(card); p.code != http.StatusOK || strings.Contains(p.body, ">History<") {
		t.Errorf("the card without the scope = %d, with the history: %t", p.code, strings.Contains(p.body, ">History<"))
	}
	if p := reader.get(card + "/history"); p.code != http.StatusForbidden {
		t.Errorf("the history without the scope = %d, want 403", p.code)
	}
}
