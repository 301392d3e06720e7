package genesys

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// createProfile makes a customer (Genesys 1.2).
func (d Dialect) createProfile(c *call) (httpapi.Answer, error) {
	return d.apply(c, func() (customer.Request, error) {
		p, err := readProfile(c.Settings, c.body)
		if err == nil {
			err = checkNewID(p.id)
		}
		return customer.Request{Create: true, Edit: func(to *customer.Customer, _ time.Time) error {
			to.ClientID = p.id
			return p.replaceIn(to, c.Settings)
		}}, err
	}, func(result customer.Result) (httpapi.Answer, error) {
		id, err := readID(c.body[memberID])
		if err != nil {
			return httpapi.Answer{}, err
		}
		if id == "" {
			id = result.ID.Base36()
		}
		answer, err := httpapi.JSON(http.StatusCreated, map[string]string{memberID: id})
		answer.Set("Location", "/profiles/"+id)
		answer.Set("Content-Location", addressOf(c)+"/profiles/"+id)
		return answer, err
	})
}

// checkNewID rejects an id of the form that this service gives out itself.
func checkNewID(id string) error {
	const ours = "00000"
	if len(id) == len(customer.ID(0).Base36()) && strings.HasPrefix(id, ours) {
		return errs.New(errs.Invalid, "bad_id/given_out", memberID, ours)
	}
	return nil
}

// addressOf is the address of this API as the client knows it.
func addressOf(c *call) string {
	scheme := "http"
	if c.TLS != nil || c.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + c.Host + c.Prefix
}

// replaceIn makes the profile all that the customer has of what this dialect
// shows. Extensions that it does not name stay.
func (p profile) replaceIn(c *customer.Customer, settings access.Settings) error {
	for name := range attributesOf(settings, *c) {
		if _, stays := p.attributes[name]; !stays {
			setAttribute(c, name, nil)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.attributes)) {
		values := p.attributes[name]
		if name == customer.AttributeEmail {
			var err error
			if values, err = emailsFor(*c, values); err != nil {
				return err
			}
		}
		if name == customer.AttributeBirthDate && documentDate(string(c.BirthDate)) == documentDate(textsOf(values)[0]) {
			continue // it was sent back as it is shown
		}
		if !slices.EqualFunc(c.Attribute(name), values, value.Equal) {
			setAttribute(c, name, values)
		}
	}
	for _, e := range p.extensions {
		if err := c.ReplaceRecords(e.schema, e.records); err != nil {
			return err
		}
	}
	return nil
}

// emailsFor are addresses as c stores them. One that is rejected is kept where c has
// it already.
func emailsFor(c customer.Customer, values []any) ([]any, error) {
	stored := make([]any, len(values))
	for i, v := range values {
		text, _ := v.(string)
		address, err := customer.ParseEmail(customer.AttributeEmail, text, c.Emails...)
		if err != nil {
			return nil, err
		}
		stored[i] = c.Spelling(address)
	}
	return stored, nil
}

// setAttribute sets a core attribute to values as readAttribute returns them.
func setAttribute(c *customer.Customer, name string, values []any) {
	first := ""
	if len(values) > 0 {
		first, _ = values[0].(string)
	}
	switch name {
	case customer.AttributeFirstName:
		c.FirstName = first
	case customer.AttributeLastName:
		c.LastName = first
	case customer.AttributeTitle:
		c.Title = first
	case customer.AttributeBirthDate:
		c.BirthDate = customer.BirthDate(first)
	case customer.AttributeEmail:
		c.Emails = textsOf(values)
	case customer.AttributePhone:
		c.SetPhones(textsOf(values))
	default:
		c.SetCustom(name, customValue(values))
	}
}

// customValue is how values are kept in a custom field: one as such.
func customValue(values []any) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return values
}

func textsOf(values []any) []string {
	var texts []string
	for _, v := range values {
		text, _ := v.(string)
		texts = append(texts, text)
	}
	return texts
}

// queryProfile shows a customer (Genesys 1.3).
func (d Dialect) queryProfile(c *call) (httpapi.Answer, error) {
	query, err := queryOf(c.Request)
	if err != nil {
		return httpapi.Answer{}, err
	}
	extensions, err := askedFor(c.Settings, query.Get("extensions"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	search, err := c.search()
	if err != nil {
		return httpapi.Answer{}, err
	}
	find := d.customers.Find
	if len(extensions) > 0 {
		find = d.customers.FindWithExtensions
	}
	found, err := find(c.Context(), c.Settings.CustomerRules(), search)
	if err != nil {
		return httpapi.Answer{}, err
	}
	tag, err := etag(c.Settings, found, extensions)
	if err != nil {
		return httpapi.Answer{}, err
	}
	answer, err := httpapi.JSON(http.StatusOK, show(c.Settings, found, extensions))
	answer.Set("ETag", tag)
	return answer, err
}

// replaceProfile replaces what a query shows (Genesys 1.5).
func (d Dialect) replaceProfile(c *call) (httpapi.Answer, error) {
	return d.apply(c, func() (customer.Request, error) {
		p, err := readProfile(c.Settings, c.body)
		if err != nil {
			return customer.Request{}, err
		}
		request, err := c.change(p.id, func(to *customer.Customer) error { return p.replaceIn(to, c.Settings) })
		request.WithExtensions = len(p.extensions) > 0
		request.Idempotent = c.Header.Get("If-Match") == "" // to replace twice does no harm then
		return request, err
	}, ok)
}

// ok answers 200 without a body.
func ok(customer.Result) (httpapi.Answer, error) { return done(http.StatusOK) }

// noContent answers 204.
func noContent(customer.Result) (httpapi.Answer, error) { return done(http.StatusNoContent) }

// change is a request that changes the customer of the path, if that is the one of
// the body and in the state that If-Match names.
func (c *call) change(id string, edit func(*customer.Customer) error) (customer.Request, error) {
	search, err := c.search()
	return customer.Request{Search: search, Edit: func(to *customer.Customer, _ time.Time) error {
		if id != "" && id != to.ClientID && id != to.ID.Base36() {
			return errs.New(errs.Invalid, "other_id", memberID, id, idOf(*to))
		}
		if err := c.checkMatch(*to); err != nil {
			return err
		}
		return edit(to)
	}}, err
}

// deleteProfile deletes a customer for all dialects (Genesys 1.6).
func (d Dialect) deleteProfile(c *call) (httpapi.Answer, error) {
	return d.apply(c, func() (customer.Request, error) {
		return c.change("", func(to *customer.Customer) error { return customer.Delete(to, time.Time{}) })
	}, ok)
}

// done answers without a body.
func done(status int) (httpapi.Answer, error) {
	answer := httpapi.Answer{Status: status}
	if status != http.StatusNoContent {
		answer.Set("Content-Length", "0")
	}
	return answer, nil
}
