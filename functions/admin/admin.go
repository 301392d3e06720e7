// Package admin is what administrators do: tenants, settings, tokens, match
// fields, jobs, and the verification of points ledgers. It has no route; on AWS the function is invoked directly and
// IAM guards it, on a development machine [HTTPHandler] takes calls from the same machine.
// A call is `{"action": "create-token", "tenant": 5, ...}`; the table of actions
// in actions.go says which there are and what they take.
package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/meter"
	"regulars/shared/metrics"
	"regulars/shared/value"
)

// A Handler carries out calls.
type Handler struct {
	registrar *access.AdminService
	jobs      Jobs
	ledgers   Ledgers
	privacy   Privacy
	merges    Merges
	histories Histories
	metrics   *metrics.Writer // nil: none
	audit     *audit.Trail    // nil: none
}

// New makes a handler.
func New(registrar *access.AdminService, jobs Jobs, ledgers Ledgers, privacy Privacy, merges Merges, histories Histories) *Handler {
	return &Handler{registrar: registrar, jobs: jobs, ledgers: ledgers, privacy: privacy, merges: merges, histories: histories}
}

// WithObserver returns the handler with what is told of each action; either may be nil.
func (h *Handler) WithObserver(m *metrics.Writer, trail *audit.Trail) *Handler {
	h.metrics, h.audit = m, trail
	return h
}

// ErrFault is all that the caller learns of a fault; the log has the rest.
var ErrFault = errors.New("the action ended with a fault; the log says why")

// Handle carries out one call and returns the answer, a JSON object. A client error is
// the answer `{"error": {"code", "field", "detail"}}`; busy is one with the code
// busy. The only error is [ErrFault].
func (h *Handler) Handle(ctx context.Context, call json.RawMessage) (json.RawMessage, error) {
	began := time.Now()
	ctx, m := meter.With(audit.WithRequestID(ctx))
	done, answer, err := h.do(ctx, call)
	outcome := "done"
	if err != nil {
		rejected, ok := errorAnswer(err)
		answer, outcome = rejected, rejected.Error.Code
		if !ok {
			outcome = "fault"
		}
	}
	body, encodeErr := json.Marshal(answer)
	if encodeErr != nil {
		err, outcome = encodeErr, "fault"
	}
	h.tell(ctx, m, done, outcome, time.Since(began))
	if outcome == "fault" {
		slog.ErrorContext(ctx, "fault", "action", done.name, "err", err, "request", audit.RequestID(ctx))
		return nil, ErrFault
	}
	return body, nil
}

// A performed action is what is told of a call.
type performed struct {
	name   string // empty: there is no such action
	tenant int
	by     string
	about  []string // what it names
}

// tell logs a call, counts it, and enters it into the audit trail.
func (h *Handler) tell(ctx context.Context, m *meter.Meter, done performed, outcome string, took time.Duration) {
	slog.InfoContext(ctx, "admin", "action", done.name, "outcome", outcome, "tenant", done.tenant, "by", done.by, "request", audit.RequestID(ctx))
	use, trouble := m.Use(), m.Trouble()
	values := map[metrics.Name]float64{
		metrics.Requests: 1, metrics.Latency: float64(took.Microseconds()) / 1000,
		metrics.ReadUnits: use.Read, metrics.WriteUnits: float64(use.Write),
		metrics.Retries: float64(trouble.Retries), metrics.Throttled: float64(trouble.Throttled), metrics.TableErrors: float64(trouble.Failed),
	}
	switch outcome {
	case "done":
	case "busy":
		values[metrics.Busy] = 1
	case "fault":
		values[metrics.Faults] = 1
	default:
		values[metrics.ClientErrors] = 1
	}
	action := cmp.Or(done.name, "none")
	h.metrics.Write(metrics.Event{Route: action, Values: values, Properties: map[string]any{
		"tenant": done.tenant, "outcome": outcome, "request": audit.RequestID(ctx),
	}})
	ids := slices.Compact(slices.Sorted(slices.Values(slices.Concat(done.about, m.Written()))))
	h.audit.Write(ctx, audit.Entry{Tenant: done.tenant, By: done.by, Action: action, Outcome: outcome, IDs: ids})
}

// callerMember is the member of a call with who makes it, as that says. Proof of it
// has CloudTrail, under the same request id.
const callerMember = "by"

// maxCaller bounds the name of a caller, in bytes.
const maxCaller = 200

// do finds the action, reads its parameters and runs it.
func (h *Handler) do(ctx context.Context, call json.RawMessage) (done performed, answer any, err error) {
	members, err := value.ParseObject(call)
	if err != nil {
		return done, nil, err
	}
	if by, ok := members[callerMember].(string); ok {
		done.by = callerName(by)
		delete(members, callerMember)
	}
	wanted, _ := members["action"].(string)
	a, err := findAction(wanted)
	if err != nil {
		return done, nil, err
	}
	done.name = a.name
	delete(members, "action")
	arguments, err := a.read(members)
	if err != nil {
		return done, nil, err
	}
	done.tenant, done.about = arg[int](arguments, "tenant"), about(arguments)
	arguments[callerMember] = done.by
	ctx = history.WithAuthor(ctx, history.Author{By: done.by, Action: a.name, Request: audit.RequestID(ctx)})
	answer, err = a.run(ctx, h, arguments)
	return done, answer, err
}

// callerName is a name of a caller as it may stand in a log.
func callerName(by string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, by[:min(len(by), maxCaller)])
}

// id is what may be logged of an argument that names something.
var id = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// about is what the arguments of an action name: jobs, customers and tokens by their
// ids. Names that people gave are not told.
func about(a arguments) []string {
	var ids []string
	for _, o := range []struct{ parameter, prefix string }{{"job", "job:"}, {"profile", "profile:"}, {"stays", "profile:"}, {"goes", "profile:"}} {
		if v := arg[string](a, o.parameter); id.MatchString(v) {
			ids = append(ids, o.prefix+v)
		}
	}
	if token := arg[string](a, "id"); len(token) == 64 && id.MatchString(token) {
		ids = append(ids, "token:"+token[:8])
	}
	return ids
}

type errorBody struct {
	Error struct {
		Code   string `json:"code"`
		Field  string `json:"field,omitempty"`
		Detail string `json:"detail"`
	} `json:"error"`
}

func newErrorBody(code, field, detail string) errorBody {
	var body errorBody
	body.Error.Code, body.Error.Field, body.Error.Detail = code, field, detail
	return body
}

// errorAnswer is what may be told of err; false for an internal error.
func errorAnswer(err error) (errorBody, bool) {
	if clientErr, ok := errs.AsClient(err); ok {
		return newErrorBody(clientErr.Code, clientErr.Path, texts.Of(clientErr)), true
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		return newErrorBody("busy", "", texts.OfUnavailable(busy)), true
	}
	return errorBody{}, false
}

func reject(code, path string, args ...any) error {
	return errs.New(errs.Invalid, code, path, args...)
}
