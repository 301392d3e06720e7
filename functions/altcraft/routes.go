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
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// A Dialect serves everything below /api.
type Dialect struct {
	customers *customer.Service
	guard     *access.Authorizer
	jobs      Jobs
	worker    Worker
	settle    time.Duration
	log       *slog.Logger
}

// Options are what the dialect needs; all of them are required.
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
	// Operating is optional.
	Operating httpapi.Operating
}

type route = httpapi.Route[Dialect, *call]

// Routes are the methods of the API; each is a POST.
var Routes = []route{
	{Method: "POST", Path: prefix + "profiles/import", Scope: access.AltWrite, Handle: Dialect.importProfile},
	{Method: "POST", Path: prefix + "profiles/update", Scope: access.AltWrite, Handle: Dialect.updateProfile},
	{Method: "POST", Path: prefix + "profiles/add", Scope: access.AltWrite, Handle: Dialect.addProfile},
	{Method: "POST", Path: prefix + "profiles/get", Scope: access.AltRead, Handle: Dialect.getProfile},
	{Method: "POST", Path: prefix + "profiles/list", Scope: access.AltRead, Handle: Dialect.listProfiles},
	{Method: "POST", Path: prefix + "profiles/delete", Scope: access.AltDelete, Handle: Dialect.deleteProfile},
	{Method: "POST", Path: prefix + "profiles/segstatic/add", Scope: access.AltWrite, Handle: Dialect.joinSegment},
	{Method: "POST", Path: prefix + "profiles/segstatic/remove", Scope: access.AltWrite, Handle: Dialect.leaveSegment},

	{Method: "POST", Path: prefix + "profiles/add_batch", Scope: access.AltWrite, Handle: Dialect.addBatch},
	{Method: "POST", Path: prefix + "profiles/import_batch", Scope: access.AltWrite, Handle: Dialect.importBatch},
	{Method: "POST", Path: prefix + "profiles/update_batch", Scope: access.AltWrite, Handle: Dialect.updateBatch},

	{Method: "POST", Path: prefix + "databases/list", Scope: access.AltRead, Handle: Dialect.listDatabases},
	{Method: "POST", Path: prefix + "databases/fields_get", Scope: access.AltRead, Handle: Dialect.databaseFields},
	{Method: "POST", Path: prefix + "resources/list", Scope: access.AltRead, Handle: Dialect.listResources},
	{Method: "POST", Path: prefix + "resources/get", Scope: access.AltRead, Handle: Dialect.getResource},
	{Method: "POST", Path: prefix + "resources/fields_get", Scope: access.AltRead, Handle: Dialect.resourceFields},

	{Method: "POST", Path: prefix + "subscriptions/set", Scope: access.AltWrite, Handle: Dialect.setSubscription},
	{Method: "POST", Path: prefix + "subscriptions/get", Scope: access.AltRead, Handle: Dialect.getSubscription},
	{Method: "POST", Path: prefix + "subscriptions/list", Scope: access.AltRead, Handle: Dialect.listSubscriptions},
	{Method: "POST", Path: prefix + "subscriptions/delete", Scope: access.AltWrite, Handle: Dialect.deleteSubscription},
	{Method: "POST", Path: prefix + "subscriptions/restore", Scope: access.AltWrite, Handle: Dialect.restoreSubscription},
	{Method: "POST", Path: prefix + "subscriptions/suspend_all", Scope: access.AltWrite, Handle: Dialect.suspendAll},
	{Method: "POST", Path: prefix + "subscriptions/unsuspend_all", Scope: access.AltWrite, Handle: Dialect.unsuspendAll},
	{Method: "POST", Path: prefix + "jobs/get", Scope: access.AltRead, Handle: Dialect.getJob},

	{Method: "POST", Path: QuickImport, Scope: access.AltWrite, Reads: []string{httpapi.AnyParameter}, Handle: Dialect.quickImport},
}

const (
	// QuickImport is the path of the one method that lies elsewhere.
	QuickImport = "/api/integrations/any/profile_import"
	prefix      = "/api/v1.1/"
)

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	return httpapi.Frame[Dialect, *call]{
		Dialect: Dialect{
			customers: o.Customers, guard: o.Guard, jobs: o.Jobs, worker: o.Worker, settle: o.Settle, log: o.Log,
		},
		Routes:      Routes,
		Authorizer:  o.Guard,
		Log:         o.Log,
		Deadline:    o.Deadline,
		Operating:   o.Operating,
		Reads:       []string{"token", "format", dryRun},
		Credentials: credentials,
		Decode:      Dialect.decode,
		UnknownPath: errs.New(errs.NotFound, codePath, "", prefix),
		WrongMethod: func(*httpapi.Call, []string) (httpapi.Answer, error) {
			return httpapi.Answer{}, errs.New(errs.Invalid, codeVerb, "")
		},
		Error:   errorAnswer,
		Convert: convert,
	}.Handler()
}
