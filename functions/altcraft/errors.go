package altcraft

import (
	"net/http"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// success is the text of error 0.
const success = "Successful operation"

// An outcome heads every answer.
type outcome struct {
	Error int    `json:"error"`
	Text  string `json:"error_text"`
}

// numberOfCode are the client errors that have another number than others of their
// kind.
var numberOfCode = map[string]int{
	codeVerb:               http.StatusMethodNotAllowed,
	"bad_content_encoding": http.StatusUnsupportedMediaType,
	"bad_charset":          http.StatusUnsupportedMediaType,
}

// numberOfKind are the numbers of Altcraft 7 for the client errors.
var numberOfKind = map[errs.Kind]int{
	errs.Invalid:            400,
	errs.Unauthenticated:    401,
	errs.Forbidden:          403,
	errs.NotFound:           404,
	errs.FailedPrecondition: 409,
	errs.Limited:            429,
}

// errorAnswer is an error in the dialect's form: a client error with HTTP 200, and
// only what was not decided, or was too much, with an HTTP code of its own, so that any
// client knows to repeat it. The quick import has the HTTP code that is also in its body.
func errorAnswer(c *httpapi.Call, err error) httpapi.Answer {
	if c.Route == QuickImport {
		return quickErrorAnswer(err)
	}
	v := outcomeOf(err, texts)
	status := v.Error
	if clientErr, ok := errs.AsClient(err); ok {
		status = http.StatusOK
		if clientErr.Kind == errs.Limited {
			status = http.StatusTooManyRequests
		}
		if clientErr.Code == codePath && !strings.HasPrefix(c.URL.Path, prefix) {
			status = http.StatusNotFound
		}
	}
	return v.answer(status)
}

// outcomeOf is what a client is told of an error, in those sentences.
func outcomeOf(err error, texts errs.Texts) outcome {
	if clientErr, ok := errs.AsClient(err); ok {
		if number, ok := numberOfCode[clientErr.Code]; ok {
			return outcome{number, texts.Of(clientErr)}
		}
		return outcome{numberOfKind[clientErr.Kind], texts.Of(clientErr)}
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		return outcome{http.StatusServiceUnavailable, texts.OfUnavailable(busy)}
	}
	return outcome{http.StatusInternalServerError, "Internal error. Nothing is known to have changed."}
}

// answer is an answer with an outcome alone.
func (v outcome) answer(status int) httpapi.Answer {
	answer, _ := httpapi.JSON(status, v) // a text is JSON
	switch v.Error {
	case http.StatusMethodNotAllowed:
		answer.Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		answer.Set("Retry-After", "1")
	}
	return answer
}

const (
	codePath = "unknown_path"
	codeVerb = "wrong_verb"
)
