package altcraft_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/altcraft"
	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/tests/client"
	"regulars/tests/conversation"
	"regulars/tests/openapi"
)

// Each file in altcraft is played to a service of its own. Variables that a file
// does not capture itself are the secrets of newCast.
func TestAltcraft(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no conversations in tests/altcraft")
	}
	var played atomic.Int64
	t.Cleanup(func() {
		if int(played.Load()) < len(files) {
			return // with -run, only some are
		}
		document, err := altcraftDocument()
		if err != nil {
			return // each conversation said so
		}
		if unseen := document.Unseen(); len(unseen) > 0 {
			t.Errorf("operations that no conversation succeeds with: %v", unseen)
		}
	})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := client.NewScene(t)
			if err := conversation.Play(checker{s, t}, string(text), client.NewTokens(t, s)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			played.Add(1)
		})
	}
}

// The document describes all routes, and no others.
func TestAltcraftIsDocumented(t *testing.T) {
	t.Parallel()
	document, err := openapi.Load("../../docs/openapi/altcraft.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, route := range altcraft.Routes {
		want = append(want, route.Method+" "+route.Path)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, document.Unseen()); diff != "" { // nothing was seen yet
		t.Errorf("operations (-routes +document):\n%s", diff)
	}
}

// Clients change a profile by sending back what they read. Of what they did not
// change nothing changes, in either form; the birthday is still the day that was
// written, not the one that it was in UTC.
func TestWhatIsReadCanBeSentBack(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	_, made := post(t, s, "profiles/import", body(map[string]any{"email": "ann@example.com", "data": map[string]any{
		"_fname": "Ann", "_lname": " Lee & <Co> ", "_sex": 2, "_bdate": "2001-12-31T00:00+03:00", "_regdate": "2019-03-14", "_status": 1, "phones": []string{"+79005550001", "+79005550002"},
		"tags": []string{"a b", "c"}, "interests": []string{"ski"}, "First name": "x\r\ny", "Имя": "Анна", "card": map[string]any{"level": "gold", "notes": []any{"1", map[string]any{"a": "b"}}},
		"subscriptions": []any{
			map[string]any{"channel": "email", "resource_id": 1, "email": "ann@example.com", "status": "unconfirmed", "cats": []string{"news"}},
			map[string]any{"channel": "push", "resource_id": 1, "provider": "Firefox", "subscription_id": "abc", "priority": 3, "custom_fields": map[string]any{"_os": "Windows 10"}},
			map[string]any{"channel": "telegram_bot", "resource_id": 2, "cc_data": map[string]any{"id": 77}},
			map[string]any{"channel": "viber", "resource_id": 2, "cc_data": map[string]any{"phone": "+79005550001"}},
		},
	}}))
	if made.Error != 0 {
		t.Fatal(made.Text)
	}
	birth := func() any { return customerOf(t, s, made.ID)["bd"] }
	before := birth()

	_, shown := post(t, s, "profiles/get", body(map[string]any{"email": "ann@example.com"}))
	if _, a := post(t, s, "profiles/update", body(map[string]any{"email": "ann@example.com", "data": shown.Data})); a.Error != 0 || a.Changed {
		t.Errorf("in JSON: %+v, want nothing changed", a)
	}

	ask := func(method, inner string) string {
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/"+method, strings.NewReader("<xml><token>reg_local_demo</token><db_id>5</db_id><email>ann@example.com</email>"+inner+"</xml>"))
		r.Header.Set("Content-Type", "application/xml")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Body.String()
	}
	profile := regexp.MustCompile(`(?s)<data>.*</data>`).FindString(ask("profiles/get", ""))
	if got := ask("profiles/update", profile); !strings.Contains(got, "<changed>false</changed>") {
		t.Errorf("in XML: %s, want nothing changed by\n%s", got, profile)
	}
	if after := birth(); after != before || before != "2001-12-31T00:00:00+03:00" {
		t.Errorf("birth = %v, was %v, want as it was written", after, before)
	}
}

// customerOf is the stored item of a customer.
func customerOf(t *testing.T, s client.Scene, id string) map[string]any {
	t.Helper()
	parsed, err := customer.ParseHex(id)
	if err != nil {
		t.Fatal(err)
	}
	for key, it := range s.Items(t) {
		if strings.HasSuffix(key, parsed.Base36()+" CUSTOMER") {
			return it
		}
	}
	t.Fatalf("there is no customer %s", id)
	return nil
}

