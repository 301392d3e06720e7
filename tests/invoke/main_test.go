package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPretty(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"body of JSON", `{"statusCode":200,"body":"{\"b\":9007199254740993,\"a\":\"<&>\"}"}`,
			"{\n  \"body\": {\n    \"b\": 9007199254740993,\n    \"a\": \"<&>\"\n  },\n  \"statusCode\": 200\n}"},
		{"body of text", `{"body":"plain"}`, "{\n  \"body\": \"plain\"\n}"},
		{"no body", `{"batchItemFailures":[]}`, "{\n  \"batchItemFailures\": []\n}"},
		{"no object", `null`, "null"},
		{"no JSON", `oops`, "oops"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pretty([]byte(tt.answer)); got != tt.want {
				t.Errorf("pretty(%s) = %s, want %s", tt.answer, got, tt.want)
			}
		})
	}
}

func TestPing(t *testing.T) {
	db := httptest.NewServer(http.NotFoundHandler()) // any answer is one
	if err := ping(t.Context(), db.URL); err != nil {
		t.Errorf("ping() error = %v, want none", err)
	}
	db.Close()
	err := ping(t.Context(), db.URL)
	if err == nil || !strings.Contains(err.Error(), db.URL) || !strings.Contains(err.Error(), "make run") {
		t.Errorf("ping() error = %v, want one with the address and what to do", err)
	}
}
