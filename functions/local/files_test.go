package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The bucket takes the forms of the console's pages and shows where these lead, and
// nothing else of any page.
func TestBucketIsForTheConsole(t *testing.T) {
	f := &files{}
	f.admit(3000)
	served := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	h := f.forConsole(served, ownMachine(served))
	for _, tt := range []struct {
		name, method, host, origin, site, mode string
		want                                   int
		allows                                 string
	}{
		{"curl", "PUT", "localhost:3001", "", "", "", 200, ""},
		{"a form of the console", "POST", "localhost:3001", "http://localhost:3000", "same-site", "cors", 200, "http://localhost:3000"},
		{"the same by address", "POST", "127.0.0.1:3001", "http://127.0.0.1:3000", "same-site", "cors", 200, "http://127.0.0.1:3000"},
		{"what a browser asks before", "OPTIONS", "localhost:3001", "http://localhost:3000", "same-site", "cors", 204, "http://localhost:3000"},
		{"a link of the console", "GET", "localhost:3001", "", "same-site", "navigate", 200, ""},
		{"something else of the console", "PUT", "localhost:3001", "http://localhost:3000", "same-site", "cors", 403, ""},
		{"its scripts read nothing", "GET", "localhost:3001", "http://localhost:3000", "same-site", "cors", 403, ""},
		{"another server of this machine", "POST", "localhost:3001", "http://localhost:8080", "same-site", "cors", 403, ""},
		{"a picture on one", "GET", "localhost:3001", "", "same-site", "no-cors", 403, ""},
		{"a page of another site", "POST", "localhost:3001", "https://evil.example", "cross-site", "cors", 403, ""},
		{"a link of another site", "GET", "localhost:3001", "", "cross-site", "navigate", 403, ""},
		{"a name that was pointed here", "POST", "evil.example:3001", "http://localhost:3000", "cross-site", "cors", 403, ""},
	} {
		r := httptest.NewRequest(tt.method, "/imports", nil)
		r.Host = tt.host
		for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site, "Sec-Fetch-Mode": tt.mode} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want || w.Header().Get("Access-Control-Allow-Origin") != tt.allows {
			t.Errorf("%s = %d, allows %q, want %d, %q", tt.name, w.Code, w.Header().Get("Access-Control-Allow-Origin"), tt.want, tt.allows)
		}
	}
}
