package mojodex

import (
	"errors"
	"net/http"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// statusOf are the statuses of client errors: 400, whatever the reference says (500),
// because a 5xx trips alarms and retries.
var statusOf = map[errs.Kind]int{
	errs.Invalid:            http.StatusBadRequest,
	errs.Unauthenticated:    http.StatusForbidden,
	errs.Forbidden:          http.StatusForbidden,
	errs.NotFound:           http.StatusNotFound,
	errs.FailedPrecondition: http.StatusBadRequest,
	errs.Limited:            http.StatusTooManyRequests,
}

// statusOfCode are the statuses of client errors that have one of their own.
var statusOfCode = map[string]int{
	codeVerb:                     http.StatusMethodNotAllowed,
	"bad_content_encoding":       http.StatusUnsupportedMediaType,
	"bad_charset":                http.StatusUnsupportedMediaType,
	catalog.ErrNoPurchase.Code:   http.StatusPaymentRequired,
	access.ErrTenantUnknown.Code: http.StatusForbidden,
}

// inMessage are the codes whose texts stand in message instead of error.
var inMessage = map[string]bool{codePath: true, codeVerb: true, codeBroken: true}

// errorAnswer is an error in the dialect's form.
func errorAnswer(_ *httpapi.Call, err error) httpapi.Answer {
	status, body := http.StatusInternalServerError, map[string]string{"message": "Internal Server Error"}
	if clientErr, ok := errs.AsClient(err); ok {
		status, body = statusOf[clientErr.Kind], map[string]string{"error": textOf(err, clientErr)}
		if s, ok := statusOfCode[clientErr.Code]; ok {
			status = s
		}
		if inMessage[clientErr.Code] {
			body = map[string]string{"message": textOf(err, clientErr)}
		}
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		status, body = http.StatusServiceUnavailable, map[string]string{"error": texts.OfUnavailable(busy)}
	}
	answer, _ := httpapi.JSON(status, body) // texts are JSON
	if status == http.StatusServiceUnavailable {
		answer.Set("Retry-After", "1")
	}
	return answer
}

// A prefixedError has the words of a route before the text of a client error.
type prefixedError struct {
	prefix string
	error
}

func (p *prefixedError) Unwrap() error { return p.error }

// prefixed puts the words of a route before the text of err if that is a client
// error.
func prefixed(prefix string, err error) error {
	if _, rejected := errs.AsClient(err); !rejected {
		return err
	}
	return &prefixedError{prefix, err}
}

// textOf is the sentence for a client error that was found in err, after the
// prefixes of err.
func textOf(err error, clientErr *errs.Client) string {
	text := ""
	for p, ok := errors.AsType[*prefixedError](err); ok; p, ok = errors.AsType[*prefixedError](p.error) {
		text += p.prefix
	}
	return text + texts.Of(clientErr)
}
