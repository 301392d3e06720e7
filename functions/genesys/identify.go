package genesys

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// The parameters of identify that are not attributes (Genesys 1.4). The last is
// ours: it goes on with a list behind a customer.
const (
	paramKey            = "id_key"
	paramProfile        = "include_profile"
	paramExtensions     = "extensions"
	paramWhenExtensions = "include_extensions"
	paramAfter          = "_after"
)

const (
	// maxMatches is how many profiles one answer holds.
	maxMatches = 1000
	// maxAnswer ends an answer early, in bytes: Lambda takes 6 MB.
	maxAnswer = 4_000_000
	// maxValues ends an answer early by the values of its customers, shown or not: some
	// seconds' work.
	maxValues = 400_000
	// matchesAtOnce is how many are read before the answer's size is looked at.
	matchesAtOnce = 100
)

// A question is what identify was asked.
type question struct {
	customer.Identification
	profiles   bool
	extensions []extension.Schema
	// onlyOne: extensions are shown where one customer matches alone.
	onlyOne bool
	after   customer.ID
}

// identify finds customers by their attributes (Genesys 1.4).
func (d Dialect) identify(c *call) (httpapi.Answer, error) {
	query, err := queryOf(c.Request)
	if err != nil {
		return httpapi.Answer{}, err
	}
	q, err := c.readQuestion(query)
	if err != nil {
		return httpapi.Answer{}, err
	}
	matches, next, err := d.matches(c, q)
	if err != nil {
		return httpapi.Answer{}, err
	}
	answer, err := httpapi.JSON(http.StatusOK, matches)
	if next != 0 {
		query.Set(paramAfter, next.Base36())
		answer.Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, c.Prefix+"/profiles", query.Encode()))
	}
	return answer, err
}

// queryOf reads the query, in which nothing stands twice.
func queryOf(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errs.New(errs.Invalid, "bad_query/encoding", "")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if len(query[name]) > 1 {
			return nil, errs.New(errs.Invalid, "bad_query/twice", name)
		}
	}
	return query, nil
}

func (c *call) readQuestion(query url.Values) (q question, err error) {
	q.Tenant = c.Settings.Tenant
	if q.profiles, err = option(query, paramProfile, "no", "yes"); err != nil {
		return q, err
	}
	if q.onlyOne, err = option(query, paramWhenExtensions, "always", "unique"); err != nil {
		return q, err
	}
	if q.extensions, err = askedFor(c.Settings, query.Get(paramExtensions)); err != nil {
		return q, err
	}
	if after := query.Get(paramAfter); after != "" {
		if q.after, err = customer.ParseBase36(after); err != nil {
			return q, errs.New(errs.Invalid, "bad_query/cursor", paramAfter)
		}
	}
	if q.Criteria, err = c.criteria(query); err != nil {
		return q, err
	}
	if q.Key, err = c.chooseKey(query.Get(paramKey), q.supplied); err != nil {
		return q, err
	}
	for _, name := range q.Key.Attributes[:q.Key.Supplied(q.supplied)] {
		text, _ := q.text(q.Key.Extension, name)
		q.Texts = append(q.Texts, text)
	}
	return q, nil
}

// option reads a parameter of two words, of which the first is the default; it
// reports whether it is the second.
func option(query url.Values, name, usual, other string) (bool, error) {
	switch v := query.Get(name); v {
	case "", usual:
		return false, nil
	case other:
		return true, nil
	default:
		return false, errs.New(errs.Invalid, "bad_query/neither", name, v, usual, other)
	}
}

// criteria are the attributes of a query, in the order of their names.
func (c *call) criteria(query url.Values) ([]customer.Criterion, error) {
	var all []customer.Criterion
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch name {
		case paramKey, paramProfile, paramExtensions, paramWhenExtensions, paramAfter:
			continue
		}
		criterion, err := c.criterion(name, query.Get(name))
		if err != nil {
			return nil, err
		}
		all = append(all, criterion)
	}
	return all, nil
}

func (c *call) criterion(name, text string) (customer.Criterion, error) {
	if text == "" {
		return customer.Criterion{}, errs.New(errs.Invalid, "missing/value", name)
	}
	source, attribute, _ := strings.Cut(name, ".")
	if schema, ok := c.Settings.Extensions.Find(source); ok {
		if _, declared := schema.Attribute(attribute); !declared {
			return customer.Criterion{}, errs.New(errs.Invalid, "attribute_undeclared/extension", name, schema.Name, attribute).DependingOnSettings()
		}
		return customer.Criterion{Extension: schema.Number, Attribute: attribute, Text: text}, nil
	}
	return customer.Criterion{Attribute: name, Text: customer.AttributeSought(name, text, c.Settings.Country)}, nil
}

func (q question) text(extension int, name string) (string, bool) {
	i := slices.IndexFunc(q.Criteria, func(c customer.Criterion) bool { return c.Extension == extension && c.Attribute == name })
	if i < 0 {
		return "", false
	}
	return q.Criteria[i].Text, true
}

