package console

import (
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// A loginForm is what the login page shows.
type loginForm struct {
	Next  string // where to go from here
	Ended bool   // a session has
	Hint  string
}

// loginPage asks for a token.
func (d *Console) loginPage(c *call) (httpapi.Answer, error) {
	return d.showLogin(c, http.StatusOK, loginForm{c.next(c.query.Get("next")), c.query.Has("ended"), d.hint}, nil)
}

func (d *Console) showLogin(c *call, status int, form loginForm, problem *errs.Client) (httpapi.Answer, error) {
	return d.show(status, view{call: c, Template: "login", Title: c.say("login.title"), Data: form, Problem: problem})
}

// login exchanges a token for a session.
func (d *Console) login(c *call) (httpapi.Answer, error) {
	next := c.next(c.field("next"))
	secret, grant, err := d.sessions.Begin(c.Context(), c.field("token"), 0)
	if clientErr, rejected := errs.AsClient(err); rejected {
		return d.showLogin(c, http.StatusForbidden, loginForm{Next: next, Hint: d.hint}, clientErr.At("token"))
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	c.Grant = grant // for the audit trail
	a := c.redirect(next)
	a.Header["Set-Cookie"] = []string{d.cookie(c, secret).String()}
	return a, nil
}

// logout ends the session.
func (d *Console) logout(c *call) (httpapi.Answer, error) {
	if err := d.sessions.End(c.Context(), c.secret); err != nil {
		return httpapi.Answer{}, err
	}
	a := c.redirect(c.at("login"))
	gone := d.cookie(c, "")
	gone.MaxAge = -1
	a.Header["Set-Cookie"] = []string{gone.String()}
	a.Set("Clear-Site-Data", `"cache", "storage"`)
	return a, nil
}

// cookie ends with the browser, is for this site's own pages, and no script sees it.
func (d *Console) cookie(c *call, secret string) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: secret, Path: c.base, HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteStrictMode,
	}
}

// changeTenant makes the session be about another tenant of its token.
func (d *Console) changeTenant(c *call) (httpapi.Answer, error) {
	tenant, err := strconv.Atoi(c.field("tenant"))
	if err != nil || tenant < 1 {
		return httpapi.Answer{}, errs.New(errs.Invalid, "bad_tenant", "tenant")
	}
	if err := d.sessions.Move(c.Context(), c.secret, tenant); err != nil {
		return httpapi.Answer{}, err
	}
	return c.redirect(c.base), nil
}

// next is an address of the console to go on at, and its first page for any other.
func (c *call) next(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		strings.ContainsAny(address, "\\\r\n\t") || path.Clean(u.Path) != u.Path ||
		u.Path != c.base && !strings.HasPrefix(u.Path, c.base+"/") || strings.HasPrefix(u.Path, c.base+"/log") {
		return c.base
	}
	return u.EscapedPath()
}
