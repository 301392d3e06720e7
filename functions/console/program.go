package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"regulars/shared/access"
	"regulars/shared/httpapi"
)

// A programPage is how points are earned and what they lead to.
type programPage struct {
	access.Preferences
	Levels    []levelLine
	Campaigns []campaignLine
	// Figures may be proposed for a sale that is tried: those of all orders, then those of
	// each level. Values were filled in.
	Figures [][]figureInput
	Values  url.Values
	Sale    *sale // nil: none was tried
}

// A levelLine is one level, and how much of the usual earning who has it gets.
type levelLine struct {
	Number  int64
	Name    string
	From    int64
	Percent int64
}

// A campaignLine is a reason for which points are given.
type campaignLine struct {
	Code string
	access.Campaign
}

// program shows the loyalty program of the tenant. It is changed by administrators.
func (d *Console) program(c *call) (httpapi.Answer, error) {
	return d.show(http.StatusOK, view{call: c, Template: "program", Title: c.say("program.title"), Here: "program", Data: c.programPage(url.Values{})})
}

// newProgramPage is the program of settings.
func newProgramPage(rules access.Preferences) programPage {
	page := programPage{Preferences: rules}
	for number, level := range rules.Levels {
		percent, named := rules.Earning.PercentOfLevel[number]
		if !named {
			percent = 100
		}
		page.Levels = append(page.Levels, levelLine{number, level.Name, level.From, percent})
	}
	slices.SortFunc(page.Levels, func(a, b levelLine) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Number, b.Number)) })
	for _, code := range slices.Sorted(maps.Keys(rules.Campaigns)) {
		page.Campaigns = append(page.Campaigns, campaignLine{code, rules.Campaigns[code]})
	}
	return page
}
