package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/errs"
	"regulars/shared/history"
)

// Public is the scope of a route that answers without a token.
const Public access.Scope = "public"

// A Route is one operation of a dialect D, which reads requests into calls C.
type Route[D, C any] struct {
	Method string
	// Path in which {name} stands for one segment.
	Path string
	// Scope that the token must have; an empty one no token has.
	Scope access.Scope
	// Reads names the parameters of the query that Handle uses, and the preconditions
	// (If-Match); [AnyParameter] stands for all parameters. What else a request has is
	// named in [IgnoredHeader], or rejected by the dialect where Strict says so.
	Reads  []string
	Strict bool
	// Handle decides by the settings of the call. A client error that depends on
	// settings is not final: the frame calls Handle once more with those of now.
	Handle func(D, C) (Answer, error)
}

// A Frame is what is the same for all routes of a dialect, and the hooks for what
// differs between dialects. Hooks without a comment on nil are required.
type Frame[D, C any] struct {
	Dialect    D
	Routes     []Route[D, C]
	Authorizer *access.Authorizer
	Log        *slog.Logger
	// Deadline is how long a request may take.
	Deadline time.Duration
	Operating

	// Reads names what all routes read, as in [Route]; nil: nothing.
	Reads []string
	// Prefix may stand before each path; empty: none.
	Prefix string
	// ExactPaths: a path with a doubled or trailing slash is another path.
	ExactPaths bool
	// Pattern is a path as [http.ServeMux] has it; nil: as it is.
	Pattern func(path string) string

	// Credentials finds the token's secret, and the tenant that the request names,
	// or 0. What it reads of the body for that, it keeps in the call.
	Credentials func(c *Call) (secret string, tenant int, err error)
	// Authorize, unless nil, lets requests pass in another way than by a token's secret.
	// Credentials is then not called.
	Authorize func(c *Call, scope access.Scope) (access.Grant, error)
	// Denied says that a token was not authorized; nil: as access does.
	Denied func(err error) error
	// Decode reads the rest of an authorized request.
	Decode func(D, *Call) (C, error)
	// UnknownPath is the error for a path without a route.
	UnknownPath error
	// WrongMethod answers for a path whose routes have the other methods allowed.
	WrongMethod func(c *Call, allowed []string) (Answer, error)
	// Error is the answer for a client error, for what is unavailable, or for any
	// other error, of which only is told that it happened.
	Error func(c *Call, err error) Answer
	// Convert has the last word on every answer; nil: none.
	Convert func(c *Call, a Answer) Answer
}

// BasePathHeader is the header in which whoever takes a base path off says which it
// was.
const BasePathHeader = "X-Forwarded-Prefix"

// A Call is a request for a route, and what the frame knows of it.
type Call struct {
	*http.Request
	// Route is the path of the route; empty: there is none.
	Route string
	// Prefix is what stood before the path.
	Prefix string
	// Reads and Strict are those of the route.
	Reads  []string
	Strict bool
	// Grant is set once the request is authorized.
	access.Grant
	// Fresh: the settings were read for this call.
	Fresh bool
	// Parsed is the body as Credentials read it, for the hooks after it.
	Parsed any
	// Kept are headers that any answer has, an error as well.
	Kept       http.Header
	authorizer *access.Authorizer
	ignored    []string
}

// Reload reads the tenant's settings again.
func (c *Call) Reload() error {
	settings, err := c.authorizer.Reload(c.Context(), c.Settings.Tenant)
	if err == nil {
		c.Settings, c.Fresh = settings, true
	}
	return err
}

// Known rejects a secret that is no token's, whatever a token may do: what is only
// worth reading for somebody who is known need not be read for others.
func (c *Call) Known(secret string) error { return c.authorizer.Known(c.Context(), secret) }

// Retried reports whether the frame will call the handler once more if that ends
// with err.
func (c *Call) Retried(err error) bool {
	client, ok := errs.AsClient(err)
	return ok && client.DependsOnSettings && !c.Fresh
}

// Handler makes the handler of a dialect.
func (f Frame[D, C]) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, routes := range f.byPath() {
		mux.Handle(f.pattern(path), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := f.newCall(r, path)
			f.answer(w, c, func() (Answer, error) { return f.call(c, routes) })
		}))
	}
	unknown := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.answer(w, f.newCall(r, ""), func() (Answer, error) { return Answer{}, f.UnknownPath })
	})
	mux.Handle("/", unknown)
	handler := cleanPath(withoutPrefix(f.Prefix, mux))
	if f.ExactPaths {
		handler = onlyClean(mux, unknown)
	}
	return wrap(handler, f.writeError, wrapOptions{Log: f.Log, Deadline: f.Deadline, Operating: f.Operating})
}

// byPath are the routes of each path by method.
func (f Frame[D, C]) byPath() map[string]map[string]Route[D, C] {
	paths := map[string]map[string]Route[D, C]{}
	for _, route := range f.Routes {
		if paths[route.Path] == nil {
			paths[route.Path] = map[string]Route[D, C]{}
		}
		paths[route.Path][route.Method] = route
	}
	return paths
}

