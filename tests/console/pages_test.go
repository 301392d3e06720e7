package console_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"regulars/functions/console"
	"regulars/functions/imports/rows"
	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/imports"
	"regulars/shared/points"
	"regulars/shared/session"
	"regulars/tests/client"
	"regulars/tests/rights"

	"log/slog"
)

// secureConsole is the console as it is on AWS.
func secureConsole(s client.Scene) http.Handler {
	customers := customer.NewService(s.Store, time.Now)
	guard := access.NewAuthorizer(s.Store, time.Now, access.AuthorizerOptions{LocalTokens: true})
	return rights.Around("console", console.New(console.Options{
		Customers: customers, Points: points.NewService(s.Store, time.Now), List: points.NewList(s.Store, time.Now, 0),
		Catalog: catalog.NewService(s.Store, customers, time.Now), Sessions: session.NewService(s.Store, guard, time.Now),
		Imports: imports.NewService(imports.Parts{Texts: rows.Texts()}), Guard: guard, Log: slog.New(slog.DiscardHandler), Now: time.Now, Deadline: time.Minute,
	}))
}

// What is shown of a customer and done with it, one after the other on the same one.
func TestPages(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	t.Run("FirstPageIsSmall", func(t *testing.T) { firstPageIsSmall(t, s) })
	t.Run("CardShowsWhatTheTokenMaySee", func(t *testing.T) { cardShowsWhatTheTokenMaySee(t, s) })
	t.Run("Costs", func(t *testing.T) { costs(t, s) })
	t.Run("Lists", func(t *testing.T) { lists(t, s) })
	t.Run("BadInput", func(t *testing.T) { badInput(t, s) })
	t.Run("Find", func(t *testing.T) { find(t, s) })
	t.Run("GiveBack", func(t *testing.T) { giveBack(t, s) })
	t.Run("Changes", func(t *testing.T) { changes(t, s) })
	t.Run("StoredTextsStayTexts", func(t *testing.T) { storedTextsStayTexts(t, s) })
	t.Run("CardIsBounded", func(t *testing.T) { cardIsBounded(t, s) })
}

// The customer is found by whatever somebody may know of it.
func find(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	for _, sought := range []string{
		herEmail, "MAI.LINH@example.com", herPhone, "0901234567", "+84 90 123 45 67", s.id.Decimal(), s.id.Hex(), s.id.Base36(),
		strings.ToLower(s.id.Base36()), "7041", "236355511", "  " + herEmail + " ",
	} {
		if p := v.post("/console/find", "sought", sought); p.code != http.StatusSeeOther || p.header.Get("Location") != s.card() {
			t.Errorf("%q = %d %s", sought, p.code, p.header.Get("Location"))
		}
	}
	for _, sought := range []string{"nobody@example.com", "Mai", "99", "0000000000032c9a00000000", "<b>x</b>"} {
		if p := v.post("/console/find", "sought", sought); p.code != http.StatusOK || !strings.Contains(p.body, "Nobody matches") || strings.Contains(p.body, "<b>x") {
			t.Errorf("%q = %d", sought, p.code)
		}
	}
	for i := range 12 {
		(client.Altcraft{T: t, Handler: s}).Must("import", map[string]any{
			"email": client.Email(100 + i), "data": map[string]any{"email": client.Email(100 + i), "phones": []any{herPhone}},
		})
	}
	if p := v.post("/console/find", "sought", herPhone); p.code != http.StatusOK || strings.Count(p.body, "/console/customers/") != 10 || !strings.Contains(p.body, "There are more") {
		t.Errorf("a phone of many = %d, %d of them", p.code, strings.Count(p.body, "/console/customers/"))
	}
	if p := v.post("/console/find", "sought", ""); p.code != http.StatusUnprocessableEntity {
		t.Errorf("nothing = %d", p.code)
	}
}

