// Package console is a page for people: it finds a customer, shows what all four systems
// know of it, and does what the token that opened it may do. It asks the same domain
// services as the dialects and decides nothing itself. Pages are made here and need no
// script; htmx loads parts of them, and a script of our own draws the chart.
package console

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/merge"
	"regulars/shared/objects"
	"regulars/shared/points"
	"regulars/shared/privacy"
	"regulars/shared/session"
	"regulars/shared/usage"
)

// A Console serves everything below /console.
type Console struct {
	customers *customer.Service
	points    *points.Service
	list      *points.List
	catalog   *catalog.Service
	merges    *merge.Service
	jobs      *jobs.Service
	registrar *access.AdminService
	privacy   *privacy.Service
	usage     usage.Source
	histories *history.Service
	sessions  *session.Service
	imports   *imports.Service
	gate      objects.Gate
	languages languageChoice
	secure    bool
	hint      string
	now       func() time.Time
}

// Options are what the console needs; all are required but those whose comments say
// otherwise.
type Options struct {
	Customers *customer.Service
	Points    *points.Service
	List      *points.List
	Catalog   *catalog.Service
	Merges    *merge.Service
	Jobs      *jobs.Service
	Registrar *access.AdminService
	Privacy   *privacy.Service
	Usage     usage.Source
	Histories *history.Service
	Sessions  *session.Service
	// Imports are shown with their Texts; files are put into the bucket through Gate, and
	// none are where it is nil.
	Imports *imports.Service
	Gate    objects.Gate
	Guard   *access.Authorizer
	Log     *slog.Logger
	Now     func() time.Time
	// Deadline is how long a request may take.
	Deadline time.Duration
	// Languages are documents like texts/en.json, each one language more than those of the
	// folder texts; nil: none.
	Languages [][]byte
	// Insecure: the cookie is sent over http as well, as on a development machine.
	Insecure bool
	// Hint, unless empty, is a token that the login page names.
	Hint string
	// Operating is optional.
	Operating httpapi.Operating
}

// signedIn stands for the scope of routes that any token opens: what each part of a page
// needs is asked for where it is made.
const signedIn access.Scope = "signed in"

// Routes are all of the console's.
var Routes = slices.Concat(customerRoutes, separateRoutes, importRoutes, jobRoutes, tokenRoutes)

