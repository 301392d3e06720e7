package genesys

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// maxBody is how large a body may be: a Lambda function takes 6 MB of event.
const maxBody = 5_000_000

// A call is an authorized request.
type call struct {
	*httpapi.Call
	body map[string]any
}

// credentials finds the password, and the tenant in a header (Genesys 2.2).
func credentials(c *httpapi.Call) (secret string, tenant int, err error) {
	_, secret, _ = c.BasicAuth()
	if tenant, err = tenantOf(c.Request); secret == "" {
		err = nil // that there is no token is told first
	}
	return secret, tenant, err
}

// decode reads the body where the method has one; it must be a JSON object. What is
// about schemas is decided by the settings as they are now.
func (d Dialect) decode(authorized *httpapi.Call) (*call, error) {
	c := &call{Call: authorized}
	if strings.HasPrefix(c.Route, "/metadata/") {
		if err := c.Reload(); err != nil {
			return nil, err
		}
	}
	if c.Method != http.MethodPost && c.Method != http.MethodPut {
		return c, nil
	}
	if err := httpapi.CheckContentType(c.Request, "application/json"); err != nil {
		return nil, err
	}
	document, err := httpapi.ReadBody(c.Request, maxBody)
	if err != nil {
		return nil, err
	}
	if _, err := value.Skim(value.MaxValues, document); err != nil { // before it takes memory
		return nil, err
	}
	c.body, err = value.ParseObject(document)
	return c, err
}

var wholeNumber = regexp.MustCompile(`^\d+$`)

// tenantOf reads X-Genesys-TenantId (Genesys 2.2); without one it is 0.
func tenantOf(r *http.Request) (int, error) {
	const name = "X-Genesys-TenantId"
	text := r.Header.Get(name)
	if text == "" {
		return 0, nil
	}
	if !wholeNumber.MatchString(text) {
		return 0, errs.New(errs.Invalid, "bad_tenant/form", name)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > access.MaxTenant {
		return 0, access.UnreachedTenant(text)
	}
	return n, nil
}

// apply has a request carried out.
func (d Dialect) apply(c *call, request customer.Request) (customer.Result, error) {
	request.Rules = c.Settings.CustomerRules()
	return d.customers.Apply(c.Context(), request)
}

var clientID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,16}$`)

// search is how the customer is found that the path names, by its own id or one
// that a client brought.
func (c *call) search() (customer.Search, error) {
	text := c.PathValue("id")
	if id, err := customer.ParseBase36(text); err == nil {
		return customer.Search{ID: id}, nil
	}
	if !clientID.MatchString(text) {
		return customer.Search{}, customer.ErrNotFound
	}
	return customer.Search{Any: []customer.Lookup{{Key: customer.ClientIDKey(text), Roles: customer.Primary}}}, nil
}

// idOf is the id under which a customer is answered for.
func idOf(c customer.Customer) string {
	if c.ClientID != "" {
		return c.ClientID
	}
	return c.ID.Base36()
}
