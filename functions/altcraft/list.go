package altcraft

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"regulars/functions/altcraft/filter"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// The bounds of one page of profiles/list. One that ends at a bound says where to
// go on.
const (
	defaultLimit = 1000
	// maxLimit is how many entries of a list may be asked for at once.
	maxLimit = 5000
	// maxLookedAt is how many profiles a query is asked about: some seconds' work.
	maxLookedAt = 5000
	// maxLookedAtValues is how many values the profiles that are looked at have together, but
	// for the last ones: some seconds' work as well.
	maxLookedAtValues = 400_000
	// maxAnswer is how large the profiles of an answer are together, in bytes; an
	// answer of a function has at most 6 MB.
	maxAnswer = 4_000_000
	// timeToAnswer is what is left of the deadline when the last piece is read.
	timeToAnswer = 10 * time.Second
	// maxFields is how many fields may be named to be shown.
	maxFields = 1000
)

// A listing is what a call of profiles/list asks for.
type listing struct {
	after  customer.ID
	limit  int
	query  filter.Filter
	fields []string // empty: all
}

// A profilePage is a page of profiles that is being put together.
type profilePage struct {
	profiles []json.RawMessage
	bytes    int
	values   int // of all that were looked at
	// at is the last profile that was looked at, more whether there may be others.
	at   customer.ID
	more bool
}

// listProfiles shows the profiles of a database page by page (Altcraft 6.8).
func (d Dialect) listProfiles(c *call) (httpapi.Answer, error) {
	asked, err := c.readListing()
	if err != nil {
		return httpapi.Answer{}, err
	}
	page, err := d.collect(c.Context(), c, asked)
	if err != nil {
		return httpapi.Answer{}, err
	}
	body := struct {
		Data []json.RawMessage `json:"data"`
		outcome
		Next string `json:"next_from_id,omitempty"`
	}{Data: page.profiles, outcome: outcome{0, success}}
	if page.more {
		body.Next = page.at.Hex()
	}
	return httpapi.JSON(http.StatusOK, body)
}

// only rejects members of the body that are none of the names, or of those that all
// calls have: what is not known must not make a list longer than what was asked for.
func (c *call) only(names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(c.body)) {
		if name != "token" && name != "db_id" && name != "format" && !slices.Contains(names, name) {
			return errs.New(errs.Invalid, "unknown_filter", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func (c *call) readListing() (listing, error) {
	var l listing
	if err := c.only("from_id", "limit", "query", "fields"); err != nil {
		return l, err
	}
	from, err := optionalText(c.body, "from_id")
	if err != nil {
		return l, err
	}
	if from != "" {
		if l.after, err = customer.ParseHex(from); err != nil {
			return l, errs.New(errs.Invalid, "bad_from_id", "from_id", from)
		}
	}
	if l.limit, err = readLimit(c.body); err != nil {
		return l, err
	}
	if l.query, err = filter.Parse("query", c.body["query"]); err != nil {
		return l, err
	}
	l.fields, err = optionalTexts(c.body, "", "fields", maxFields)
	return l, err
}

// readLimit reads how many entries a page may have.
func readLimit(body map[string]any) (int, error) {
	limit, err := optionalWhole(body, "limit", 1)
	if err != nil {
		return 0, err
	}
	if limit == 0 {
		return defaultLimit, nil
	}
	if limit > maxLimit {
		return 0, errs.New(errs.Invalid, "out_of_range/limit", "limit", maxLimit, limit)
	}
	return int(limit), nil
}

// collect looks at profiles, piece by piece, until the page is full or there are no
// more. Where the table cannot go on in time, it ends with what it has.
func (d Dialect) collect(ctx context.Context, c *call, asked listing) (profilePage, error) {
	page := profilePage{profiles: []json.RawMessage{}, at: asked.after}
	// Of large profiles the table answers more than is read of them at once, so fewer
	// are asked for next.
	most := customer.PageSize
	for looked := 0; ; {
		piece := most
		if len(asked.query.Names()) == 0 {
			piece = min(piece, asked.limit-len(page.profiles))
		}
		list, err := d.customers.List(ctx, c.Settings.Tenant, page.at, piece)
		if _, busy := errs.AsUnavailable(err); busy && looked > 0 {
			page.more = true
			return page, nil
		}
		if err != nil {
			return profilePage{}, err
		}
		if full, err := page.take(c, asked, list.Customers); full || err != nil {
			return page, err
		}
		if list.Next == 0 {
			return page, nil
		}
		page.at = list.Next
		looked += list.Looked
		most = min(customer.PageSize, 2*max(1, list.Looked))
		if len(page.profiles) == asked.limit || looked >= maxLookedAt || page.values >= maxLookedAtValues || hurried(ctx) {
			page.more = true
			return page, nil
		}
	}
}

// hurried reports whether the deadline leaves just the time to answer.
func hurried(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < timeToAnswer
}

// take adds those of the customers that are asked for, up to the one that the page
// has no room for.
func (p *profilePage) take(c *call, asked listing, customers []customer.Customer) (full bool, err error) {
	for _, found := range customers {
		p.values += found.Values()
		data := c.show(found)
		meant, err := asked.means(data)
		if err != nil {
			return false, err
		}
		if meant {
			text, err := httpapi.Encode(asked.shown(data))
			if err != nil {
				return false, err
			}
			if n := len(p.profiles); n == asked.limit || n > 0 && p.bytes+len(text) > maxAnswer {
				p.more = true
				return true, nil
			}
			p.profiles = append(p.profiles, text)
			p.bytes += len(text) + len(",")
		}
		p.at = found.ID
	}
	return false, nil
}

// means reports whether the query means the profile, by its read form as JSON has
// it. `_id` is the id.
func (l listing) means(data map[string]any) (bool, error) {
	names := l.query.Names()
	if len(names) == 0 {
		return true, nil
	}
	named := make(map[string]any, len(names))
	for _, name := range names {
		if v, shown := data[name]; shown {
			named[name] = v
		}
		if name == "_id" {
			named[name] = data["id"]
		}
	}
	text, err := httpapi.Encode(named)
	if err != nil {
		return false, err
	}
	document, err := value.ParseObject(text)
	if err != nil {
		return false, fmt.Errorf("profile %v as JSON: %v", data["id"], err) // a fault, not the client's
	}
	return l.query.Matches(document), nil
}

// shown are the fields of the profile that were asked for, and the id.
func (l listing) shown(data map[string]any) map[string]any {
	if len(l.fields) == 0 {
		return data
	}
	shown := map[string]any{"id": data["id"]}
	for _, name := range l.fields {
		if v, is := data[name]; is {
			shown[name] = v
		}
		if name == "_id" {
			shown[name] = data["id"]
		}
	}
	return shown
}
