package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// A sale is what an order would give a customer, by the settings in force and by those
// that are proposed.
type sale struct {
	Address, Name string // of the customer
	Lines         []planLine
}

// A figureInput is a number of the program that may be proposed.
type figureInput struct {
	Name, Label, Value string
}

// Value is what was filled into the form of a sale.
func (p programPage) Value(name string) string { return p.Values.Get(name) }

// figures are the numbers of the program that may be proposed.
func (p *programPage) figures(c *call) {
	add := func(group *[]figureInput, name, label string, n int64) {
		value := strconv.FormatInt(n, 10)
		if p.Values.Has(name) {
			value = p.Values.Get(name)
		}
		*group = append(*group, figureInput{name, label, value})
	}
	earning := c.Settings.Earning
	var ofOrders []figureInput
	add(&ofOrders, "money_per_point", c.say("sale.point"), earning.MoneyPerPoint)
	add(&ofOrders, "usable_after_hours", c.say("sale.hours"), earning.UsableAfterHours)
	add(&ofOrders, "expires_after_days", c.say("sale.days"), earning.ExpiresAfterDays)
	p.Figures = [][]figureInput{ofOrders}
	for _, level := range p.Levels {
		var ofLevel []figureInput
		add(&ofLevel, fmt.Sprintf("from.%d", level.Number), c.say("sale.from", level.Name), level.From)
		add(&ofLevel, fmt.Sprintf("percent.%d", level.Number), c.say("sale.percent", level.Name), level.Percent)
		p.Figures = append(p.Figures, ofLevel)
	}
}

// simulate tries a sale, which changes nothing.
func (d *Console) simulate(c *call) (httpapi.Answer, error) {
	page := c.programPage(c.form)
	v := view{call: c, Template: "program", Title: c.say("program.title"), Here: "program", Data: page}
	c.Parsed = v
	total, err := c.amount("total")
	if err != nil {
		return httpapi.Answer{}, err
	}
	who, err := d.only(c, c.field("sought"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	proposed, err := c.proposed(page)
	if err != nil {
		return httpapi.Answer{}, err
	}
	var tried [2]points.Trial
	for i, rules := range []access.Preferences{c.Settings.Preferences, proposed} {
		r := points.Request{Tenant: c.Settings.Tenant, ID: who.ID, Rules: rules, Actor: c.actor()}
		if tried[i], err = d.points.Try(c.Context(), r, points.Order{ID: "simulation", Total: total, PaidAt: d.now()}); err != nil {
			return httpapi.Answer{}, err
		}
	}
	page.Sale = &sale{Address: who.Address, Name: who.Name, Lines: c.saleLines(tried, c.Settings.Preferences, proposed)}
	v.Data = page
	return d.show(http.StatusOK, v)
}

// only is the one customer whom the text leads to.
func (d *Console) only(c *call, sought string) (foundCustomer, error) {
	switch {
	case sought == "":
		return foundCustomer{}, errs.New(errs.Invalid, "missing", "sought")
	case len(sought) > maxSought:
		return foundCustomer{}, errs.New(errs.Invalid, "too_long", "sought", maxSought)
	}
	found, err := d.search(c, sought)
	if err != nil {
		return foundCustomer{}, err
	}
	switch len(found.Found) {
	case 0:
		return foundCustomer{}, customer.ErrNotFound.At("sought")
	case 1:
		return found.Found[0], nil
	}
	return foundCustomer{}, errs.New(errs.FailedPrecondition, "ambiguous", "sought")
}

// proposed are the settings with the figures of the form.
func (c *call) proposed(page programPage) (access.Preferences, error) {
	figure := func(name string) (json.Number, error) {
		n, err := strconv.ParseInt(c.field(name), 10, 64)
		if err != nil || n < 0 || n > points.Max {
			return "", errs.New(errs.Invalid, "bad_number", name, 0, int64(points.Max))
		}
		return json.Number(strconv.FormatInt(n, 10)), nil
	}
	earning, percents, levels := map[string]any{}, map[string]any{}, map[string]any{}
	for _, name := range []string{"money_per_point", "usable_after_hours", "expires_after_days"} {
		n, err := figure(name)
		if err != nil {
			return access.Preferences{}, err
		}
		earning[name] = n
	}
	for _, level := range page.Levels {
		from, err := figure(fmt.Sprintf("from.%d", level.Number))
		if err != nil {
			return access.Preferences{}, err
		}
		percent, err := figure(fmt.Sprintf("percent.%d", level.Number))
		if err != nil {
			return access.Preferences{}, err
		}
		number := strconv.FormatInt(level.Number, 10)
		percents[number], levels[number] = percent, map[string]any{"from": from}
	}
	if len(levels) > 0 {
		earning["percent_of_level"] = percents
	}
	changed, err := c.Settings.Change(map[string]any{"earning": earning, "levels": levels})
	if _, rejected := errs.AsClient(err); rejected {
		return access.Preferences{}, errs.New(errs.Invalid, "bad_proposal", "")
	}
	return changed.Preferences, err
}

// saleLines are what a sale gives by both settings.
func (l *language) saleLines(tried [2]points.Trial, rules ...access.Preferences) []planLine {
	lines := []planLine{
		{Label: l.say("sale.earned")}, {Label: l.say("ledger.expires")}, {Label: l.say("points.available")}, {Label: l.say("points.incoming")},
		{Label: l.say("points.ranking")}, {Label: l.say("points.level")},
	}
	for i, trial := range tried {
		earned, expires := "0", l.say("points.lots.never")
		for _, e := range trial.Entries {
			if e.Kind != points.KindOrder {
				continue
			}
			earned = l.signed(e.Change.Available + e.Change.Incoming)
			if e.Expires > 0 && e.Expires < points.Never {
				expires = l.date(e.Expires.Begins())
			}
		}
		account := trial.Profile.Account.Account
		_, level := points.Level(rules[i], account.Ranking)
		for n, text := range []string{earned, expires, l.number(account.Available), l.number(account.Incoming), l.number(account.Ranking), level} {
			if i == 0 {
				lines[n].Before = text
			} else {
				lines[n].After = text
			}
		}
	}
	return lines
}

// programPage is the program, with what was filled into the form of a sale.
func (c *call) programPage(values url.Values) programPage {
	page := newProgramPage(c.Settings.Preferences)
	page.Values = values
	page.figures(c)
	return page
}