// What the token may not see is not there.
func cardShowsWhatTheTokenMaySee(t *testing.T, s shop) {
	parts := map[string][]access.Scope{
		herEmail:       {access.AltRead, access.UCSRead, access.LoyRead, access.LoyWrite},
		"Unsubscribed": {access.AltRead},
		"236355511":    {access.UCSRead},
		"Wrong till":   {access.LoyRead, access.LoyWrite},
		"2,660":        {access.LoyRead, access.LoyWrite},
		"Tea club, 90": {access.Backoffice},
		"/points/add":  {access.LoyWrite},
		"/reverse":     {access.LoyWrite},
		`/product"`:    {access.Backoffice},
	}
	for _, scope := range []access.Scope{access.AltRead, access.UCSRead, access.LoyRead, access.LoyWrite, access.Backoffice} {
		secret, _ := s.token(t, scope)
		p := signIn(t, s, secret).get(s.card())
		if p.code != http.StatusOK {
			t.Errorf("with %s = %d", scope, p.code)
		}
		for text, seenBy := range parts {
			if seen, want := strings.Contains(p.body, text), containsScope(seenBy, scope); seen != want {
				t.Errorf("with %s: %q is there %t, want %t", scope, text, seen, want)
			}
		}
	}
	secret, _ := s.token(t, access.ImportsRead)
	if p := signIn(t, s, secret).get(s.card()); p.code != http.StatusForbidden {
		t.Errorf("with a token for imports = %d", p.code)
	}
}

func containsScope(scopes []access.Scope, scope access.Scope) bool {
	for _, s := range scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// What was taken by mistake is given back: planned first, which changes nothing, and once.
func giveBack(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	undo := s.card() + "/entries/10/reverse"
	planned := v.post(undo, "reason", "The till was wrong")
	if !strings.Contains(planned.body, "Undo entry #10: −30 Wrong till") || !strings.Contains(planned.body, "2,660") || !strings.Contains(planned.body, "2,690") {
		t.Errorf("the plan is %s", planned.body)
	}
	if p := v.get(s.card()); !strings.Contains(p.body, ">2,660<") {
		t.Error("a plan changed the balance")
	}
	key := regexp.MustCompile(`name="key" value="([^"]*)"`).FindStringSubmatch(planned.body)[1]
	for range 2 { // a double click
		if p := v.post(undo, "reason", "The till was wrong", "step", "do", "key", key); p.code != http.StatusSeeOther || p.header.Get("Location") != s.card()+"?done=points.reverse" {
			t.Errorf("confirmed = %d %s", p.code, p.body)
		}
	}
	p := v.get(s.card() + "?done=points.reverse")
	for _, want := range []string{"The entry is undone.", ">2,690<", "The till was wrong", `href="#entry-10"`, `href="#entry-11"`, "demo "} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the card has no %s", want)
		}
	}
	if p := v.post(undo, "reason", "again"); p.code != http.StatusUnprocessableEntity || !strings.Contains(p.body, "undone already") {
		t.Errorf("undone twice = %d", p.code)
	}
	if p := v.post(undo, "reason", "another", "step", "do", "key", key); p.code == http.StatusSeeOther {
		t.Errorf("another content under the same key = %d", p.code)
	}
}

// Each form shows what will happen, and does it.
func changes(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	seen := func(path string) string {
		return regexp.MustCompile(`name="seen" value="([0-9]+)"`).FindStringSubmatch(v.get(path).body)[1]
	}
	fields := []string{"first_name", "Mai", "last_name", "Trần", "emails", "new@example.com\n" + herEmail, "phones", "0907654321", "birth_date", "1991-04-18",
		"sex", "female", "country", "VN", "region", "", "city", "Huế", "street", "", "tags", "tea, vip", "title", "", "status", "enabled"}
	edit := s.card() + "/edit"
	consent := regexp.MustCompile(s.card()+`/consent/[0-9a-f]{8}`).FindAllString(v.get(s.card()).body, -1)
	if len(consent) == 0 {
		t.Fatal("no consent can be changed")
	}
	for _, tt := range []struct {
		path   string
		fields []string
		shows  []string
	}{
		{edit, append(fields, "seen", seen(edit), "custom.note", "Likes sencha", "custom.shoe_size", "", "new_name", "cups", "new_value", "12"), []string{"Likes sencha", ">cups<", ">12<", "Mai Trần", "new@example.com", "84907654321", "1991-04-18", "Huế", "vip"}},
		{s.card() + "/points/add", []string{"value", "1,000", "reason", "Sorry for the wait"}, []string{">3,690<", "Sorry for the wait"}},
		{s.card() + "/points/subtract", []string{"value", "60", "reason", "Voucher", "ref_id", "V-9"}, []string{">3,630<", "V-9"}},
		{s.card() + "/product", []string{"product", "2", "custom_id", "shop-77"}, []string{"Tasting course"}},
	} {
		if p := v.confirm(tt.path, tt.fields...); p.code != http.StatusSeeOther {
			t.Errorf("%s = %d %s", tt.path, p.code, p.body)
		}
		card := v.get(s.card()).body
		for _, want := range tt.shows {
			if !strings.Contains(card, want) {
				t.Errorf("after %s the card has no %s", tt.path, want)
			}
		}
	}
	if strings.Contains(v.get(s.card()).body, "shoe_size") {
		t.Error("a custom field that was emptied is there")
	}
	if p := v.confirm(consent[0], "seen", seen(consent[0]), "consent", "complained"); p.code != http.StatusSeeOther || !strings.Contains(v.get(s.card()).body, "Complained") {
		t.Errorf("consent = %d", p.code)
	}
}

