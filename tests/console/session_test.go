package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"regulars/functions/console"
	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/tests/client"
)

// Who gets in, and what a page of the session may do that others may not.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	t.Run("SignIn", func(t *testing.T) { tokenForCookie(t, s) })
	t.Run("SecureCookie", func(t *testing.T) { secureCookie(t, s) })
	t.Run("SessionOfRevokedToken", func(t *testing.T) { sessionOfRevokedToken(t, s) })
	t.Run("SessionEndsInTheMiddle", func(t *testing.T) { sessionEndsInTheMiddle(t, s) })
	t.Run("NoOpenRedirect", func(t *testing.T) { noOpenRedirect(t, s) })
	t.Run("ForeignForms", func(t *testing.T) { foreignForms(t, s) })
	t.Run("RoutesAskForScopes", func(t *testing.T) { routesAskForScopes(t, s) })
	t.Run("Headers", func(t *testing.T) { headers(t, s) })
}

// A token is exchanged for a cookie that no script sees and no other site sends, and the
// cookie opens nothing after the log-out.
func tokenForCookie(t *testing.T, s shop) {
	v := &visitor{t: t, h: s}
	if p := v.get("/console"); p.code != http.StatusSeeOther || p.header.Get("Location") != "/console/login?next=%2Fconsole" {
		t.Errorf("without a session = %d %s", p.code, p.header.Get("Location"))
	}
	for _, wrong := range []string{"", "reg_local_nobody", "reg_live_" + strings.Repeat("A", 52), strings.Repeat("x", 5000)} {
		if p := v.post("/console/login", "token", wrong); p.code != http.StatusForbidden || v.cookie != "" || !strings.Contains(p.body, `role="alert"`) {
			t.Errorf("the token %.20q = %d, cookie %q", wrong, p.code, v.cookie)
		}
	}
	p := v.post("/console/login", "token", devserver.DemoToken)
	cookie := p.header.Get("Set-Cookie")
	for _, flag := range []string{"HttpOnly", "SameSite=Strict", "Path=/console"} {
		if !strings.Contains(cookie, flag) {
			t.Errorf("the cookie %q has no %s", cookie, flag)
		}
	}
	if strings.Contains(cookie, devserver.DemoToken) || strings.Contains(cookie, "Expires") || strings.Contains(cookie, "Max-Age") {
		t.Errorf("the cookie is %q", cookie)
	}
	secret := v.cookie
	if p := v.get("/console"); p.code != http.StatusOK {
		t.Errorf("with the session = %d", p.code)
	}
	if p := v.post("/console/logout"); p.code != http.StatusSeeOther || v.cookie != "" {
		t.Errorf("log-out = %d, cookie %q", p.code, v.cookie)
	}
	v.cookie = secret
	if p := v.get("/console"); p.code != http.StatusSeeOther || !strings.Contains(p.header.Get("Location"), "ended=1") {
		t.Errorf("after the log-out = %d %s", p.code, p.header.Get("Location"))
	}
}

// Over https the cookie is never sent otherwise.
func secureCookie(t *testing.T, s shop) {
	v := &visitor{t: t, h: secureConsole(s.Scene)}
	if p := v.post("/console/login", "token", devserver.DemoToken); !strings.Contains(p.header.Get("Set-Cookie"), "Secure") {
		t.Errorf("the cookie is %q", p.header.Get("Set-Cookie"))
	}
}

// A session ends with its token.
func sessionOfRevokedToken(t *testing.T, s shop) {
	secret, hash := s.token(t, access.AltRead)
	v := signIn(t, s, secret)
	if _, err := s.Registrar.RevokeToken(t.Context(), hash); err != nil {
		t.Fatal(err)
	}
	client.Eventually(t, "the session ends", func() bool { return v.get("/console").code == http.StatusSeeOther })
}

// Where a session ends in the middle, a part of a page leads to the login page, and from
// there back to the page.
func sessionEndsInTheMiddle(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	v.cookie = strings.Repeat("A", 52)
	r := formRequest("/console/customers/1/points/add", url.Values{"form_token": {v.form}, "value": {"30"}})
	r.Header.Set("HX-Request", "true")
	r.Header.Set("Referer", "http://example.com/console/customers/1")
	p := v.send(r)
	if want := "/console/login?ended=1&next=%2Fconsole%2Fcustomers%2F1"; p.code != http.StatusOK || p.header.Get("HX-Redirect") != want {
		t.Errorf("= %d %q, want %q", p.code, p.header.Get("HX-Redirect"), want)
	}
}

