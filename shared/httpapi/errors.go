// Package httpapi is what the dialects share of HTTP: the frame around every
// request (deadline, meter, log, panics), the one place where errors are
// written, body limits and path cleaning. It knows no dialect.
package httpapi

import "net/http"

// Errors writes an error the way one dialect does: a
// [regulars/shared/errs.Client error] word for word, a
// [regulars/shared/errs.Busy] by its text, and of every other error, a fault,
// only that it happened. It writes and does nothing else; [Wrap] logs.
type Errors func(w http.ResponseWriter, r *http.Request, err error)

// Handle makes a handler of f. An error that f returns is written by e, unless
// f had begun to answer already; then it is only logged.
func (e Errors) Handle(f func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		x.route = r.Pattern
		if err := f(w, r); err != nil {
			x.err = err
			x.answerError(e, w, r)
		}
	})
}