// customID is the id of the input of a custom field.
func customID(name string) string {
	sum := sha256.Sum256([]byte("custom." + name))
	return "in-" + hex.EncodeToString(sum[:6])
}

// What cannot be done is said at its field, nothing changes, and what was filled in stays.
func badInput(t *testing.T, s shop) {
	(client.Altcraft{T: t, Handler: s}).Must("import", client.Person(1, nil))
	v := signIn(t, s, devserver.DemoToken)
	edit := s.card() + "/edit"
	seen := regexp.MustCompile(`name="seen" value="([0-9]+)"`).FindStringSubmatch(v.get(edit).body)[1]
	good := map[string]string{"seen": seen, "status": "enabled", "emails": herEmail, "first_name": "Zoe"}
	with := func(name, value string) (fields []string) {
		for n, v := range good {
			if n != name {
				fields = append(fields, n, v)
			}
		}
		return append(fields, name, value)
	}
	before := s.Items(t)
	for _, tt := range []struct {
		path   string
		fields []string
		code   int
		at     string
	}{
		{s.card() + "/points/add", []string{"value", "-5", "reason", "x"}, 422, "in-value"},
		{s.card() + "/points/add", []string{"value", "1.5", "reason", "x"}, 422, "in-value"},
		{s.card() + "/points/add", []string{"value", "9007199254740991", "reason", "x"}, 422, "in-value"},
		{s.card() + "/points/add", []string{"value", "5", "reason", ""}, 422, "in-reason"},
		{s.card() + "/points/add", []string{"value", "5", "reason", strings.Repeat("é", 256)}, 422, "in-reason"},
		{s.card() + "/points/subtract", []string{"value", "2661", "reason", "x"}, 422, "in-value"},
		{s.card() + "/entries/3/reverse", []string{"value", "301", "reason", "x"}, 422, "in-value"},
		{s.card() + "/entries/2/reverse", []string{"reason", "x"}, 422, "in-value"},
		{s.card() + "/entries/99/reverse", []string{"reason", "x"}, 404, ""},
		{edit, with("emails", "not an address"), 422, "in-emails"},
		{edit, with("emails", client.Email(1)), 409, "in-emails"},
		{edit, with("phones", "abc"), 422, "in-phones"},
		{edit, with("birth_date", "31.12.2000"), 422, "in-birth_date"},
		{edit, with("sex", "other"), 422, "in-sex"},
		{edit, with("status", ""), 422, "in-status"},
		{edit, with("custom.shoe_size", "large"), 422, customID("shoe_size")},
		{edit, with("custom.note", "a\x00b"), 422, customID("note")},
		{edit, with("new_name", "note"), 422, "in-new_value"},
		{edit, append(with("new_name", "note"), "new_value", "x"), 422, "in-new_name"},
		{edit, with("new_value", "x"), 422, "in-new_name"},
		{edit, with("seen", "1"), 409, ""},
		{s.card() + "/product", []string{"product", "99", "custom_id", "x"}, 422, ""},
		{s.card() + "/product", []string{"product", "2"}, 422, "in-custom_id"},
		{"/console/customers/1/points/add", []string{"value", "5", "reason", "x"}, 404, ""},
		{"/console/customers/99999999999999999999/points/add", []string{"value", "5", "reason", "x"}, 404, ""},
	} {
		p := v.post(tt.path, tt.fields...)
		if p.code != tt.code && !(tt.code == 422 && p.code == 404 && tt.at == "") {
			t.Errorf("%s %q = %d, want %d", tt.path, tt.fields, p.code, tt.code)
		}
		field := regexp.MustCompile(`<(?:input|select|textarea)[^>]*aria-invalid="true"`).FindString(p.body)
		if tt.at != "" && !strings.Contains(field, `id="`+tt.at+`"`) {
			t.Errorf("%s %q marks %q, want %s", tt.path, tt.fields, field, tt.at)
		}
		if !strings.Contains(p.body, `role="alert"`) {
			t.Errorf("%s %q says nothing", tt.path, tt.fields)
		}
	}
	if after := s.Items(t); len(after) != len(before) {
		t.Errorf("%d items before, %d after", len(before), len(after))
	}
	if p := v.post(s.card()+"/points/add", "value", "12x", "reason", "Kept text"); !strings.Contains(p.body, "Kept text") {
		t.Error("what was filled in is gone")
	}
}

