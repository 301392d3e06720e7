// Package genesys speaks the Customer Profile API of Genesys Context Services and
// UCS, as docs/contracts/genesys.md has it: it parses requests, asks the domain,
// and answers with the HTTP code that says what became of them. It decides nothing
// about customers itself.
package genesys

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
)

// DefaultPrefix is what Genesys recommends to put before each path. Without a
// prefix the paths answer as well.
const DefaultPrefix = "/genesys/1/cs"

// Jobs is the work over many customers that declarations start.
type Jobs interface {
	// StartIdentKey starts the job that the key's state calls for, or goes on with
	// it.
	StartIdentKey(ctx context.Context, tenant int, key customer.IdentKey) (jobs.Job, error)
	// StartExtensionRemoval starts the job that removes the records of an extension.
	StartExtensionRemoval(ctx context.Context, tenant int, schema customer.ExtensionSchema) (jobs.Job, error)
}

var _ Jobs = (*jobs.Service)(nil)

// A Dialect serves /profiles and /metadata.
type Dialect struct {
	customers *customer.Service
	guard     *access.Authorizer
	registrar *access.AdminService
	jobs      Jobs
}

// Options are what the dialect needs; all of them are required but Prefix.
type Options struct {
	Customers *customer.Service
	Guard     *access.Authorizer
	Registrar *access.AdminService
	Jobs      Jobs
	Log       *slog.Logger
	// Deadline is how long a request may take.
	Deadline time.Duration
	// Prefix may stand before each path; empty: none.
	Prefix string
}

// A Route is one operation: a method of HTTP and a path, in which {name} stands
// for one segment.
type Route struct{ Method, Path string }

// Routes are the operations (docs/contracts/genesys.md, Genesys 0.3).
var Routes = []Route{
	{"POST", "/profiles"},
	{"GET", "/profiles"},
	{"GET", "/profiles/{id}"},
	{"PUT", "/profiles/{id}"},
	{"DELETE", "/profiles/{id}"},
	{"POST", "/profiles/{id}/extensions"},
	{"PUT", "/profiles/{id}/extensions/{extension}/by/unique"},
	{"PUT", "/profiles/{id}/extensions/{extension}/delete/by/unique"},
	{"GET", "/metadata/profiles"},
	{"POST", "/metadata/profiles/extensions"},
	{"GET", "/metadata/profiles/extensions"},
	{"GET", "/metadata/profiles/extensions/{extension}"},
	{"DELETE", "/metadata/profiles/extensions/{extension}"},
	{"POST", "/metadata/identification-keys"},
	{"GET", "/metadata/identification-keys"},
	{"GET", "/metadata/identification-keys/{key}"},
	{"DELETE", "/metadata/identification-keys/{key}"},
}

type handler = func(http.ResponseWriter, *http.Request) error

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	d := Dialect{o.Customers, o.Guard, o.Registrar, o.Jobs}
	handlers := map[Route]handler{
		{"POST", "/profiles"}:                                             d.createProfile,
		{"GET", "/profiles"}:                                              d.identify,
		{"GET", "/profiles/{id}"}:                                         d.queryProfile,
		{"PUT", "/profiles/{id}"}:                                         d.replaceProfile,
		{"DELETE", "/profiles/{id}"}:                                      d.deleteProfile,
		{"POST", "/profiles/{id}/extensions"}:                             d.insertRecords,
		{"PUT", "/profiles/{id}/extensions/{extension}/by/unique"}:        d.updateRecord,
		{"PUT", "/profiles/{id}/extensions/{extension}/delete/by/unique"}: d.deleteRecord,
		{"GET", "/metadata/profiles"}:                                     d.queryCoreSchema,
		{"POST", "/metadata/profiles/extensions"}:                         d.createExtension,
		{"GET", "/metadata/profiles/extensions"}:                          d.queryExtensions,
		{"GET", "/metadata/profiles/extensions/{extension}"}:              d.queryExtension,
		{"DELETE", "/metadata/profiles/extensions/{extension}"}:           d.deleteExtension,
		{"POST", "/metadata/identification-keys"}:                         d.createKey,
		{"GET", "/metadata/identification-keys"}:                          d.queryKeys,
		{"GET", "/metadata/identification-keys/{key}"}:                    d.queryKey,
		{"DELETE", "/metadata/identification-keys/{key}"}:                 d.deleteKey,
	}
	mux := http.NewServeMux()
	verbs := map[string][]string{}
	for _, route := range Routes {
		mux.Handle(route.Method+" "+route.Path, writeError.Handle(handlers[route]))
		verbs[route.Path] = append(verbs[route.Path], route.Method)
	}
	for path, allowed := range verbs {
		mux.Handle(path, writeError.Handle(wrongVerb(allowed)))
	}
	mux.Handle("/", writeError.Handle(unknownPath))
	return httpapi.Wrap(httpapi.CleanPath(withoutPrefix(o.Prefix, mux)), writeError, httpapi.Options{Log: o.Log, Deadline: o.Deadline})
}

type prefixKey struct{}

// withoutPrefix hands requests to next with the prefix taken off their path, where
// they have it.
func withoutPrefix(prefix string, next http.Handler) http.Handler {
	prefix = strings.TrimSuffix(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if prefix == "" || !strings.HasPrefix(r.URL.EscapedPath(), prefix+"/") {
			next.ServeHTTP(w, r)
			return
		}
		stripped := r.WithContext(context.WithValue(r.Context(), prefixKey{}, prefix))
		address := *r.URL
		address.Path, address.RawPath = strings.TrimPrefix(r.URL.Path, prefix), strings.TrimPrefix(r.URL.EscapedPath(), prefix)
		stripped.URL = &address
		next.ServeHTTP(w, stripped)
	})
}

// prefixOf is the prefix that a request came with.
func prefixOf(r *http.Request) string {
	prefix, _ := r.Context().Value(prefixKey{}).(string)
	return prefix
}

func unknownPath(http.ResponseWriter, *http.Request) error {
	return errs.New(errs.NotFound, "unknown_path", "")
}

const codeVerb = "wrong_verb"

// wrongVerb rejects what is not among the methods of a path.
func wrongVerb(allowed []string) handler {
	list := strings.Join(slices.Sorted(slices.Values(allowed)), ", ")
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Allow", list)
		return errs.New(errs.Invalid, codeVerb, "", list)
	}
}
