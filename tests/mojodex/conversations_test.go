package mojodex_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/tests/client"
	"regulars/tests/conversation"
	"regulars/tests/openapi"
)

// Each file in mojodex is played to a service of its own, and what is asked and
// answered is held against docs/openapi/mojodex.yaml. Of each operation of that,
// one must succeed in some file.
func TestMojodex(t *testing.T) {
	t.Parallel()
	document, err := openapi.Load("../../docs/openapi/mojodex.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("conversations in tests/mojodex: %v, %v", files, err)
	}
	var played atomic.Int32
	t.Run("conversations", func(t *testing.T) {
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				t.Parallel()
				played.Add(1)
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				s := client.NewScene(t)
				h := document.Watch(checked(t, s), isRejected, func(err error) { t.Error(err) })
				if err := conversation.Play(besideAltcraft(h, s), string(text), newMojodexCast(t, s)); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			})
		}
	})
	// Who runs one conversation alone is not told of all the others.
	if unseen := document.Unseen(); len(unseen) > 0 && int(played.Load()) == len(files) && !t.Failed() {
		t.Errorf("no conversation succeeds with %v", unseen)
	}
}

func isRejected(status int, _ []byte) bool { return status >= http.StatusBadRequest }

// besideAltcraft leaves to the whole service what h is not about: where the users
// come from.
func besideAltcraft(h, whole http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/" || r.Method == http.MethodOptions {
			whole.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// newMojodexCast makes another tenant and tokens, and returns the secrets by the
// names that conversations have for them.
func newMojodexCast(t *testing.T, s client.Scene) map[string]string {
	t.Helper()
	if _, err := s.Registrar.CreateTenant(t.Context(), client.OtherTenant, "Other shop", nil); err != nil {
		t.Fatal(err)
	}
	cast := map[string]string{}
	for name, token := range map[string]access.Token{
		"other":      {Tenants: []int{client.OtherTenant}, Scopes: access.Scopes},
		"reader":     {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltRead}},
		"backoffice": {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.Backoffice}},
		"scheduler":  {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.Scheduler}},
	} {
		token.Name = name
		secret, _, err := s.Registrar.CreateToken(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		cast[name] = secret
	}
	return cast
}

// checked is the service, watched: a rejection must have sent no write to the
// table.
func checked(t *testing.T, s client.Scene) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Server.ServeHTTP(w, r)
		answer, ok := w.(*httptest.ResponseRecorder)
		if use := w.Header().Get("X-Consumed-Capacity"); !ok || isRejected(answer.Code, nil) && !strings.HasSuffix(use, ";w=0") {
			t.Errorf("%s %s was refused and consumed %s", r.Method, r.URL.Path, use)
		}
	})
}