// Nothing that anybody stored becomes a part of the page, and no address has a contact, a
// token or the secret of a session.
func storedTextsStayTexts(t *testing.T, s shop) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	(client.Altcraft{T: t, Handler: s}).Must("import", map[string]any{"email": herEmail, "data": map[string]any{
		"_fname": evil, "_lname": evil, "_city": evil, "_region": evil, "_country": evil, "address": evil, "tags": []any{evil}, "note": evil, evil: evil,
		"title": "javascript:alert(1)", "CRM_ID": evil,
	}})
	s.api(t, "POST", "/profiles/"+s.id.Base36()+"/extensions", `{"Phone": [{"PhoneType": 3, "prefix": "\"><b>", "PhoneNumber": "<i>x</i>", "description": "<script>alert(2)</script>"}]}`)
	v := signIn(t, s, devserver.DemoToken)
	v.confirm(s.card()+"/points/add", "value", "5", "reason", evil, "ref_id", evil)
	for _, p := range []page{
		v.get(s.card()), v.get(s.card() + "/edit"), v.get("/console/lists/changed"), v.get(s.card() + "?done=" + "%3Cscript%3E"),
		v.post("/console/find", "sought", evil), v.get("/console/lists/changed?from=%22%3E%3Cscript%3E"), v.get(s.card() + "?kind=%22%3E%3Cscript%3E"),
		v.get(s.card() + "/entries/11/reverse"), v.post(s.card()+"/points/add", "value", evil, "reason", evil), v.get("/console/login?next=%22%3E%3Cscript%3E"),
	} {
		for _, bad := range []string{"<script>alert", "<img src=x", "<b>", "<i>x", `href="javascript`} {
			if strings.Contains(p.body, bad) {
				t.Errorf("a page has %s: %.300s", bad, p.body[strings.Index(p.body, bad):])
			}
		}
		for _, m := range regexp.MustCompile(`(?:href|action|hx-get|hx-post|src)="([^"]*)"`).FindAllStringSubmatch(p.body, -1) {
			if address := m[1]; strings.Contains(address, "@") || strings.Contains(address, "8490") || strings.Contains(address, v.cookie) || strings.Contains(address, v.form) ||
				strings.Contains(address, devserver.DemoToken) || strings.Contains(address, "//") {
				t.Errorf("an address is %s", address)
			}
		}
	}
}

