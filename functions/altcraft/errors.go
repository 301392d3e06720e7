package altcraft

import (
	"net/http"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// success is the text of error 0.
const success = "Successful operation"

// A outcome heads every answer.
type outcome struct {
	Error int    `json:"error"`
	Text  string `json:"error_text"`
}

// codeOf are the numbers of Altcraft 7 for the client errors.
var codeOf = map[errs.Kind]int{
	errs.Invalid:            400,
	errs.Unauthenticated:    401,
	errs.Forbidden:          403,
	errs.NotFound:           404,
	errs.FailedPrecondition: 409,
}

// writeError writes an error in the dialect's form: a client error with HTTP 200, and
// only what was not decided with an HTTP code of its own, so that any client
// knows to repeat it.
var writeError httpapi.Errors = func(w http.ResponseWriter, r *http.Request, err error) {
	v := outcomeOf(err, texts)
	status := v.Error
	if clientErr, ok := errs.AsClient(err); ok {
		status = http.StatusOK
		if clientErr.Code == codePath && !strings.HasPrefix(r.URL.Path, prefix) {
			status = http.StatusNotFound
		}
	}
	writeOutcome(w, status, v)
}

// outcomeOf is what a client is told of an error, in those sentences.
func outcomeOf(err error, texts errs.Texts) outcome {
	if clientErr, ok := errs.AsClient(err); ok {
		if clientErr.Code == codeVerb {
			return outcome{http.StatusMethodNotAllowed, texts.Of(clientErr)}
		}
		return outcome{codeOf[clientErr.Kind], texts.Of(clientErr)}
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		return outcome{http.StatusServiceUnavailable, texts.OfUnavailable(busy)}
	}
	return outcome{http.StatusInternalServerError, "Internal error. Nothing is known to have changed."}
}

// writeOutcome answers with an outcome alone.
func writeOutcome(w http.ResponseWriter, status int, v outcome) {
	switch v.Error {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	// The answer cannot fail to be JSON; that it cannot be sent the client knows.
	_ = httpapi.WriteJSON(w, status, v)
}

const (
	prefix   = "/api/v1.1/"
	codePath = "unknown_path"
	codeVerb = "wrong_verb"
)

func unknownPath(http.ResponseWriter, *http.Request) error {
	return errs.New(errs.NotFound, codePath, "", prefix)
}

func wrongVerb(http.ResponseWriter, *http.Request) error {
	return errs.New(errs.Invalid, codeVerb, "")
}
