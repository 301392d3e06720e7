package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"regulars/shared/httpapi"
)

func TestCleanPath(t *testing.T) {
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(w, "%s id=%s x=%s body=%s", r.Pattern, r.PathValue("id"), r.URL.Query().Get("x"), body)
	}
	for _, pattern := range []string{"/{$}", "/a/b", "/a/{id}/c", "/a/{id}"} {
		mux.HandleFunc("POST "+pattern, show)
	}
	server := httptest.NewServer(httpapi.CleanPath(mux))
	t.Cleanup(server.Close)

	tests := []struct{ name, target, want string }{
		{"clean", "/a/b?x=1", "POST /a/b id= x=1 body=kept"},
		{"root", "/", "POST /{$} id= x= body=kept"},
		{"nothing but slashes", "///", "POST /{$} id= x= body=kept"},
		{"trailing slash", "/a/b/?x=1", "POST /a/b id= x=1 body=kept"},
		{"double slashes", "//a//b//?x=1", "POST /a/b id= x=1 body=kept"},
		{"dot", "/a/./b", "POST /a/b id= x= body=kept"},
		{"dot dot", "/z/../a/b/..//b/.", "POST /a/b id= x= body=kept"},
		{"above the root", "/../a/b", "POST /a/b id= x= body=kept"},
		{"escaped slash", "/a/x%2Fy/", "POST /a/{id} id=x/y x= body=kept"},
		{"escaped slashes", "//a/%2F%2F/c/", "POST /a/{id}/c id=// x= body=kept"},
		{"escaped slash that is not cleaned", "/a/x%2F", "POST /a/{id} id=x/ x= body=kept"},
		{"escaped dots", "/a/%2E%2E/", "POST /a/{id} id=.. x= body=kept"},
		{"escaped percent", "/a/50%25//", "POST /a/{id} id=50% x= body=kept"},
		{"escaped question mark", "/a/what%3F/", "POST /a/{id} id=what? x= body=kept"},
		{"unicode", "/a/%C3%A9t%C3%A9/", "POST /a/{id} id=été x= body=kept"},
		{"query is left alone", "/a/b?x=//..//", "POST /a/b id= x=//..// body=kept"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+tt.target, strings.NewReader("kept"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := server.Client().Transport.RoundTrip(r) // follows no redirect
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			got, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusOK || string(got) != tt.want {
				t.Errorf("%s: %d %s, want 200 %s", tt.target, response.StatusCode, got, tt.want)
			}
		})
	}
}

// Who holds the request must not see it change.
func TestCleanPathLeavesTheRequest(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "//a/", nil)
	httpapi.CleanPath(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	if r.URL.Path != "//a/" {
		t.Errorf("path = %q, want it as it was", r.URL.Path)
	}
}