// What somebody else puts into the address of the login page leads nowhere else.
func noOpenRedirect(t *testing.T, s shop) {
	for next, want := range map[string]string{
		"/console/customers/1": "/console/customers/1", "": "/console", "https://evil.example": "/console", "//evil.example": "/console",
		"/\\evil.example": "/console", "/console/../x": "/console", "/console//evil.example": "/console", "javascript:alert(1)": "/console",
		"/consolex": "/console", "/console/\r\nSet-Cookie: a=b": "/console", "/console/logout": "/console", "/console@evil.example": "/console",
		"http:/console": "/console", "/console/customers/1?x=https://evil.example": "/console", "/console\t/x": "/console",
	} {
		v := &visitor{t: t, h: s}
		p := v.post("/console/login", "token", devserver.DemoToken, "next", next)
		if p.header.Get("Location") != want {
			t.Errorf("next=%q leads to %q, want %q", next, p.header.Get("Location"), want)
		}
	}
	r := httptest.NewRequest("GET", "/console", nil)
	r.Header.Set(httpapi.BasePathHeader, "//evil.example")
	v := &visitor{t: t, h: s}
	if p := v.send(r); !strings.HasPrefix(p.header.Get("Location"), "/console/login") {
		t.Errorf("a base path of another site leads to %q", p.header.Get("Location"))
	}
}

// Forms of other sites, of other sessions and without a token do nothing.
func foreignForms(t *testing.T, s shop) {
	v, other := signIn(t, s, devserver.DemoToken), signIn(t, s, devserver.DemoToken)
	if v.form == other.form {
		t.Error("two sessions have the same form token")
	}
	before := s.Items(t)
	for _, route := range console.Routes {
		if route.Method != http.MethodPost || route.Path == "/console/login" {
			continue
		}
		path := strings.NewReplacer("{id}", "1", "{seq}", "1", "{subscription}", "00000000", "{former}", "2").Replace(route.Path)
		for name, change := range map[string]func(r *http.Request, form url.Values){
			"no token":                 func(_ *http.Request, form url.Values) { form.Del("form_token") },
			"the token of another":     func(_ *http.Request, form url.Values) { form.Set("form_token", other.form) },
			"from another site":        func(r *http.Request, _ url.Values) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
			"from another origin":      func(r *http.Request, _ url.Values) { r.Header.Set("Origin", "https://evil.example") },
			"from a page of this host": func(r *http.Request, _ url.Values) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		} {
			form := url.Values{"form_token": {v.form}, "value": {"5"}, "reason": {"x"}, "tenant": {"5"}, "sought": {"x"}, "step": {"do"}, "key": {strings.Repeat("A", 26)}}
			probe := formRequest(path, form)
			change(probe, form)
			r := formRequest(path, form)
			r.Header = probe.Header
			if p := v.send(r); p.code != http.StatusForbidden {
				t.Errorf("%s, %s = %d", path, name, p.code)
			}
		}
	}
	r := formRequest("/console/login", url.Values{"token": {devserver.DemoToken}})
	r.Header.Set("Origin", "https://evil.example")
	if p := (&visitor{t: t, h: s}).send(r); p.code != http.StatusForbidden || p.header.Get("Set-Cookie") != "" {
		t.Errorf("a login from another site = %d %q", p.code, p.header.Get("Set-Cookie"))
	}
	if after := s.Items(t); len(after) != len(before) {
		t.Errorf("%d items before, %d after", len(before), len(after))
	}
}

// Each route asks for its scope, and says which is missing.
func routesAskForScopes(t *testing.T, s shop) {
	for _, scope := range []access.Scope{access.AltRead, access.LoyWrite, access.Backoffice} {
		secret, _ := s.token(t, scope)
		v := signIn(t, s, secret)
		for _, route := range console.Routes {
			wanted := route.Scope
			if !slices.Contains(access.Scopes, wanted) || wanted == scope || wanted == access.LoyRead && scope == access.LoyWrite {
				continue
			}
			path := strings.NewReplacer("{id}", "1", "{seq}", "1", "{subscription}", "00000000", "{former}", "2", "{list}", "changed").Replace(route.Path)
			p := v.get(path)
			if route.Method == http.MethodPost {
				p = v.post(path)
			}
			if p.code != http.StatusForbidden || !strings.Contains(p.body, string(wanted)) {
				t.Errorf("%s %s with %s = %d, want 403 and %s", route.Method, path, scope, p.code, wanted)
			}
		}
	}
}

// All answers, errors as well, tell browsers what they may do with them.
func headers(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	for _, path := range []string{"/console", "/console/login", "/console/nothing", "/console/customers/1", "/console/assets/x/app.css", "/console/lists/changed?days=x"} {
		p := v.get(path)
		policy := p.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q has no %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
			if got := p.header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
		if strings.Contains(p.body, " style=") || strings.Contains(p.body, " onclick=") || strings.Contains(p.body, "<script>") || strings.Contains(p.body, "<style") {
			t.Errorf("%s has scripts or styles within the page", path)
		}
	}
}
