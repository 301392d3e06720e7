package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/meter"
	"regulars/shared/metrics"
)

// An office has one tenant with a budget, and one token, which may have a limit.
type office struct {
	budget access.Budget
	limit  int
}

const secret = "reg_live_AAAAAAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBB"

func (o office) Token(_ context.Context, hash access.Hash) (access.Token, bool, error) {
	token := access.Token{Hash: hash, Name: "till", Tenants: []int{5}, Scopes: []access.Scope{access.LoyRead}, Limit: o.limit}
	return token, hash == access.HashOf(secret), nil
}

func (o office) Settings(_ context.Context, tenant int) (access.Settings, bool, error) {
	s, err := access.NewSettings(tenant, "Shop")
	s.Budget = o.budget
	return s, true, err
}

func (office) SaveToken(context.Context, access.Token) error       { return nil }
func (office) SaveSettings(context.Context, access.Settings) error { return nil }
func (office) Tokens(context.Context, int, time.Time, int) ([]access.Token, error) {
	return nil, nil
}
func (office) LastUses(context.Context, []access.Hash) (map[access.Hash]time.Time, error) {
	return nil, nil
}
func (office) Tenants(context.Context, int, int) ([]int, error) { return nil, nil }

// AddTaken implements [access.BudgetStore]: others have taken everything.
func (o office) AddTaken(_ context.Context, _ access.Payer, _, requests, units int64, _ time.Time) (int64, int64, error) {
	return requests + 10*max(o.budget.Requests, int64(o.limit)), units, nil
}

// A desk is a dialect of one route, which does what a test says, with all that
// [httpapi.Operating] writes.
type desk struct {
	handler             http.Handler
	log, metrics, trail bytes.Buffer
}

func newDesk(o office, handle func(c *httpapi.Call) (httpapi.Answer, error), changes ...func(*httpapi.Operating)) *desk {
	d := new(desk)
	operating := httpapi.Operating{
		Metrics: metrics.New(&d.metrics, "Regulars", "desk", time.Now),
		Audit:   audit.New(slog.New(slog.NewJSONHandler(&d.trail, nil))),
		Budgets: access.NewBudgets(o, time.Now),
	}
	for _, change := range changes {
		change(&operating)
	}
	d.handler = httpapi.Frame[*desk, *httpapi.Call]{
		Dialect: d,
		Routes: []httpapi.Route[*desk, *httpapi.Call]{{
			Method: "PUT", Path: "/things/{id}", Scope: access.LoyRead,
			Handle: func(_ *desk, c *httpapi.Call) (httpapi.Answer, error) { return handle(c) },
		}},
		Authorizer: access.NewAuthorizer(o, time.Now, access.AuthorizerOptions{Remember: time.Minute}),
		Log:        slog.New(slog.NewJSONHandler(&d.log, nil)), Deadline: time.Minute,
		Operating:   operating,
		Credentials: func(c *httpapi.Call) (string, int, error) { return c.Header.Get("Token"), 0, nil },
		Decode:      func(_ *desk, c *httpapi.Call) (*httpapi.Call, error) { return c, nil },
		UnknownPath: errs.New(errs.NotFound, "unknown_path", ""),
		WrongMethod: func(*httpapi.Call, []string) (httpapi.Answer, error) {
			return httpapi.Answer{}, errs.New(errs.Invalid, "wrong_verb", "")
		},
		Error: func(_ *httpapi.Call, err error) httpapi.Answer {
			if clientErr, ok := errs.AsClient(err); ok && clientErr.Kind == errs.Limited {
				return httpapi.Raw(http.StatusTooManyRequests, "text/plain", nil)
			}
			return httpapi.Raw(http.StatusOK, "text/plain", []byte("an error, with status 200"))
		},
	}.Handler()
	return d
}

func (d *desk) put(method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("PUT", path, nil)
	r.Method = method
	r.Header.Set("Token", secret)
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func last(t *testing.T, b *bytes.Buffer) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	line := map[string]any{}
	if text := lines[len(lines)-1]; text != "" {
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
	}
	return line
}

func TestWritesAreAudited(t *testing.T) {
	d := newDesk(office{}, func(c *httpapi.Call) (httpapi.Answer, error) {
		meter.From(c.Context()).Wrote("customer:B")
		meter.From(meter.Without(c.Context())).Wrote("customer:A")
		return httpapi.Answer{}, nil
	})
	w := d.put("PUT", "/things/ada@example.com")
	id := w.Header().Get(httpapi.RequestIDHeader)
	got := last(t, &d.trail)
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "audit", "request": id, "action": "PUT /things/{id}", "outcome": "done", "tenant": 5.0,
		"token": "till", "token_id": access.HashOf(secret).Short(), "ids": []any{"customer:A", "customer:B"},
	}
	if diff := cmp.Diff(want, got); diff != "" || id == "" {
		t.Errorf("audit of request %q (-want +got):\n%s", id, diff)
	}
	if line := last(t, &d.log); line["request"] != id || line["tenant"] != 5.0 || line["token"] != access.HashOf(secret).Short() {
		t.Errorf("request line = %v", line)
	}
	if all := d.log.String() + d.trail.String() + d.metrics.String(); strings.Contains(all, "ada@") || strings.Contains(all, secret) {
		t.Errorf("what the client sent is told: %s", all)
	}
}

func TestReadsAreNotAudited(t *testing.T) {
	d := newDesk(office{}, func(*httpapi.Call) (httpapi.Answer, error) { return httpapi.Answer{}, nil })
	d.put("PUT", "/things/7")
	if d.trail.Len() > 0 {
		t.Errorf("audit = %s", d.trail.String())
	}
}

