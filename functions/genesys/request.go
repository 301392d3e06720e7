package genesys

import (
	"context"
	"net/http"
	"regexp"
	"strconv"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// maxBody is how large a body may be: a Lambda function takes 6 MB of event.
const maxBody = 5_000_000

// A call is a request that may do what it asks for.
type call struct {
	*http.Request
	settings access.Settings
	// fresh: the settings were read for this call.
	fresh bool
}

// accept lets a request pass if its credentials have the scope.
func (d Dialect) accept(r *http.Request, scope access.Scope) (*call, error) {
	_, secret, _ := r.BasicAuth()
	tenant, err := tenantOf(r)
	if secret != "" && err != nil {
		return nil, err
	}
	grant, err := d.guard.Authorize(r.Context(), secret, tenant, scope)
	if err != nil {
		return nil, err
	}
	return &call{Request: r, settings: grant.Settings}, nil
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

// body reads the body, which must be a JSON object.
func (c *call) body() (map[string]any, error) {
	if err := httpapi.CheckContentType(c.Request, "application/json"); err != nil {
		return nil, err
	}
	document, err := httpapi.ReadBody(c.Request, maxBody)
	if err != nil {
		return nil, err
	}
	return value.ParseObject(document)
}

// withSettings calls f with what is remembered of the tenant's settings, and
// where f rejects because of them, once more with the settings as they are now.
func (d Dialect) withSettings(c *call, f func() error) error {
	if c.fresh {
		return f()
	}
	return d.guard.RetryWithFreshSettings(c.Context(), c.settings.Tenant, c.use, f)
}

// refresh reads the tenant's settings again.
func (d Dialect) refresh(ctx context.Context, c *call) error {
	settings, err := d.guard.Reload(ctx, c.settings.Tenant)
	if err == nil {
		c.use(settings)
	}
	return err
}

// use makes settings that were just read those of the call.
func (c *call) use(fresh access.Settings) { c.settings, c.fresh = fresh, true }

// apply has a request carried out that plan makes of the settings.
func (d Dialect) apply(c *call, plan func() (customer.Request, error)) (customer.Result, error) {
	var result customer.Result
	err := d.withSettings(c, func() error {
		request, err := plan()
		if err != nil {
			return err
		}
		request.Rules = c.settings.CustomerRules()
		result, err = d.customers.Apply(c.Context(), request)
		return err
	})
	return result, err
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
