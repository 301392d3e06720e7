package haravan

import (
	"maps"
	"slices"
	"strings"
)

// only rejects a parameter of the query that the route does not read: it must not
// make a list wider than what was asked for, nor be taken for one that holds.
func (c *call) only() error {
	unread := c.Unread()
	switch {
	case !c.Strict || len(unread) == 0:
		return nil
	case slices.Contains(c.Reads, "limit"):
		return reject("unknown_filter", short(unread[0]), strings.Join(c.Reads, ", "))
	case len(c.Reads) > 0:
		return reject("unknown_parameter", short(unread[0]), strings.Join(c.Reads, ", "))
	}
	return reject("unknown_parameter/none", short(unread[0]))
}

// onlyMembers rejects a member of the object of that name that is none of those known.
func onlyMembers(name string, object map[string]any, known []string) error {
	for _, member := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, member) {
			return reject("unknown_member", short(member), name, strings.Join(known, ", "))
		}
	}
	return nil
}

// beside looks at what a body has beside the object: our own calls reject it, the
// reference's say that it is not used.
func (c *call) beside(object string) error {
	for _, member := range slices.Sorted(maps.Keys(c.body)) {
		switch {
		case member == object, member == proposedSettings && c.proposes:
		case c.Strict:
			return reject("unknown_member/body", short(member), object)
		default:
			c.Ignore(member)
		}
	}
	return nil
}
