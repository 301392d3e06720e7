package imports_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"regulars/shared/imports"
	"regulars/shared/jobs"
)

// A forgetful transport denies one in four reads of an import, once it is broken.
type forgetful struct {
	broken atomic.Bool
	reads  atomic.Int64
	denied atomic.Int64
}

func (f *forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	if !f.broken.Load() || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetItem") {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !bytes.Contains(body, []byte(`"B#`)) || f.reads.Add(1)%4 != 1 {
		return http.DefaultTransport.RoundTrip(r)
	}
	f.denied.Add(1)
	return &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"denied by the test"}`)),
	}, nil
}

// A part whose import cannot be read is not done: it stays where it is, and goes on when
// it is tried again.
func TestPartStaysWhereItsImportCannotBeRead(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	f := &forgetful{}
	e.open(t, f, e.bucket)
	work := func() (failures int) {
		for range 400 {
			ref, ok := e.take()
			if !ok {
				return failures
			}
			outcome, err := e.worker.Process(t.Context(), ref)
			if err != nil {
				failures++
			}
			if outcome.Retry {
				e.Send(t.Context(), []jobs.Ref{ref}, 0)
			}
		}
		return failures
	}
	if err := e.service.Receive(t.Context(), e.upload("imports/tenant=5/a.csv", numberedRows(100, "email,_fname", "e#@example.com,Ann"), nil)); err != nil {
		t.Fatal(err)
	}
	f.broken.Store(true)
	failures := work()
	f.broken.Store(false)
	p := e.latest(t)
	if failures == 0 || f.denied.Load() == 0 || p.State != imports.Done || p.Tally.Created != 100 {
		t.Errorf("%d failures, import = %s %+v, want done with 100 created", failures, p.State, p.Tally)
	}
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	f.broken.Store(true)
	failures = work()
	f.broken.Store(false)
	if p = e.latest(t); failures == 0 || p.State != imports.Undone || p.Taken.Deleted != 100 {
		t.Errorf("%d failures, undone = %s %+v, want 100 deleted", failures, p.State, p.Taken)
	}
}
