package altcraft

import (
	"net/http"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

const (
	// dryRun is the parameter, in the body or the query, by which a change is only
	// decided.
	dryRun = "dry_run"
	// dryRunHeader is the header of an answer to a change that was only decided.
	dryRunHeader = "Dry-Run"
)

// readDryRun takes the parameter out of those of a request: what a key stands for is
// the same with it and without. A method that cannot only decide rejects it.
func readDryRun(c *httpapi.Call, parameters map[string]any) (bool, error) {
	if _, given := parameters[dryRun]; !given && c.URL.Query().Has(dryRun) {
		parameters[dryRun] = c.URL.Query().Get(dryRun)
	}
	dry, err := optionalBool(parameters, dryRun)
	delete(parameters, dryRun)
	if err != nil || !dry {
		return false, err
	}
	if strings.HasSuffix(c.Route, "suspend_all") {
		return false, errs.New(errs.Invalid, "no_dry_run", dryRun)
	}
	if c.Kept == nil {
		c.Kept = http.Header{}
	}
	c.Kept.Set(dryRunHeader, "true")
	return true, nil
}

// forCall is the dialect of a call: where that is a dry run its changes are kept from
// the store.
func (d Dialect) forCall(c *call) Dialect {
	if c.dryRun {
		d.customers = d.customers.DryRun()
	}
	return d
}
