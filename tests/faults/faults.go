// Package faults makes DynamoDB Local do what it never does: conflict, throttle,
// cancel, lose answers, fail, be slow, and let somebody else write between two
// calls. It sits at the HTTP transport of the client, so that the SDK's decoding
// and retrying are part of what is tested.
package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Call is one HTTP request to the table.
type Call struct {
	// N counts the calls from 0.
	N int
	// Operation is its name: GetItem, PutItem, TransactWriteItems and so on.
	Operation string
	// Items is how many writes a transaction has, else 0.
	Items int
}

// A Fault answers a call in its own way. send carries out the call for real.
type Fault func(call Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error)

// A Transport asks Plan what becomes of each call; without one all is as it should.
type Transport struct {
	Plan Plan

	mutex sync.Mutex
	calls []Call
}

// Begin counts calls from 0 again, and from now on plan says what becomes of them.
// No call may be under way.
func (t *Transport) Begin(plan Plan) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.Plan, t.calls = plan, nil
}

// Calls are the calls so far, since the last Begin.
func (t *Transport) Calls() []Call {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return append([]Call(nil), t.calls...)
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	call, err := t.note(r)
	if err != nil {
		return nil, err
	}
	send := func() (*http.Response, error) { return http.DefaultTransport.RoundTrip(r) }
	if t.Plan != nil {
		if fault := t.Plan(call); fault != nil {
			return fault(call, r, send)
		}
	}
	return send()
}

func (t *Transport) note(r *http.Request) (Call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Call{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct{ TransactItems []any }
	_ = json.Unmarshal(body, &sent) // what is no JSON has no items
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")

	t.mutex.Lock()
	defer t.mutex.Unlock()
	call := Call{len(t.calls), operation, len(sent.TransactItems)}
	t.calls = append(t.calls, call)
	return call, nil
}

// Throttled answers that there were too many requests. In a transaction that is
// a reason to cancel it.
func Throttled(call Call, r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
	if call.Items > 0 {
		return cancelled(r, call, "ThrottlingError"), nil
	}
	return answer(r, http.StatusBadRequest, "ProvisionedThroughputExceededException", ""), nil
}

// Conflict answers that a transaction holds an item.
func Conflict(call Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	switch {
	case call.Items > 0:
		return cancelled(r, call, "TransactionConflict"), nil
	case call.Operation == "PutItem":
		return answer(r, http.StatusBadRequest, "TransactionConflictException", ""), nil
	}
	return send() // reads do not conflict
}

// Cancelled cancels a transaction for a reason that its last item gives.
func Cancelled(reason string) Fault {
	return func(call Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if call.Items == 0 {
			return send()
		}
		return cancelled(r, call, reason), nil
	}
}

// InProgress answers that the transaction of that token is still under way.
func InProgress(call Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if call.Items == 0 {
		return send()
	}
	return answer(r, http.StatusBadRequest, "TransactionInProgressException", ""), nil
}

// Rejected answers an error that no repeating cures, as AccessDeniedException.
func Rejected(code string) Fault {
	return func(_ Call, r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
		return answer(r, http.StatusBadRequest, code, ""), nil
	}
}

var errCut = errors.New("connection reset by peer")

// LostAnswer carries out the call and loses the answer.
func LostAnswer(_ Call, _ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if response, err := send(); err == nil {
		response.Body.Close()
	}
	return nil, errCut
}

// LostRequest loses the call before it arrives.
func LostRequest(Call, *http.Request, func() (*http.Response, error)) (*http.Response, error) {
	return nil, errCut
}

// Failed answers 500 and does nothing.
func Failed(_ Call, r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
	return answer(r, http.StatusInternalServerError, "InternalServerError", ""), nil
}

// FailedAfter carries out the call and answers 500.
func FailedAfter(call Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if response, err := send(); err == nil {
		response.Body.Close()
	}
	return Failed(call, r, send)
}

// Garbled carries out the call and answers half of a document.
func Garbled(_ Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if response, err := send(); err == nil {
		response.Body.Close()
	}
	return respond(r, http.StatusOK, `{"Item": {"pk"`), nil
}

// Slow carries out the call after a pause, unless the caller gives up before.
func Slow(pause time.Duration) Fault {
	return func(_ Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		if err := sleep(r.Context(), pause); err != nil {
			return nil, err
		}
		return send()
	}
}

// Hung carries out the call and never answers.
func Hung(_ Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if response, err := send(); err == nil {
		response.Body.Close()
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// Before lets somebody else do something before the call is carried out.
func Before(somebody func()) Fault {
	return func(_ Call, _ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		somebody()
		return send()
	}
}

// LostThen carries out the call, loses the answer, and lets somebody else do
// something before the caller learns of it.
func LostThen(somebody func()) Fault {
	return func(call Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		_, err := LostAnswer(call, r, send)
		somebody()
		return nil, err
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// cancelled is a cancelled transaction, for a reason that the last item gives.
func cancelled(r *http.Request, call Call, reason string) *http.Response {
	reasons := make([]string, call.Items)
	for i := range reasons {
		reasons[i] = `{"Code": "None"}`
	}
	reasons[call.Items-1] = fmt.Sprintf(`{"Code": %q, "Message": "injected"}`, reason)
	return answer(r, http.StatusBadRequest, "TransactionCanceledException", `, "CancellationReasons": [`+strings.Join(reasons, ",")+`]`)
}

func answer(r *http.Request, status int, code, more string) *http.Response {
	return respond(r, status, fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#%s", "message": "injected"%s}`, code, more))
}

func respond(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: r, ContentLength: int64(len(body)),
	}
}

// Halves carries out the reads of one BatchGetItem of a table one after the other, the last
// first where backwards, and lets somebody else act before the one with number n, from 0.
func Halves(n int, backwards bool, somebody func()) Fault {
	return func(_ Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var batch struct{ RequestItems map[string]map[string]any }
		if err := json.Unmarshal(body, &batch); err != nil {
			return nil, err
		}
		answers := map[string][]any{}
		for table, ask := range batch.RequestItems {
			keys, _ := ask["Keys"].([]any)
			if backwards {
				slices.Reverse(keys)
			}
			for i, key := range keys {
				if i == n {
					somebody()
				}
				ask["Keys"] = []any{key}
				one, err := json.Marshal(batch)
				if err != nil {
					return nil, err
				}
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(one)), int64(len(one))
				response, err := send()
				if err != nil || response.StatusCode != http.StatusOK {
					return response, err
				}
				var said struct{ Responses map[string][]any }
				err = json.NewDecoder(response.Body).Decode(&said)
				response.Body.Close()
				if err != nil {
					return nil, err
				}
				answers[table] = append(answers[table], said.Responses[table]...)
			}
		}
		merged, err := json.Marshal(map[string]any{"Responses": answers, "UnprocessedKeys": map[string]any{}})
		return respond(r, http.StatusOK, string(merged)), err
	}
}