// A token that was used and then revoked is rejected as soon as nobody remembers
// it any more.
func TestRevokedTokenEnds(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	secret, token, err := s.Registrar.CreateToken(t.Context(), access.Token{
		Name: "short", Tenants: []int{devserver.Tenant}, Scopes: access.Scopes,
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() int {
		_, a := post(t, s, "profiles/get", body(map[string]any{"token": secret, "email": "nobody@example.com"}))
		return a.Error
	}
	if code := ask(); code != 404 {
		t.Fatalf("before: error %d, want 404", code)
	}
	if _, err := s.Registrar.RevokeToken(t.Context(), token.Hash); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a development machine remembers for a second
	if code := ask(); code != 403 {
		t.Errorf("after: error %d, want 403", code)
	}
}

// What was just declared is not rejected because somebody remembers otherwise.
func TestDeclarationsHoldAtOnce(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	cast := client.NewTokens(t, s)
	shoe := func() answer {
		_, a := post(t, s, "profiles/import", body(map[string]any{
			"token": cast["declared"], "db_id": client.DeclaredTenant, "email": "ann@example.com", "data": map[string]any{"shoe": 44},
		}))
		return a
	}
	if a := shoe(); a.Error != 400 {
		t.Fatalf("before: error %d, want 400", a.Error)
	}
	_, err := s.Registrar.ChangeSettings(t.Context(), client.DeclaredTenant, map[string]any{
		"declared_fields": map[string]any{"shoe": client.Field("int")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := shoe(); a.Error != 0 || !a.Created {
		t.Errorf("after: %+v, want created", a)
	}
}

// What comes of a function is held against the type that the field has now, not
// the one that somebody remembers.
func TestResultsHoldAtOnce(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	cast := client.NewTokens(t, s)
	visit := func(v any) answer {
		_, a := post(t, s, "profiles/import", body(map[string]any{
			"token": cast["declared"], "db_id": client.DeclaredTenant, "email": "ann@example.com", "data": map[string]any{"visits": v},
		}))
		return a
	}
	if a := visit(json.Number("9223372036854775807")); a.Error != 0 {
		t.Fatalf("the highest int: %+v", a)
	}
	once := map[string]any{"action": "incr", "value": 1}
	if a := visit(once); a.Error != 400 {
		t.Fatalf("beyond an int: %+v, want error 400", a)
	}
	_, err := s.Registrar.ChangeSettings(t.Context(), client.DeclaredTenant, map[string]any{
		"declared_fields": map[string]any{"visits": client.Field("float")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := visit(once); a.Error != 0 || !a.Changed {
		t.Errorf("beyond an int, in a float: %+v, want changed", a)
	}
}

// The same of segments and resources.
func TestSegmentsAndResourcesHoldAtOnce(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	calls := []struct {
		method string
		body   map[string]any
		before int
	}{
		{"profiles/segstatic/add", map[string]any{"email": "ann@example.com", "segment_id": 9}, 400},
		{"profiles/import", map[string]any{"email": "ann@example.com", "data": map[string]any{}, "add_to_segments": []int{9}}, 400},
		{"resources/get", map[string]any{"id": 9}, 404},
		{"resources/fields_get", map[string]any{"id": 9, "channel": "sms"}, 404},
	}
	if _, a := post(t, s, "profiles/import", body(map[string]any{"email": "ann@example.com", "data": map[string]any{}})); a.Error != 0 {
		t.Fatalf("import = %+v", a)
	}
	declare := func() {
		patch := map[string]any{"9": map[string]any{"name": "New"}}
		if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"segments": patch, "declared_resources": patch}); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range calls {
		time.Sleep(1100 * time.Millisecond) // nobody remembers that there were some
		if code := ask(t, s, call.method, call.body); code != call.before {
			t.Errorf("%s before: error %d, want %d", call.method, code, call.before)
		}
		declare()
		if code := ask(t, s, call.method, call.body); code != 0 {
			t.Errorf("%s after: error %d, want 0", call.method, code)
		}
		undeclare := map[string]any{"9": nil}
		if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"segments": undeclare, "declared_resources": undeclare}); err != nil {
			t.Fatal(err)
		}
	}
}

// ask returns the error of a call; its data may be a list.
func ask(t *testing.T, s client.Scene, method string, members map[string]any) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1.1/"+method, bytes.NewReader(body(members)))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var a struct{ Error int }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a.Error
}
