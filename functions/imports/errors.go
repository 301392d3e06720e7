package imports

import (
	"net/http"
	"strings"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// A wireError is an error as answers show it: a code for programs, the field that is
// to blame, and a sentence.
type wireError struct {
	Code string `json:"code"`
	Path string `json:"path"`
	Text string `json:"text"`
}

type errorAnswered struct {
	Error *wireError `json:"error"`
}

func newError(texts errs.Texts, c *errs.Client) *wireError {
	return &wireError{c.ID(), c.Path, texts.Of(c)}
}

const codeMethod = "wrong_method"

var (
	errPath      = errs.New(errs.NotFound, "unknown_path", "")
	statusOfCode = map[string]int{
		codeMethod: http.StatusMethodNotAllowed,

		access.ErrTokenInvalid.Code: http.StatusUnauthorized,

		"body_too_large":       http.StatusRequestEntityTooLarge,
		"bad_content_type":     http.StatusUnsupportedMediaType,
		"bad_content_encoding": http.StatusUnsupportedMediaType,
		"bad_charset":          http.StatusUnsupportedMediaType,
	}
	statusOfKind = map[errs.Kind]int{
		errs.Invalid:            http.StatusBadRequest,
		errs.Unauthenticated:    http.StatusUnauthorized,
		errs.Forbidden:          http.StatusForbidden,
		errs.NotFound:           http.StatusNotFound,
		errs.FailedPrecondition: http.StatusConflict,
	}
)

// wrongMethod says which methods the path has.
func wrongMethod(c *httpapi.Call, allowed []string) (httpapi.Answer, error) {
	c.Kept.Set("Allow", strings.Join(allowed, ", "))
	return httpapi.Answer{}, errs.New(errs.Invalid, codeMethod, "", strings.Join(allowed, ", "))
}

// errorAnswer is an error in our own form.
func errorAnswer(texts errs.Texts, err error) httpapi.Answer {
	status, told := http.StatusInternalServerError, &wireError{Code: "internal_error", Text: "Internal error. Nothing is known to have changed."}
	if clientErr, ok := errs.AsClient(err); ok {
		told = newError(texts, clientErr)
		if status, ok = statusOfCode[clientErr.Code]; !ok {
			status = statusOfKind[clientErr.Kind]
		}
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		status, told = http.StatusServiceUnavailable, &wireError{Code: errs.CodeUnavailable, Text: texts.OfUnavailable(busy)}
	}
	answer, _ := httpapi.JSON(status, errorAnswered{told}) // texts are JSON
	switch status {
	case http.StatusServiceUnavailable:
		answer.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		answer.Set("WWW-Authenticate", "Bearer")
	}
	return answer
}
