// Package genesys speaks the Customer Profile API of Genesys Context Services and
// UCS, as docs/contracts/genesys.md has it: it parses requests, asks the domain,
// and answers with the HTTP code that says what became of them. It decides nothing
// about customers itself.
package genesys

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
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
	StartExtensionRemoval(ctx context.Context, tenant int, schema extension.Schema) (jobs.Job, error)
}

var _ Jobs = (*jobs.Service)(nil)

// A Dialect serves /profiles and /metadata.
type Dialect struct {
	customers *customer.Service
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
	// Operating is optional.
	Operating httpapi.Operating
}

// Routes are the operations (Genesys 0.3).
var Routes = []httpapi.Route[Dialect, *call]{
	{Method: "POST", Path: "/profiles", Scope: access.UCSWrite, Handle: Dialect.createProfile},
	{Method: "GET", Path: "/profiles", Scope: access.UCSRead, Reads: []string{httpapi.AnyParameter}, Handle: Dialect.identify},
	{Method: "GET", Path: "/profiles/{id}", Scope: access.UCSRead, Reads: []string{"extensions"}, Handle: Dialect.queryProfile},
	{Method: "PUT", Path: "/profiles/{id}", Scope: access.UCSWrite, Reads: []string{"If-Match"}, Handle: Dialect.replaceProfile},
	{Method: "DELETE", Path: "/profiles/{id}", Scope: access.UCSDelete, Reads: []string{"If-Match"}, Handle: Dialect.deleteProfile},
	{Method: "POST", Path: "/profiles/{id}/extensions", Scope: access.UCSWrite, Reads: []string{"If-Match"}, Handle: Dialect.insertRecords},
	{Method: "PUT", Path: "/profiles/{id}/extensions/{extension}/by/unique", Scope: access.UCSWrite, Reads: []string{"If-Match"}, Handle: Dialect.updateRecord},
	{Method: "PUT", Path: "/profiles/{id}/extensions/{extension}/delete/by/unique", Scope: access.UCSWrite, Reads: []string{"If-Match"}, Handle: Dialect.deleteRecord},

	{Method: "GET", Path: "/metadata/profiles", Scope: access.UCSReadMeta, Handle: Dialect.queryCoreSchema},
	{Method: "POST", Path: "/metadata/profiles/extensions", Scope: access.UCSWriteMeta, Handle: Dialect.createExtension},
	{Method: "GET", Path: "/metadata/profiles/extensions", Scope: access.UCSReadMeta, Handle: Dialect.queryExtensions},
	{Method: "GET", Path: "/metadata/profiles/extensions/{extension}", Scope: access.UCSReadMeta, Handle: Dialect.queryExtension},
	{Method: "DELETE", Path: "/metadata/profiles/extensions/{extension}", Scope: access.UCSWriteMeta, Handle: Dialect.deleteExtension},
	{Method: "POST", Path: "/metadata/identification-keys", Scope: access.UCSWriteMeta, Handle: Dialect.createKey},
	{Method: "GET", Path: "/metadata/identification-keys", Scope: access.UCSReadMeta, Handle: Dialect.queryKeys},
	{Method: "GET", Path: "/metadata/identification-keys/{key}", Scope: access.UCSReadMeta, Handle: Dialect.queryKey},
	{Method: "DELETE", Path: "/metadata/identification-keys/{key}", Scope: access.UCSWriteMeta, Handle: Dialect.deleteKey},
}

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	return httpapi.Frame[Dialect, *call]{
		Dialect:     Dialect{o.Customers, o.Registrar, o.Jobs},
		Routes:      Routes,
		Authorizer:  o.Guard,
		Log:         o.Log,
		Deadline:    o.Deadline,
		Operating:   o.Operating,
		Prefix:      o.Prefix,
		Credentials: credentials,
		Decode:      Dialect.decode,
		UnknownPath: errPath,
		WrongMethod: wrongMethod,
		Error:       errorAnswer,
	}.Handler()
}

var errPath = errs.New(errs.NotFound, "unknown_path", "")

const codeVerb = "wrong_verb"

func wrongMethod(c *httpapi.Call, allowed []string) (httpapi.Answer, error) {
	list := strings.Join(allowed, ", ")
	c.Kept.Set("Allow", list)
	return httpapi.Answer{}, errs.New(errs.Invalid, codeVerb, "", list)
}
