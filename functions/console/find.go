package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

const (
	// maxFound is how many customers a search shows.
	maxFound = 50
	// maxSought is how long what is searched for may be, in bytes.
	maxSought = 500
)

// A foundPage is what was found.
type foundPage struct {
	Sought string
	Found  []foundCustomer
	// More: there are others, which are not shown.
	More bool
	// Overflowed are the kinds of values that too many customers have.
	Overflowed []string
}

// A foundCustomer is one line of a list.
type foundCustomer struct {
	ID      customer.ID
	Address string // of its card
	Name    string
	Email   string
	Phone   string
	// By says by what it was found.
	By []string
	// Points are those available; nil where they are not shown.
	Points *int64
	Level  string
	// Changed is when the customer last changed.
	Changed time.Time
}

// home asks whom to look for.
func (d *Console) home(c *call) (httpapi.Answer, error) {
	return d.show(http.StatusOK, view{call: c, Template: "find", Title: c.say("find.title"), Here: "find", Data: foundPage{}})
}

// seesPeople reports whether the token may see names and contacts.
func (c *call) seesPeople() bool {
	return c.may(access.AltRead) || c.may(access.UCSRead) || c.may(access.LoyRead)
}

// find looks for customers by whatever the text may be. It is a form, so that no contact
// stands in an address.
func (d *Console) find(c *call) (httpapi.Answer, error) {
	sought := c.field("sought")
	v := view{call: c, Template: "find", Title: c.say("find.title"), Here: "find", Data: foundPage{Sought: sought}}
	c.Parsed = v
	if !c.seesPeople() && !c.may(access.Backoffice) {
		return httpapi.Answer{}, c.Token.Demand(access.AltRead)
	}
	if sought == "" {
		return httpapi.Answer{}, errs.New(errs.Invalid, "missing", "sought")
	}
	if len(sought) > maxSought {
		return httpapi.Answer{}, errs.New(errs.Invalid, "too_long", "sought", maxSought)
	}
	page, err := d.search(c, sought)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if len(page.Found) == 1 && !page.More && !isPart(c.Request) {
		return c.redirect(page.Found[0].Address), nil
	}
	v.Data = page
	return d.show(http.StatusOK, v)
}

// search asks for the text as each of what it may be, one after the other.
func (d *Console) search(c *call, sought string) (page foundPage, err error) {
	page.Sought = sought
	by := map[customer.ID][]string{}
	var order []customer.ID
	found := func(how string, ids ...customer.ID) {
		for _, id := range ids {
			if by[id] == nil {
				order = append(order, id)
			}
			if !slices.Contains(by[id], how) {
				by[id] = append(by[id], how)
			}
		}
	}
	for _, id := range idsIn(sought) {
		found(c.say("find.by_id"), id)
	}
	for _, k := range c.keysIn(sought) {
		ids, more, overflowed, err := d.holders(c, k.key)
		if err != nil {
			return page, err
		}
		if overflowed {
			page.Overflowed = append(page.Overflowed, k.how)
		}
		page.More = page.More || more
		found(k.how, ids...)
	}
	for _, k := range c.Settings.IdentKeys {
		ids, err := d.identified(c, k, sought)
		if err != nil {
			return page, err
		}
		found(c.say("find.by_key", k.Name), ids...)
	}
	if len(order) > maxFound {
		order, page.More = order[:maxFound], true
	}
	for _, id := range order {
		shown, there, err := d.line(c, id)
		if err != nil {
			return page, err
		}
		if there {
			shown.By = by[id]
			page.Found = append(page.Found, shown)
		}
	}
	return page, nil
}

