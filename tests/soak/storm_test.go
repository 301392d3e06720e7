package soak_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"regulars/tests/client"
	"regulars/tests/faults"
)

// A storm stands between processes and a service of AWS: a share of the calls meets a
// fault, in one of the ways of the service.
type storm struct {
	*httptest.Server
	target        *url.URL
	faults        []faults.Fault
	calm          atomic.Bool // no more faults
	calls, struck atomic.Int64
}

// share is that of the calls which meet a fault.
const share = 0.05

// connections of the storm to the services.
var connections = &http.Transport{MaxIdleConnsPerHost: 200}

// newStorm begins a storm before the service at an address.
func newStorm(t *testing.T, address string, ways []faults.Fault) *storm {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s := &storm{target: target, faults: ways}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// ofTable are the faults of DynamoDB. Answers that never come are among them where the
// process has the timeout of a function: one of development waits for those as long as a
// person at a debugger.
func ofTable(hang bool) []faults.Fault {
	ways := maps.Clone(client.PassingFaults)
	if !hang {
		delete(ways, "hung after it was done")
	}
	return slices.Collect(maps.Values(ways))
}

// ofBucket are the faults of S3.
func ofBucket() []faults.Fault {
	slowDown := func(_ faults.Call, r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
		text := `<Error><Code>SlowDown</Code></Error>`
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	}
	return []faults.Fault{faults.LostRequest, faults.LostAnswer, slowDown, faults.Slow(100 * time.Millisecond)}
}

// ServeHTTP passes a call on, or not.
func (s *storm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller is dead
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = s.target.Scheme, s.target.Host, ""
	out.Body = io.NopCloser(bytes.NewReader(body))
	send := func() (*http.Response, error) { return connections.RoundTrip(out) }
	answer, err := s.pass(body, out, send)
	if err != nil {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // the caller may be dead by now
}

func (s *storm) pass(body []byte, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if s.calm.Load() || rand.Float64() >= share {
		return send()
	}
	s.struck.Add(1)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var sent struct{ TransactItems []any }
	_ = json.Unmarshal(body, &sent) // what is no JSON has no items
	return s.faults[rand.IntN(len(s.faults))](faults.Call{Operation: operation, Items: len(sent.TransactItems)}, r, send)
}
