package altcraft

import (
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"regulars/functions/altcraft/xmlbody"
	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/value"
)

const (
	// maxBody is how large a body may be: a Lambda function takes 6 MB of event.
	maxBody = 5_000_000
	// maxUnknownXML is how large a body in XML may be that is read before it is known
	// whether its sender may send it: 30 ms of work.
	maxUnknownXML = 32_000
)

// A call is an authorized request.
type call struct {
	*httpapi.Call
	body map[string]any // the parameters
	// key, unless nil, makes the call safe to repeat.
	key *idempotency.Key
	// dryRun: nothing is to be done.
	dryRun bool
	// inXML: the request came in XML.
	inXML bool
	// read is the profile data of a call that is about one profile, once it was asked for.
	read profile
	// fields, unless nil, are those of profiles that were read before.
	fields map[string]field
}

// A message is what a request says: the parameters, and the members of its body
// among them.
type message struct {
	parameters, body map[string]any
	// document, unless nil, is a body in JSON that is not read yet: of its members the
	// message has those only that say who sends it.
	document []byte
}

// credentials finds the token and the tenant. Either may be in the body, which is
// looked through for that; a token there goes before others. The body is read once the
// token is known to be good.
func credentials(c *httpapi.Call) (secret string, tenant int, err error) {
	m, err := readMessage(c)
	if err != nil {
		return "", 0, err
	}
	c.Parsed = m
	if err := checkFormat(c.Request, m.body); err != nil {
		return "", 0, err
	}
	if secret, err = secretOf(c.Request, m.body); err != nil {
		return "", 0, err
	}
	if tenant, err = tenantOf(m.parameters, mayBeHome(c.Route)); secret == "" {
		err = nil // that there is no token is told first
	}
	return secret, tenant, err
}

// membersOfSender are the members of a body that say who sends it, and in what form the
// answer, a rejection as well, is to be.
var membersOfSender = []string{"token", "db_id", "format"}

// mayBeHome says of which methods the tenant may be left out: they are about the
// token's home then (Altcraft 6.12).
func mayBeHome(route string) bool {
	return strings.HasPrefix(route, prefix+"databases/") || strings.HasPrefix(route, prefix+"resources/")
}

// decode makes a call of a message.
func (d Dialect) decode(authorized *httpapi.Call) (*call, error) {
	m := authorized.Parsed.(message)
	if m.document != nil {
		body, err := value.ParseObjectUpTo(limitsOf(authorized.Route).Values, m.document)
		if err != nil {
			return nil, err
		}
		m.body = body
		maps.Copy(m.parameters, body)
	}
	dry, err := readDryRun(authorized, m.parameters)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(authorized.Request, m.parameters)
	if err != nil {
		return nil, err
	}
	// Of the body only the format is kept here, so that a batch can let it go.
	authorized.Parsed = message{body: map[string]any{"format": m.body["format"]}}
	authorized.Ignore(unshaped(authorized.Route, m.parameters)...)
	_, inXML := xmlCharset(authorized.Request)
	return &call{Call: authorized, body: m.parameters, key: key, dryRun: dry, inXML: inXML}, nil
}

// unshaped are the parameters that are to shape an answer and that the method does not
// know. Of profiles/list fields is one that it does, and the quick import takes all for
// fields of the profile.
func unshaped(route string, parameters map[string]any) (names []string) {
	if route == prefix+"profiles/list" || route == QuickImport {
		return nil
	}
	for _, name := range []string{"fields", "sort"} {
		if parameters[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// profileData is the member data. What came in XML is read by the settings, which
// know the names and types that are a tenant's own.
func (c *call) profileData() any {
	if c.inXML {
		return fieldsOfXML(c.body["data"], c.Settings)
	}
	return c.body["data"]
}

// data is the profile data of a call that is about one profile.
func (c *call) data() profile {
	if c.read == nil || c.inXML { // XML is read by the settings, which may be read again
		data, _ := c.profileData().(map[string]any)
		c.read = value.Members(data)
	}
	return c.read
}

// ofOne are the limits of a body in JSON about one profile, which has at most 20,000
// values, and 300,000 bytes even if all of them are escaped.
var ofOne = value.Limits{Values: 80_000, Nested: 20_000, Text: 2_000_000}

// limitsOf are those of a body in JSON.
func limitsOf(route string) value.Limits {
	if isBatch(route) {
		return value.Limits{Values: value.MaxValues}
	}
	return ofOne
}

func isBatch(route string) bool { return strings.HasSuffix(route, "_batch") }

// readMessage reads a request, whose body may be in XML. Of one in JSON it reads who
// sends it.
func readMessage(c *httpapi.Call) (message, error) {
	r := c.Request
	if charset, isXML := xmlCharset(r); isXML {
		limit := xmlbody.OfOne
		if isBatch(c.Route) {
			limit = xmlbody.OfBatch
		}
		r = asJSON(r, charset, limit, func(document []byte) error { return admitXML(c, document, limit) })
	}
	if c.Route == QuickImport {
		return readParameters(r)
	}
	document, err := readDocument(r)
	if err != nil {
		return message{}, err
	}
	body, err := value.Skim(limitsOf(c.Route), document, membersOfSender...)
	return message{parameters: body, body: body, document: document}, err
}

// admitXML lets a large body in XML be read if its token is good: reading it takes a
// hundred times what finding the token in it does.
func admitXML(c *httpapi.Call, document []byte, limit xmlbody.Limit) error {
	if len(document) <= maxUnknownXML {
		return nil
	}
	secret, found, err := xmlbody.Text(document, "token", limit)
	if err == nil && !found {
		secret, err = secretOf(c.Request, nil)
	}
	if err != nil {
		return err
	}
	return c.Known(secret)
}

// readDocument reads a body in JSON as it is.
func readDocument(r *http.Request) ([]byte, error) {
	if err := httpapi.CheckContentType(r, "application/json or application/xml"); err != nil {
		return nil, err
	}
	return httpapi.ReadBody(r, maxBody)
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

// tenantOf reads db_id: a number, or its digits as text. It may be missing where the
// token's home, 0, is meant then.
func tenantOf(body map[string]any, mayBeHome bool) (int, error) {
	v := body["db_id"]
	if v == nil && mayBeHome {
		return 0, nil
	}
	if v == nil {
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

func wrongType(field string, v any, expected string) error {
	return errs.New(errs.Invalid, "wrong_type/expected", field, expected, value.TypeName(v))
}