// An outcome is counted by its kind, whatever the status says.
func TestOutcomesAreCounted(t *testing.T) {
	tests := []struct {
		name    string
		end     func(c *httpapi.Call) error
		outcome string
		want    map[string]float64
	}{
		{"done", func(*httpapi.Call) error { return nil }, "done", nil},
		{"client error", func(*httpapi.Call) error { return errs.New(errs.NotFound, "gone", "") }, "gone", map[string]float64{"ClientErrors": 1}},
		{"limited", func(*httpapi.Call) error { return errs.New(errs.Limited, "slow_down", "") }, "slow_down", map[string]float64{"ClientErrors": 1, "Limited": 1}},
		{"busy", func(*httpapi.Call) error { return fmt.Errorf("x: %w", &errs.Unavailable{}) }, "busy", map[string]float64{"Busy": 1}},
		{"internal error", func(*httpapi.Call) error { return errors.New("no such table") }, "fault", map[string]float64{"Faults": 1}},
		{"panic", func(*httpapi.Call) error { panic("oh") }, "fault", map[string]float64{"Faults": 1}},
		{"items of a batch", func(c *httpapi.Call) error {
			httpapi.Note(c.Context(), errors.New("no such table"))
			httpapi.Note(c.Context(), errors.New("no such table"))
			httpapi.Note(c.Context(), &errs.Unavailable{})
			return nil
		}, "done", map[string]float64{"Faults": 2, "Busy": 1}},
		{"trouble", func(c *httpapi.Call) error {
			m := meter.From(meter.Without(c.Context()))
			m.Retried()
			m.Throttled()
			m.Failed()
			m.Add(1, 3, 4)
			meter.From(c.Context()).Add(1, 3, 4)
			return nil
		}, "done", map[string]float64{"Retries": 1, "Throttled": 1, "TableErrors": 1, "ReadUnits": 1.5, "WriteUnits": 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(office{}, func(c *httpapi.Call) (httpapi.Answer, error) { return httpapi.Answer{}, tt.end(c) })
			d.put("PUT", "/things/7")
			line := last(t, &d.metrics)
			if line["Route"] != "PUT /things/{id}" || line["tenant"] != 5.0 || line["outcome"] != tt.outcome {
				t.Errorf("metrics = %v", line)
			}
			got := map[string]float64{}
			for name := range metrics.All {
				if v, ok := line[string(name)].(float64); ok && name != metrics.Latency {
					got[string(name)] = v
				}
			}
			want := map[string]float64{"Requests": 1}
			for name, v := range tt.want {
				want[name] = v
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// Neither a method nor a path that a client made up is told of.
func TestNothingSentIsTold(t *testing.T) {
	d := newDesk(office{}, func(*httpapi.Call) (httpapi.Answer, error) { return httpapi.Answer{}, nil })
	d.put("CANARY", "/things/7")
	d.put("CANARY", "/CANARY")
	if all := d.log.String() + d.metrics.String(); strings.Contains(all, "CANARY") || strings.Count(all, `"method":"other"`) != 2 {
		t.Errorf("told: %s", all)
	}
	if line := last(t, &d.metrics); line["Route"] != "none" {
		t.Errorf("metrics = %v", line)
	}
}

func TestBudgetUsedUp(t *testing.T) {
	called := 0
	d := newDesk(office{budget: access.Budget{Requests: 10}}, func(*httpapi.Call) (httpapi.Answer, error) {
		called++
		return httpapi.Answer{}, nil
	})
	var w *httptest.ResponseRecorder
	for range 10 {
		w = d.put("PUT", "/things/7")
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || called == 0 || called == 10 {
		t.Errorf("after %d calls: %d %v", called, w.Code, w.Header())
	}
	if line := last(t, &d.metrics); line["outcome"] != "budget_used_up" || line["Limited"] != 1.0 {
		t.Errorf("metrics = %v", line)
	}
}

// A token has a limit of its own beside the budget of its tenant.
func TestLimitOfAToken(t *testing.T) {
	d := newDesk(office{limit: 10}, func(*httpapi.Call) (httpapi.Answer, error) { return httpapi.Answer{}, nil })
	var w *httptest.ResponseRecorder
	for range 10 {
		w = d.put("PUT", "/things/7")
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("after ten calls: %d %v, want 429", w.Code, w.Header())
	}
}

// A slip keeps uses of tokens as a test says.
type slip func() error

func (s slip) SaveUse(context.Context, access.Hash, time.Time) error { return s() }

// The use of a token is kept beside the request, and where it cannot be kept the answer is the
// same and the log says so.
func TestUsesOfTokensAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		logged bool
	}{"kept": {}, "not kept": {errors.New("no table"), true}} {
		t.Run(name, func(t *testing.T) {
			began, answered := make(chan struct{}), false
			d := newDesk(office{}, func(*httpapi.Call) (httpapi.Answer, error) {
				<-began // the handler does not wait for it to end
				answered = true
				return httpapi.Raw(http.StatusOK, "text/plain", []byte("done")), nil
			}, func(o *httpapi.Operating) {
				o.Uses = access.NewUses(slip(func() error { close(began); return c.err }), time.Now)
			})
			for range 2 {
				if w := d.put("PUT", "/things/7"); w.Code != http.StatusOK || w.Body.String() != "done" || !answered {
					t.Errorf("answer = %d %s", w.Code, w.Body)
				}
			}
			if got := strings.Count(d.log.String(), "use of a token not kept"); got != map[bool]int{true: 1}[c.logged] {
				t.Errorf("log = %s", d.log.String())
			}
		})
	}
}
