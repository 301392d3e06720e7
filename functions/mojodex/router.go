package mojodex

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"regulars/shared/errs"
)

// The codes of what is wrong with a path or method, and with a body that is no
// JSON; their texts stand in the member message.
const (
	codePath   = "unknown_path"
	codeVerb   = "wrong_verb"
	codeBroken = "broken_body"
)

// router finds the handler. A path is taken as it stands: one with another slash
// is another path, and an http.ServeMux would redirect it (section 2.1).
func router(routes map[string]map[string]handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods, known := routes[r.URL.Path]
		if known {
			r.Pattern = r.URL.Path
		}
		writeError.Handle(find(methods, known, r.Method)).ServeHTTP(w, r)
	})
}

func find(methods map[string]handler, known bool, method string) handler {
	if !known {
		return unknownPath
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h, ok := methods[method]; ok {
		return h
	}
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Allow", allowed(methods))
		if method == http.MethodOptions {
			w.WriteHeader(http.StatusOK)
			return nil
		}
		return errs.Reject(errs.Invalid, codeVerb, "", "The method is not allowed for the requested URL.")
	}
}

// allowed names the methods of a path.
func allowed(methods map[string]handler) string {
	names := append(slices.Collect(maps.Keys(methods)), http.MethodOptions)
	if methods[http.MethodGet] != nil {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func unknownPath(http.ResponseWriter, *http.Request) error {
	return errs.Reject(errs.NotFound, codePath, "",
		"The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
}
