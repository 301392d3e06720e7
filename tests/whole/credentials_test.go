package whole_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/altcraft"
	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/tests/client"
)

// A credential is what a request shows, and which scopes it has.
type credential struct {
	name, secret string
	scopes       []access.Scope
}

// credentials are all kinds of token: each scope alone, and those that open nothing.
func credentials(t *testing.T, s client.Scene) []credential {
	t.Helper()
	tokens := client.NewTokens(t, s)
	all := []credential{
		{"none", "", nil},
		{"another word", "password", nil},
		{"one that nobody has", "reg_live_" + strings.Repeat("A", 52), nil},
		{"half of one", tokens["both"][:30], nil},
		{"the hash of one", access.HashOf(tokens["both"]).String(), nil},
		{"one that was revoked", tokens["revoked"], nil},
		{"one that has expired", tokens["expired"], nil},
		{"a very long one", strings.Repeat("reg_live_", 1000), nil},
		{"all scopes", devserver.DemoToken, access.Scopes},
	}
	for _, scope := range access.Scopes {
		secret, _, err := s.Registrar.CreateToken(t.Context(), access.Token{
			Name: string(scope), Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{scope},
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, credential{string(scope) + " alone", secret, []access.Scope{scope}})
	}
	return all
}

// may reports whether the credential opens routes of the scope.
func (c credential) may(scope access.Scope) bool {
	return slices.Contains(c.scopes, scope) || scope == access.LoyRead && slices.Contains(c.scopes, access.LoyWrite)
}

// Every route asks every credential for its own scope, says no in the form of its
// dialect, and writes nothing for those whom it says no to.
func TestEveryRouteAsksEveryCredential(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	all := credentials(t, s)
	before := s.Items(t)
	asked := 0
	for _, o := range operations() {
		if o.scope == "" {
			t.Errorf("%s has no scope", o)
		}
		for _, c := range all {
			if o.scope == httpapi.Public || c.may(o.scope) {
				continue // tried below, for these may write
			}
			if asked++; !denied(t, s, o, c) {
				t.Errorf("%s let %s pass", o, c.name)
			}
		}
	}
	if diff := cmp.Diff(before, s.Items(t)); diff != "" {
		t.Errorf("requests that were denied wrote (-before +after):\n%s", diff)
	}
	for _, o := range operations() {
		for _, c := range all {
			if o.scope == httpapi.Public || c.may(o.scope) {
				if asked++; denied(t, s, o, c) {
					t.Errorf("%s denied %s", o, c.name)
				}
			}
		}
	}
	t.Logf("%d requests", asked)
}

// denied reports whether a request with the credential is answered 401 or 403. The token
// is where the dialect has it; with Altcraft a request has an unknown one in a header as
// well, for that of the body goes first.
func denied(t *testing.T, s client.Scene, o operation, c credential) bool {
	t.Helper()
	body, header := `{}`, c.secret
	if o.dialect == "altcraft" {
		members := map[string]any{"db_id": devserver.Tenant}
		if c.secret != "" {
			members["token"], header = c.secret, "reg_live_"+strings.Repeat("B", 52)
		}
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	w := httptest.NewRecorder()
	began := time.Now()
	s.ServeHTTP(w, o.request(header, "application/json", []byte(body)))
	if w.Code >= 500 || time.Since(began) > 30*time.Second {
		t.Errorf("%s, %s: status %d %.200s", o, c.name, w.Code, w.Body)
	}
	code := w.Code
	if o.dialect == "altcraft" && o.path != altcraft.QuickImport {
		var answer struct{ Error int }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
			t.Errorf("%s, %s: status %d %.200s", o, c.name, w.Code, w.Body)
		}
		code = answer.Error
	}
	return code == 401 || code == 403
}
