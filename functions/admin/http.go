package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"

	"regulars/shared/audit"
	"regulars/shared/httpapi"
)

const (
	// Path is where the local process takes calls.
	Path = "/_admin"
	// Header must be set, to any value. A web page cannot set it without asking
	// first, which is answered with no.
	Header = "X-Regulars-Admin"
	// maxCall is the size of a call in bytes: settings are the largest part.
	maxCall = 1 << 20
)

// HTTPHandler takes calls by POST, for the local process alone. Nobody has to
// show a token, so it answers the own machine only: the Host must be a loopback
// name, which keeps out names that others pointed here, and [Header] must be set,
// which keeps out web pages. Whoever mounts it listens on loopback.
func HTTPHandler(h *Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !loopback(r.Host):
			answer(w, http.StatusForbidden, newErrorBody("bad_host", "", "The admin calls are for this machine alone."))
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			answer(w, http.StatusMethodNotAllowed, newErrorBody("bad_method", "", "Use POST."))
		case r.Header.Get(Header) == "":
			answer(w, http.StatusForbidden, newErrorBody("missing_header", "", "The header "+Header+" is missing."))
		default:
			serve(w, r, h)
		}
	})
}

func serve(w http.ResponseWriter, r *http.Request, h *Handler) {
	call, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		answer(w, http.StatusRequestEntityTooLarge, newErrorBody("too_large", "", "A call has at most 1 MB."))
		return
	}
	if err != nil {
		answer(w, http.StatusBadRequest, newErrorBody("bad_body", "", "The body did not arrive whole."))
		return
	}
	ctx := audit.WithRequestID(r.Context())
	w.Header().Set(httpapi.RequestIDHeader, audit.RequestID(ctx))
	body, err := h.Handle(ctx, call)
	if err != nil {
		answer(w, http.StatusInternalServerError, newErrorBody("internal", "", "The action ended with a fault; the log says why."))
		return
	}
	write(w, http.StatusOK, body)
}

func answer(w http.ResponseWriter, status int, body errorBody) {
	document, _ := json.Marshal(body) // three texts: cannot fail
	write(w, status, document)
}

func write(w http.ResponseWriter, status int, document []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(document) // the client may be gone
}

// loopback reports whether a Host header names this machine by a loopback name.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
