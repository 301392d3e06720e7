package haravan

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/points"
	"regulars/shared/value"
)

const (
	// maxBody is how large a body may be: the longest one that makes sense has a
	// few hundred characters.
	maxBody = 100_000
	// maxText is the longest reason and ref_id, in characters, and maxOrder the
	// longest id of an order.
	maxText  = 255
	maxOrder = 64
)

// A call is an authorized request.
type call struct {
	*httpapi.Call
	id    customer.ID // of the profile, where the route names one
	query url.Values
	body  map[string]any // nil: not read yet
	// flaw is what the body has that the call does not know; change tells it.
	flaw error
	// wallet is the one meant, unless the first is.
	wallet *wallet
	// dryRun: nothing is to be done.
	dryRun bool
	// proposes: the body has settings that the call tries.
	proposes bool
}

// credentials finds the bearer token. Its home tenant is meant.
func credentials(c *httpapi.Call) (secret string, tenant int, err error) {
	if scheme, rest, _ := strings.Cut(c.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		secret = strings.TrimSpace(rest)
	}
	return secret, 0, nil
}

// decode reads what all requests have, if the tenant's bucket has room.
func (d *Dialect) decode(authorized *httpapi.Call) (*call, error) {
	c := &call{Call: authorized}
	if err := d.bucket.pass(c.Kept, c.Settings.Tenant, c.Settings.RateLimit, d.now()); err != nil {
		return nil, err
	}
	var err error
	if c.query, err = url.ParseQuery(c.URL.RawQuery); err != nil { // not to be taken for one that asks for nothing
		return nil, reject(codeQuery, "")
	}
	if strings.Contains(c.Route, "{id}") {
		if c.id, err = c.number("id"); err != nil {
			return nil, err
		}
		if c.id > points.Max {
			c.id = 0 // nobody's
		}
	}
	if err = c.only(); err != nil {
		return nil, err
	}
	if err = c.readWallet(); err != nil {
		return nil, err
	}
	return c, c.readDryRun()
}

