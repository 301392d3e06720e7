package console

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"regulars/shared/httpapi"
	"regulars/shared/usage"
)

// An overviewPage is what the tenants of the token asked for within the last day.
type overviewPage struct {
	usage.Report
	Rows []overviewRow
	// All are the sums over the tenants, where there are several.
	All *overviewRow
	// Local: the process counts itself, and asks nobody for money.
	Local bool
}

// An overviewRow is what one tenant asked for.
type overviewRow struct {
	Number int
	Name   string // empty: not known
	usage.Counts
	Rejected int64
	// Kinds are the rejections by the code of the client error, the most first.
	Kinds []rejection
}

// A rejection is a code, and how many requests ended with it.
type rejection struct {
	Code  string
	Count int64
}

// overview shows requests, rejections, faults, units and money of the last day, of the
// tenants that the token reaches.
func (d *Console) overview(c *call) (httpapi.Answer, error) {
	report, err := d.usage.LastDay(c.Context(), c.Token.Tenants)
	if err != nil {
		return httpapi.Answer{}, err
	}
	page := overviewPage{Report: report, Local: !d.secure}
	all := overviewRow{}
	for _, t := range report.Tenants {
		row := overviewRow{Number: t.Number, Counts: t.Counts}
		if t.Number == c.Settings.Tenant {
			row.Name = c.Settings.Name
		}
		for _, code := range slices.Sorted(maps.Keys(t.Rejected)) {
			row.Kinds = append(row.Kinds, rejection{code, t.Rejected[code]})
			row.Rejected += t.Rejected[code]
		}
		slices.SortStableFunc(row.Kinds, func(a, b rejection) int { return cmp.Compare(b.Count, a.Count) })
		page.Rows = append(page.Rows, row)
		all.Counts, all.Rejected = all.Plus(t.Counts), all.Rejected+row.Rejected
	}
	if len(page.Rows) > 1 {
		page.All = &all
	}
	return d.show(http.StatusOK, view{call: c, Template: "overview", Title: c.say("overview.title"), Here: "overview", Data: page})
}

// Took is how long a request took in the mean, in milliseconds.
func (r overviewRow) Took() float64 { return r.Milliseconds / max(1, float64(r.Requests)) }
