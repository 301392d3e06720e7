package mojodex

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// What API Gateway does not take for a path of /api or /loy comes here, and is answered
// in that dialect's form; all other unknown paths in this one's.
func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	h := New(Options{Log: slog.New(slog.DiscardHandler), Deadline: time.Minute})
	for path, want := range map[string]string{
		"//api/v1.1/profiles/get": `{"error":404,"error_text":"There is no such method: the path begins with two slashes. Methods are paths like /api/v1.1/profiles/import."}`,
		"//loy/profiles.json":     `{"errors":"Not Found"}`,
		"//task":                  `{"message":"The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."}`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound || w.Body.String() != want {
			t.Errorf("%s: %d %s, want 404 %s", path, w.Code, w.Body, want)
		}
	}
}
