package genesys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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

// basic are credentials whose password is the secret.
func basic(secret string) string {
	return base64.StdEncoding.EncodeToString([]byte("somebody:" + secret))
}

// newUCSCast is newCast for this dialect: credentials by the names that
// conversations have for them.
func newUCSCast(t *testing.T, s client.Scene) map[string]string {
	t.Helper()
	cast := map[string]string{"demo": basic(devserver.DemoToken), "stranger": basic("reg_live_stranger"), "nobody": basic("")}
	for name, secret := range client.NewTokens(t, s) {
		cast[name], cast[name+"_token"] = basic(secret), secret
	}
	for name, scope := range map[string]access.Scope{
		"ucs_reader": access.UCSRead, "ucs_writer": access.UCSWrite, "ucs_deleter": access.UCSDelete, "meta_reader": access.UCSReadMeta, "meta_writer": access.UCSWriteMeta,
	} {
		secret, _, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: name, Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{scope}})
		if err != nil {
			t.Fatal(err)
		}
		cast[name] = basic(secret)
	}
	_, err := s.Registrar.ChangeSettings(t.Context(), client.DeclaredTenant, map[string]any{
		"attributes": "declared",
		"declared_attributes": map[string]any{
			"Segment": client.Field("string"), "Visits": client.Field("integer"), "Since": client.Field("datetime"), "Total": client.Field("currency"), "Vip": client.Field("boolean"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return cast
}

// Each file in genesys is played to a service of its own.
func TestGenesys(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no conversations in tests/genesys")
	}
	document, err := openapi.Load("../../docs/openapi/genesys.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var played atomic.Int64
	// Cleaned up after the files, which are played side by side.
	t.Cleanup(func() {
		all := int(played.Load()) == len(files)
		if unseen := document.Unseen(); all && len(unseen) > 0 && !t.Failed() {
			t.Errorf("no conversation shows %v", unseen)
		}
	})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			played.Add(1)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := client.NewScene(t)
			if err := conversation.Play(watched(t, document, &ucsChecker{Scene: s, t: t}), string(text), newUCSCast(t, s)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		})
	}
}

// watched holds what is said in this dialect against its document. What comes
// below the prefix is the same.
func watched(t *testing.T, document *openapi.Document, h http.Handler) http.Handler {
	rejected := func(status int, _ []byte) bool { return status >= http.StatusBadRequest }
	inDocument := document.Watch(h, rejected, func(err error) { t.Error(err) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/profiles") || strings.HasPrefix(r.URL.Path, "/metadata") {
			inDocument.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// A ucsChecker is the service, watched: what is rejected or only asked must leave
// the table as it was, and a rejection has the dialect's form.
type ucsChecker struct {
	client.Scene
	t *testing.T
}

// ServeHTTP implements [http.Handler].
func (s *ucsChecker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Check(s.t, s.Server, w, r, func(got *httptest.ResponseRecorder) bool {
		if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/_admin") {
			return true
		}
		if got.Code >= 400 {
			s.checkForm(r, got)
		}
		return got.Code < 400 && r.Method != http.MethodGet
	})
}

// checkForm demands the error body of Genesys 5.
func (s *ucsChecker) checkForm(r *http.Request, got *httptest.ResponseRecorder) {
	var body struct {
		Method      string `json:"http_method"`
		URI         string `json:"uri"`
		HTTPCode    int    `json:"http_code"`
		ErrorCode   string `json:"error_code"`
		Description string `json:"description"`
	}
	decoder := json.NewDecoder(bytes.NewReader(got.Body.Bytes()))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&body)
	if err != nil || body.Method != r.Method || body.HTTPCode != got.Code || body.URI == "" || body.ErrorCode == "" || body.Description == "" || len(body.Description) > 1000 {
		s.t.Errorf("%s %s answered %d %+v (%v), want the form of section 5", r.Method, r.URL.Path, got.Code, body, err)
	}
}
