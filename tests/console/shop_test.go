package console_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/points"
	"regulars/tests/client"
)

// A shop is a seeded service with a customer of whom all systems know something.
type shop struct {
	client.Scene
	id customer.ID
}

// Of the customer of a shop.
const (
	herEmail = "mai.linh@example.com"
	herPhone = "+84901234567"
)

func newShop(t *testing.T) shop {
	t.Helper()
	s := shop{Scene: client.NewScene(t)}
	if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{
		"earning": map[string]any{"expires_after_days": json.Number("365")},
	}); err != nil {
		t.Fatal(err)
	}
	s.id = s.newCustomer(t)
	s.fillLedger(t)
	s.giveProducts(t)
	return s
}

// newCustomer imports the customer, and gives it records of an extension.
func (s shop) newCustomer(t *testing.T) customer.ID {
	t.Helper()
	answer := (client.Altcraft{T: t, Handler: s}).Must("import", map[string]any{
		"email": herEmail, "resource_id": 1, "data": map[string]any{
			"email": herEmail, "_fname": "Mai Linh", "_lname": "Nguyễn", "phones": []any{herPhone}, "_city": "Đà Nẵng", "_country": "VN",
			"_bdate": "1991-04-17", "_sex": "female", "tags": []any{"loyal", "tea"}, "CRM_ID": "7041", "shoe_size": 37, "note": "Likes oolong",
			"subscriptions": []any{
				map[string]any{"resource_id": 1, "channel": "email", "email": herEmail},
				map[string]any{"resource_id": 1, "channel": "sms", "phone": herPhone, "status": "unsubscribed"},
			},
		},
	})
	id, err := customer.ParseHex(answer.ID())
	if err != nil {
		t.Fatal(err)
	}
	s.api(t, "POST", "/profiles/"+id.Base36()+"/extensions", `{"Phone": [{"PhoneType": 2, "prefix": "+84", "PhoneNumber": "236355511", "description": "Office"}]}`)
	return id
}

