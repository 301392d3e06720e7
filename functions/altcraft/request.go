package altcraft

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/value"
)

// maxBody is how large a body may be: a Lambda function takes 6 MB of event.
const maxBody = 5_000_000

// A call is a request that may do what it asks for.
type call struct {
	body     map[string]any
	settings access.Settings
	token    access.Token
	places   Places // nil: there is no source of places
	// fresh: the settings were read for this call.
	fresh bool
	// key, unless nil, makes the call safe to repeat.
	key *idempotency.Key
	// xmlData is the profile data as it came, of a call in XML.
	xmlData any
}

// accept reads a request about the tenant that it names, and lets it pass if its
// token has the scope.
func (d Dialect) accept(r *http.Request, scope access.Scope) (*call, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return d.admit(r, body, body, tenantOf, scope)
}

// acceptAtHome is accept for methods that may name no tenant (Altcraft 6.12): they
// are about the token's home then.
func (d Dialect) acceptAtHome(r *http.Request, scope access.Scope) (*call, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return d.admit(r, body, body, tenantOrHome, scope)
}

// admit lets a request pass if its token, which may be in the body, has the scope
// for the tenant that the parameters name.
func (d Dialect) admit(r *http.Request, body, parameters map[string]any, tenantOf func(map[string]any) (int, error), scope access.Scope) (*call, error) {
	secret, err := secretOf(r, body)
	if err != nil {
		return nil, err
	}
	tenant, err := tenantOf(parameters)
	if secret != "" && err != nil {
		return nil, err
	}
	grant, err := d.guard.Authorize(r.Context(), secret, tenant, scope)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(r, parameters)
	if err != nil {
		return nil, err
	}
	c := &call{body: parameters, token: grant.Token, places: d.places, key: key}
	if translationOf(r).asked {
		c.xmlData = parameters["data"]
	}
	c.use(grant.Settings)
	return c, nil
}

// data is the profile data of a call that is about one profile.
func (c *call) data() map[string]any {
	data, _ := c.body["data"].(map[string]any)
	return data
}

func readBody(r *http.Request) (map[string]any, error) {
	if err := httpapi.CheckContentType(r, "application/json or application/xml"); err != nil {
		return nil, err
	}
	document, err := httpapi.ReadBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	body, err := value.ParseObject(document)
	if err != nil {
		return nil, err
	}
	return body, chooseFormat(r, body)
}

// chooseFormat reads how the answer is to be written: the body says it before the
// URL does.
func chooseFormat(r *http.Request, parameters map[string]any) error {
	format, err := optionalText(parameters, "format")
	if err != nil {
		return err
	}
	return translationOf(r).choose(cmp.Or(format, r.URL.Query().Get("format")))
}

// secretOf finds the token: in the body, else as bearer, else in the query. The
// first one present decides.
func secretOf(r *http.Request, body map[string]any) (string, error) {
	if v, ok := body["token"]; ok && v != nil {
		secret, ok := v.(string)
		if !ok {
			return "", wrongType("token", v, "a text")
		}
		return secret, nil
	}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", errs.New(errs.Unauthenticated, "token_missing/bearer", "Authorization")
		}
		return strings.TrimSpace(secret), nil
	}
	return r.URL.Query().Get("token"), nil
}

var whole = regexp.MustCompile(`^-?\d+$`)

// tenantOf reads db_id: a number, or its digits as text.
func tenantOf(body map[string]any) (int, error) {
	v, ok := body["db_id"]
	if !ok || v == nil {
		return 0, errs.New(errs.Invalid, "missing/db_id", "db_id")
	}
	text, _ := value.Text(v)
	if _, isBool := v.(bool); isBool || !whole.MatchString(text) {
		return 0, wrongType("db_id", v, "a whole number")
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > access.MaxTenant {
		clientErr := access.UnreachedTenant(text)
		clientErr.Path = "db_id"
		return 0, clientErr
	}
	return n, nil
}

// tenantOrHome is tenantOf where db_id may be missing: 0 is the token's home.
func tenantOrHome(body map[string]any) (int, error) {
	if body["db_id"] == nil {
		return 0, nil
	}
	return tenantOf(body)
}

// keyOf reads the Idempotency-Key. What is compared of a request is its method, its
// path and its body, without the token and the format of the answer.
func keyOf(r *http.Request, body map[string]any) (*idempotency.Key, error) {
	key, sent, err := idempotency.Parse(r.Header.Values(idempotency.Header), idempotency.PrintableASCII)
	if err != nil || !sent {
		return nil, err
	}
	meaning := maps.Clone(body)
	delete(meaning, "token")
	delete(meaning, "format")
	fingerprint, err := idempotency.Fingerprint(r.Method+" "+r.URL.Path+"\n", meaning)
	return &idempotency.Key{Value: key, Fingerprint: fingerprint}, err
}

// withSettings calls f with what is remembered of the tenant's settings, and
// where f rejects because of them, once more with the settings as they are now.
func (d Dialect) withSettings(ctx context.Context, c *call, f func() error) error {
	return d.guard.RetryWithFreshSettings(ctx, c.settings.Tenant, func(fresh access.Settings) {
		c.fresh = true
		c.use(fresh)
	}, f)
}

func wrongType(field string, v any, expected string) error {
	return errs.New(errs.Invalid, "wrong_type/expected", field, expected, value.TypeName(v))
}
