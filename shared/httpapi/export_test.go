package httpapi

import "net/http"

// What the tests reach without a [Frame].
var (
	Wrap      = wrap
	CleanPath = cleanPath
)

type (
	Errors  = errorWriter
	Options = wrapOptions
)

// Handle makes a handler of f. An error that f returns is written by e, unless
// f had begun to answer already; then it is only logged.
func (e errorWriter) Handle(f func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		x.route = r.Pattern
		if err := f(w, r); err != nil {
			x.err = err
			x.answerError(e, w, r)
		}
	})
}