// idsIn are the ids that a text may be, in each of their spellings.
func idsIn(text string) (ids []customer.ID) {
	for _, parse := range []func(string) (customer.ID, error){customer.ParseDecimal, customer.ParseHex, customer.ParseBase36} {
		id, err := parse(strings.ToUpper(text))
		if err != nil {
			id, err = parse(text)
		}
		if err == nil && id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// A soughtKey is a match key that a text may be, and how that is called.
type soughtKey struct {
	how string
	key customer.Key
}

// keysIn are the match keys that a text may be.
func (c *call) keysIn(text string) (keys []soughtKey) {
	if strings.Contains(text, "@") {
		keys = append(keys, soughtKey{c.say("find.by_email"), customer.EmailKey(text)})
	}
	if number, err := customer.ParsePhone("", text, c.Settings.Country); err == nil {
		keys = append(keys, soughtKey{c.say("find.by_phone"), customer.PhoneKey(number)})
	}
	keys = append(keys, soughtKey{c.say("find.by_client_id"), customer.ClientIDKey(text)})
	for _, f := range c.Settings.MatchFields {
		if f.State != customer.FieldReady {
			continue
		}
		keys = append(keys, soughtKey{c.say("find.by_field", f.Name), f.Key(text)})
	}
	return keys
}

// holders are those who hold a match key: all, or the first of a crowd.
func (d *Console) holders(c *call, key customer.Key) (ids []customer.ID, more, overflowed bool, err error) {
	found, err := d.customers.Find(c.Context(), c.Settings.CustomerRules(), customer.Search{
		Any: []customer.Lookup{{Key: key, Roles: customer.Anywhere | customer.InCustom}},
	})
	clientErr, rejected := errs.AsClient(err)
	switch {
	case err == nil:
		return []customer.ID{found.ID}, false, false, nil
	case rejected && clientErr.Is(customer.ErrNotFound):
		return nil, false, false, nil
	case rejected && clientErr.Is(customer.ErrAmbiguous):
		for _, arg := range clientErr.Args {
			if named, ok := arg.([]customer.ID); ok {
				return named, clientErr.Reason == "many", false, nil
			}
		}
		return nil, false, true, nil
	}
	return nil, false, false, err
}

// identified are those who have the text as first value of an identification key.
func (d *Console) identified(c *call, k customer.IdentKey, text string) (ids []customer.ID, err error) {
	if k.State != customer.FieldReady {
		return nil, nil
	}
	if k.Extension == 0 {
		text = customer.AttributeSought(k.Attributes[0], text, c.Settings.Country)
	}
	q := customer.Identification{
		Tenant: c.Settings.Tenant, Key: k, Texts: []string{text},
		Criteria: []customer.Criterion{{Extension: k.Extension, Attribute: k.Attributes[0], Text: text}},
	}
	candidates, err := d.customers.Candidates(c.Context(), q, 0, maxFound+1)
	if err != nil {
		return nil, err
	}
	for len(candidates) > 0 {
		confirmed, looked, err := d.customers.Confirmed(c.Context(), q, candidates, false)
		if err != nil {
			return nil, err
		}
		for _, found := range confirmed {
			ids = append(ids, found.ID)
		}
		candidates = candidates[looked:]
	}
	return ids, nil
}

// line is what a list shows of a customer; there is false where it is gone.
func (d *Console) line(c *call, id customer.ID) (shown foundCustomer, there bool, err error) {
	p, err := d.points.Profile(c.Context(), c.Settings.Tenant, id)
	if clientErr, rejected := errs.AsClient(err); rejected && clientErr.Is(points.ErrNotFound) {
		return shown, false, nil
	}
	return c.lineOf(p), err == nil, err
}

func (c *call) lineOf(p points.Profile) foundCustomer {
	who := p.Customer.Customer
	shown := foundCustomer{ID: who.ID, Address: c.cardOf(who.ID), Name: who.ID.Decimal(), Changed: p.Changed()}
	if c.seesPeople() {
		shown.Name = c.nameOf(who)
		shown.Email, shown.Phone = first(who.Emails), first(who.Phones)
	}
	if c.may(access.LoyRead) {
		shown.Points = &p.Account.Available
		_, shown.Level = points.Level(c.Settings.Preferences, p.Account.Ranking)
	}
	return shown
}

// nameOf is what a customer is called.
func (l *language) nameOf(who customer.Customer) string {
	if name := strings.TrimSpace(who.FirstName + " " + who.LastName); name != "" {
		return name
	}
	return l.say("customer.no_name")
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// A listPage is one page of a list.
type listPage struct {
	List  string
	Lists []string
	From  string
	To    string
	Days  string
	Found []foundCustomer
	Page  int
	// Next is the number of the page after this one; 0: there is none.
	Next int
	// Expiring are the points of each that expire within the days.
	Expiring map[customer.ID]int64
}

// listSize is how many customers a page of a list has.
const listSize = 25

// lists are the lists there are.
var lists = []string{"changed", "expiring"}

// showList shows who changed lately, or whose points expire soon.
func (d *Console) showList(c *call) (httpapi.Answer, error) {
	page := listPage{List: c.PathValue("list"), Lists: lists, From: c.query.Get("from"), To: c.query.Get("to"), Days: c.query.Get("days"), Page: 1}
	v := view{call: c, Template: "list", Title: c.say("list." + page.List), Here: "lists", Data: page}
	if !slices.Contains(lists, page.List) {
		return httpapi.Answer{}, errs.New(errs.NotFound, "unknown_path", "")
	}
	c.Parsed = v
	filter, err := d.filterOf(c, &page)
	if err != nil {
		return httpapi.Answer{}, err
	}
	profiles, err := d.list.Page(c.Context(), c.Settings.Tenant, filter)
	if err != nil {
		return httpapi.Answer{}, err
	}
	page.Expiring = map[customer.ID]int64{}
	for _, p := range profiles {
		page.Found = append(page.Found, c.lineOf(p))
		if !filter.Expiring.IsZero() {
			page.Expiring[p.Customer.ID] = p.Account.ExpiringBy(filter.From, filter.Expiring)
		}
	}
	if len(page.Found) == listSize {
		page.Next = page.Page + 1
	}
	v.Data = page
	return d.show(http.StatusOK, v)
}

// filterOf reads the filters of a list, and fills in those that were not given.
func (d *Console) filterOf(c *call, page *listPage) (f points.Filter, err error) {
	f.Limit = listSize
	if text := c.query.Get("page"); text != "" {
		if page.Page, err = strconv.Atoi(text); err != nil || page.Page < 1 {
			return f, errs.New(errs.Invalid, "bad_number", "page", 1, 1000)
		}
	}
	f.Page = page.Page
	now := d.now()
	if page.List == "expiring" {
		if page.Days == "" {
			page.Days = "30"
		}
		days, err := strconv.Atoi(page.Days)
		if err != nil || days < 1 || days > 366 {
			return f, errs.New(errs.Invalid, "bad_number", "days", 1, 366)
		}
		f.From, f.Expiring = now, now.Add(time.Duration(days)*24*time.Hour)
		return f, nil
	}
	if page.From == "" {
		page.From = now.UTC().AddDate(0, 0, -7).Format(time.DateOnly)
	}
	if page.To == "" {
		page.To = now.UTC().Format(time.DateOnly)
	}
	if f.Min, err = time.Parse(time.DateOnly, page.From); err != nil {
		return f, errs.New(errs.Invalid, "bad_date", "from")
	}
	if f.Max, err = time.Parse(time.DateOnly, page.To); err != nil {
		return f, errs.New(errs.Invalid, "bad_date", "to")
	}
	f.Max = f.Max.Add(24*time.Hour - time.Microsecond)
	return f, nil
}

// Previous is the number of the page before.
func (p listPage) Previous() int { return p.Page - 1 }
