package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"regulars/shared/errs"
	"regulars/shared/meter"
)

// wrapOptions are what [wrap] needs; all of them are required.
type wrapOptions struct {
	Log *slog.Logger
	// Deadline is how long a request may take. An earlier one that its context
	// has already stands.
	Deadline time.Duration
}

// wrap puts the frame around h, the whole of a dialect: each request has a
// deadline and a [meter.Meter], each answer says in X-Consumed-Capacity what it
// cost, each panic is answered through e. It writes one line of log for each
// request, and one for the fault or the busy it ended with, or for each of those
// that its parts did ([Note]). The lines hold the
// pattern of the route and figures, never anything the client sent.
func wrap(h http.Handler, e errorWriter, o wrapOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.Context(), o.Deadline)
		defer cancel()
		ctx, m := meter.With(ctx)
		x := &exchange{ResponseWriter: w, meter: m}
		r = r.WithContext(context.WithValue(ctx, exchangeKey{}, x))
		r.Body = countedBody{r.Body, &x.bytesIn}

		x.play(h, e, r)
		x.WriteHeader(http.StatusOK) // if nothing was written at all

		x.route = cmp.Or(x.route, r.Pattern, "none")
		x.logError(r.Context(), o.Log, x.err)
		for _, err := range x.noted.all() {
			x.logError(r.Context(), o.Log, err)
		}
		x.logRequest(r, o.Log, time.Since(began))
	})
}

// play lets h answer r, and e where h panics.
func (x *exchange) play(h http.Handler, e errorWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			x.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			x.answerError(e, x, r)
		}
	}()
	h.ServeHTTP(x, r)
}

// logError is the one place where faults are logged. A client error is the client's
// affair, and its text may quote the client.
func (x *exchange) logError(ctx context.Context, log *slog.Logger, err error) {
	if err == nil {
		return
	}
	if _, rejected := errs.AsClient(err); rejected {
		return
	}
	if busy, isBusy := errs.AsUnavailable(err); isBusy {
		log.WarnContext(ctx, "busy", "route", x.route, "cause", busy.Err)
		return
	}
	log.ErrorContext(ctx, "fault", "route", x.route, "err", err)
}

func (x *exchange) logRequest(r *http.Request, log *slog.Logger, took time.Duration) {
	use := x.meter.Use()
	log.InfoContext(r.Context(), "request",
		"method", r.Method,
		"route", x.route,
		"status", x.status,
		"ms", took.Milliseconds(),
		"trips", use.Trips,
		"read_units", use.Read,
		"write_units", use.Write,
		"bytes_in", x.bytesIn,
		"bytes_out", x.bytesOut,
	)
}
