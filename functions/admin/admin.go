// Package admin is what administrators do: tenants, settings, tokens, match
// fields, jobs, and the verification of points ledgers. It has no route; on AWS the function is invoked directly and
// IAM guards it, on a development machine [HTTPHandler] takes calls from the same machine.
// A call is `{"action": "create-token", "tenant": 5, ...}`; the table of actions
// in actions.go says which there are and what they take.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// A Handler carries out calls.
type Handler struct {
	registrar *access.AdminService
	jobs      Jobs
	ledgers   Ledgers
}

// New makes a handler.
func New(registrar *access.AdminService, jobs Jobs, ledgers Ledgers) *Handler {
	return &Handler{registrar: registrar, jobs: jobs, ledgers: ledgers}
}

// ErrFault is all that the caller learns of a fault; the log has the rest.
var ErrFault = errors.New("the action ended with a fault; the log says why")

// Handle carries out one call and returns the answer, a JSON object. A client error is
// the answer `{"error": {"code", "field", "detail"}}`; busy is one with the code
// busy. The only error is [ErrFault].
func (h *Handler) Handle(ctx context.Context, call json.RawMessage) (json.RawMessage, error) {
	name, answer, err := h.do(ctx, call)
	if err != nil {
		rejected, ok := errorAnswer(err)
		if !ok {
			slog.ErrorContext(ctx, "fault", "action", name, "err", err)
			return nil, ErrFault
		}
		slog.InfoContext(ctx, "admin", "action", name, "outcome", rejected.Error.Code)
		answer = rejected
	} else {
		slog.InfoContext(ctx, "admin", "action", name, "outcome", "done")
	}
	body, err := json.Marshal(answer)
	if err != nil {
		slog.ErrorContext(ctx, "fault", "action", name, "err", err)
		return nil, ErrFault
	}
	return body, nil
}

// do finds the action, reads its parameters and runs it. It returns the action's
// name, empty where there is no such action.
func (h *Handler) do(ctx context.Context, call json.RawMessage) (name string, answer any, err error) {
	members, err := value.ParseObject(call)
	if err != nil {
		return "", nil, err
	}
	wanted, _ := members["action"].(string)
	a, err := findAction(wanted)
	if err != nil {
		return "", nil, err
	}
	delete(members, "action")
	arguments, err := a.read(members)
	if err != nil {
		return a.name, nil, err
	}
	answer, err = a.run(ctx, h, arguments)
	return a.name, answer, err
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
