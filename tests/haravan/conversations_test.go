package haravan_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	watched := document.Watch(s.Laptop, func(status int, _ []byte) bool { return status >= 400 }, func(err error) { t.Error(err) })
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/loy") {
			s.Laptop.ServeHTTP(w, r)
			return
		}
		before := s.Items(t)
		answer := httptest.NewRecorder()
		watched.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
		if answer.Code < 400 && r.Method != http.MethodGet && answer.Header().Get("Idempotency-Hit") == "" {
			return
		}
		if diff := cmp.Diff(before, s.Items(t)); diff != "" {
			t.Errorf("%s %s answered %d %.300s and wrote (-before +after):\n%s", r.Method, r.URL.Path, answer.Code, answer.Body, diff)
		}
	})
	if err := conversation.Play(h, string(text), secrets); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}