func (f Frame[D, C]) pattern(path string) string {
	if path == "/" {
		return "/{$}"
	}
	if f.Pattern == nil {
		return path
	}
	return f.Pattern(path)
}

func (f Frame[D, C]) newCall(r *http.Request, route string) *Call {
	c := &Call{Request: r, Route: route, Prefix: r.Header.Get(BasePathHeader) + prefixOf(r), Kept: http.Header{}, authorizer: f.Authorizer}
	x := exchangeOf(r)
	x.call, x.route = c, cmp.Or(route, "none")
	return c
}

// call answers a request for one of the routes of its path: it authorizes, reads,
// and calls the handler.
func (f Frame[D, C]) call(c *Call, routes map[string]Route[D, C]) (Answer, error) {
	route, ok := routes[c.Method]
	if !ok && c.Method == http.MethodHead {
		route, ok = routes[http.MethodGet]
	}
	if !ok {
		return f.WrongMethod(c, slices.Sorted(maps.Keys(routes)))
	}
	if err := f.authorize(c, route.Scope); err != nil {
		return Answer{}, err
	}
	c.Request = c.WithContext(history.WithAuthor(c.Context(), history.Author{
		Token: c.Token.Name, TokenID: tokenID(c.Grant), Action: c.Method + " " + c.Route, Request: audit.RequestID(c.Context()),
	}))
	c.Reads, c.Strict = slices.Concat(f.Reads, route.Reads), route.Strict
	c.Ignore(c.unmet()...)
	if !c.Strict {
		c.Ignore(c.Unread()...)
	}
	call, err := f.Decode(f.Dialect, c)
	if err != nil {
		return Answer{}, err
	}
	answer, err := route.Handle(f.Dialect, call)
	if !c.Retried(err) {
		return answer, err
	}
	if err := c.Reload(); err != nil {
		return Answer{}, err
	}
	return route.Handle(f.Dialect, call)
}

// authorize lets a request pass whose token has the scope.
func (f Frame[D, C]) authorize(c *Call, scope access.Scope) error {
	if scope == Public {
		return nil
	}
	var err error
	if f.Authorize != nil {
		c.Grant, err = f.Authorize(c, scope)
	} else {
		var secret string
		var tenant int
		if secret, tenant, err = f.Credentials(c); err != nil {
			return err
		}
		c.Grant, err = f.Authorizer.Authorize(c.Context(), secret, tenant, scope)
	}
	if err != nil && f.Denied != nil {
		err = f.Denied(err)
	}
	if err != nil {
		return err
	}
	if f.Uses != nil {
		exchangeOf(c.Request).used = f.Uses.Note(c.Context(), c.Token.Hash)
	}
	if f.Budgets == nil {
		return nil
	}
	return f.withinBudget(c)
}

// withinBudget rejects a request of a token or tenant that has used up its budget, and
// says when to come back. What a token may not ask for is no request of its tenant's.
func (f Frame[D, C]) withinBudget(c *Call) error {
	code, wait := "budget_used_up/token", time.Duration(0)
	for _, budget := range []struct {
		code string
		of   access.Payer
		access.Budget
	}{
		{"budget_used_up/token", access.Payer{Tenant: c.Settings.Tenant, Token: c.Token.Hash.Short()}, access.Budget{Requests: int64(c.Token.Limit)}},
		{"budget_used_up", access.Payer{Tenant: c.Settings.Tenant}, c.Settings.Budget},
	} {
		var err error
		if wait, err = f.Budgets.Take(c.Context(), budget.of, budget.Budget); err != nil {
			f.Log.WarnContext(c.Context(), "budget not read", "tenant", c.Settings.Tenant, "err", err)
		}
		if code = budget.code; wait > 0 {
			break
		}
	}
	if wait == 0 {
		return nil
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	c.Kept.Set("Retry-After", strconv.FormatInt(seconds, 10))
	return errs.New(errs.Limited, code, "", seconds)
}

// answer writes what answering a call returns.
func (f Frame[D, C]) answer(w http.ResponseWriter, c *Call, answering func() (Answer, error)) {
	x := exchangeOf(c.Request)
	a, err := answering()
	if err != nil {
		x.err = err
		a = f.Error(c, err)
	}
	if err := f.write(w, c, a); err != nil {
		x.err = err
	}
}

// writeError answers a request whose handler panicked.
func (f Frame[D, C]) writeError(w http.ResponseWriter, r *http.Request, err error) {
	c := exchangeOf(r).call
	if c == nil {
		c = f.newCall(r, "")
	}
	_ = f.write(w, c, f.Error(c, err)) // that it cannot be sent the client knows
}

func (f Frame[D, C]) write(w http.ResponseWriter, c *Call, a Answer) error {
	if f.Convert != nil {
		a = f.Convert(c, a)
	}
	maps.Copy(w.Header(), c.Kept)
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
	if len(a.Body) == 0 {
		return nil
	}
	if _, err := w.Write(a.Body); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

type prefixKey struct{}

// withoutPrefix hands requests to next with the prefix taken off their path, where
// they have it.
func withoutPrefix(prefix string, next http.Handler) http.Handler {
	prefix = strings.TrimSuffix(prefix, "/")
	if prefix == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.EscapedPath(), prefix+"/") {
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
