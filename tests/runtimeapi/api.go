package runtimeapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	// functionTimeout is the deadline of an event where the caller's context has
	// none: that of the API functions.
	functionTimeout = 25 * time.Second
	functionARN     = "arn:aws:lambda:us-east-1:000000000000:function:local"
)

// An api is the Runtime API of one process.
type api struct {
	queue     chan *invocation // handed over when the process polls
	polled    chan struct{}    // closed at the first poll
	polledAt  time.Time        // read it after polled
	firstPoll sync.Once
	initError chan []byte

	mu      sync.Mutex
	last    int                    // number of the last invocation
	pending map[string]*invocation // by request id
}

// An invocation is one event and, once, its result.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	result   chan result
}

// A result is an answer, or the error document of a failed invocation.
type result struct{ response, functionError []byte }

func newAPI() *api {
	return &api{
		queue:     make(chan *invocation),
		polled:    make(chan struct{}),
		initError: make(chan []byte, 1),
		pending:   make(map[string]*invocation),
	}
}

// Invoke sends an event and returns the response, or the error document if the
// function failed. Events sent at the same time wait for each other, as Lambda
// gives a process one at a time. The deadline of ctx is the function's, else it
// has 25 seconds. The error says that ctx ended or the process did.
func (f *Function) Invoke(ctx context.Context, payload []byte) (response, functionError []byte, err error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		var cancel context.CancelFunc
		deadline = time.Now().Add(functionTimeout)
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	v := f.api.add(payload, deadline)
	defer f.api.forget(v)
	select {
	case f.api.queue <- v:
	case <-f.exited:
		return nil, nil, f.ended()
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("waiting for the function: %w", ctx.Err())
	}
	select {
	case r := <-v.result:
		return r.response, r.functionError, nil
	case <-f.exited:
		return nil, nil, f.ended()
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("the function did not answer: %w", ctx.Err())
	}
}

func (a *api) add(payload []byte, deadline time.Time) *invocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	v := &invocation{
		id:       fmt.Sprintf("00000000-0000-0000-0000-%012d", a.last),
		payload:  payload,
		deadline: deadline,
		result:   make(chan result, 1),
	}
	a.pending[v.id] = v
	return v
}

func (a *api) forget(v *invocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.pending, v.id)
}

func (a *api) routes() http.Handler {
	const root = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root+"/invocation/next", a.next)
	mux.HandleFunc("POST "+root+"/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		a.finish(w, r, func(body []byte) result { return result{response: body} })
	})
	mux.HandleFunc("POST "+root+"/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		a.finish(w, r, func(body []byte) result { return result{functionError: body} })
	})
	mux.HandleFunc("POST "+root+"/init/error", a.failInit)
	return mux
}

func (a *api) next(w http.ResponseWriter, r *http.Request) {
	a.firstPoll.Do(func() {
		a.polledAt = time.Now()
		close(a.polled)
	})
	select {
	case <-r.Context().Done(): // the process is gone
	case v := <-a.queue:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", v.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(v.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", functionARN)
		w.Write(v.payload)
	}
}

// finish takes the result of an invocation. One that nobody waits for any more
// is accepted and dropped.
func (a *api) finish(w http.ResponseWriter, r *http.Request, of func(body []byte) result) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process died as it answered
	}
	a.mu.Lock()
	v := a.pending[r.PathValue("id")]
	delete(a.pending, r.PathValue("id"))
	a.mu.Unlock()
	if v != nil {
		v.result <- of(body)
	}
	w.WriteHeader(http.StatusAccepted)
}

func (a *api) failInit(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what arrived of it is enough
	select {
	case a.initError <- body:
	default: // only the first is reported
	}
	w.WriteHeader(http.StatusAccepted)
}

// A logBuffer gathers the output of a process.
type logBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}
