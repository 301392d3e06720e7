// Package mojodex speaks the backoffice API of that platform, as
// docs/contracts/mojodex.md has it: it parses requests, asks the domain, and
// answers, in both its vocabularies (category, product, purchase; profile
// category, profile, role). It decides nothing about products and purchases
// itself.
package mojodex

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// A Dialect serves all paths that are no other dialect's.
type Dialect struct {
	catalog *catalog.Service
	log     *slog.Logger
	now     func() time.Time
}

// Options are what the dialect needs; all of them are required.
type Options struct {
	Catalog *catalog.Service
	Guard   *access.Authorizer
	Log     *slog.Logger
	// Deadline is how long a request may take.
	Deadline time.Duration
	Now      func() time.Time
	// Operating is optional.
	Operating httpapi.Operating
}

type route = httpapi.Route[Dialect, *call]

// Routes are the operations; those that there are twice, in either vocabulary.
var Routes = slices.Concat([]route{
	{Method: "GET", Path: "/", Scope: httpapi.Public, Handle: Dialect.welcome},
	{Method: "GET", Path: "/task", Scope: access.Backoffice, Reads: []string{"task_pk"}, Handle: Dialect.getTask},
	{Method: "PUT", Path: "/task", Scope: access.Backoffice, Handle: Dialect.createTask},
	{Method: "POST", Path: "/task", Scope: access.Backoffice, Handle: Dialect.updateTask},
	{Method: "GET", Path: "/purchase", Scope: access.Backoffice, Reads: []string{"user_id", "user_email"}, Handle: Dialect.getPurchases},
	{Method: "GET", Path: "/user_task", Scope: access.Backoffice, Reads: []string{"user_id", "user_email", "platform", "offset", "n_user_tasks", "user_task_pk"}, Handle: Dialect.getUserTasks},
	{Method: "POST", Path: "/user_task_execution", Scope: access.Backoffice, Handle: Dialect.runTask},
	{Method: "POST", Path: pathExpired, Scope: access.Scheduler, Reads: []string{"n_purchases"}, Handle: Dialect.checkExpired},
}, productWords.routes(), profileWords.routes())

const pathExpired = "/check_expired_purchases"

func (w words) routes() []route {
	in := func(handle func(vocabulary, *call) (httpapi.Answer, error)) func(Dialect, *call) (httpapi.Answer, error) {
		return func(d Dialect, c *call) (httpapi.Answer, error) { return handle(vocabulary{w, d}, c) }
	}
	return []route{
		{Method: "GET", Path: w.categoryPath, Scope: access.Backoffice, Reads: []string{productWords.category, profileWords.category, "language_code", "user_id", "user_email"}, Handle: in(vocabulary.getCategories)},
		{Method: "PUT", Path: w.categoryPath, Scope: access.Backoffice, Handle: in(vocabulary.createCategory)},
		{Method: "POST", Path: w.categoryPath, Scope: access.Backoffice, Handle: in(vocabulary.updateCategory)},
		{Method: "GET", Path: w.productPath, Scope: access.Backoffice, Reads: []string{productWords.product, profileWords.product}, Handle: in(vocabulary.getProducts)},
		{Method: "PUT", Path: w.productPath, Scope: access.Backoffice, Handle: in(vocabulary.createProduct)},
		{Method: "POST", Path: w.productPath, Scope: access.Backoffice, Handle: in(vocabulary.updateProduct)},
		{Method: "PUT", Path: w.linkPath, Scope: access.Backoffice, Handle: in(vocabulary.associate)},
		{Method: "PUT", Path: w.purchasePath, Scope: access.Backoffice, Handle: in(vocabulary.assign)},
		{Method: "POST", Path: w.purchasePath, Scope: access.Backoffice, Handle: in(vocabulary.end)},
	}
}

// New makes the handler of the dialect. Its paths are taken as they stand (Mojodex
// 2.1).
func New(o Options) http.Handler {
	return httpapi.Frame[Dialect, *call]{
		Dialect:     Dialect{o.Catalog, o.Log, o.Now},
		Routes:      Routes,
		Authorizer:  o.Guard,
		Log:         o.Log,
		Deadline:    o.Deadline,
		Operating:   o.Operating,
		ExactPaths:  true,
		Credentials: credentials,
		Denied:      denied,
		Decode:      Dialect.decode,
		UnknownPath: errPath,
		WrongMethod: wrongMethod,
		Error:       failed,
	}.Handler()
}

// The codes of what is wrong with a path or method, and with a body that is no
// JSON; their texts stand in the member message.
const (
	codePath   = "unknown_path"
	codeVerb   = "wrong_verb"
	codeBroken = "broken_body"
)

var errPath = errs.New(errs.NotFound, codePath, "")

// wrongMethod names the methods of a path, which is all that OPTIONS asks.
func wrongMethod(c *httpapi.Call, allowed []string) (httpapi.Answer, error) {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	allowed = append(allowed, http.MethodOptions)
	slices.Sort(allowed)
	c.Kept.Set("Allow", strings.Join(allowed, ", "))
	if c.Method == http.MethodOptions {
		return httpapi.Answer{}, nil
	}
	return httpapi.Answer{}, errs.New(errs.Invalid, codeVerb, "")
}
