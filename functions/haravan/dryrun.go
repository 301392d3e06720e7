package haravan

import (
	"slices"

	"regulars/shared/httpapi"
	"regulars/shared/points"
	"regulars/shared/value"
)

const (
	// dryRun is the parameter of the query, or the member of a body beside its object,
	// by which a change is only decided.
	dryRun = "dry_run"
	// dryRunHeader is the header of an answer to a change that was only decided.
	dryRunHeader = "Dry-Run"
)

// readDryRun reads whether the request is a dry run, from the query.
func (c *call) readDryRun() error {
	if !slices.Contains(c.Reads, dryRun) {
		return nil
	}
	for _, text := range c.query[dryRun] {
		switch text {
		case "true", "1":
			c.dryRun = true
		case "false", "0", "":
		default:
			return reject("not_one_of", dryRun, "true, false")
		}
	}
	return nil
}

// dryRunOfBody reads whether the request is a dry run, from a body of a route that
// knows them, and takes the member out of it.
func (c *call) dryRunOfBody() error {
	v, given := c.body[dryRun]
	if !given || !slices.Contains(c.Reads, dryRun) {
		return nil
	}
	dry, ok := v.(bool)
	if !ok && v != nil {
		return reject("wrong_type/boolean", dryRun, value.TypeName(v))
	}
	delete(c.body, dryRun)
	c.dryRun = c.dryRun || dry
	return nil
}

// asDryRun makes a request a dry run where the call is one.
func (c *call) asDryRun(r points.Request) points.Request {
	if c.dryRun {
		r.DryRun = &points.DryRun{}
	}
	return r
}

// sayDryRun says in the answer that nothing was done.
func (c *call) sayDryRun(a *httpapi.Answer) {
	if c.dryRun {
		a.Set(dryRunHeader, "true")
	}
}
