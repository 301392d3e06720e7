package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// IgnoredHeader is the header of an answer that names what was sent and not used:
// parameters of the query, some members of the body and preconditions, each escaped
// as in a query, with commas between.
const IgnoredHeader = "X-Ignored-Parameters"

const (
	// AnyParameter in [Route.Reads] stands for all parameters of the query.
	AnyParameter = "*"
	// CacheBuster is a parameter that scripts of browsers add to get a fresh answer.
	CacheBuster = "_"
	// maxIgnored is how many names an answer has, and maxIgnoredName how long one is,
	// in bytes before it is escaped.
	maxIgnored     = 20
	maxIgnoredName = 100
)

// Ignore names what the call does not use.
func (c *Call) Ignore(names ...string) {
	if c.Kept == nil {
		c.Kept = http.Header{}
	}
	for _, name := range names {
		if len(name) > maxIgnoredName {
			name = strings.ToValidUTF8(name[:maxIgnoredName], "")
		}
		if name = url.QueryEscape(name); !slices.Contains(c.ignored, name) && len(c.ignored) < maxIgnored {
			c.ignored = append(c.ignored, name)
			c.Kept.Set(IgnoredHeader, strings.Join(c.ignored, ", "))
		}
	}
}

// Unread are the parameters of the query that the route does not read, in order.
func (c *Call) Unread() []string {
	if slices.Contains(c.Reads, AnyParameter) {
		return nil
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.URL.Query())) {
		if name != CacheBuster && !slices.Contains(c.Reads, name) {
			names = append(names, name)
		}
	}
	return names
}

// unmet are the preconditions of a request that the route does not know: without
// them it is done whatever the state is. If-None-Match and If-Modified-Since of a
// read only spare the answer.
func (c *Call) unmet() []string {
	names := []string{"If-Match", "If-Unmodified-Since"}
	if c.Method != http.MethodGet && c.Method != http.MethodHead {
		names = append(names, "If-None-Match")
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return c.Header.Get(name) == "" || slices.Contains(c.Reads, name)
	})
}