// The page of a development machine's first visit: few bytes, few requests.
func firstPageIsSmall(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	p := v.get("/console")
	bytes, requests := len(p.body), 1
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*/assets/[^"]*)"`).FindAllStringSubmatch(p.body, -1) {
		part := v.get(m[1])
		if part.code != http.StatusOK || !strings.Contains(part.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s = %d, kept %q", m[1], part.code, part.header.Get("Cache-Control"))
		}
		bytes, requests = bytes+len(part.body), requests+1
	}
	if bytes > 100_000 || requests > 5 || requests < 3 {
		t.Errorf("%d bytes in %d requests, want up to 100,000 in 5", bytes, requests)
	}
	t.Logf("%d bytes in %d requests", bytes, requests)
}

// readUnits are the read units that an answer consumed.
func readUnits(t *testing.T, p page) (units float64) {
	t.Helper()
	used := p.header.Get("X-Consumed-Capacity")
	var trips, writes int
	if _, err := fmt.Sscanf(strings.ReplaceAll(used, ";", " "), "rt=%d r=%g w=%d", &trips, &units, &writes); err != nil {
		t.Fatalf("%q: %v", used, err)
	}
	return units
}

// A card with many entries reads as much as one with a few pages of them.
func cardIsBounded(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	short := readUnits(t, v.get(s.card()))
	settings, err := s.Registrar.Tenant(t.Context(), devserver.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	ledger := points.NewService(s.Store, time.Now)
	request := points.Request{Tenant: devserver.Tenant, ID: s.id, Rules: settings.Preferences, Show: func(points.Profile) ([]byte, error) { return nil, nil }}
	withMore := func(entries int) page {
		for i := range entries {
			if _, err := ledger.Add(t.Context(), request, 1, "Drop", ""); err != nil {
				t.Fatal(i, err)
			}
		}
		p := v.get(s.card())
		if n := strings.Count(p.body, `<tr id="entry-`); n != 20 {
			t.Errorf("the card shows %d entries, want 20", n)
		}
		if long := readUnits(t, p); long > short+10 {
			t.Errorf("the card reads %v units, with few entries %v", long, short)
		}
		return p
	}
	p := withMore(100) // two pages
	older := regexp.MustCompile(`hx-get="([^"]*)"`).FindAllStringSubmatch(p.body, -1)
	address := strings.ReplaceAll(older[len(older)-1][1], "&amp;", "&")
	for _, m := range older {
		if strings.Contains(m[1], "/entries?below=") {
			address = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	part := v.getPart(address)
	if n := strings.Count(part.body, `<tr id="entry-`); n != 50 || strings.Contains(part.body, "<html") {
		t.Errorf("%s shows %d entries", address, n)
	}
	if p := v.get(s.card() + "?kind=order"); strings.Count(p.body, `<tr id="entry-`) != 3 {
		t.Errorf("of orders there are %d", strings.Count(p.body, `<tr id="entry-`))
	}
	withMore(max(0, client.Size(1000)-100))
	if p := v.post(s.card() + "/verify"); !strings.Contains(p.body, "The ledger is whole") {
		t.Errorf("verify = %d %s", p.code, p.body)
	}
}

// The lists have the filters that the API has.
func lists(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	for path, there := range map[string]bool{
		"/console/lists/changed": true, "/console/lists/changed?from=2020-01-01&to=2020-02-01": false,
		"/console/lists/changed?page=2": false, "/console/lists/expiring?days=60": true, "/console/lists/expiring?days=1": false,
	} {
		if p := v.get(path); p.code != http.StatusOK || strings.Contains(p.body, s.card()) != there {
			t.Errorf("%s = %d, there %t, want %t", path, p.code, strings.Contains(p.body, s.card()), there)
		}
	}
	for _, path := range []string{"/console/lists/changed?from=x", "/console/lists/expiring?days=0", "/console/lists/changed?page=0"} {
		if p := v.get(path); p.code != http.StatusUnprocessableEntity {
			t.Errorf("%s = %d", path, p.code)
		}
	}
	if p := v.get("/console/program"); p.code != http.StatusOK || !strings.Contains(p.body, "After 365 days") || strings.Index(p.body, "Silver") > strings.Index(p.body, "Gold") ||
		!strings.Contains(p.body, ">20,000<") {
		t.Errorf("the program = %d %s", p.code, p.body)
	}
	if p := v.get("/console/lists/all"); p.code != http.StatusNotFound {
		t.Errorf("another list = %d", p.code)
	}
}
