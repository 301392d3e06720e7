package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/meter"
)

const capacity = "X-Consumed-Capacity"

func requestLine(method, route string, status int, in, out int) map[string]any {
	return map[string]any{
		"level": "INFO", "msg": "request", "method": method, "route": route, "status": float64(status), "ms": "some",
		"trips": 0.0, "read_units": 0.0, "write_units": 0.0, "bytes_in": float64(in), "bytes_out": float64(out),
	}
}

func TestRequestIsLogged(t *testing.T) {
	f := newFrame()
	f.handle("POST /customers/{id}", func(w http.ResponseWriter, r *http.Request) error {
		if _, err := httpapi.ReadBody(r, 100); err != nil {
			return err
		}
		meter.From(r.Context()).Add(2, 3, 10)
		w.WriteHeader(http.StatusCreated)
		_, err := io.WriteString(w, "made")
		return err
	})
	w := f.do(t, "POST", "/customers/7", "12345")

	if got, want := w.Header().Get(capacity), "rt=2;r=1.5;w=10"; got != want {
		t.Errorf("%s = %q, want %q", capacity, got, want)
	}
	want := requestLine("POST", "POST /customers/{id}", http.StatusCreated, 5, 4)
	want["trips"], want["read_units"], want["write_units"] = 2.0, 1.5, 10.0
	if diff := cmp.Diff([]map[string]any{want}, f.lines(t)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestRouteIsNamed(t *testing.T) {
	tests := []struct{ name, target, want string }{
		{"by Handle", "/handled", "/handled"},
		{"with an unclean path", "//handled/", "/handled"},
		{"below a prefix", "/v1/inner", "/inner"},
		{"of a plain handler", "/plain", "/plain"},
		{"of none", "/a-token-perhaps", "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFrame()
			done := func(http.ResponseWriter, *http.Request) error { return nil }
			f.handle("/handled", done)
			f.mux.HandleFunc("/plain", func(http.ResponseWriter, *http.Request) {})
			inner := http.NewServeMux()
			inner.Handle("/inner", spoken.Handle(done))
			f.mux.Handle("/v1/{rest...}", http.StripPrefix("/v1", inner))
			f.do(t, "GET", tt.target, "")
			if got := f.lines(t)[0]["route"]; got != tt.want {
				t.Errorf("route = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEndings(t *testing.T) {
	fault := map[string]any{"level": "ERROR", "msg": "fault", "route": "/", "err": "account ada: no such table"}
	busy := map[string]any{"level": "WARN", "msg": "busy", "route": "/", "cause": "throttled"}
	tests := []struct {
		name   string
		end    func(w http.ResponseWriter) error
		status int
		body   string
		line   map[string]any // besides that of the request
	}{
		{"well", func(http.ResponseWriter) error { return nil }, 200, "", nil},
		{"refusal", func(http.ResponseWriter) error {
			return fmt.Errorf("row 3: %w", errs.New(errs.Invalid, "bad_email", "email", "ada@example.com"))
		}, 400, "bad_email", nil},
		{"busy", func(http.ResponseWriter) error {
			return fmt.Errorf("import: %w", &errs.Unavailable{Err: errors.New("throttled")})
		}, 503, "busy", busy},
		{"fault", func(http.ResponseWriter) error {
			return errors.New("account ada: no such table")
		}, 500, "fault", fault},
		{"fault after the answer began", func(w http.ResponseWriter) error {
			io.WriteString(w, "half")
			return errors.New("account ada: no such table")
		}, 200, "half", fault},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFrame()
			f.handle("/", func(w http.ResponseWriter, _ *http.Request) error { return tt.end(w) })
			w := f.do(t, "GET", "/", "")

			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("answer = %d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
			if got, want := w.Header().Get(capacity), "rt=0;r=0;w=0"; got != want {
				t.Errorf("%s = %q, want %q", capacity, got, want)
			}
			want := []map[string]any{requestLine("GET", "/", tt.status, 0, len(tt.body))}
			if tt.line != nil {
				want = append([]map[string]any{tt.line}, want...)
			}
			if diff := cmp.Diff(want, f.lines(t)); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

// Over a real server, which would drop the connection of a handler that panics.
func TestPanicIsAnswered(t *testing.T) {
	tests := []struct {
		name   string
		before func(w http.ResponseWriter)
		panics any
		status int
		body   string
	}{
		{"before the answer", func(http.ResponseWriter) {}, "the roof is on fire", 500, "fault"},
		{"after the answer began", func(w http.ResponseWriter) { io.WriteString(w, "half") }, "the roof is on fire", 200, "half"},
		{"abort", func(http.ResponseWriter) {}, http.ErrAbortHandler, 500, "fault"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFrame()
			f.handle("/burn", func(w http.ResponseWriter, _ *http.Request) error {
				tt.before(w)
				panic(tt.panics)
			})
			server := httptest.NewServer(f.handler)
			response, err := http.Get(server.URL + "/burn")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			server.Close() // so that the log is complete
			if response.StatusCode != tt.status || string(body) != tt.body {
				t.Errorf("answer = %d %q, want %d %q", response.StatusCode, body, tt.status, tt.body)
			}
			if response.Header.Get(capacity) == "" {
				t.Errorf("no %s", capacity)
			}
			lines := f.lines(t)
			if len(lines) != 2 || lines[0]["level"] != "ERROR" || lines[0]["route"] != "/burn" {
				t.Fatalf("log = %v, want the fault and the request", lines)
			}
			said := fmt.Sprint(lines[0]["err"])
			if !strings.Contains(said, fmt.Sprint(tt.panics)) || !strings.Contains(said, "wrap_test.go") {
				t.Errorf("fault = %s, want the panic and its stack", said)
			}
		})
	}
}

func TestCapacityIsAlwaysSaid(t *testing.T) {
	f := newFrame()
	f.handle("GET /silent", func(http.ResponseWriter, *http.Request) error { return nil })
	f.handle("GET /late", func(w http.ResponseWriter, r *http.Request) error {
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusOK)
		meter.From(r.Context()).Add(1, 1, 1) // after the status: too late to be said
		return nil
	})
	tests := []struct {
		method, target string
		status         int
	}{
		{"GET", "/silent", 200},
		{"GET", "/late", 202},
		{"GET", "/nowhere", 404},
		{"POST", "/silent", 405},
	}
	for _, tt := range tests {
		w := f.do(t, tt.method, tt.target, "")
		if got := w.Header().Values(capacity); w.Code != tt.status || len(got) != 1 || got[0] != "rt=0;r=0;w=0" {
			t.Errorf("%s %s: %d, %s = %q, want %d and one of zero", tt.method, tt.target, w.Code, capacity, got, tt.status)
		}
	}
}

func TestDeadline(t *testing.T) {
	far, near := time.Hour, time.Second
	tests := []struct {
		name   string
		before time.Duration // deadline of the context before; 0 for none
		want   time.Duration
	}{
		{"none before", 0, time.Minute},
		{"a later one before", far, time.Minute},
		{"an earlier one before", near, near},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := t.Context()
			if tt.before > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.before)
				defer cancel()
			}
			f := newFrame()
			var left time.Duration
			f.handle("/", func(_ http.ResponseWriter, r *http.Request) error {
				deadline, _ := r.Context().Deadline()
				left = time.Until(deadline)
				return nil
			})
			f.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
			if left > tt.want || left < tt.want-500*time.Millisecond {
				t.Errorf("time left = %v, want about %v", left, tt.want)
			}
		})
	}
}

// Whatever a client sends, and however the request ends, the log shows none of it.
func TestLogHoldsNoSecret(t *testing.T) {
	const secret = "reg_live_0123456789"
	endings := map[string]func() error{
		"well":    func() error { return nil },
		"refusal": func() error { return errs.New(errs.Invalid, "bad_token", "", secret) },
		"busy": func() error {
			return &errs.Unavailable{Code: "building", Args: []any{secret}, Err: errors.New("throttled")}
		},
		"fault": func() error { return errors.New("account 7: no such table") },
		"panic": func() error { panic("the roof is on fire") },
	}
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			f := newFrame()
			f.handle("/known/{id}", func(w http.ResponseWriter, r *http.Request) error {
				if _, err := httpapi.ReadBody(r, 1<<10); err != nil {
					return err
				}
				w.Header().Set("X-Echo", secret)
				return end()
			})
			for _, target := range []string{"/known/" + secret, "/unknown/" + secret, "//" + secret + "/"} {
				r := httptest.NewRequestWithContext(t.Context(), "POST", target+"?token="+secret, strings.NewReader(secret))
				r.Header.Set("Authorization", "Bearer "+secret)
				r.Header.Set("User-Agent", secret)
				f.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
			if log := f.log.String(); strings.Contains(log, secret) {
				t.Errorf("the log holds the token:\n%s", log)
			}
			if got := len(f.lines(t)); got < 3 {
				t.Errorf("%d lines, want one for each request at least", got)
			}
		})
	}
}

// Handlers are used without the frame too, in tests of dialects.
func TestHandleWithoutFrame(t *testing.T) {
	h := spoken.Handle(func(http.ResponseWriter, *http.Request) error { return errors.New("no such table") })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status = %d, want 500", w.Code)
	}
}

func TestConnectionStaysReachable(t *testing.T) {
	f := newFrame()
	f.handle("/", func(w http.ResponseWriter, _ *http.Request) error {
		return http.NewResponseController(w).Flush()
	})
	if w := f.do(t, "GET", "/", ""); !w.Flushed {
		t.Error("a flush did not reach the server")
	}
}
