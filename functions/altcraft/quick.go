package altcraft

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// A quickCall is a quick import (Altcraft 6.6): all parameters are flat, and those
// that are none of the method's own are fields of the profile.
type quickCall struct {
	*call
	email, phone string // as the client wrote them
	resource     int64  // to subscribe to, or 0
	data         map[string]any
}

// quickImport adds or updates a profile with the parameters of a form.
func (d Dialect) quickImport(c *call) (httpapi.Answer, error) {
	result, err := d.apply(c, c.readQuick)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(result, applied(result))
}

// quickErrorAnswer is an error of the quick import. A missing token is an invalid
// one, for there is no 401.
func quickErrorAnswer(err error) httpapi.Answer {
	v := outcomeOf(err, quickTexts)
	if v.Error == http.StatusUnauthorized {
		v.Error = http.StatusForbidden
	}
	return v.answer(v.Error)
}

// ownParameters are no fields of the profile. Triggers and scenarios there are
// none, so starting one has no effect.
var ownParameters = []string{
	"token", "db_id", "matching", "resource_id", "email", "phone", "field_name", "field_value",
	"format", "trigger_id", "workflow_id", "skip_triggers", "skip_invalid_subscriptions", "detect_geo",
}

// readQuick makes a request of the parameters.
func (c *call) readQuick() (customer.Request, error) {
	q := quickCall{call: c, data: maps.Clone(c.body)}
	maps.DeleteFunc(q.data, func(name string, _ any) bool { return slices.Contains(ownParameters, name) })
	if err := q.readContacts(); err != nil {
		return customer.Request{}, err
	}
	found, err := q.readSearch()
	if err != nil {
		return customer.Request{}, err
	}
	fields, err := q.readFields()
	if err != nil {
		return customer.Request{}, err
	}
	contacts, err := q.readAdditions()
	if err != nil {
		return customer.Request{}, err
	}
	request := requestOf(value.Members(q.data), fields, found, true)
	setFields := request.Edit
	request.Edit = func(c *customer.Customer, now time.Time) error {
		if err := setFields(c, now); err != nil {
			return err
		}
		for _, add := range contacts {
			if err := add(c, now); err != nil {
				return err
			}
		}
		return nil
	}
	return request, nil
}

func (q *quickCall) readContacts() (err error) {
	if q.email, err = optionalText(q.body, "email"); err != nil {
		return err
	}
	if q.phone, err = optionalText(q.body, "phone"); err != nil {
		return err
	}
	q.resource, err = optionalWhole(q.body, "resource_id", 1)
	return err
}

// readSearch reads who is meant: by e-mail, unless matching says phone or names a
// match field, of which the value is the parameter of that name. An e-mail that is
// not searched by is a field.
func (q *quickCall) readSearch() (match, error) {
	matching, err := optionalText(q.body, "matching")
	if err != nil {
		return match{}, err
	}
	m := matcher{body: q.body, country: q.Settings.Country, fields: q.Settings.MatchFields, mode: matching}
	switch matching {
	case "":
		m.mode = "email"
		if q.email == "" && q.phone != "" {
			m.mode = "phone"
		}
	case "email", "email_profile", "phone":
	default:
		m.mode = "custom"
		if matching != "field_name" {
			m.body = map[string]any{"field_name": matching}
		}
	}
	if q.email != "" && m.mode != "email" && m.mode != "email_profile" {
		q.data["email"] = q.email
	}
	return m.read(value.Members(q.data))
}

// readFields reads the fields of the profile. Registration may have come from an
// IPv6 address here.
func (q *quickCall) readFields() ([]setter, error) {
	for name, v := range q.data {
		if !isFlat(v) {
			return nil, errs.New(errs.Invalid, "wrong_type/flat", name, value.TypeName(v))
		}
		if text, ok := v.(string); ok {
			q.data[name] = q.typed(name, text)
		}
	}
	var address setter
	text, _ := q.data["_regip"].(string)
	if ip, err := netip.ParseAddr(text); err == nil && ip.Is6() && ip.Zone() == "" {
		delete(q.data, "_regip")
		address = setter{set: setsCustom("_regip"), value: text}
	}
	setters, err := q.readProfile(value.Members(q.data), switches{})
	if address.set != nil {
		setters = append(setters, address)
	}
	return setters, err
}

