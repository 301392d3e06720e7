package console_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/tests/client"
)

// Tokens are seen, replaced and revoked by who may do all that they may.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	make := func(name string, tenants []int, scopes ...access.Scope) (string, access.Token) {
		t.Helper()
		secret, made, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: name, Tenants: tenants, Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return secret, made
	}
	if _, err := s.Registrar.CreateTenant(t.Context(), client.OtherTenant, "Other shop", nil); err != nil {
		t.Fatal(err)
	}
	own := []int{devserver.Tenant}
	secret, _ := make("keeper", own, access.TokensRead, access.TokensRotate, access.AltRead, access.UCSWrite)
	_, till := make(`till "><script>alert(1)</script>`, own, access.AltRead)
	_, strong := make("strong", own, access.AltRead, access.AltDelete)
	_, wide := make("wide", []int{devserver.Tenant, client.OtherTenant}, access.AltRead)
	_, deletes := make("deletes", own, access.UCSWrite, access.UCSDelete)
	v := signIn(t, s, secret)
	p := v.get("/console/tokens")
	if p.code != http.StatusOK || strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, secret) || !strings.Contains(p.body, "yours") {
		t.Errorf("the tokens = %d %s", p.code, p.body)
	}
	address := func(of access.Token, act string) string { return "/console/tokens/" + of.Hash.String() + "/" + act }
	if !strings.Contains(p.body, address(till, "rotate")) {
		t.Error("a token that may less cannot be replaced")
	}
	for _, more := range []access.Token{strong, wide, deletes} {
		if strings.Contains(p.body, address(more, "rotate")) {
			t.Errorf("%s may be replaced", more.Name)
		}
		for _, act := range []string{"rotate", "revoke"} {
			if p := v.post(address(more, act), "step", "do", "seen", "0"); p.code != http.StatusForbidden || strings.Contains(p.body, "reg_live_") {
				t.Errorf("%s of %s = %d", act, more.Name, p.code)
			}
		}
	}
	planned := v.get(address(till, "rotate"))
	seen := regexp.MustCompile(`name="seen" value="([^"]*)"`).FindStringSubmatch(planned.body)
	if planned.code != http.StatusOK || seen == nil {
		t.Fatalf("the plan = %d %s", planned.code, planned.body)
	}
	done := v.post(address(till, "rotate"), "step", "do", "seen", seen[1])
	shown := regexp.MustCompile(`<code id="secret">(reg_live_[A-Z2-7]+)</code>`).FindStringSubmatch(done.body)
	if done.code != http.StatusOK || shown == nil || done.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("replaced = %d %s", done.code, done.body)
	}
	signIn(t, s, shown[1])
	if p := v.post(address(till, "rotate"), "step", "do", "seen", seen[1]); p.code != http.StatusConflict {
		t.Errorf("replaced twice = %d", p.code)
	}
	if strings.Contains(v.get("/console/tokens").body, shown[1]) {
		t.Error("the secret is shown again")
	}
	if _, done := v.does(address(till, "revoke")); done.header.Get("Location") != "/console/tokens?done=revoked" || !strings.Contains(v.get("/console/tokens?done=revoked").body, "at-revoked") {
		t.Errorf("revoked = %d %s", done.code, done.header.Get("Location"))
	}
	for _, wrong := range []string{"/console/tokens/x/rotate", "/console/tokens/" + strings.Repeat("0", 64) + "/rotate"} {
		if p := v.get(wrong); p.code != http.StatusNotFound {
			t.Errorf("%s = %d", wrong, p.code)
		}
	}
	if p := v.get("/console/tokens?before=x"); p.code != http.StatusUnprocessableEntity {
		t.Errorf("before=x = %d", p.code)
	}
	secret, _ = make("both", []int{devserver.Tenant, client.OtherTenant}, access.AltRead)
	if p := signIn(t, s, secret).get("/console/tenants"); !strings.Contains(p.body, "Other shop") || !strings.Contains(p.body, "Demo shop") || strings.Count(p.body, `name="tenant"`) != 2 {
		t.Errorf("the tenants = %d %s", p.code, p.body)
	}
}

// A sale is tried with figures that are proposed, and changes nothing.
func TestSale(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	v := signIn(t, s, devserver.DemoToken)
	form := []string{}
	for _, m := range regexp.MustCompile(`<input [^>]*name="((?:from|percent)\.\d+|[a-z_]+_(?:point|hours|days))"[^>]*value="([^"]*)"`).FindAllStringSubmatch(v.get("/console/program").body, -1) {
		form = append(form, m[1], m[2])
	}
	if len(form) != 18 {
		t.Fatalf("the form has %q", form)
	}
	with := func(pairs ...string) []string {
		return append(append([]string{"sought", herEmail, "total", "1000000"}, form...), pairs...)
	}
	before := s.Items(t)
	line := func(p page, name string) string {
		m := regexp.MustCompile(`<th scope="row">` + name + `</th><td>([^<]*)</td><td class="comes">([^<]*)</td>`).FindStringSubmatch(p.body)
		if m == nil {
			return ""
		}
		return m[1] + " " + m[2]
	}
	p := v.post("/console/program", with()...)
	same := strings.Fields(line(p, "Earned"))
	if p.code != http.StatusOK || len(same) != 2 || same[0] != same[1] || same[0] == "0" {
		t.Fatalf("by the same figures = %d %q", p.code, same)
	}
	settings, err := s.Registrar.Tenant(t.Context(), devserver.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	half := settings.Earning.MoneyPerPoint * 2
	p = v.post("/console/program", with("money_per_point", strconv.FormatInt(half, 10), "expires_after_days", "0", "from.2022", "1")...)
	if got := line(p, "Earned"); got == strings.Join(same, " ") || !strings.HasPrefix(got, same[0]+" ") {
		t.Errorf("for half the points: %q", got)
	}
	if got := line(p, "Expires"); !strings.HasSuffix(got, " Never") || strings.HasPrefix(got, "Never") {
		t.Errorf("without end: %q", got)
	}
	for _, tt := range []struct {
		with []string
		code int
		at   string
	}{
		{[]string{"total", "x"}, 422, "in-total"}, {[]string{"sought", ""}, 422, "in-sought"}, {[]string{"sought", "nobody@example.com"}, 404, "in-sought"},
		{[]string{"money_per_point", "x"}, 422, "in-money_per_point"}, {[]string{"money_per_point", "0"}, 422, ""}, {[]string{"from.2021", "-1"}, 422, "in-from.2021"},
	} {
		p := v.post("/console/program", with(tt.with...)...)
		marked := regexp.MustCompile(`<input[^>]*aria-invalid="true"`).FindString(p.body)
		if p.code != tt.code || !strings.Contains(p.body, `role="alert"`) || tt.at != "" && !strings.Contains(marked, `id="`+tt.at+`"`) {
			t.Errorf("%q = %d, marks %q", tt.with, p.code, marked)
		}
	}
	if after := s.Items(t); len(after) != len(before) {
		t.Errorf("%d items before, %d after", len(before), len(after))
	}
	if now, err := s.Registrar.Tenant(t.Context(), devserver.Tenant); err != nil || now.Rev != settings.Rev {
		t.Errorf("the settings have changed, %v", err)
	}
}
