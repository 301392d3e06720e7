package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/faults"
	"regulars/tests/rights"
)

// Proving reports whether this is make prove.
func Proving() bool { return os.Getenv("PROVE") != "" }

// Size is how often something is done: all of it in make prove, a twentieth else.
func Size(full int) int {
	if Proving() {
		return full
	}
	return max(1, full/20)
}

// NewService makes the assembled service on a table of its own, seeded.
func NewService(t testing.TB) *devserver.Server {
	t.Helper()
	table := dynamotest.Table(t)
	l := ServiceOn(t, dynamotest.Client(t), table)
	Seed(t, l, table)
	return l
}

func ServiceOn(t testing.TB, db *dynamodb.Client, table string) *devserver.Server {
	t.Helper()
	return devserver.New(devserver.Options{DB: db, Table: table, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// FaultyDB makes a client whose calls go through transport, with the attempts and
// the pauses of a function, only shorter.
func FaultyDB(t testing.TB, transport *faults.Transport) *dynamodb.Client {
	t.Helper()
	return dynamodb.New(dynamotest.Client(t).Options(), func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport, Timeout: 300 * time.Millisecond}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = 3, 5*time.Millisecond
		})
	})
}

// An Answer is what a request came to.
type Answer struct {
	Status int
	Header http.Header
	Body   map[string]any
}

func (a Answer) Code() int { return int(a.Body["error"].(float64)) }
func (a Answer) ID() string {
	id, _ := a.Body["profile_id"].(string)
	return id
}
func (a Answer) Data() map[string]any {
	data, _ := a.Body["data"].(map[string]any)
	return data
}
func (a Answer) String() string {
	text, _ := json.Marshal(a.Body)
	return fmt.Sprintf("HTTP %d %s", a.Status, text)
}

// An Altcraft speaks the Altcraft dialect to a handler.
type Altcraft struct {
	T       testing.TB
	Handler http.Handler
	// deadline, unless 0, is how long a request may take.
	Deadline time.Duration
}

// Call posts a body, to which token and db_id are added. Header is a list of
// names and values.
func (c Altcraft) Call(method string, body map[string]any, header ...string) Answer {
	c.T.Helper()
	text := Document(c.T, body)
	r := httptest.NewRequest(http.MethodPost, PathOf(method), bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.Send(r)
}

// Send has a request served in the caller's time.
func (c Altcraft) Send(r *http.Request) Answer {
	c.T.Helper()
	if c.Deadline > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), c.Deadline)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	c.Handler.ServeHTTP(w, r)
	return Parse(c.T, w.Code, w.Header(), w.Body.Bytes())
}

// PathOf is the path of a method; one without a group is of profiles.
func PathOf(method string) string {
	if !strings.Contains(method, "/") {
		method = "profiles/" + method
	}
	return "/api/v1.1/" + method
}

func Parse(t testing.TB, status int, header http.Header, body []byte) Answer {
	t.Helper()
	a := Answer{Status: status, Header: header}
	if err := json.Unmarshal(body, &a.Body); err != nil {
		t.Errorf("answer %d %q is not JSON", status, body)
		a.Body = map[string]any{"error": float64(-1)}
	}
	return a
}

// Document is a body in JSON, to which token and db_id are added.
func Document(t testing.TB, body map[string]any) []byte {
	t.Helper()
	full := map[string]any{"token": devserver.DemoToken, "db_id": devserver.Tenant}
	maps.Copy(full, body)
	text, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Function is a function object, as a field's value.
func Function(action string, v any) map[string]any {
	return map[string]any{"action": action, "value": v}
}

// Must fails the test unless the answer is a success.
func (c Altcraft) Must(method string, body map[string]any, header ...string) Answer {
	c.T.Helper()
	a := c.Call(method, body, header...)
	if a.Status != http.StatusOK || a.Code() != 0 {
		c.T.Fatalf("%s %v = %v, want success", method, body, a)
	}
	return a
}

// Dump is everything in the table but tenants, tokens, jobs and counts of budgets, in a form that
// compares. Tests alone may scan.
func Dump(t testing.TB, table string) []string {
	t.Helper()
	var items []string
	pages := dynamodb.NewScanPaginator(dynamotest.Client(t), &dynamodb.ScanInput{TableName: aws.String(table), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			text, err := json.Marshal(it)
			if err != nil {
				t.Fatal(err)
			}
			if s := string(text); !strings.Contains(s, `"TOKEN`) && !strings.Contains(s, `"T#`) && !strings.Contains(s, `"Q#`) {
				items = append(items, s)
			}
		}
	}
	return items
}

// Together calls f from n goroutines at once and returns what they answered.
func Together[T any](n int, f func(i int) T) []T {
	var group sync.WaitGroup
	start := make(chan struct{})
	answers := make([]T, n)
	for i := range n {
		group.Go(func() {
			<-start
			answers[i] = f(i)
		})
	}
	close(start)
	group.Wait()
	return answers
}

// AwaitNewHour waits where the hour ends within some time.
func AwaitNewHour(t *testing.T, within time.Duration) {
	t.Helper()
	now := time.Now()
	if next := now.Truncate(time.Hour).Add(time.Hour); next.Sub(now) < within {
		time.Sleep(next.Sub(now))
	}
}

// Eventually waits until ok, or fails the test after two minutes.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within two minutes", what)
		}
	}
}

// WorkingService makes the whole service on a table of its own, with the worker that does
// jobs.
func WorkingService(t *testing.T) (*devserver.Server, string) {
	t.Helper()
	table := dynamotest.Table(t)
	l := devserver.New(devserver.Options{
		DB: limitedDB(t), Table: table, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Around: rights.Around,
	})
	Seed(t, l, table)
	Work(t, l)
	return l, table
}

// Work does jobs until the test ends.
func Work(t *testing.T, l *devserver.Server) {
	ctx, cancel := context.WithCancel(rights.As(context.Background(), "work"))
	ended := make(chan struct{})
	go func() { defer close(ended); l.Work(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
}

// Items are the answers to the items of a batch.
func (a Answer) Items() []Answer {
	var items []Answer
	list, _ := a.Body["result"].([]any)
	for _, v := range list {
		body, _ := v.(map[string]any)
		items = append(items, Answer{Status: http.StatusOK, Body: body})
	}
	return items
}

// Figure is a number of an answer.
func (a Answer) Figure(name string) int {
	n, _ := a.Body[name].(float64)
	return int(n)
}

// Done fails the test unless the answer is a success.
func (a Answer) Done(t testing.TB) Answer {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("answer = %v, want 200", a)
	}
	return a
}
