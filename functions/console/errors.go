package console

import (
	"cmp"
	"net/http"
	"net/url"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/session"
)

// statusOfKind is the status of each kind of client error.
var statusOfKind = map[errs.Kind]int{
	errs.Invalid:            http.StatusUnprocessableEntity,
	errs.Unauthenticated:    http.StatusUnauthorized,
	errs.Forbidden:          http.StatusForbidden,
	errs.NotFound:           http.StatusNotFound,
	errs.FailedPrecondition: http.StatusConflict,
	errs.Limited:            http.StatusTooManyRequests,
}

// errorPage tells of an error: in the form that it is about (call.Parsed), else on a page
// or in a part of its own. Who has no session is led to the login page.
func (d *Console) errorPage(authorized *httpapi.Call, err error) httpapi.Answer {
	c := &call{Call: authorized, language: d.languages.of(authorized.Request), base: baseOf(authorized), query: url.Values{}}
	if len(c.Token.Tenants) > 0 {
		c.secret = secretOf(c.Request)
	}
	v := view{call: c, Template: "problem", Title: c.say("problem.title"), Problem: &errs.Client{Code: "internal"}}
	status := http.StatusInternalServerError
	if clientErr, ok := errs.AsClient(err); ok {
		if clientErr.Is(session.ErrEnded) {
			return c.askToLogIn()
		}
		v.Problem, status = clientErr, cmp.Or(statusOfKind[clientErr.Kind], http.StatusBadRequest)
		if form, isForm := authorized.Parsed.(view); isForm {
			problem := v.Problem
			v = form
			v.Problem = problem
		}
	}
	if _, busy := errs.AsUnavailable(err); busy {
		v.Problem, status = &errs.Client{Code: errs.CodeUnavailable}, http.StatusServiceUnavailable
	}
	a, err := d.show(status, v)
	if err != nil { // a template of ours; there is nothing better to say
		return httpapi.Raw(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(c.say("problem.title")))
	}
	return a
}

// askToLogIn leads to the login page, and from there to the page that was asked for, or
// that the part was of.
func (c *call) askToLogIn() httpapi.Answer {
	address := c.URL.EscapedPath()
	if c.Method != http.MethodGet || isPart(c.Request) {
		address = ""
		if page, err := url.Parse(c.Header.Get("Referer")); err == nil {
			address = page.EscapedPath()
		}
	} else {
		address = c.Prefix + address
	}
	query := url.Values{"next": {c.next(address)}}
	if secretOf(c.Request) != "" {
		query.Set("ended", "1")
	}
	return c.redirect(c.at("login") + "?" + query.Encode())
}
