// Package imports is the function of bulk imports: it takes in what the bucket tells
// of files, does the parts of imports, and answers requests below /imports. What an
// import is, is decided in shared/imports.
package imports

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	domain "regulars/shared/imports"
)

// Imports is what the function asks the domain for: [domain.Service].
type Imports interface {
	Receive(ctx context.Context, e domain.Event) error
	Import(ctx context.Context, tenant int, id string) (domain.Progress, error)
	List(ctx context.Context, tenant int, before string, limit int) ([]domain.Import, error)
	Cancel(ctx context.Context, tenant int, id string) (domain.Progress, error)
	Resume(ctx context.Context, tenant int, id string) (domain.Progress, error)
	PlanUndo(ctx context.Context, tenant int, id string) (domain.UndoPlan, error)
	Undo(ctx context.Context, tenant int, id string) (domain.Progress, error)
}

var _ Imports = (*domain.Service)(nil)

// A Dialect serves everything below /imports.
type Dialect struct {
	imports Imports
	texts   errs.Texts
}

// Options are what the dialect needs.
type Options struct {
	Imports Imports
	// Texts are those of [Texts].
	Texts errs.Texts
	Guard *access.Authorizer
	Log   *slog.Logger
	// Deadline is how long a request may take.
	Deadline time.Duration
	// Operating is optional.
	Operating httpapi.Operating
}

// Routes are all of the function's.
var Routes = []httpapi.Route[*Dialect, *call]{
	{Method: "GET", Path: "/imports", Scope: access.ImportsRead, Reads: []string{"before", "limit", "tenant"}, Strict: true, Handle: (*Dialect).list},
	{Method: "GET", Path: "/imports/{id}", Scope: access.ImportsRead, Reads: ofTenant, Strict: true, Handle: (*Dialect).show},
	{Method: "POST", Path: "/imports/{id}/cancel", Scope: access.ImportsRun, Reads: ofTenant, Strict: true, Handle: (*Dialect).cancel},
	{Method: "POST", Path: "/imports/{id}/resume", Scope: access.ImportsRun, Reads: ofTenant, Strict: true, Handle: (*Dialect).resume},
	{Method: "POST", Path: "/imports/{id}/undo", Scope: access.ImportsRun, Reads: ofTenant, Strict: true, Handle: (*Dialect).undo},
}

// ofTenant are the parameters of what names an import in its path.
var ofTenant = []string{"tenant"}

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	return httpapi.Frame[*Dialect, *call]{
		Dialect:     &Dialect{o.Imports, o.Texts},
		Routes:      Routes,
		Authorizer:  o.Guard,
		Log:         o.Log,
		Deadline:    o.Deadline,
		Operating:   o.Operating,
		Credentials: credentials,
		Decode:      func(_ *Dialect, c *httpapi.Call) (*call, error) { return decode(c) },
		UnknownPath: errPath,
		WrongMethod: wrongMethod,
		Error:       func(_ *httpapi.Call, err error) httpapi.Answer { return errorAnswer(o.Texts, err) },
	}.Handler()
}
