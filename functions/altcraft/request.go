package altcraft

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/outcome"
	"regulars/shared/value"
)

// maxBody is how large a body may be: a Lambda function takes 6 MB of event.
const maxBody = 5_000_000

// A call is a request that may do what it asks for.
type call struct {
	body     map[string]any
	settings access.Settings
	// fresh: the settings were read for this call.
	fresh bool
	// keyed, unless nil, makes the call safe to repeat.
	keyed *customer.Keyed
}

// accept reads a request and lets it pass if its token has the scope.
func (d Dialect) accept(r *http.Request, scope access.Scope) (*call, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return d.admit(r, body, body, scope)
}

// admit lets a request pass if its token, which may be in the body, has the scope
// for the database that the parameters name.
func (d Dialect) admit(r *http.Request, body, parameters map[string]any, scope access.Scope) (*call, error) {
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
	keyed, err := keyedOf(r, parameters)
	if err != nil {
		return nil, err
	}
	return &call{body: parameters, settings: grant.Settings, keyed: keyed}, nil
}

func readBody(r *http.Request) (map[string]any, error) {
	if err := checkContentType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	document, err := httpapi.ReadBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	return value.ParseObject(document)
}

// checkContentType takes a missing one for JSON.
func checkContentType(header string) error {
	if header == "" {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(header); err == nil && (kind == "application/json" || kind == "text/json") {
		return nil
	}
	return outcome.Refuse(outcome.Invalid, "bad_content_type", "Content-Type",
		"Content-Type: %.60q is not understood; send application/json.", header)
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
			return "", outcome.Refuse(outcome.Unauthenticated, "token_missing", "Authorization",
				"Authorization: only Bearer is understood.")
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
		return 0, outcome.Refuse(outcome.Invalid, "missing", "db_id", "db_id: the number of the database is missing.")
	}
	text, _ := value.Text(v)
	if _, isBool := v.(bool); isBool || !whole.MatchString(text) {
		return 0, wrongType("db_id", v, "a whole number")
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > access.MaxTenant {
		refusal := access.UnreachedTenant(text)
		refusal.Field = "db_id"
		return 0, refusal
	}
	return n, nil
}

// maxIdempotencyKey is the longest Idempotency-Key, in characters.
const maxIdempotencyKey = 128

// keyedOf reads the Idempotency-Key. What a request means is its method, its
// path and its body without the token.
func keyedOf(r *http.Request, body map[string]any) (*customer.Keyed, error) {
	key := r.Header.Get("Idempotency-Key")
	if _, sent := r.Header["Idempotency-Key"]; !sent {
		return nil, nil
	}
	printable := strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	if key == "" || len(key) > maxIdempotencyKey || !printable {
		return nil, outcome.Refuse(outcome.Invalid, "bad_idempotency_key", "Idempotency-Key",
			"Idempotency-Key: 1 to %d printable ASCII characters are expected.", maxIdempotencyKey)
	}
	meaning := make(map[string]any, len(body))
	for name, v := range body {
		if name != "token" {
			meaning[name] = v
		}
	}
	text, err := json.Marshal(meaning)
	if err != nil {
		return nil, fmt.Errorf("meaning of a request: %w", err)
	}
	sum := sha256.New()
	_, _ = io.WriteString(sum, r.Method+" "+r.URL.Path+"\n") // a hash takes all
	_, _ = sum.Write(text)
	return &customer.Keyed{Key: key, Meaning: hex.EncodeToString(sum.Sum(nil))}, nil
}

// withSettings calls f with what is remembered of the tenant's settings, and
// where f refuses because of them, once more with the settings as they are now.
func (d Dialect) withSettings(ctx context.Context, c *call, f func() error) error {
	err := f()
	refusal, refused := outcome.AsRefusal(err)
	if !refused || !refusal.OfSettings {
		return err
	}
	fresh, err := d.guard.Fresh(ctx, c.settings.Tenant)
	if err != nil {
		return err
	}
	c.settings, c.fresh = fresh, true
	return f()
}

func wrongType(field string, v any, expected string) error {
	return outcome.Refuse(outcome.Invalid, "wrong_type", field, "%s: %s is expected, this is %s.", field, expected, value.TypeName(v))
}