// api sends a request to another dialect, which must succeed.
func (s shop) api(t *testing.T, method, path, body string) string {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(path, "/loy"):
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	case strings.HasPrefix(path, "/profiles"):
		r.SetBasicAuth("any", devserver.DemoToken)
	default:
		r.Header.Set("Authorization", devserver.DemoToken)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= 300 {
		t.Fatalf("%s %s = %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// fillLedger gives and takes points over a year, at its own pace.
func (s shop) fillLedger(t *testing.T) {
	t.Helper()
	now := time.Now().AddDate(-1, 0, 20)
	ledger := points.NewService(s.Store, func() time.Time { return now })
	settings, err := s.Registrar.Tenant(t.Context(), devserver.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	request := points.Request{
		Tenant: devserver.Tenant, ID: s.id, Rules: settings.Preferences, Actor: "till",
		Show: func(points.Profile) ([]byte, error) { return []byte("{}"), nil },
	}
	step := func(days int, do func() (points.Result, error)) {
		t.Helper()
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
		now = now.AddDate(0, 0, days)
	}
	ctx := t.Context()
	step(20, func() (points.Result, error) { return ledger.Add(ctx, request, 200, "Welcome", "") })
	step(31, func() (points.Result, error) {
		return ledger.Pay(ctx, request, points.Order{ID: "A-1001", Total: 640_000, PaidAt: now})
	})
	step(25, func() (points.Result, error) { return ledger.Subtract(ctx, request, 300, "Voucher 30,000", "V-88") })
	step(40, func() (points.Result, error) {
		return ledger.Pay(ctx, request, points.Order{ID: "A-1002", Total: 1_250_000, PaidAt: now})
	})
	step(30, func() (points.Result, error) { return ledger.Add(ctx, request, 500, "Birthday", "") })
	step(33, func() (points.Result, error) {
		return ledger.Return(ctx, request, "A-1002", 250_000, "One cup was broken")
	})
	step(45, func() (points.Result, error) {
		return ledger.Pay(ctx, request, points.Order{ID: "A-1003", Total: 980_000, PaidAt: now})
	})
	step(40, func() (points.Result, error) { return ledger.Subtract(ctx, request, 450, "Voucher 45,000", "V-91") })
	step(30, func() (points.Result, error) { return ledger.Add(ctx, request, 120, "Mini game", "") })
	step(1, func() (points.Result, error) { return ledger.Subtract(ctx, request, 30, "Wrong till", "T-3") })
}

// giveProducts makes a category and two products, and gives one of them.
func (s shop) giveProducts(t *testing.T) {
	t.Helper()
	s.api(t, "PUT", "/product_category", `{"datetime":"2026-01-01T00:00:00","label":"tea","displayed_data":[{"language_code":"en","name_for_user":"Tea club","description_for_user":"For those who like tea"}],"emoji":"🍵","implicit_goal":"Drink tea","visible":false}`)
	for _, p := range []string{
		`{"datetime":"2026-01-01T00:00:00","product_label":"club","product_category_pk":1,"is_free":true,"n_days_validity":90,"n_tasks_limit":null,"displayed_data":[{"language_code":"en","name":"Tea club, 90 days"}]}`,
		`{"datetime":"2026-01-01T00:00:00","product_label":"tasting","product_category_pk":1,"is_free":false,"n_days_validity":30,"n_tasks_limit":5,"displayed_data":[{"language_code":"en","name":"Tasting course"}]}`,
	} {
		s.api(t, "PUT", "/product", p)
	}
	s.api(t, "PUT", "/manual_purchase", `{"datetime":"2026-01-01T00:00:00","user_id":"`+s.id.Hex()+`","product_pk":1,"custom_purchase_id":null}`)
}

// token makes a token with the scopes.
func (s shop) token(t *testing.T, scopes ...access.Scope) (secret string, hash access.Hash) {
	t.Helper()
	secret, made, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: "Thu at the till", Tenants: []int{devserver.Tenant}, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return secret, made.Hash
}

// card is the address of the customer's card.
func (s shop) card() string { return "/console/customers/" + s.id.Decimal() }

// A visitor is a browser without a screen.
type visitor struct {
	t      *testing.T
	h      http.Handler
	cookie string
	form   string // the token of forms
	speaks string // what the browser asks for as its language; empty: nothing
}

// A page is what a visitor was answered.
type page struct {
	code   int
	header http.Header
	body   string
}

var formToken = regexp.MustCompile(`name="form_token" value="([^"]*)"`)

func (v *visitor) send(r *http.Request) page {
	v.t.Helper()
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "regulars_console", Value: v.cookie})
	}
	if v.speaks != "" {
		r.Header.Set("Accept-Language", v.speaks)
	}
	w := httptest.NewRecorder()
	v.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		v.cookie = c.Value
	}
	body := w.Body.String()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		for _, flaw := range flawsOf(body) {
			v.t.Errorf("%s %s: %s", r.Method, r.URL.Path, flaw)
		}
	}
	if m := formToken.FindStringSubmatch(body); m != nil {
		v.form = html.UnescapeString(m[1])
	}
	return page{w.Code, w.Header(), body}
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	return v.send(httptest.NewRequest("GET", path, nil))
}

// getPart asks for a part of a page, as htmx does.
func (v *visitor) getPart(path string) page {
	v.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("HX-Request", "true")
	return v.send(r)
}

// post sends a form of the session: names and values in turn.
func (v *visitor) post(path string, fields ...string) page {
	v.t.Helper()
	form := url.Values{"form_token": {v.form}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.send(formRequest(path, form))
}

func formRequest(path string, form url.Values) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// signIn makes a visitor that is signed in.
func signIn(t *testing.T, h http.Handler, token string) *visitor {
	t.Helper()
	v := &visitor{t: t, h: h}
	if p := v.post("/console/login", "token", token); p.code != http.StatusSeeOther || v.cookie == "" {
		t.Fatalf("login = %d %s", p.code, p.body)
	}
	if p := v.get("/console"); p.code != http.StatusOK || v.form == "" {
		t.Fatalf("the first page = %d", p.code)
	}
	return v
}

// confirm sends a form, and then what its plan asks to be confirmed.
func (v *visitor) confirm(path string, fields ...string) page {
	v.t.Helper()
	planned := v.post(path, fields...)
	key := regexp.MustCompile(`name="key" value="([^"]*)"`).FindStringSubmatch(planned.body)
	if planned.code != http.StatusOK || key == nil {
		v.t.Fatalf("%s = %d %s, want a plan", path, planned.code, planned.body)
	}
	return v.post(path, append(fields, "step", "do", "key", key[1])...)
}
