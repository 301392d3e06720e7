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
	"regulars/shared/idempotency"
	"regulars/shared/value"
)

// maxBody is how large a body may be: a Lambda function takes 6 MB of event.
const maxBody = 5_000_000

// limits are those of a body: what a profile may have, and somewhat more.
var limits = value.Limits{Values: 25_000, Text: 2_000_000}

// A call is an authorized request.
type call struct {
	*httpapi.Call
	body map[string]any
	// key, unless nil, makes the request safe to repeat.
	key *idempotency.Key
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
	if c.Method == http.MethodDelete {
		var err error
		c.key, err = c.keyOf()
		return c, err
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
	if _, err := value.Skim(limits, document); err != nil { // before it takes memory
		return nil, err
	}
	if c.body, err = value.ParseObjectUpTo(limits.Values, document); err != nil {
		return nil, err
	}
	c.key, err = c.keyOf()
	return c, err
}

// keyOf reads the Idempotency-Key, which the reference does not have. What is compared of
// a request is its method, its path and its body; not If-Match, which a repeat may have
// read again. A key is none of another dialect's, for no client's has a line break in it.
func (c *call) keyOf() (*idempotency.Key, error) {
	key, sent, err := idempotency.Parse(c.Header.Values(idempotency.Header), idempotency.PrintableASCII)
	if err != nil || !sent {
		return nil, err
	}
	fingerprint, err := idempotency.Fingerprint(c.Method+" "+c.URL.Path+"\n", c.body)
	return &idempotency.Key{Value: "genesys\n" + key, Fingerprint: fingerprint}, err
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

// apply has a request carried out that plan makes, once for each idempotency key, and
// answers its result. A request that is rejected may have been carried out before: a
// repeat is answered as it was then.
func (d Dialect) apply(c *call, plan func() (customer.Request, error), answer func(customer.Result) (httpapi.Answer, error)) (httpapi.Answer, error) {
	var result customer.Result
	request, err := plan()
	clientErr, rejected := errs.AsClient(err)
	switch {
	case rejected && !c.Retried(err):
		result, err = d.customers.RejectUnlessReplayed(c.Context(), c.Settings.Tenant, c.key, clientErr)
	case err == nil:
		request.Rules, request.IdempotencyKey = c.Settings.CustomerRules(), c.key
		result, err = d.customers.Apply(c.Context(), request)
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	return hit(result.Replayed)(answer(result))
}

// hit marks the answer to a repeat.
func hit(replayed bool) func(httpapi.Answer, error) (httpapi.Answer, error) {
	return func(a httpapi.Answer, err error) (httpapi.Answer, error) {
		if replayed && err == nil {
			a.Set("Idempotency-Hit", "true")
		}
		return a, err
	}
}

// declare changes the settings by do, once for each idempotency key, and answers. It is
// recorded once it is done, not together with it: what was declared or removed and not
// recorded is told as it is without a key.
func (d Dialect) declare(c *call, do func() error, answer func() (httpapi.Answer, error)) (httpapi.Answer, error) {
	err := do()
	clientErr, rejected := errs.AsClient(err)
	replayed := false
	switch {
	case rejected:
		if _, err = d.customers.RejectUnlessReplayed(c.Context(), c.Settings.Tenant, c.key, clientErr); err == nil {
			replayed = true
		}
	case err == nil && c.key != nil:
		_, err = d.customers.Claim(c.Context(), c.Settings.Tenant, *c.key)
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	return hit(replayed)(answer())
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
