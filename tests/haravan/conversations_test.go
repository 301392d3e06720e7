package haravan_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"regulars/tests/client"
	"regulars/tests/conversation"
	"regulars/tests/openapi"
)

// Each file in haravan is played to a service of its own, and every exchange is
// held against docs/openapi/haravan.yaml. Together they show each operation.
func TestHaravan(t *testing.T) {
	t.Parallel()
	document, err := openapi.Load("../../docs/openapi/haravan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no conversations in tests/haravan")
	}
	t.Run("files", func(t *testing.T) {
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				t.Parallel()
				playHaravan(t, document, file)
			})
		}
	})
	if unseen := document.Unseen(); len(unseen) > 0 {
		t.Errorf("no conversation shows %v", unseen)
	}
}

func playHaravan(t *testing.T, document *openapi.Document, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := client.NewScene(t)
	secrets := client.NewTokens(t, s)
	watched := document.Watch(s.Server, func(status int, _ []byte) bool { return status >= 400 }, func(err error) { t.Error(err) })
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/loy") {
			s.ServeHTTP(w, r)
			return
		}
		s.Check(t, watched, w, r, func(got *httptest.ResponseRecorder) bool {
			return got.Code < 400 && r.Method != http.MethodGet && got.Header().Get("Idempotency-Hit") == "" && got.Header().Get("Dry-Run") == ""
		})
	})
	if err := conversation.Play(h, string(text), secrets); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}
