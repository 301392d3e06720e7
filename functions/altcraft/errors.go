package altcraft

import (
	"net/http"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// success is the text of error 0.
const success = "Successful operation"

// A verdict heads every answer.
type verdict struct {
	Error int    `json:"error"`
	Text  string `json:"error_text"`
}

// codeOf are the numbers of section 7 for the refusals.
var codeOf = map[errs.Kind]int{
	errs.Invalid:            400,
	errs.Unauthenticated:    401,
	errs.Forbidden:          403,
	errs.NotFound:           404,
	errs.FailedPrecondition: 409,
}

// writeError writes an error in the dialect's form: a refusal with HTTP 200, and
// only what was not decided with an HTTP code of its own, so that any client
// knows to repeat it.
var writeError httpapi.Errors = func(w http.ResponseWriter, r *http.Request, err error) {
	v := verdictOf(err)
	status := v.Error
	if refusal, ok := errs.AsClient(err); ok {
		status = http.StatusOK
		if refusal.Code == codePath && !strings.HasPrefix(r.URL.Path, prefix) {
			status = http.StatusNotFound
		}
	}
	writeVerdict(w, status, v)
}

// verdictOf is what a client is told of an error.
func verdictOf(err error) verdict {
	if refusal, ok := errs.AsClient(err); ok {
		if refusal.Code == codeVerb {
			return verdict{http.StatusMethodNotAllowed, texts.Of(refusal)}
		}
		return verdict{codeOf[refusal.Kind], texts.Of(refusal)}
	}
	if busy, ok := errs.AsUnavailable(err); ok {
		return verdict{http.StatusServiceUnavailable, texts.OfUnavailable(busy)}
	}
	return verdict{http.StatusInternalServerError, "Internal error. Nothing is known to have changed."}
}

// writeVerdict answers with a verdict alone.
func writeVerdict(w http.ResponseWriter, status int, v verdict) {
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
	return errs.Reject(errs.NotFound, codePath, "", "There is no such method. Methods are paths like %sprofiles/import.", prefix)
}

func wrongVerb(http.ResponseWriter, *http.Request) error {
	return errs.Reject(errs.Invalid, codeVerb, "", "Every method is a POST.")
}
