// Package httpapi is what the dialects share of HTTP: the frame around every
// request (deadline, meter, log, panics), the one place where errors are
// written, body limits and path cleaning. It knows no dialect.
package httpapi

import "net/http"

// An errorWriter writes an error the way one dialect does: a client error by its
// sentence, an unavailable one by its own, and of every other error, an internal one,
// only that it happened. It writes and does nothing else; [wrap] logs.
type errorWriter func(w http.ResponseWriter, r *http.Request, err error)
