package haravan

import (
	"net/http"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// The codes of client errors that have a status of their own.
const (
	codeBody    = "bad_body"
	codeQuery   = "bad_query"
	codeLimited = "rate_limited"
)

// statusOf are the statuses of Haravan 3.4 for client errors: by code, else by kind.
var (
	statusOfCode = map[string]int{
		codeBody:                    http.StatusBadRequest,
		codeQuery:                   http.StatusBadRequest,
		"body_unreadable":           http.StatusBadRequest,
		"body_too_large":            http.StatusRequestEntityTooLarge,
		"bad_content_encoding":      http.StatusUnsupportedMediaType,
		"bad_charset":               http.StatusUnsupportedMediaType,
		access.ErrTokenInvalid.Code: http.StatusUnauthorized,
	}
	statusOfKind = map[errs.Kind]int{
		errs.Invalid:            http.StatusUnprocessableEntity,
		errs.Unauthenticated:    http.StatusUnauthorized,
		errs.Forbidden:          http.StatusForbidden,
		errs.NotFound:           http.StatusNotFound,
		errs.FailedPrecondition: http.StatusUnprocessableEntity,
		errs.Limited:            http.StatusTooManyRequests,
	}
)

// errorAnswer is an error in the dialect's form: {"errors": text} or
// {"errors": {field: [text]}}.
func errorAnswer(_ *httpapi.Call, err error) httpapi.Answer {
	status, errors := http.StatusInternalServerError, any("Internal error. Nothing is known to have changed.")
	if clientErr, ok := errs.AsClient(err); ok {
		status, errors = statusFor(clientErr), any(texts.Of(clientErr))
		if clientErr.Path != "" {
			errors = map[string][]string{clientErr.Path: {texts.Of(clientErr)}}
		}
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		status, errors = http.StatusServiceUnavailable, texts.OfUnavailable(busy)
	}
	answer, _ := httpapi.JSON(status, map[string]any{"errors": errors}) // texts are JSON
	switch status {
	case http.StatusServiceUnavailable:
		answer.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		answer.Set("WWW-Authenticate", "Bearer")
	}
	return answer
}

func statusFor(r *errs.Client) int {
	if status, ok := statusOfCode[r.Code]; ok {
		return status
	}
	if r.Code == "bad_json" && r.Path == "" {
		return http.StatusBadRequest // it is no JSON at all
	}
	return statusOfKind[r.Kind]
}

var errPath = errs.New(errs.NotFound, "unknown_path", "")
