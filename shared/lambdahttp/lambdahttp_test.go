package lambdahttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"regulars/shared/lambdahttp"
)

func TestDeadlineOfLambda(t *testing.T) {
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	var got time.Time
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = r.Context().Deadline() })

	if _, err := lambdahttp.Handler(h, "")(ctx, exchange{target: "/"}.event(t)); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(deadline) {
		t.Errorf("deadline of the request = %v, want %v", got, deadline)
	}
}

// The library passes the event on in headers, which a client can send too.
func TestForgedHeadersAreTakenAway(t *testing.T) {
	event := exchange{target: "/", header: http.Header{
		"X-Golambdaproxy-Apigw-Context":   {`{"accountId":"1"}`},
		"X-GOLAMBDAPROXY-APIGW-STAGEVARS": {`{"a":"1"}`},
		"X-Other":                         {"kept"},
	}}.event(t)
	var got http.Header
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header })

	if _, err := lambdahttp.Handler(h, "")(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if strings.Contains(strings.ToLower(name), "golambdaproxy") {
			t.Errorf("header %s reached the handler", name)
		}
	}
	if got.Get("X-Other") != "kept" {
		t.Error("another header was lost")
	}
}

func TestPanicIsAnswered(t *testing.T) {
	log := captureLog(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Half", "1")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "half")
		panic("the roof is on fire")
	})
	answer, err := lambdahttp.Handler(h, "")(t.Context(), exchange{target: "/"}.event(t))
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusInternalServerError || strings.Contains(answer.Body, "half") || answer.Headers["X-Half"] != "" {
		t.Errorf("answer = %+v, want a bare 500", answer)
	}
	if !strings.Contains(log.String(), "the roof is on fire") || !strings.Contains(log.String(), "lambdahttp_test.go") {
		t.Errorf("log = %s, want the panic and its stack", log)
	}
}

// A status that net/http would not take must not pass for none.
func TestInvalidStatusIsAPanic(t *testing.T) {
	captureLog(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) })
	answer, err := lambdahttp.Handler(h, "")(t.Context(), exchange{target: "/"}.event(t))
	if err != nil || answer.StatusCode != http.StatusInternalServerError {
		t.Errorf("answer = %d, %v, want 500", answer.StatusCode, err)
	}
}

func TestOtherEventsAreErrors(t *testing.T) {
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
	formatOne := `{"version":"1.0","resource":"/a","path":"/a","httpMethod":"GET","headers":{"Host":"h"},
		"multiValueHeaders":{"Host":["h"]},"body":null,"isBase64Encoded":false,"stageVariables":null,
		"requestContext":{"authorizer":{"claims":null,"scopes":null},"stage":"$default","httpMethod":"GET"}}`
	tests := []struct{ name, event, want string }{
		{"payload format 1.0", formatOne, `payload format "1.0"`},
		{"no event of an API", `{"Records":[]}`, `payload format ""`},
		{"body that is not base64", `{"version":"2.0","body":"?","isBase64Encoded":true}`, "base64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var event events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal([]byte(tt.event), &event); err != nil {
				t.Fatal(err)
			}
			_, err := lambdahttp.Handler(h, "")(t.Context(), event)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Handler() error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

// The library prints what it cannot translate, and a query may hold a token.
func TestAddressIsNotPrinted(t *testing.T) {
	const address = "/token-in-path?token-in-query"
	tests := []struct {
		name   string
		spoil  func(*events.APIGatewayV2HTTPRequest)
		failed bool
	}{
		{"method that is none", func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "NO METHOD" }, true},
		{"query that is no URL", func(e *events.APIGatewayV2HTTPRequest) { e.RawQueryString += "\x7f" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log := captureLog(t)
			stdout := captureStdout(t)
			event := exchange{target: address}.event(t)
			tt.spoil(&event)

			_, err := lambdahttp.Handler(http.NotFoundHandler(), "")(t.Context(), event)
			if failed := err != nil; failed != tt.failed {
				t.Errorf("Handler() error = %v, want an error: %t", err, tt.failed)
			}
			if said := fmt.Sprint(err, log, stdout()); strings.Contains(said, "token-in") {
				t.Errorf("the address was shown: %s", said)
			}
		})
	}
}

// captureLog makes the default log write to the buffer it returns. The log
// package writes there too.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	return &log
}

// captureStdout returns a function that says what was printed so far.
func captureStdout(t *testing.T) func() string {
	t.Helper()
	before := os.Stdout
	t.Cleanup(func() { os.Stdout = before })
	file, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = file
	return func() string {
		file.Close()
		said, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
}

// A base path is taken off where it is one, and said.
func TestBasePath(t *testing.T) {
	tests := []struct{ target, basePath, path, prefix string }{
		{"/crm/api/v1.1/profiles/get?a=b", "/crm", "/api/v1.1/profiles/get", "/crm"},
		{"/crm", "/crm", "/", "/crm"},
		{"/crmx/api", "/crm", "/crmx/api", ""},
		{"/api", "/crm", "/api", ""},
		{"/shop/crm/loy", "/shop/crm", "/loy", "/shop/crm"},
		{"/crm/api", "", "/crm/api", ""},
	}
	for _, tt := range tests {
		var got *http.Request
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r })
		event := exchange{target: tt.target}.event(t)
		event.Headers["x-forwarded-prefix"] = "/forged"
		if _, err := lambdahttp.Handler(h, tt.basePath)(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		if got.URL.Path != tt.path || got.Header.Get("X-Forwarded-Prefix") != tt.prefix {
			t.Errorf("%s below %q: path %s, prefix %q; want %s, %q", tt.target, tt.basePath, got.URL.Path, got.Header.Get("X-Forwarded-Prefix"), tt.path, tt.prefix)
		}
	}
}
