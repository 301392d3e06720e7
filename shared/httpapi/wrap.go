package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/errs"
	"regulars/shared/meter"
	"regulars/shared/metrics"
)

// wrapOptions are what [wrap] needs.
type wrapOptions struct {
	Log *slog.Logger
	// Deadline is how long a request may take. An earlier one that its context
	// has already stands.
	Deadline time.Duration
	Operating
}

// Operating is what whoever runs a function sees of its requests and sets for
// them. The zero value is none of it.
type Operating struct {
	// Metrics has an event of each request; nil: none.
	Metrics *metrics.Writer
	// Audit has a line for each request that wrote; nil: none.
	Audit *audit.Trail
	// Budgets bound what tenants may ask for; nil: nothing does.
	Budgets *access.Budgets
	// Uses keep when tokens were last used; nil: nothing does.
	Uses *access.Uses
	// Patience is for how long a request waits for a table that only throttles; 0:
	// until its deadline.
	Patience time.Duration
}

// wrap puts the frame around h, the whole of a dialect: each request has a
// deadline and a [meter.Meter], each answer says in X-Consumed-Capacity what it
// cost, each panic is answered through e. It writes one line of log for each
// request, and one for the fault or the busy it ended with, or for each of those
// that its parts did ([Note]), and what [Operating] asks for besides. The lines hold
// the pattern of the route and figures, never anything the client sent.
func wrap(h http.Handler, e errorWriter, o wrapOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.Context(), o.Deadline)
		defer cancel()
		ctx, m := meter.With(audit.WithRequestID(ctx))
		if o.Patience > 0 {
			ctx = errs.WithPatience(ctx, o.Patience)
		}
		x := &exchange{ResponseWriter: w, meter: m, request: audit.RequestID(ctx)}
		r = r.WithContext(context.WithValue(ctx, exchangeKey{}, x))
		r.Body = countedBody{r.Body, &x.bytesIn}

		x.play(h, e, r)
		x.WriteHeader(http.StatusOK) // if nothing was written at all
		if x.used != nil {
			if err := x.used(); err != nil {
				o.Log.WarnContext(ctx, "use of a token not kept", "token", tokenID(x.call.Grant), "err", err)
			}
		}

		x.route = cmp.Or(x.route, r.Pattern, noRoute)
		x.logError(r.Context(), o.Log, x.err)
		for _, err := range x.noted.all() {
			x.logError(r.Context(), o.Log, err)
		}
		o.tell(x, r, time.Since(began))
	})
}

// tell logs a request, counts it, and enters what it wrote into the audit trail.
func (o wrapOptions) tell(x *exchange, r *http.Request, took time.Duration) {
	ctx, method, outcome := r.Context(), methodName(r.Method), outcomeOf(x.err)
	x.logRequest(ctx, o.Log, method, took)
	var grant access.Grant
	if x.call != nil {
		grant = x.call.Grant
	}
	action := x.route
	if action != noRoute && !strings.Contains(action, " ") {
		action = method + " " + action
	}
	o.Metrics.Write(metrics.Event{
		Route: action, Values: x.values(outcome, took),
		Properties: map[string]any{
			"tenant": grant.Settings.Tenant, "token_id": tokenID(grant), "outcome": outcome,
			"status": x.status, "request": audit.RequestID(ctx),
		},
	})
	if wrote := x.meter.Written(); len(wrote) > 0 {
		o.Audit.Write(ctx, audit.Entry{
			Tenant: grant.Settings.Tenant, Token: grant.Token.Name, TokenID: tokenID(grant), Action: action, Outcome: outcome, IDs: wrote,
		})
	}
	if o.Budgets != nil && grant.Settings.Tenant != 0 {
		o.Budgets.Spent(access.Payer{Tenant: grant.Settings.Tenant}, x.meter.Use().Write)
	}
}

// noRoute stands for the route of a request that has none.
const noRoute = "none"

// methodName is the method of a request; other for one that a client made up.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// tokenID is the short id of the token of a request; empty where none was accepted.
func tokenID(g access.Grant) string {
	if len(g.Token.Tenants) == 0 {
		return ""
	}
	return g.Token.Hash.Short()
}

// The outcomes of requests that are no code of a client error.
const (
	outcomeDone  = "done"
	outcomeBusy  = "busy"
	outcomeFault = "fault"
)

// outcomeOf is done, the code of a client error, busy or fault.
func outcomeOf(err error) string {
	if err == nil {
		return outcomeDone
	}
	if clientErr, rejected := errs.AsClient(err); rejected {
		return clientErr.Code
	}
	if _, isBusy := errs.AsUnavailable(err); isBusy {
		return outcomeBusy
	}
	return outcomeFault
}

// values are the metrics of a request.
func (x *exchange) values(outcome string, took time.Duration) map[metrics.Name]float64 {
	use, trouble := x.meter.Use(), x.meter.Trouble()
	busy, faults := x.noted.counts()
	v := map[metrics.Name]float64{
		metrics.Requests: 1, metrics.Latency: float64(took.Microseconds()) / 1000,
		metrics.ReadUnits: use.Read, metrics.WriteUnits: float64(use.Write),
		metrics.Retries: float64(trouble.Retries), metrics.Throttled: float64(trouble.Throttled), metrics.TableErrors: float64(trouble.Failed),
		metrics.Busy: float64(busy), metrics.Faults: float64(faults),
	}
	switch outcome {
	case outcomeDone:
	case outcomeBusy:
		v[metrics.Busy]++
	case outcomeFault:
		v[metrics.Faults]++
	default:
		v[metrics.ClientErrors] = 1
		if clientErr, _ := errs.AsClient(x.err); clientErr.Kind == errs.Limited {
			v[metrics.Limited] = 1
		}
	}
	return v
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
		log.WarnContext(ctx, "busy", "route", x.route, "cause", busy.Err, "request", audit.RequestID(ctx))
		return
	}
	log.ErrorContext(ctx, "fault", "route", x.route, "err", err, "request", audit.RequestID(ctx))
}

func (x *exchange) logRequest(ctx context.Context, log *slog.Logger, method string, took time.Duration) {
	use := x.meter.Use()
	line := []any{
		"method", method,
		"route", x.route,
		"status", x.status,
		"ms", took.Milliseconds(),
		"trips", use.Trips,
		"read_units", use.Read,
		"write_units", use.Write,
		"bytes_in", x.bytesIn,
		"bytes_out", x.bytesOut,
		"request", audit.RequestID(ctx),
	}
	if x.call != nil && x.call.Settings.Tenant != 0 {
		line = append(line, "tenant", x.call.Settings.Tenant)
	}
	if x.call != nil && tokenID(x.call.Grant) != "" {
		line = append(line, "token", tokenID(x.call.Grant))
	}
	log.InfoContext(ctx, "request", line...)
}
