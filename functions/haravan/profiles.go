package haravan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

const (
	// pageSize is the default and the most (Haravan 2.2).
	pageSize = 50
	// maxAnswer bounds a page, in bytes: a Lambda function answers 6 MB.
	maxAnswer = 4_000_000
)

// listProfiles is P1.
func (d *Dialect) listProfiles(c *call) (httpapi.Answer, error) {
	filter, nobody, err := c.filter(d.now())
	if err != nil {
		return httpapi.Answer{}, err
	}
	filter.Fields = placed
	var page []points.Profile
	if !nobody {
		if page, err = d.list.Page(c.Context(), c.Settings.Tenant, filter); err != nil {
			return httpapi.Answer{}, err
		}
	}
	fields := c.fields()
	shown, size, cut := []json.RawMessage{}, 0, false
	var last customer.ID // that is shown
	for _, p := range page {
		profile := newProfile(p, c.Settings.Preferences).asListed(p)
		if !filter.Expiring.IsZero() {
			profile.Expiring = p.Account.ExpiringBy(filter.From, filter.Expiring)
		}
		chosen, err := only(profile, fields)
		if err != nil {
			return httpapi.Answer{}, err
		}
		text, err := httpapi.Encode(chosen)
		if err != nil {
			return httpapi.Answer{}, err
		}
		if size += len(text); size > maxAnswer && len(shown) > 0 {
			cut = true
			break
		}
		shown, last = append(shown, text), p.Customer.ID
	}
	walk := filter.Since && len(filter.Keys) == 0
	if cut && !walk { // the next page would begin behind those that are left out
		return httpapi.Answer{}, reject("page_too_large", "limit", len(shown))
	}
	answer, err := httpapi.JSON(http.StatusOK, map[string]any{"profiles": shown})
	if cut {
		answer.Set("Link", c.after(last))
	}
	return answer, err
}

// after is where a list by id goes on that ended before its limit.
func (c *call) after(last customer.ID) string {
	query := maps.Clone(c.query)
	query.Set("since_id", last.Decimal())
	query.Del("page")
	return fmt.Sprintf(`<%s%s?%s>; rel="next"`, c.Prefix, c.Route, query.Encode())
}

var numeric = regexp.MustCompile(`^-?\d+$`)

// filter reads the parameters of P1. An empty one is not given. nobody says that
// no profile can match.
func (c *call) filter(now time.Time) (f points.Filter, nobody bool, err error) {
	f.Limit, f.Page = c.limit(), c.page()
	if since := c.trimmed("since_id"); since != "" {
		if !numeric.MatchString(since) {
			return f, false, reject("bad_id", "since_id")
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(since, "-"), 10, 64)
		if strings.HasPrefix(since, "-") {
			n, err = 0, nil
		}
		f.Since, f.SinceID = true, customer.ID(n)
		nobody = err != nil || n > points.Max
	}
	for name, bound := range map[string]*time.Time{"updated_at_min": &f.Min, "updated_at_max": &f.Max} {
		if text := c.trimmed(name); text != "" {
			if *bound, err = instant(name, text); err != nil {
				return f, false, err
			}
		}
	}
	if c.trimmed("expiring_within") != "" {
		days, err := c.daysOf("expiring_within", 0)
		if err != nil {
			return f, false, err
		}
		if f.Since || !f.Min.IsZero() || !f.Max.IsZero() {
			return f, false, reject("one_of_two", "expiring_within", "since_id, updated_at_min or updated_at_max")
		}
		f.From = now
		f.Expiring = now.Add(time.Duration(days) * 24 * time.Hour)
	}
	if text := c.trimmed("phone"); text != "" {
		number, err := customer.ParsePhone("phone", text, countryOf(c.Settings.Preferences))
		if err != nil {
			return f, true, nil // nobody has a phone like that
		}
		f.Keys = append(f.Keys, customer.PhoneKey(number))
	}
	if text := c.trimmed("email"); text != "" {
		f.Keys = append(f.Keys, customer.EmailKey(text))
	}
	return f, nobody, nil
}

func short(name string) string {
	if len(name) <= maxPath {
		return name
	}
	return strings.ToValidUTF8(name[:maxPath], "") + "..."
}

// limit is the page size. What is no number from 1 to the maximum is the maximum.
func (c *call) limit() int {
	n, err := strconv.Atoi(c.query.Get("limit"))
	if err != nil || n < 1 || n > pageSize {
		return pageSize
	}
	return n
}

// page counts from 1, which also what is no number stands for.
func (c *call) page() int {
	n, err := strconv.Atoi(c.query.Get("page"))
	switch {
	case errors.Is(err, strconv.ErrRange) && n > 0:
		return math.MaxInt
	case err != nil:
		return 1
	}
	return max(1, n)
}

// fields are the names that the answer is to be cut to.
func (c *call) fields() []string {
	var names []string
	for name := range strings.SplitSeq(c.query.Get("fields"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// find reads the profile of the route.
func (d *Dialect) find(c *call) (points.Profile, error) {
	return d.points.Profile(c.Context(), c.Settings.Tenant, c.id)
}

// getProfile is P2.
func (d *Dialect) getProfile(c *call) (httpapi.Answer, error) {
	if at, err := d.readAsOf(c); err != nil || !at.IsZero() {
		if err != nil {
			return httpapi.Answer{}, err
		}
		return d.getPastProfile(c, at)
	}
	p, err := d.find(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	shown, err := only(newProfile(p, c.Settings.Preferences).asListed(p), c.fields())
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(shown)
}

// getTags is P3.
func (d *Dialect) getTags(c *call) (httpapi.Answer, error) {
	p, err := d.find(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(map[string]string{"tags": strings.Join(p.Customer.Tags, ",")})
}

// getAttributes is P4.
func (d *Dialect) getAttributes(c *call) (httpapi.Answer, error) {
	p, err := d.find(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(map[string]any{"attributes": attributes(p)})
}

// answer wraps what reads show.
func answer(profile any) (httpapi.Answer, error) {
	return httpapi.JSON(http.StatusOK, map[string]any{"profile": profile})
}