var customerRoutes = []httpapi.Route[*Console, *call]{
	{Method: "GET", Path: "/console", Scope: signedIn, Reads: []string{"done"}, Handle: (*Console).home},
	{Method: "GET", Path: "/console/login", Scope: httpapi.Public, Reads: []string{"next", "ended"}, Handle: (*Console).loginPage},
	{Method: "POST", Path: "/console/login", Scope: httpapi.Public, Handle: (*Console).login},
	{Method: "POST", Path: "/console/logout", Scope: signedIn, Handle: (*Console).logout},
	{Method: "POST", Path: "/console/tenant", Scope: signedIn, Handle: (*Console).changeTenant},
	{Method: "GET", Path: "/console/assets/{version}/{name}", Scope: httpapi.Public, Handle: (*Console).asset},

	{Method: "POST", Path: "/console/find", Scope: signedIn, Handle: (*Console).find},
	{Method: "GET", Path: "/console/lists/{list}", Scope: access.LoyRead, Reads: []string{"from", "to", "days", "page"}, Handle: (*Console).showList},
	{Method: "GET", Path: "/console/program", Scope: access.LoyRead, Handle: (*Console).program},
	{Method: "GET", Path: "/console/customers/{id}", Scope: signedIn, Reads: []string{"below", "kind", "done"}, Handle: (*Console).card},
	{Method: "GET", Path: "/console/customers/{id}/entries", Scope: access.LoyRead, Reads: []string{"below", "kind"}, Handle: (*Console).entries},
	{Method: "POST", Path: "/console/customers/{id}/verify", Scope: access.LoyRead, Handle: (*Console).verify},

	{Method: "GET", Path: "/console/customers/{id}/edit", Scope: access.AltWrite, Handle: (*Console).editFields},
	{Method: "POST", Path: "/console/customers/{id}/edit", Scope: access.AltWrite, Handle: (*Console).editFields},
	{Method: "GET", Path: "/console/customers/{id}/consent/{subscription}", Scope: access.AltWrite, Handle: (*Console).setConsent},
	{Method: "POST", Path: "/console/customers/{id}/consent/{subscription}", Scope: access.AltWrite, Handle: (*Console).setConsent},
	{Method: "GET", Path: "/console/customers/{id}/points/add", Scope: access.LoyWrite, Handle: (*Console).addPoints},
	{Method: "POST", Path: "/console/customers/{id}/points/add", Scope: access.LoyWrite, Handle: (*Console).addPoints},
	{Method: "GET", Path: "/console/customers/{id}/points/subtract", Scope: access.LoyWrite, Handle: (*Console).subtractPoints},
	{Method: "POST", Path: "/console/customers/{id}/points/subtract", Scope: access.LoyWrite, Handle: (*Console).subtractPoints},
	{Method: "GET", Path: "/console/customers/{id}/entries/{seq}/reverse", Scope: access.LoyWrite, Handle: (*Console).reverseEntry},
	{Method: "POST", Path: "/console/customers/{id}/entries/{seq}/reverse", Scope: access.LoyWrite, Handle: (*Console).reverseEntry},
	{Method: "GET", Path: "/console/customers/{id}/product", Scope: access.Backoffice, Handle: (*Console).giveProduct},
	{Method: "POST", Path: "/console/customers/{id}/product", Scope: access.Backoffice, Handle: (*Console).giveProduct},

	{Method: "GET", Path: "/console/overview", Scope: signedIn, Handle: (*Console).overview},
	{Method: "GET", Path: "/console/duplicates", Scope: access.CustomersMerge, Reads: []string{"page", "done"}, Handle: (*Console).duplicates},
	{Method: "POST", Path: "/console/duplicates", Scope: access.CustomersMerge, Handle: (*Console).findDuplicates},
	{Method: "GET", Path: "/console/customers/{id}/merge", Scope: access.CustomersMerge, Reads: []string{"goes"}, Handle: (*Console).mergeCustomers},
	{Method: "POST", Path: "/console/customers/{id}/merge", Scope: access.CustomersMerge, Handle: (*Console).mergeCustomers},
	{Method: "GET", Path: "/console/customers/{id}/unmerge/{former}", Scope: access.CustomersMerge, Handle: (*Console).unmergeCustomers},
	{Method: "POST", Path: "/console/customers/{id}/unmerge/{former}", Scope: access.CustomersMerge, Handle: (*Console).unmergeCustomers},
	{Method: "GET", Path: "/console/customers/{id}/history", Scope: access.CustomersPrivacy, Reads: []string{"before"}, Handle: (*Console).history},
	{Method: "GET", Path: "/console/customers/{id}/export", Scope: access.CustomersPrivacy, Handle: (*Console).exportCustomer},
	{Method: "POST", Path: "/console/customers/{id}/export", Scope: access.CustomersPrivacy, Handle: (*Console).exportCustomer},
	{Method: "GET", Path: "/console/customers/{id}/erase", Scope: access.CustomersPrivacy, Reads: []string{"job"}, Handle: (*Console).eraseCustomer},
	{Method: "POST", Path: "/console/customers/{id}/erase", Scope: access.CustomersPrivacy, Handle: (*Console).eraseCustomer},
	{Method: "GET", Path: "/console/customers/{id}/certificate", Scope: access.CustomersPrivacy, Handle: (*Console).certificate},
}

// New makes the handler of the console.
func New(o Options) http.Handler {
	languages, err := newLanguageChoice(o.Languages, o.Imports.Texts.With(texts.Formats))
	if err != nil {
		panic(fmt.Sprintf("languages of the console: %v", err)) // which are part of the program
	}
	d := &Console{
		customers: o.Customers, points: o.Points, list: o.List, catalog: o.Catalog, merges: o.Merges, jobs: o.Jobs, registrar: o.Registrar,
		privacy: o.Privacy, usage: o.Usage, histories: o.Histories, sessions: o.Sessions, imports: o.Imports, gate: o.Gate, languages: languages,
		secure: !o.Insecure, hint: o.Hint, now: o.Now,
	}
	return guarded(httpapi.Frame[*Console, *call]{
		Dialect:     d,
		Routes:      Routes,
		Authorizer:  o.Guard,
		Log:         o.Log,
		Deadline:    o.Deadline,
		Operating:   o.Operating,
		Authorize:   d.authorize,
		Decode:      (*Console).decode,
		UnknownPath: errs.New(errs.NotFound, "unknown_path", ""),
		WrongMethod: func(c *httpapi.Call, _ []string) (httpapi.Answer, error) {
			return httpapi.Answer{}, errs.New(errs.NotFound, "unknown_path", "")
		},
		Error: d.errorPage,
	}.Handler())
}

// guarded puts around all answers what browsers are told about them: nothing of another
// site, no scripts and styles within the page, in no frame, kept by nobody, and no
// address of a page told to others.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy":      policy(""),
			"X-Frame-Options":              "DENY",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=()",
			"Cache-Control":                "no-store",
		} {
			w.Header().Set(name, value)
		}
		h.ServeHTTP(w, r)
	})
}

// policy lets a page load and send what is of its own site, and send to one other origin.
func policy(other string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src " + strings.TrimSpace("'self' "+other) +
		"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}
