package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"regulars/functions/local/bucket"
)

func environment(of map[string]string) func(string) string {
	return func(name string) string { return of[name] }
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, args string
		env        map[string]string
		want       string // of the order, shortened
		err        string
	}{
		{name: "nothing", want: " 0 map[] local http://localhost:3001"},
		{
			name: "a file", args: "FILE=a/b.csv TENANT=5 MATCHING=custom FIELD_NAME=CRM_ID DRY_RUN=1 STOP_AFTER=9 PORT=80",
			want: "upload 5 map[dry-run:true field-name:CRM_ID matching:custom stop-after:9] local http://localhost:81",
		},
		{name: "another bucket", args: "ID=x S3_PORT=99", want: "watch 0 map[] local http://localhost:99"},
		{name: "from the environment", args: "CANCEL=x", env: map[string]string{"PORT": "70", "FILE": "no"}, want: "cancel 0 map[] local http://localhost:71"},
		{name: "a plan", args: "UNDO=x PLAN=1", want: "plan 0 map[] local http://localhost:3001"},
		{name: "on AWS", args: "UNDO=x TARGET=aws TOKEN=t", want: "undo 0 map[] aws "},
		{name: "on AWS without a token", args: "ID=x TARGET=aws", err: "needs TOKEN"},
		{name: "no tenant", args: "FILE=a.csv", err: "FILE needs TENANT"},
		{name: "a wrong tenant", args: "FILE=a.csv TENANT=x", err: "TENANT=x"},
		{name: "two things", args: "FILE=a.csv TENANT=5 ID=x", err: "one of FILE, ID, CANCEL and UNDO"},
		{name: "options of nothing", args: "ID=x MATCHING=email", err: "options are for FILE"},
		{name: "a plan of nothing", args: "ID=x PLAN=1", err: "PLAN is for UNDO"},
		{name: "no such option", args: "FILE=a.csv TENANT=5 MATCH=email", err: "there is no MATCH"},
		{name: "no target", args: "TARGET=moon", err: "TARGET=moon"},
		{name: "no form", args: "file=a.csv", err: "is not of the form"},
		{name: "no port", args: "ID=x PORT=x", err: "PORT=x"},
	}
	for _, tt := range tests {
		o, err := parse(strings.Fields(tt.args), environment(tt.env))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.err)
			}
			continue
		}
		if got := fmt.Sprint(o.does, " ", o.tenant, " ", o.options, " ", o.target, " ", o.s3); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	if got := bar(1, 3); got != "[##########--------------------]  33%" {
		t.Errorf("bar = %s", got)
	}
	if got := bar(0, 0) + bar(7, 5); got != "[------------------------------]   0%[##############################] 100%" {
		t.Errorf("bar = %s", got)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s", n, got)
		}
	}
	if got := left(time.Now().Add(-10*time.Second), 50_000, 100_000, "rows"); !strings.HasPrefix(got, ", 4,99") && !strings.HasPrefix(got, ", 5,000") || !strings.HasSuffix(got, "10s left") {
		t.Errorf("left = %s", got)
	}
	var out strings.Builder
	s := &screen{out: &out, terminal: true}
	s.progress("half of it")
	s.progress("all of it")
	s.line("done")
	if out.String() != "\rhalf of it\x1b[K\rall of it\x1b[K\ndone\n" {
		t.Errorf("printed %q", out.String())
	}
}

// A scene is a bucket, and a function that answers what the test says, one after the
// other; the last answer stays.
type scene struct {
	env     map[string]string
	mu      sync.Mutex
	answers []string
	asked   []string
	key     string // of the last upload
	version string
}

func newScene(t *testing.T, answers ...string) *scene {
	t.Helper()
	s := &scene{answers: answers}
	b, err := bucket.New(bucket.Options{Name: "imports", Log: slog.New(slog.DiscardHandler), Handle: s.handle})
	if err != nil {
		t.Fatal(err)
	}
	files, api := httptest.NewServer(b), httptest.NewServer(s)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended; files.Close(); api.Close(); b.Close() })
	u, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.env = map[string]string{"PORT": u.Port(), "S3_ENDPOINT": files.URL}
	return s
}

func (s *scene) handle(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	var told events.S3Event
	if err := json.Unmarshal([]byte(e.Records[0].Body), &told); err != nil {
		return events.SQSEventResponse{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := told.Records[0].S3.Object
	s.key, s.version = o.URLDecodedKey, o.VersionID
	return events.SQSEventResponse{}, nil
}

// ServeHTTP answers lists with the last upload, and all else by turns.
func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body)))
	if r.URL.Path == "/imports" {
		list := []map[string]string{}
		if s.key != "" {
			list = append(list, map[string]string{"id": "abc", "key": s.key, "version": s.version})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"imports": list})
		return
	}
	_, _ = io.WriteString(w, s.answers[0])
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
}

// run runs the command and returns what it prints.
func (s *scene) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out strings.Builder
	err := run(ctx, args, environment(s.env), &screen{out: &out, terminal: true})
	return out.String(), err
}