// number reads a number that stands in the path. One that is too large for an id
// is nobody's.
func (c *call) number(name string) (customer.ID, error) {
	digits := c.PathValue(name)
	if strings.HasSuffix(c.Route, "{"+name+"}.json") {
		var ok bool
		if digits, ok = strings.CutSuffix(digits, ".json"); !ok {
			return 0, errPath
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, reject("bad_id", name)
	}
	return customer.ID(n), nil
}

// trimmed is a parameter without blanks around it; a + that was not escaped is one.
func (c *call) trimmed(name string) string { return strings.TrimSpace(c.query.Get(name)) }

// object reads the member of that name of a JSON body, which is an object. Where it has
// other members than those known, that is the flaw of the call.
func (c *call) object(name string, known ...string) (map[string]any, error) {
	if err := c.readBody(name); err != nil {
		return nil, err
	}
	object, ok := c.body[name].(map[string]any)
	if !ok {
		return nil, reject("missing", name)
	}
	if c.flaw = onlyMembers(name, object, known); c.flaw == nil {
		c.flaw = c.beside(name)
	}
	return object, nil
}

// readBody reads the body once. Errors name members of it without the object.
func (c *call) readBody(object string) error {
	if c.body != nil {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return reject(codeBody, "")
	}
	limit := int64(maxBody)
	if c.Route == batchPath {
		limit = maxBatchBody
	}
	document, err := httpapi.ReadBody(c.Request, limit)
	if err != nil {
		return err
	}
	body, err := value.ParseObject(document)
	if err != nil {
		return flawIn(object, err)
	}
	c.body = body
	return c.dryRunOfBody()
}

// maxPath is the longest path that an answer repeats, in bytes, as in value.
const maxPath = 100

// flawIn is what is wrong in a body, by its path in the object, and with the reason
// for which the texts say it without the path.
func flawIn(object string, err error) error {
	clientErr, rejected := errs.AsClient(err)
	if !rejected || clientErr.Path == "" {
		return err
	}
	path := short(clientErr.Path)
	flaw := clientErr.At(strings.TrimPrefix(path, object+"."))
	flaw.Reason += "_below"
	return flaw
}

// whole reads a whole number of at least least; given is false where there is
// none.
func whole(object map[string]any, name string, least int64) (n int64, given bool, err error) {
	v, ok := object[name]
	if !ok || v == nil {
		return 0, false, nil
	}
	number, ok := v.(json.Number)
	if !ok {
		return 0, false, reject("wrong_type/number", name, value.TypeName(v))
	}
	n, err = strconv.ParseInt(string(number), 10, 64) // it is canonical: 1e1 is 10
	negative := strings.HasPrefix(string(number), "-")
	fraction := strings.Contains(string(number), ".") && !strings.Contains(string(number), "e") || strings.Contains(string(number), "e-")
	switch {
	case fraction:
		return 0, false, reject("not_whole", name)
	case negative || err == nil && n < least:
		if least == 0 {
			return 0, false, reject("too_small/zero", name)
		}
		return 0, false, reject("too_small", name)
	case err != nil || n > points.Max:
		return 0, false, reject(points.ErrTooMany.Code+"/number", name, points.Max)
	}
	return n, true, nil
}

// amount is a whole number of at least least that must be there.
func amount(object map[string]any, name string, least int64) (int64, error) {
	n, given, err := whole(object, name, least)
	if err == nil && !given {
		err = reject("missing", name)
	}
	return n, err
}

// text reads a text of up to longest characters; none is empty. A number counts
// as text where numbers is set.
func text(object map[string]any, name string, longest int, numbers bool) (string, error) {
	s := ""
	switch v := object[name].(type) {
	case nil:
	case string:
		s = v
	case json.Number:
		if s = string(v); numbers {
			break
		}
		return "", reject("wrong_type/text", name, value.TypeName(v))
	default:
		return "", reject("wrong_type/text", name, value.TypeName(v))
	}
	if utf8.RuneCountInString(s) > longest {
		return "", reject("too_long", name, longest)
	}
	return s, nil
}

// blankOffset is a time whose + of the offset was not escaped and became a blank.
var blankOffset = regexp.MustCompile(`^(\d{4}-\d\d-\d\d[Tt ]\S+) (\d\d(?::?\d\d)?)$`)

// instant reads a date, or a date and time.
func instant(name, text string) (time.Time, error) {
	if m := blankOffset.FindStringSubmatch(text); m != nil {
		text = m[1] + "+" + m[2]
	}
	t, _, err := value.ParseTime(name, text)
	if err != nil {
		return time.Time{}, reject("bad_date/form", name)
	}
	if t.IsZero() {
		t = t.Add(1) // the zero time would say that none was given
	}
	return t.UTC(), nil
}

// request is what all changes of the profile's points bear. Meaning is what the
// client asked for, in a form that compares.
func (c *call) request(meaning ...any) (points.Request, error) {
	r := c.unkeyed()
	key, sent, err := idempotency.Parse(c.Header.Values(idempotency.Header), nil)
	if err != nil || !sent {
		return r, err
	}
	fingerprint, err := idempotency.Fingerprint("", meaning)
	r.IdempotencyKey = &idempotency.Key{Value: strings.TrimPrefix(c.Route, "/loy/") + " " + key, Fingerprint: fingerprint}
	return r, err
}

// unkeyed is a request without an idempotency key.
func (c *call) unkeyed() points.Request {
	return c.wallet.into(c.asDryRun(points.Request{
		Tenant: c.Settings.Tenant, ID: c.id, Rules: c.Settings.Preferences,
		Actor: c.Token.Name + " " + c.Token.Hash.Short(),
		Show:  func(p points.Profile) ([]byte, error) { return ShowProfile(p, c.Settings.Preferences) },
	}))
}

// change carries a request out and answers it. What the call does not know is told
// unless the same request was carried out under its key.
func (c *call) change(service *points.Service, meaning []any, do func(context.Context, points.Request) (points.Result, error)) (httpapi.Answer, error) {
	r, err := c.request(meaning...)
	if err != nil {
		return httpapi.Answer{}, err
	}
	var result points.Result
	if c.flaw != nil {
		result, err = service.RejectUnlessReplayed(c.Context(), r, c.flaw)
	} else {
		result, err = do(c.Context(), r)
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	answer := httpapi.JSONText(http.StatusOK, result.Answer)
	if result.Replayed {
		answer.Set("Idempotency-Hit", "true")
	}
	c.sayDryRun(&answer)
	return answer, nil
}

func reject(code, path string, args ...any) error {
	return errs.New(errs.Invalid, code, path, args...)
}
