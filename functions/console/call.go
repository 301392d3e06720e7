package console

import (
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/session"
)

const (
	// cookieName is that of the cookie with the secret of a session.
	cookieName = "regulars_console"
	// tokenField is the field of each form, tokenHeader the header of requests that htmx
	// sends, in which a page of the session says that it is one.
	tokenField  = "form_token"
	tokenHeader = "X-Form-Token" // #nosec G101 -- the name of a header
	// maxForm is how large a form may be.
	maxForm = 100_000
)

// A call is a request for a page, or for a part of one.
type call struct {
	*httpapi.Call
	*language
	// base is the address of the console: /console behind what it is served below.
	base   string
	secret string // of the session; empty: none
	query  url.Values
	form   url.Values
	id     customer.ID // of the customer, where the route names one
}

// basePath is what a prefix must look like to become part of an address.
var basePath = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)*$`)

// baseOf is the address of the console.
func baseOf(c *httpapi.Call) string {
	if !basePath.MatchString(c.Prefix) {
		return "/console"
	}
	return c.Prefix + "/console"
}

// isPart reports whether a part of a page is asked for, by htmx.
func isPart(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// secretOf is the secret of the session that a browser shows, or empty.
func secretOf(r *http.Request) string {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// authorize opens the session of the cookie and asks its token for the scope.
func (d *Console) authorize(c *httpapi.Call, scope access.Scope) (access.Grant, error) {
	_, grant, err := d.sessions.Open(c.Context(), secretOf(c.Request))
	if err != nil || scope == signedIn {
		return grant, err
	}
	return grant, grant.Token.Demand(scope)
}

// may reports whether the token of the session has the scope.
func (c *call) may(scope access.Scope) bool { return c.Token.Demand(scope) == nil }

// crossOrigin tells forms of other sites by what browsers say of them.
var crossOrigin = http.NewCrossOriginProtection()

// decode reads what all requests have, and keeps out forms of other pages.
func (d *Console) decode(authorized *httpapi.Call) (*call, error) {
	c := &call{Call: authorized, language: d.languages.of(authorized.Request), base: baseOf(authorized), query: authorized.URL.Query()}
	if len(c.Token.Tenants) > 0 {
		c.secret = secretOf(c.Request)
	}
	if c.Method == http.MethodPost {
		if err := c.readForm(); err != nil {
			return nil, err
		}
	}
	if strings.Contains(c.Route, "{id}") {
		n, err := strconv.ParseUint(c.PathValue("id"), 10, 53)
		if err != nil {
			return nil, customer.ErrNotFound
		}
		c.id = customer.ID(n)
	}
	return c, nil
}

// readForm reads a form that a page of this session sent.
func (c *call) readForm() error {
	if err := crossOrigin.Check(c.Request); err != nil {
		return errs.New(errs.Forbidden, "foreign_form", "")
	}
	if kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return errs.New(errs.Invalid, "bad_form", "")
	}
	body, err := httpapi.ReadBody(c.Request, maxForm)
	if err != nil {
		return err
	}
	if c.form, err = url.ParseQuery(string(body)); err != nil {
		return errs.New(errs.Invalid, "bad_form", "")
	}
	token := c.form.Get(tokenField)
	if token == "" {
		token = c.Header.Get(tokenHeader)
	}
	if c.secret != "" && !session.OwnForm(c.secret, token) {
		return errs.New(errs.Forbidden, "foreign_form", "")
	}
	return nil
}

// field is a field of the form without blanks around it.
func (c *call) field(name string) string { return strings.TrimSpace(c.form.Get(name)) }

// at is an address of the console.
func (c *call) at(path ...string) string {
	address := c.base
	for _, segment := range path {
		address += "/" + url.PathEscape(segment)
	}
	return address
}

// cardOf is the address of a customer's card.
func (c *call) cardOf(id customer.ID) string { return c.at("customers", id.Decimal()) }

// redirect leads a browser on, also from a part of a page.
func (c *call) redirect(address string) httpapi.Answer {
	if isPart(c.Request) {
		a := httpapi.Answer{Status: http.StatusOK}
		a.Set("HX-Redirect", address)
		return a
	}
	a := httpapi.Answer{Status: http.StatusSeeOther}
	a.Set("Location", address)
	return a
}
