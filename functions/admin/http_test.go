package admin_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"regulars/functions/admin"
)

func TestHTTPHandler(t *testing.T) {
	handler := admin.HTTPHandler(newOffice(t).handler)
	const list = `{"action": "list-tenants"}`
	tests := []struct {
		name, method, host, header, body string
		status                           int
		says                             string
	}{
		{"a call", "POST", "127.0.0.1:3000", "1", list, 200, `{"tenants":[]}`},
		{"by name", "POST", "localhost:3000", "1", list, 200, `{"tenants":[]}`},
		{"by IPv6", "POST", "[::1]:3000", "1", list, 200, `{"tenants":[]}`},
		{"without a port", "POST", "localhost", "1", list, 200, `{"tenants":[]}`},
		{"refused", "POST", "localhost", "1", `{}`, 200, `unknown_action`},
		{"another host", "POST", "evil.example:3000", "1", list, 403, "bad_host"},
		{"a host that begins like ours", "POST", "127.0.0.1.evil.example", "1", list, 403, "bad_host"},
		{"the address of the network", "POST", "192.168.0.10:3000", "1", list, 403, "bad_host"},
		{"no host", "POST", "", "1", list, 403, "bad_host"},
		{"no header", "POST", "localhost", "", list, 403, "missing_header"},
		{"another method", "GET", "localhost", "1", "", 405, "bad_method"},
		{"a preflight", "OPTIONS", "localhost", "", "", 405, "bad_method"},
		{"a huge call", "POST", "localhost", "1", strings.Repeat(" ", 2<<20), 413, "too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), tt.method, admin.Path, strings.NewReader(tt.body))
			request.Host = tt.host
			if tt.header != "" {
				request.Header.Set(admin.Header, tt.header)
			}
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, request)
			if response.Code != tt.status || !strings.Contains(response.Body.String(), tt.says) {
				t.Errorf("answer = %d %s, want %d and %s", response.Code, response.Body, tt.status, tt.says)
			}
			if got := response.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type = %q", got)
			}
			if got := response.Header().Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("Access-Control-Allow-Origin = %q, want none", got)
			}
		})
	}
}
