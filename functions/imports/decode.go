package imports

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

const (
	// maxBody is how large a body may be: one makes sense with a single member.
	maxBody = 10_000
	// listed is how many imports a page has unless limit says otherwise, up to
	// maxListed.
	listed    = 20
	maxListed = 100
)

// A call is an authorized request.
type call struct {
	*httpapi.Call
	query url.Values
}

// credentials finds the bearer token. Its home tenant is meant, unless the parameter
// tenant names another one that it reaches.
func credentials(c *httpapi.Call) (secret string, tenant int, err error) {
	if scheme, rest, _ := strings.Cut(c.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		secret = strings.TrimSpace(rest)
	}
	query, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return "", 0, errs.New(errs.Invalid, "bad_query", "")
	}
	if !query.Has("tenant") {
		return secret, 0, nil
	}
	tenant, err = strconv.Atoi(query.Get("tenant"))
	if err != nil || tenant < 1 {
		return "", 0, errs.New(errs.Invalid, "bad_number", "tenant", "1", "999999999")
	}
	return secret, tenant, nil
}

// decode rejects parameters that nobody would look at.
func decode(authorized *httpapi.Call) (*call, error) {
	c := &call{authorized, authorized.URL.Query()}
	for _, name := range c.Unread() {
		return nil, errs.New(errs.Invalid, "unknown_parameter", name, strings.Join(c.Reads, ", "))
	}
	return c, nil
}

// limit is how many imports the page is to have.
func (c *call) limit() (int, error) {
	if !c.query.Has("limit") {
		return listed, nil
	}
	n, err := strconv.Atoi(c.query.Get("limit"))
	if err != nil || n < 1 || n > maxListed {
		return 0, errs.New(errs.Invalid, "bad_number", "limit", "1", strconv.Itoa(maxListed))
	}
	return n, nil
}

// switches reads a body that is missing or an object of booleans of these names.
func (c *call) switches(names ...string) (map[string]bool, error) {
	document, err := httpapi.ReadBody(c.Request, maxBody)
	if err != nil {
		return nil, err
	}
	on := map[string]bool{}
	if len(strings.TrimSpace(string(document))) == 0 {
		return on, nil
	}
	if err := httpapi.CheckContentType(c.Request, "application/json"); err != nil {
		return nil, err
	}
	body, err := value.ParseObject(document)
	if err != nil {
		return nil, err
	}
	for name, v := range body {
		if !slices.Contains(names, name) {
			return nil, errs.New(errs.Invalid, "unknown_member", name)
		}
		b, ok := v.(bool)
		if !ok {
			return nil, errs.New(errs.Invalid, "wrong_type/boolean", name)
		}
		on[name] = b
	}
	return on, nil
}
