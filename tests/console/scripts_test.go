package console_test

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/tests/client"
)

// A hostileShop is a shop in which everything that has a name is called by markup that
// would run a script, and the pages that show it.
type hostileShop struct {
	shop
	v *visitor
	// names are what something is called, by what it is.
	names map[string]string
	// shown are the names that each address must show.
	shown map[string][]string
}

// evil is markup with the name of a thing in it, so that each is found again.
func evil(name string) string {
	return name + `"><img src=x onerror=alert(1)>'<script>alert(1)</script>`
}

// newHostileShop names everything that a tenant, an administrator, a client or a file
// may name.
func newHostileShop(t *testing.T, changes ...func(o *devserver.Options)) hostileShop {
	t.Helper()
	s := hostileShop{shop: shop{Scene: newDepot(t, changes...)}, names: map[string]string{}, shown: map[string][]string{}}
	name := func(of string) string {
		s.names[of] = evil(of)
		return s.names[of]
	}
	zero, none := json.Number("0"), json.Number("1")
	if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{
		"name":               name("tenant"),
		"levels":             map[string]any{"2020": map[string]any{"name": name("level"), "from": zero}, "2021": map[string]any{"name": name("next level")}},
		"segments":           map[string]any{"3": map[string]any{"name": name("segment")}},
		"declared_resources": map[string]any{"1": map[string]any{"name": name("resource"), "channels": []any{"email"}}},
		"campaigns":          map[string]any{name("code"): map[string]any{"name": name("campaign")}},
		"history_days":       none,
	}); err != nil {
		t.Fatal(err)
	}
	field, err := s.Registrar.DeclareMatchField(t.Context(), devserver.Tenant, name("match"), customer.OfCustomer, false)
	if err != nil {
		t.Fatal(err)
	}
	job, err := s.Jobs.StartMatchField(t.Context(), devserver.Tenant, field)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: name("token"), Tenants: []int{devserver.Tenant}, Scopes: access.Scopes}); err != nil {
		t.Fatal(err)
	}
	s.id = s.newHostileCustomer(t, name)
	s.v = signIn(t, s, devserver.DemoToken)
	tried := s.importHostileFile(t, name)
	s.shown = map[string][]string{
		"/console/customers/" + s.id.Decimal(): {"first", "last", "city", "region", "street", "tag", "custom", "value", "segment", "resource", "extension", "level", "next level",
			"reason", "reference", "product", "client id", "title", "tenant"},
		s.card() + "/edit":                {"first", "last", "city", "region", "street", "tag", "custom", "value", "title"},
		s.card() + "/product":             {"product"},
		s.card() + "/points/add":          {"tenant"},
		s.card() + "/entries/1/reverse":   {"reason"},
		s.card() + "/history":             {"custom"},
		s.card() + "/export":              {"tenant"},
		s.card() + "/erase":               {"tenant"},
		"/console/lists/changed":          {"first", "last", "level"},
		"/console/program":                {"level", "next level", "campaign"},
		"/console/tokens":                 {"token"},
		"/console/tenants":                {"tenant"},
		"/console/overview":               {"tenant"},
		"/console/duplicates":             {"tenant"},
		"/console/jobs":                   {"match"},
		"/console/jobs/" + job.ID:         {"match"},
		"/console/imports":                {"tenant"},
		tried:                             {"header"},
		s.v.get(tried).at(t, "/uploads/"): {"header", "cell"},
		"/console/uploads/x/" + url.PathEscape(evil("file")): {"tenant"},
	}
	return s
}