// supplied reports whether the query has an attribute of a key.
func (q question) supplied(key customer.IdentKey, name string) bool {
	_, ok := q.text(key.Extension, name)
	return ok
}

// chooseKey is the key that the query names, or else the best one.
func (c *call) chooseKey(name string, supplied func(customer.IdentKey, string) bool) (customer.IdentKey, error) {
	if name == "" {
		key, ok := c.Settings.IdentKeys.Choose(supplied)
		if !ok {
			return key, errs.New(errs.Invalid, "no_key/none", "", c.listKeys()).DependingOnSettings()
		}
		return key, nil
	}
	key, ok := c.Settings.IdentKeys.Find(name)
	switch {
	case !ok:
		return key, errs.New(errs.Invalid, access.ErrIdentKeyUnknown.Code+"/named", paramKey, name, c.listKeys()).DependingOnSettings()
	case key.State == customer.FieldFailed:
		return key, errs.New(errs.Invalid, customer.ErrIdentKeyFailed.Code+"/unusable", paramKey, key.Name, key.Failure()).DependingOnSettings()
	case key.State == customer.FieldBuilding && c.Fresh:
		return key, &errs.Unavailable{Code: "building/key", Args: []any{paramKey, key.Name}}
	case key.State == customer.FieldBuilding:
		return key, errs.New(errs.FailedPrecondition, "building", paramKey).DependingOnSettings() // asks for the settings as they are now
	case key.Supplied(supplied) == 0:
		return key, errs.New(errs.Invalid, "no_key/needs", paramKey, key.Name, key.Qualified()[0]).DependingOnSettings()
	}
	return key, nil
}

// listKeys names the keys and what they are over.
func (c *call) listKeys() string {
	var names []string
	for _, key := range c.Settings.IdentKeys {
		if key.State == customer.FieldReady {
			names = append(names, key.Name+" ("+strings.Join(key.Qualified(), ", ")+")")
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "; ")
}

// matches are the profiles of an answer as JSON, and where another one goes on,
// or 0.
func (d Dialect) matches(c *call, q question) (matches []json.RawMessage, next customer.ID, err error) {
	ids, err := d.customers.Candidates(c.Context(), q.Identification, q.after, maxMatches+1)
	if err != nil {
		return nil, 0, err
	}
	if len(ids) > maxMatches {
		ids = ids[:maxMatches]
		next = ids[maxMatches-1]
	}
	page := page{call: c, question: q, matches: []json.RawMessage{}}
	for looked := matchesAtOnce; len(ids) > 0; { // of large profiles fewer are asked for next
		var found []customer.Customer
		found, looked, err = d.customers.Confirmed(c.Context(), q.Identification, ids[:min(matchesAtOnce, 2*looked, len(ids))], len(q.extensions) > 0 && !q.onlyOne)
		if err != nil {
			return nil, 0, err
		}
		for _, one := range found {
			fits, err := page.add(one)
			if err != nil {
				return nil, 0, err
			}
			if !fits {
				return page.matches, page.last, nil
			}
		}
		page.last, ids = ids[looked-1], ids[looked:]
	}
	if q.onlyOne && len(page.matches) == 1 && q.after == 0 && next == 0 && len(q.extensions) > 0 {
		matches, err = d.alone(c, q, page.only)
		return matches, 0, err
	}
	return page.matches, next, nil
}

// alone shows the one customer that matches with its extensions.
func (d Dialect) alone(c *call, q question, id customer.ID) ([]json.RawMessage, error) {
	found, _, err := d.customers.Confirmed(c.Context(), q.Identification, []customer.ID{id}, true)
	if err != nil {
		return nil, err
	}
	q.onlyOne = false
	page := page{call: c, question: q, matches: []json.RawMessage{}}
	for _, one := range found {
		if _, err := page.add(one); err != nil {
			return nil, err
		}
	}
	return page.matches, nil
}

// A page gathers profiles until the answer is full.
type page struct {
	*call
	question
	matches []json.RawMessage
	bytes   int
	values  int         // of the customers that were added
	last    customer.ID // the page goes on behind it
	only    customer.ID // that was added last
}

// add adds a profile, or reports that it does not fit any more.
func (p *page) add(c customer.Customer) (fits bool, err error) {
	var extensions []extension.Schema
	if !p.onlyOne {
		extensions = p.question.extensions
	}
	shown := map[string]any{}
	if p.profiles {
		shown = show(p.Settings, c, extensions)
	} else {
		withExtensions(shown, c, extensions)
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return false, fmt.Errorf("answer: %w", err)
	}
	p.bytes, p.values = p.bytes+len(text), p.values+c.Values()
	if len(p.matches) > 0 && (p.bytes > maxAnswer || p.values > maxValues) {
		return false, nil
	}
	p.matches, p.last, p.only = append(p.matches, text), c.ID, c.ID
	return true, nil
}