func isFlat(v any) bool {
	list, isList := v.([]any)
	return !isObject(v) && !(isList && slices.ContainsFunc(list, func(e any) bool { _, scalar := value.Text(e); return !scalar }))
}

// typed is a text in the type that its field has: forms know only texts.
func (q *quickCall) typed(name, text string) any {
	kind := q.Settings.DeclaredFields[name].Type
	switch {
	case name == "tags", kind == "tags":
		return value.List(customer.Words(text))
	case kind == "int", kind == "float":
		if n, err := value.Number(text); err == nil {
			return n
		}
	case kind == "bool":
		if truth, err := optionalBool(map[string]any{name: text}, name); err == nil {
			return truth
		}
	}
	return text
}

// readAdditions reads what the contacts add: subscriptions to the resource, on the
// channels that it has, and a phone beside those there are.
func (q *quickCall) readAdditions() (add []customer.Edit, err error) {
	resource, known := q.Settings.DeclaredResources[q.resource]
	if q.resource != 0 && !known && q.Settings.Resources == access.Declared {
		return nil, errs.New(errs.NotFound, "resource_undeclared/quick", "resource_id", q.resource).DependingOnSettings()
	}
	subscribe := func(channel customer.Channel, contact string, rejected error) {
		if q.resource != 0 && (len(resource.Channels) == 0 || slices.Contains(resource.Channels, channel)) {
			e := customer.SubscriptionEdit{Resource: q.resource, Channel: channel, Contact: contact, Rejected: rejected}
			add = append(add, func(c *customer.Customer, now time.Time) error { return c.Subscribe(e, now) })
		}
	}
	if q.email != "" {
		address, rejected := customer.ParseEmail("email", q.email)
		if rejected != nil {
			address.Text = q.email
		}
		subscribe(customer.ChannelEmail, address.Text, rejected)
	}
	if q.phone != "" {
		number, err := customer.ParsePhone("phone", q.phone, q.Settings.Country)
		if err != nil {
			return nil, err
		}
		subscribe(customer.ChannelSMS, number, nil)
		add = append(add, func(c *customer.Customer, _ time.Time) error {
			c.SetPhones(append(slices.Clip(c.Phones), number))
			return nil
		})
	}
	return add, nil
}

// readParameters reads the parameters of the URL and of the body, a form or JSON.
// Those of the body go before. Of JSON it reads who sends it.
func readParameters(r *http.Request) (message, error) {
	all, err := readForm(r.URL.RawQuery)
	if err != nil {
		return message{}, err
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isForm, limit := kind == "application/x-www-form-urlencoded", int64(maxBody)
	if isForm {
		limit = maxForm
	}
	document, err := httpapi.ReadBody(r, limit)
	if err != nil {
		return message{}, err
	}
	var m message
	switch {
	case len(bytes.TrimSpace(document)) == 0: // all may be in the URL
	case isForm:
		m.body, err = readForm(string(bytes.TrimSpace(document)))
	default:
		if err = httpapi.CheckContentType(r, "application/x-www-form-urlencoded, application/json or application/xml"); err == nil {
			m.document = document
			m.body, err = value.Skim(ofOne, document, membersOfSender...)
		}
	}
	maps.Copy(all, m.body)
	m.parameters = all
	return m, err
}

// maxForm is how large a form may be: what a profile may have, with each byte escaped.
const maxForm = 1_000_000

// maxParameters is how many parameters a form or URL may have: each is looked at before
// the token is known.
const maxParameters = 10_000

// readForm reads the encoded parameters of a form or URL, with the same limits as
// JSON. An empty one is not given: that is how a form sends what was not filled in.
func readForm(encoded string) (map[string]any, error) {
	if n := strings.Count(encoded, "&"); n >= maxParameters {
		return nil, errs.New(errs.Invalid, "bad_form/too_many", "", maxParameters)
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, errs.New(errs.Invalid, "bad_form/encoding", "")
	}
	object := map[string]any{}
	for name, texts := range values {
		if !utf8.ValidString(name + strings.Join(texts, "")) {
			return nil, errs.New(errs.Invalid, "bad_form/utf8", "")
		}
		texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
		switch len(texts) {
		case 0:
		case 1:
			object[name] = texts[0]
		default:
			object[name] = value.List(texts)
		}
	}
	document, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return value.ParseObject(document)
}