// newHostileCustomer imports a customer whose every text is markup.
func (s *hostileShop) newHostileCustomer(t *testing.T, name func(of string) string) customer.ID {
	t.Helper()
	answer := (client.Altcraft{T: t, Handler: s}).Must("import", map[string]any{
		"email": herEmail, "resource_id": 1, "add_to_segments": []any{3}, "data": map[string]any{
			"email": herEmail, "_fname": name("first"), "_lname": name("last"), "_city": name("city"), "_region": name("region"), "address": name("street"),
			"tags": []any{name("tag")}, name("custom"): name("value"), "title": name("title"), "client_id": name("client id"),
			"subscriptions": []any{map[string]any{"resource_id": 1, "channel": "email", "email": herEmail}},
		},
	})
	id, err := customer.ParseHex(answer.ID())
	if err != nil {
		t.Fatal(err)
	}
	text := func(of string) string {
		quoted, err := json.Marshal(name(of))
		if err != nil {
			t.Fatal(err)
		}
		return string(quoted)
	}
	s.api(t, "POST", "/profiles/"+id.Base36()+"/extensions", `{"Phone": [{"PhoneType": 2, "prefix": "+84", "PhoneNumber": "236355511", "description": `+text("extension")+`}]}`)
	s.api(t, "PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", `{"point": {"value": 30, "reason": `+text("reason")+`, "ref_id": `+text("reference")+`}}`)
	s.api(t, "PUT", "/product_category", `{"datetime":"2026-01-01T00:00:00","label":"tea","displayed_data":[{"language_code":"en","name_for_user":`+text("category")+`,"description_for_user":"x"}],"emoji":"x","implicit_goal":"x","visible":false}`)
	s.api(t, "PUT", "/product", `{"datetime":"2026-01-01T00:00:00","product_label":"club","product_category_pk":1,"is_free":true,"n_days_validity":90,"n_tasks_limit":null,"displayed_data":[{"language_code":"en","name":`+text("product")+`}]}`)
	s.api(t, "PUT", "/manual_purchase", `{"datetime":"2026-01-01T00:00:00","user_id":"`+id.Hex()+`","product_pk":1,"custom_purchase_id":null}`)
	return id
}

// importHostileFile tries a file with markup in its name, headers and cells, one row of
// which is rejected, and returns where that import is.
func (s *hostileShop) importHostileFile(t *testing.T, name func(of string) string) string {
	t.Helper()
	quote := func(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
	header, cell := name("header"), name("cell")
	s.names["cell"] = cell[:30] // what is shown of a long one
	next := upload(s.v, s.Scene, name("file")+".csv", "email,"+quote(header)+"\nmia@example.com,"+quote(cell)+"\nzoe@example.com,no phone\n")
	tried := s.v.post(next, columns(s.v.get(next), "target.1", "phones")...).header.Get("Location")
	if tried == "" {
		t.Fatal("it was not tried")
	}
	await(s.v, tried, "done")
	return tried
}

// at is the first address of the page that has the text in it.
func (p page) at(t *testing.T, part string) string {
	t.Helper()
	m := regexp.MustCompile(`href="([^"]*` + part + `[^"]*)"`).FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("the page leads to no %s", part)
	}
	return html.UnescapeString(m[1])
}

// What anybody may name is shown as it is, and is no part of the page.
func TestNamesStayTexts(t *testing.T) {
	t.Parallel()
	s := newHostileShop(t)
	seen := map[string]bool{}
	for path, names := range s.shown {
		p := s.v.get(path)
		for _, name := range names {
			if seen[name] = true; !strings.Contains(html.UnescapeString(p.body), s.names[name]) {
				t.Errorf("%s = %d does not show the %s", path, p.code, name)
			}
		}
		for _, ran := range []string{"<script>alert", "<img src=x"} {
			if i := strings.Index(p.body, ran); i >= 0 {
				t.Errorf("%s has %s: %.300s", path, ran, p.body[max(0, i-100):])
			}
		}
	}
	for name := range s.names {
		if !seen[name] && name != "code" && name != "category" && name != "file" { // which no page shows as they are
			t.Errorf("no page shows the %s", name)
		}
	}
}

// The same in a browser: nothing that is stored runs, on any page, nor what is searched
// for or filled in.
func TestProveStoredScripts(t *testing.T) {
	if !client.Proving() {
		t.Skip("make prove and make console play it")
	}
	s := newHostileShop(t)
	b := open(t, s)
	b.signIn()
	for path, names := range s.shown {
		var text string
		b.run(chromedp.Navigate(b.url+path), chromedp.WaitVisible("main h1"), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true); document.documentElement.textContent + [...document.querySelectorAll("input, textarea")].map(i => i.value).join("\n")`, &text))
		for _, name := range names {
			if !strings.Contains(text, s.names[name]) {
				t.Errorf("%s does not show the %s", path, name)
			}
		}
	}
	b.run(chromedp.Navigate(b.url+"/console"), chromedp.SendKeys("#sought", evil("sought")+"\r"), chromedp.WaitVisible(".empty"))
	b.run(chromedp.Navigate(b.url+s.card()+"/points/add"), chromedp.SendKeys("#in-value", evil("value")+"\r"), chromedp.WaitVisible(`[aria-invalid="true"]`))
	b.quiet()
}