// A file is uploaded, in parts where it is large, with its options, and watched.
func TestUploadAndWatch(t *testing.T) {
	t.Parallel()
	for _, size := range []int{20, 17 << 20} {
		s := newScene(t,
			`{"import": {"id": "abc", "state": "sorting", "rows": 1000}}`,
			`{"import": {"id": "abc", "state": "running", "rows": 1000, "created": 300, "rejected": 20}}`,
			`{"import": {"id": "abc", "state": "done", "rows": 1000, "created": 980, "rejected": 20, "results": []}}`)
		file := filepath.Join(t.TempDir(), "customers.csv")
		if err := os.WriteFile(file, []byte(strings.Repeat("x", size)), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := s.run(t, "FILE="+file, "TENANT=5", "MATCHING=email")
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{"sorting 1,000 rows", "[#########---------------------]  32% 320 of 1,000 rows, 20 rejected", "done: "} {
			if !strings.Contains(out, want) {
				t.Errorf("printed %q, want %q", out, want)
			}
		}
		if s.key != "imports/tenant=5/customers.csv" || s.asked[0] != "GET /imports?limit=1&tenant=5 Bearer reg_local_demo" {
			t.Errorf("uploaded %s, asked %q", s.key, s.asked[0])
		}
	}
}

func TestOtherCalls(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, args, answer, asked, out, err string }{
		{"a plan", "UNDO=abc PLAN=1", `{"plan": {"restored": 1, "deleted": 2000, "reversed": 3, "kept": 4, "complete": false}}`,
			`POST /imports/abc/undo Bearer reg_local_demo {"plan":true}`, "1 changes put back, 2,000 customers deleted, 3 entries of points reversed, 4 changes kept\nThe import is too large", ""},
		{"undone", "UNDO=abc", `{"import": {"id": "abc", "state": "undone", "undo": {"restored": 1, "deleted": 0, "reversed": 0, "kept": 0}}}`,
			"POST /imports/abc/undo Bearer reg_local_demo", "undone: 1 changes put back", ""},
		{"cancelled", "CANCEL=abc TOKEN=mine TENANT=6", `{"import": {"id": "abc", "state": "cancelled"}}`,
			"POST /imports/abc/cancel?tenant=6 Bearer mine", "Take it back with: make import UNDO=abc", ""},
		{"failed", "ID=abc", `{"import": {"id": "abc", "state": "failed", "error": {"code": "bad_file/empty", "text": "The file is empty."}}}`,
			"GET /imports/abc Bearer reg_local_demo", "failed: The file is empty. (bad_file/empty)", "nothing was imported"},
		{"parked", "ID=abc", `{"import": {"id": "abc", "state": "running", "rows": 1, "parts": {"all": 3, "parked": 2}}}`, "", "2 parts failed", "cannot go on"},
		{"rejected", "ID=abc", `{"error": {"code": "import_unknown", "text": "There is no import."}}`, "", "", "There is no import. (import_unknown)"},
		{"somebody else", "ID=abc", `not found`, "", "", "is it Regulars"},
	}
	for _, tt := range tests {
		s := newScene(t, tt.answer)
		out, err := s.run(t, strings.Fields(tt.args)...)
		if !strings.Contains(out, tt.out) || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: printed %q, %v, want %q, %q", tt.name, out, err, tt.out, tt.err)
		}
		if tt.asked != "" && s.asked[0] != tt.asked {
			t.Errorf("%s: asked %q, want %q", tt.name, s.asked[0], tt.asked)
		}
	}
}

// Ctrl-C ends the watching and says how to cancel.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := newScene(t, `{"import": {"id": "abc", "state": "running", "rows": 10}}`)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := run(ctx, []string{"ID=abc", "TENANT=5"}, environment(s.env), &screen{out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "make import CANCEL=abc PORT="+s.env["PORT"]+" TENANT=5") {
		t.Errorf("run = %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	s := newScene(t, "{}")
	s.env["PORT"] = "1"
	if _, err := s.run(t, "FILE=none.csv", "TENANT=5"); err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("run = %v, want it to say how to start", err)
	}
	if out, err := s.run(t); err != nil || !strings.Contains(out, "make import FILE=") {
		t.Errorf("run = %v, printed %q", err, out)
	}
}

// On AWS the bucket is that of the function, which is invoked as the API does it. Both
// are played by their wire formats.
func TestOnAWS(t *testing.T) {
	var invoked events.APIGatewayV2HTTPRequest
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/configuration") {
			_, _ = io.WriteString(w, `{"Environment": {"Variables": {"IMPORT_BUCKET": "mine"}}}`)
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&invoked); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, `{"statusCode": 200, "body": "{\"import\": {\"id\": \"abc\", \"state\": \"done\", \"results\": [\"results/x/rejected.csv\"]}}"}`)
	}))
	t.Cleanup(api.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_LAMBDA": api.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
	} {
		t.Setenv(name, value)
	}
	var out strings.Builder
	err := run(t.Context(), []string{"ID=abc", "TARGET=aws", "TOKEN=reg_live_x", "TENANT=7"}, environment(nil), &screen{out: &out})
	if err != nil || !strings.Contains(out.String(), "aws s3 cp 's3://mine/results/x/rejected.csv' .") {
		t.Errorf("run = %v, printed %q", err, out.String())
	}
	if invoked.RawPath != "/imports/abc" || invoked.RawQueryString != "tenant=7" || invoked.Headers["authorization"] != "Bearer reg_live_x" || invoked.RequestContext.HTTP.Method != "GET" {
		t.Errorf("invoked with %+v", invoked)
	}
}
