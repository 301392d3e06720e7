package console_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/tests/client"
)

// Everything of a customer is handed out as a file, and then it is erased, once its id
// was typed, by a job that the page watches until there is a certificate.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	id, _ := s.twins(t)
	s.api(t, "POST", "/loy/profiles/"+id.Decimal()+"/orders.json", `{"order": {"id": "A-1", "total": 50000}}`)
	s.importFile(t, "city.csv", "email,_city\nolga@example.com,Jelgava\n")
	s.working(t)
	card := "/console/customers/" + id.Decimal()
	v := signIn(t, s, devserver.DemoToken)
	client.Eventually(t, "the file is imported", func() bool { return strings.Contains(v.get(card).body, "Jelgava") })

	if p := v.get(card + "/export"); p.code != http.StatusOK || !strings.Contains(p.body, "Download") {
		t.Errorf("the export's form = %d", p.code)
	}
	p := v.post(card + "/export")
	var document struct {
		Entries []any `json:"points_entries"`
		Imports []any `json:"imports"`
	}
	if err := json.Unmarshal([]byte(p.body), &document); err != nil || len(document.Entries) < 2 || len(document.Imports) != 1 || !strings.Contains(p.body, "olga@example.com") {
		t.Errorf("the export = %d %v %s", p.code, err, p.body)
	}
	if got, want := p.header.Get("Content-Disposition"), `attachment; filename="customer-`+id.Decimal()+`.json"`; got != want || p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the export is sent as %q, want %q", got, want)
	}

	erase := card + "/erase"
	if p := v.get(erase); p.code != http.StatusOK || !strings.Contains(p.body, "<strong>Olga</strong>") || !strings.Contains(p.body, "Entries of ledgers") || !strings.Contains(p.body, "figures, times and hashes") {
		t.Errorf("the plan of erasing = %d %s", p.code, p.body)
	}
	if p := v.get(card + "/certificate"); p.code != http.StatusConflict {
		t.Errorf("a certificate before = %d", p.code)
	}
	items := func() (n int) { // but for those of the import and its job, which may still be ending
		for key := range s.Items(t) {
			if !strings.HasPrefix(key, "B#") && !strings.HasPrefix(key, "J#") {
				n++
			}
		}
		return n
	}
	before := items()
	for _, typed := range []string{"", "yes", id.Hex()} {
		if p := v.post(erase, "confirm", typed); p.code != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="in-confirm"`) || !strings.Contains(p.body, "Type "+id.Decimal()) {
			t.Errorf("confirmed by %q = %d", typed, p.code)
		}
	}
	if after := items(); after != before {
		t.Errorf("%d items before, %d after", before, after)
	}
	began := v.post(erase, "confirm", id.Decimal())
	watch := began.header.Get("Location")
	if began.code != http.StatusSeeOther || !strings.HasPrefix(watch, erase+"?job=") {
		t.Fatalf("confirmed = %d %s", began.code, began.body)
	}
	if p := v.get(watch); strings.Contains(p.body, "Certificate") {
		t.Log("it was erased before anybody could look") // after two seconds, on a busy machine
	} else if !strings.Contains(p.body, "It is being erased") || strings.Contains(p.body, "in-confirm") || !strings.Contains(p.body, `hx-get="`+watch+`"`) {
		t.Errorf("while it is under way: %s", p.body)
	}
	client.Eventually(t, "it is erased", func() bool { return strings.Contains(v.get(watch).body, "Certificate of erasure") })
	if p := v.get(erase); strings.Contains(p.body, "in-confirm") || strings.Contains(p.body, "olga") || !strings.Contains(p.body, "demo ") {
		t.Errorf("the certificate is %s", p.body)
	}
	p = v.get(card + "/certificate")
	var certificate struct{ Profile, State, By string }
	if err := json.Unmarshal([]byte(p.body), &certificate); err != nil || certificate.Profile != id.Decimal() || certificate.State != "erased" || !strings.HasPrefix(certificate.By, "demo ") {
		t.Errorf("the certificate = %d %s", p.code, p.body)
	}
	if p := v.get(card); p.code != http.StatusNotFound {
		t.Errorf("the card afterwards = %d", p.code)
	}
	if p := v.post(erase, "confirm", id.Decimal()); p.code != http.StatusOK || !strings.Contains(p.body, "Certificate") {
		t.Errorf("erased again = %d", p.code)
	}
	if p := v.get("/console/customers/1/erase"); p.code != http.StatusNotFound {
		t.Errorf("erasing nobody = %d", p.code)
	}
}

// working does the parts of jobs and of imports until the test ends.
func (s shop) working(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Work(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
}

// importFile uploads a file to import by e-mail.
func (s shop) importFile(t *testing.T, name, content string) {
	t.Helper()
	client.Drop(t, s.Server, s.Files, "imports/tenant=5/matching=email/"+name, content, nil)
}

// Who may not export and erase is not offered it.
func TestPrivacyByScope(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	id, _ := s.twins(t)
	card := "/console/customers/" + id.Decimal()
	for scope, may := range map[access.Scope]bool{access.AltRead: false, access.CustomersPrivacy: true} {
		secret, _ := s.token(t, scope, access.AltRead)
		v := signIn(t, s, secret)
		p := v.get(card)
		if strings.Contains(p.body, card+"/export") != may || strings.Contains(p.body, card+"/erase") != may {
			t.Errorf("with %s it is offered: %t", scope, !may)
		}
		if p := v.post(card + "/export"); (p.code == http.StatusOK) != may {
			t.Errorf("with %s an export = %d", scope, p.code)
		}
	}
}

// The overview counts what the tenants of the token asked for, and no others.
func TestOverview(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	id, _ := s.twins(t)
	v := signIn(t, s, devserver.DemoToken)
	v.post("/console/customers/"+id.Decimal()+"/points/subtract", "value", "9999", "reason", "x")
	p := v.get("/console/overview")
	for _, want := range []string{"The last day", "insufficient_points", "under $0.01", "written"} {
		if p.code != http.StatusOK || !strings.Contains(p.body, want) {
			t.Errorf("the overview = %d, and has no %s", p.code, want)
		}
	}
	if _, err := s.Registrar.CreateTenant(t.Context(), client.OtherTenant, "Other", nil); err != nil {
		t.Fatal(err)
	}
	secret, _, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: "other", Tenants: []int{client.OtherTenant}, Scopes: access.Scopes})
	if err != nil {
		t.Fatal(err)
	}
	if p := signIn(t, s, secret).get("/console/overview"); p.code != http.StatusOK || strings.Contains(p.body, "insufficient_points") {
		t.Errorf("the overview of another tenant = %d", p.code)
	}
}
