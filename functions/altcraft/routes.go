// Package altcraft speaks the profile API of that platform, as
// docs/contracts/altcraft.md has it: it parses requests, asks the domain, and
// answers. HTTP 200 is only the transport's success; the outcome is the number
// `error` in the body. It decides nothing about customers itself.
package altcraft

import (
	"log/slog"
	"net/http"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
)

// A Dialect serves everything below /api.
type Dialect struct {
	customers *customer.Service
	guard     *access.Authorizer
	places    Places
	jobs      Jobs
	worker    Worker
	settle    time.Duration
	log       *slog.Logger
}

// Options are what the dialect needs; all of them but Places are required.
type Options struct {
	Customers *customer.Service
	Guard     *access.Authorizer
	Jobs      Jobs
	// Worker knows the kinds of job that methods start.
	Worker Worker
	// Settle is how long a list of customers may be behind.
	Settle time.Duration
	Log    *slog.Logger
	// Deadline is how long a request may take.
	Deadline time.Duration
	// Places says where addresses are, for detect_geo; nil: it has no effect.
	Places Places
}

// Routes are the paths that answer something, below /api/v1.1/; each is a POST.
var Routes = []string{
	"profiles/import", "profiles/update", "profiles/get", "profiles/delete",
	"profiles/list", "profiles/segstatic/add", "profiles/segstatic/remove",
	"databases/list", "databases/fields_get", "resources/list", "resources/get", "resources/fields_get",
	"profiles/add", "profiles/add_batch", "profiles/import_batch", "profiles/update_batch",
	"subscriptions/set", "subscriptions/get", "subscriptions/list", "subscriptions/delete", "subscriptions/restore",
	"subscriptions/suspend_all", "subscriptions/unsuspend_all", "jobs/get",
}

// QuickImport is the path of the one method that lies elsewhere.
const QuickImport = "/api/integrations/any/profile_import"

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	d := Dialect{
		customers: o.Customers, guard: o.Guard, places: o.Places,
		jobs: o.Jobs, worker: o.Worker, settle: o.Settle, log: o.Log,
	}
	mux := http.NewServeMux()
	handlers := map[string]func(http.ResponseWriter, *http.Request) error{
		"profiles/import": d.importProfile,
		"profiles/update": d.updateProfile,
		"profiles/get":    d.getProfile,
		"profiles/delete": d.deleteProfile,

		"profiles/list":             d.listProfiles,
		"profiles/segstatic/add":    d.joinSegment,
		"profiles/segstatic/remove": d.leaveSegment,

		"databases/list":       d.listDatabases,
		"databases/fields_get": d.databaseFields,
		"resources/list":       d.listResources,
		"resources/get":        d.getResource,
		"resources/fields_get": d.resourceFields,

		"profiles/add":          d.addProfile,
		"profiles/add_batch":    d.addBatch,
		"profiles/import_batch": d.importBatch,
		"profiles/update_batch": d.updateBatch,

		"subscriptions/set":           d.setSubscription,
		"subscriptions/get":           d.getSubscription,
		"subscriptions/list":          d.listSubscriptions,
		"subscriptions/delete":        d.deleteSubscription,
		"subscriptions/restore":       d.restoreSubscription,
		"subscriptions/suspend_all":   d.suspendAll,
		"subscriptions/unsuspend_all": d.unsuspendAll,
		"jobs/get":                    d.getJob,
	}
	for _, route := range Routes {
		mux.Handle("POST /api/v1.1/"+route, writeError.Handle(handlers[route]))
		mux.Handle("/api/v1.1/"+route, writeError.Handle(wrongVerb))
	}
	mux.Handle("POST "+QuickImport, writeQuickError.Handle(d.quickImport))
	mux.Handle(QuickImport, writeQuickError.Handle(wrongVerb))
	mux.Handle("/", writeError.Handle(unknownPath))
	return speakXML(httpapi.Wrap(httpapi.CleanPath(mux), writeError, httpapi.Options{Log: o.Log, Deadline: o.Deadline}))
}
