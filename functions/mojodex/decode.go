package mojodex

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/value"
)

// maxBody is how large a body may be; what is kept of it must fit an item.
const maxBody = 1_000_000

// maxValues is how many values a body may have in all.
const maxValues = 40_000

// A call is an authorized request.
type call struct {
	*httpapi.Call
	body map[string]any
	// flaw is why the body cannot be kept as it is, although it is JSON: it is
	// told once the keys were found to be there, with the words of the route.
	flaw error
	// key, unless nil, makes the request safe to repeat.
	key *idempotency.Key
}

// authenticating stands before all that is wrong with a secret.
const authenticating = "Authentication error : "

// credentials finds the secret. Its home tenant is meant.
func credentials(c *httpapi.Call) (secret string, tenant int, err error) {
	values, sent := c.Header["Authorization"]
	if !sent {
		return "", 0, prefixed(authenticating, errs.New(errs.Unauthenticated, access.ErrTokenMissing.Code+"/header", "Authorization"))
	}
	return values[0], 0, nil
}

func denied(err error) error {
	if errors.Is(err, access.ErrTokenMissing) || errors.Is(err, access.ErrTokenInvalid) {
		err = errs.New(errs.Forbidden, access.ErrTokenInvalid.Code, "Authorization")
	}
	return prefixed(authenticating, err)
}

// decode reads the body where the method has one; it must be a JSON object.
func (d Dialect) decode(authorized *httpapi.Call) (*call, error) {
	c := &call{Call: authorized}
	if c.Method != http.MethodPut && c.Method != http.MethodPost {
		return c, nil
	}
	if err := c.read(); err != nil {
		return c, err
	}
	var err error
	c.key, err = c.keyOf()
	return c, err
}

// require demands that the body has the keys: the first that is missing is named.
func (c *call) require(keys ...string) error {
	for _, key := range keys {
		if _, ok := c.body[key]; !ok {
			return missing(key)
		}
	}
	return nil
}

func missing(key string) error {
	return errs.New(errs.Invalid, "missing", key)
}

func (c *call) read() error {
	if !isJSON(c.Header.Get("Content-Type")) {
		if c.Route == pathExpired {
			return errs.New(errs.Invalid, codeContentType+"/expired", "Content-Type")
		}
		return errs.New(errs.Invalid, codeContentType, "Content-Type")
	}
	document, err := httpapi.ReadBody(c.Request, maxBody)
	if err != nil {
		return err
	}
	v, flaw, err := parse(document)
	if err != nil {
		return err
	}
	body, ok := v.(map[string]any)
	if !ok {
		return errs.New(errs.Invalid, "not_an_object", "")
	}
	c.body, c.flaw = body, flaw
	return nil
}

const codeContentType = "bad_content_type"

// isJSON follows Flask: application/json or application/...+json.
func isJSON(header string) bool {
	kind, _, err := mime.ParseMediaType(header)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// parse reads one JSON document as Python does: a byte order mark and NaN are
// understood. The flaw is what may not be kept of it; then v is good enough to
// look for keys in.
func parse(document []byte) (v any, flaw, err error) {
	document = withoutNaN(bytes.TrimPrefix(document, []byte("\ufeff")))
	v, flaw = value.ParseUpTo(maxValues, document)
	if flaw == nil {
		return v, nil, nil
	}
	if client, ok := errs.AsClient(flaw); ok && client.ID() == value.CodeTooMany {
		return nil, nil, errs.New(errs.Invalid, codeBroken, "", flaw)
	}
	if !utf8.Valid(document) || json.Unmarshal(document, &v) != nil {
		return nil, nil, errs.New(errs.Invalid, codeBroken, "", flaw)
	}
	return v, flaw, nil
}

// noNumber stands for NaN and the infinities, which no field takes: it is a
// number that is none of the things a number can be here.
const noNumber = "-9.17e-117"

// withoutNaN replaces NaN, Infinity and -Infinity outside of texts.
func withoutNaN(document []byte) []byte {
	if !bytes.Contains(document, []byte("NaN")) && !bytes.Contains(document, []byte("Infinity")) {
		return document
	}
	var out bytes.Buffer
	quoted := false
	for i := 0; i < len(document); i++ {
		rest := document[i:]
		switch {
		case quoted && document[i] == '\\' && len(rest) > 1:
			out.WriteByte(document[i])
			i++
		case document[i] == '"':
			quoted = !quoted
		case !quoted:
			if word := notANumber(rest); word > 0 {
				out.WriteString(noNumber)
				i += word - 1
				continue
			}
		}
		out.WriteByte(document[i])
	}
	return out.Bytes()
}

func notANumber(text []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(text, []byte(word)) {
			return len(word)
		}
	}
	return 0
}

// user is whom a request is about. The e-mail is looked up only where there is no
// user_id (Mojodex 2.5).
func (c *call) user(id, email any) (catalog.User, error) {
	u := catalog.User{Rules: c.Settings.CustomerRules()}
	if empty(id) && empty(email) {
		return u, errs.New(errs.Invalid, "missing/user", "user_id")
	}
	if id != nil {
		u.Raw = id
		if text, ok := id.(string); ok {
			u.ID, _ = customer.ParseHex(text) // what is no id is nobody's
		}
		return u, nil
	}
	u.Raw = email
	if text, ok := email.(string); ok {
		u.Email = strings.TrimSpace(text)
	}
	if u.Email == "" {
		u.Email = python(email) // nobody's
	}
	return u, nil
}

func empty(v any) bool { return v == nil || v == "" }

// queriedUser is user for what the query names.
func (c *call) queriedUser() (catalog.User, error) {
	query := c.URL.Query()
	var id any
	if query.Get("user_id") != "" {
		id = query.Get("user_id")
	}
	return c.user(id, query.Get("user_email"))
}
