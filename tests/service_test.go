package tests

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
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/faults"
)

// proving reports whether this is make prove.
func proving() bool { return os.Getenv("PROVE") != "" }

// size is how often something is done: all of it in make prove, a tenth else.
func size(full int) int {
	if proving() {
		return full
	}
	return max(1, full/10)
}

// newLaptop makes the whole service on a table of its own, seeded.
func newLaptop(t testing.TB) *devserver.Laptop {
	t.Helper()
	l := laptopOn(t, dynamotest.Client(t), dynamotest.Table(t))
	if err := l.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func laptopOn(t testing.TB, db *dynamodb.Client, table string) *devserver.Laptop {
	t.Helper()
	return devserver.New(devserver.Options{DB: db, Table: table, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// faulty makes a client whose calls go through transport, with the attempts and
// the pauses of a function, only shorter.
func faulty(t testing.TB, transport *faults.Transport) *dynamodb.Client {
	t.Helper()
	return dynamodb.New(dynamotest.Client(t).Options(), func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport, Timeout: 300 * time.Millisecond}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = 3, 5*time.Millisecond
		})
	})
}

// An answered is what a request came to.
type answered struct {
	status int
	header http.Header
	body   map[string]any
}

func (a answered) code() int { return int(a.body["error"].(float64)) }
func (a answered) id() string {
	id, _ := a.body["profile_id"].(string)
	return id
}
func (a answered) data() map[string]any {
	data, _ := a.body["data"].(map[string]any)
	return data
}
func (a answered) String() string {
	text, _ := json.Marshal(a.body)
	return fmt.Sprintf("HTTP %d %s", a.status, text)
}

// A caller speaks the Altcraft dialect to a handler.
type caller struct {
	t testing.TB
	h http.Handler
	// deadline, unless 0, is how long a request may take.
	deadline time.Duration
}

// call posts a body, to which token and db_id are added. Header is a list of
// names and values.
func (c caller) call(method string, body map[string]any, header ...string) answered {
	c.t.Helper()
	text := document(c.t, body)
	r := httptest.NewRequest(http.MethodPost, pathOf(method), bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.send(r)
}

// send has a request served in the caller's time.
func (c caller) send(r *http.Request) answered {
	c.t.Helper()
	if c.deadline > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), c.deadline)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return parse(c.t, w.Code, w.Header(), w.Body.Bytes())
}

// pathOf is the path of a method; one without a group is of profiles.
func pathOf(method string) string {
	if !strings.Contains(method, "/") {
		method = "profiles/" + method
	}
	return "/api/v1.1/" + method
}

func parse(t testing.TB, status int, header http.Header, body []byte) answered {
	t.Helper()
	a := answered{status: status, header: header}
	if err := json.Unmarshal(body, &a.body); err != nil {
		t.Errorf("answer %d %q is not JSON", status, body)
		a.body = map[string]any{"error": float64(-1)}
	}
	return a
}

// document is a body in JSON, to which token and db_id are added.
func document(t testing.TB, body map[string]any) []byte {
	t.Helper()
	full := map[string]any{"token": devserver.DemoToken, "db_id": devserver.Tenant}
	maps.Copy(full, body)
	text, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// function is a function object, as a field's value.
func function(action string, v any) map[string]any {
	return map[string]any{"action": action, "value": v}
}

// must fails the test unless the answer is a success.
func (c caller) must(method string, body map[string]any, header ...string) answered {
	c.t.Helper()
	a := c.call(method, body, header...)
	if a.status != http.StatusOK || a.code() != 0 {
		c.t.Fatalf("%s %v = %v, want success", method, body, a)
	}
	return a
}

// dump is everything in the table but tenants, tokens and jobs, in a form that
// compares. Tests alone may scan.
func dump(t testing.TB, table string) []string {
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
			if s := string(text); !strings.Contains(s, `"TOKEN`) && !strings.Contains(s, `"T#`) {
				items = append(items, s)
			}
		}
	}
	return items
}
