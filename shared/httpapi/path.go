package httpapi

import (
	"net/http"
	"net/url"
	"path"
)

// cleanPath hands requests to next with doubled slashes, a trailing slash and
// dot segments taken out of their path. An [http.ServeMux] would answer those
// with a redirect, which many clients follow without the body or not at all. An
// escaped slash stays part of its segment.
//
// Patterns of next must not end in a slash or in {name...}, apart from "/"
// itself: the mux would redirect to the very slash that was taken away.
func cleanPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		clean := path.Clean("/" + escaped)
		decoded, err := url.PathUnescape(clean)
		if err != nil || clean == escaped {
			next.ServeHTTP(w, r)
			return
		}
		cleaned := *r
		address := *r.URL
		address.Path, address.RawPath = decoded, clean
		cleaned.URL = &address
		next.ServeHTTP(w, &cleaned)
	})
}

// onlyClean hands requests to unknown whose path [cleanPath] would change.
func onlyClean(next, unknown http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if escaped := r.URL.EscapedPath(); path.Clean("/"+escaped) != escaped {
			unknown.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
