package genesys

import (
	"net/http"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// An errorBody is what every answer above 399 bears (Genesys 5).
type errorBody struct {
	Method      string `json:"http_method"`
	URI         string `json:"uri"`
	HTTPCode    int    `json:"http_code"`
	ErrorCode   string `json:"error_code"`
	Description string `json:"description"`
}

// codePrecondition rejects an If-Match that names another state.
const codePrecondition = "precondition_failed"

// statusByCode are the client errors that are told otherwise than others of their kind.
var statusByCode = map[string]int{
	access.ErrTokenInvalid.Code:  http.StatusUnauthorized,
	access.ErrTenantUnknown.Code: http.StatusForbidden,
	codePrecondition:             http.StatusPreconditionFailed,
	codeVerb:                     http.StatusMethodNotAllowed,
	"bad_content_encoding":       http.StatusUnsupportedMediaType,
	"bad_charset":                http.StatusUnsupportedMediaType,
}

// statusByKind are the codes of Genesys 5. What the state does not allow is a bad
// request, too: the documents know no other code.
var statusByKind = map[errs.Kind]int{
	errs.Invalid:            http.StatusBadRequest,
	errs.Unauthenticated:    http.StatusUnauthorized,
	errs.Forbidden:          http.StatusForbidden,
	errs.NotFound:           http.StatusNotFound,
	errs.FailedPrecondition: http.StatusBadRequest,
	errs.Limited:            http.StatusTooManyRequests,
}

// errorAnswer is an error in the dialect's form. It is the one place that knows
// the form.
func errorAnswer(c *httpapi.Call, err error) httpapi.Answer {
	body := errorBody{c.Method, c.URL.Path, http.StatusInternalServerError, "internal", "Internal error. Nothing is known to have changed."}
	if clientErr, ok := errs.AsClient(err); ok {
		body.HTTPCode, body.ErrorCode, body.Description = statusOf(clientErr), clientErr.Code, texts.Of(clientErr)
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		body.HTTPCode, body.ErrorCode, body.Description = http.StatusServiceUnavailable, "busy", texts.OfUnavailable(busy)
	}
	answer, _ := httpapi.JSON(body.HTTPCode, body) // texts are JSON
	switch body.HTTPCode {
	case http.StatusServiceUnavailable:
		answer.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		answer.Set("WWW-Authenticate", `Basic realm="regulars", charset="UTF-8"`)
	}
	return answer
}

func statusOf(clientErr *errs.Client) int {
	if status, ok := statusByCode[clientErr.Code]; ok {
		return status
	}
	return statusByKind[clientErr.Kind]
}
