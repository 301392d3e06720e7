package httpapi

import (
	"io"
	"net/http"

	"regulars/shared/meter"
)

// capacityHeader says what a request consumed of the table.
const capacityHeader = "X-Consumed-Capacity"

// RequestIDHeader has the id by which an answer, its lines in the log and its entry in
// the audit trail are found together.
const RequestIDHeader = "X-Request-Id"

// An exchange is one request and what became of it. It is the
// [http.ResponseWriter] that [wrap] hands on.
type exchange struct {
	http.ResponseWriter
	meter    *meter.Meter
	request  string       // id
	route    string       // path of the route; empty where none was found
	call     *Call        // of the frame; nil: not yet
	err      error        // what the handler ended with
	noted    notes        // what parts of the request ended with
	used     func() error // waits until the use of its token is kept; nil: there is none to keep
	status   int          // 0 until it was written
	bytesIn  int64
	bytesOut int64
}

type exchangeKey struct{}

// exchangeOf returns the exchange that r belongs to, or outside of [wrap] one
// that nobody looks at.
func exchangeOf(r *http.Request) *exchange {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return new(exchange)
}

// answerError writes x.err unless an answer has begun.
func (x *exchange) answerError(e errorWriter, w http.ResponseWriter, r *http.Request) {
	if x.status == 0 {
		e(w, r, x.err)
	}
}

// WriteHeader implements [http.ResponseWriter]. It adds what was consumed up to
// now. The first status stands.
func (x *exchange) WriteHeader(status int) {
	if x.status != 0 {
		return
	}
	if status >= http.StatusOK { // lower ones only announce the status
		x.status = status
		x.Header().Set(capacityHeader, x.meter.Use().String())
		if x.request != "" {
			x.Header().Set(RequestIDHeader, x.request)
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	n, err := x.ResponseWriter.Write(p)
	x.bytesOut += int64(n)
	return n, err
}

// Unwrap serves [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// A countedBody counts what is read of a request's body.
type countedBody struct {
	io.ReadCloser
	read *int64
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	*b.read += int64(n)
	return n, err
}
