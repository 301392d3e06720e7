package console

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/merge"
)

// A mergePage shows two customers side by side, and what becomes of them.
type mergePage struct {
	Action string
	// Other is the address of the same page with the other customer as the one that stays.
	Other string
	// Sides are the one that stays and the one that goes.
	Sides [2]foundCustomer
	Rows  []mergeRow
	// Hidden is how many fields differ that the token may not see.
	Hidden int
	// Points is what becomes of the points; empty where the token may not see them.
	Points    []planLine
	Purchases int
	Notes     []string
	Goes      string // id
	Plan      string // hash of the plan
	Days      int64  // for how many it can be undone
}

// A mergeRow is a field in which the two differ.
type mergeRow struct {
	Field, Label         string
	Stays, Goes, Becomes []string
	Rule                 string
	Rules                []option
}

const (
	goesField  = "goes"
	planField  = "plan"
	rulePrefix = "rule."
)

// actor is who changes something, as ledgers and certificates name it.
func (c *call) actor() string { return c.Token.Name + " " + c.Token.Hash.Short() }

// mergeCustomers merges another customer into that of the route: it asks for the other
// one, shows both side by side with a rule for each field, and merges them once that is
// confirmed.
func (d *Console) mergeCustomers(c *call) (httpapi.Answer, error) {
	if !c.seesPeople() {
		return httpapi.Answer{}, c.Token.Demand(access.AltRead)
	}
	goes := cmp.Or(c.field(goesField), c.query.Get(goesField))
	if goes == "" {
		return d.askForOther(c)
	}
	other, err := customer.ParseDecimal(goes)
	if err != nil {
		return httpapi.Answer{}, merge.ErrUnknown.At(goesField)
	}
	r := merge.Request{Settings: c.Settings, Stays: c.id, Goes: other, Rules: c.rules(), By: c.actor(), Plan: c.field(planField)}
	var problem *errs.Client
	if c.field(stepField) == stepDo {
		if r.Plan == "" {
			return httpapi.Answer{}, errs.New(errs.Invalid, "bad_form", "")
		}
		_, err := d.merges.Merge(c.Context(), r)
		clientErr, rejected := errs.AsClient(err)
		if err == nil || rejected && mergedSo(clientErr, r) {
			return c.redirect(c.cardOf(c.id) + "?done=merged"), nil
		}
		if !rejected {
			return httpapi.Answer{}, err
		}
		problem = clientErr
	}
	r.Plan = ""
	page, err := d.planMerge(c, r)
	if err != nil {
		return httpapi.Answer{}, err
	}
	status := http.StatusOK
	if problem != nil {
		status = statusOfKind[problem.Kind]
	}
	return d.show(status, view{call: c, Template: "merge", Title: c.say("merge.title"), Here: "duplicates", Data: page, Problem: problem})
}

// mergedSo reports whether a merge was rejected because it has happened: the button was
// pressed twice.
func mergedSo(clientErr *errs.Client, r merge.Request) bool {
	return clientErr.Is(merge.ErrMerged) && clientErr.Path == "goes" && slices.Contains(clientErr.Args, any(r.Stays))
}

// rules are those that were chosen.
func (c *call) rules() merge.Rules {
	rules := merge.Rules{}
	for name := range c.form {
		if field, ok := strings.CutPrefix(name, rulePrefix); ok {
			rules[field] = merge.Rule(c.field(name))
		}
	}
	return rules
}

// askForOther asks for the customer that is the same person.
func (d *Console) askForOther(c *call) (httpapi.Answer, error) {
	v := view{call: c, Template: "form", Title: c.say("act.merge"), Here: "find", Data: form{
		Title: c.say("act.merge"), Action: c.cardOf(c.id) + "/merge", Back: c.cardOf(c.id), Values: c.formValues(), Next: c.say("merge.compare"),
		Inputs: []input{{Name: "other", Label: c.say("merge.other"), Kind: "text", Required: true, Help: c.say("merge.other.help")}},
	}}
	if c.Method != http.MethodPost {
		return d.show(http.StatusOK, v)
	}
	c.Parsed = v
	sought, err := c.text("other")
	if err == nil && sought == "" {
		err = errs.New(errs.Invalid, "missing", "other")
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	found, err := d.search(c, sought)
	if err != nil {
		return httpapi.Answer{}, err
	}
	others := slices.DeleteFunc(found.Found, func(f foundCustomer) bool { return f.ID == c.id })
	switch {
	case len(others) == 1 && !found.More:
		return c.redirect(c.mergeOf(c.id, others[0].ID)), nil
	case len(others) > 0:
		return httpapi.Answer{}, errs.New(errs.Invalid, "other_ambiguous", "other")
	case len(found.Found) > 0:
		return httpapi.Answer{}, merge.ErrSelf.At("other")
	}
	return httpapi.Answer{}, errs.New(errs.NotFound, "other_unknown", "other")
}

// mergeOf is the address of the page on which a customer is merged into another.
func (c *call) mergeOf(stays, goes customer.ID) string {
	return c.cardOf(stays) + "/merge?" + goesField + "=" + goes.Decimal()
}

// planMerge says what a merge comes to. Records of an extension that cannot be there
// together are first taken as those of the customer that stays, and the page says so.
func (d *Console) planMerge(c *call, r merge.Request) (mergePage, error) {
	page := mergePage{Action: c.cardOf(c.id) + "/merge", Other: c.mergeOf(r.Goes, r.Stays), Goes: r.Goes.Decimal(), Days: c.Settings.UnmergeDays}
	var group errgroup.Group
	for i, id := range []customer.ID{r.Stays, r.Goes} {
		group.Go(func() error {
			shown, there, err := d.line(c, id)
			if err == nil && !there {
				err = merge.ErrUnknown.At([]string{"stays", goesField}[i])
			}
			page.Sides[i] = shown
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return page, err
	}
	plan, err := d.merges.Plan(c.Context(), r)
	for range c.Settings.Extensions {
		clientErr, rejected := errs.AsClient(err)
		if !rejected || clientErr.Code != "records_differ" || len(clientErr.Args) < 2 {
			break
		}
		field, _ := clientErr.Args[1].(string)
		page.Notes = append(page.Notes, c.say("merge.records", c.fieldLabel(field)))
		r.Rules[field] = merge.Kept
		plan, err = d.merges.Plan(c.Context(), r)
	}
	if err != nil {
		return page, err
	}
	page.Plan, page.Purchases = plan.Hash, len(plan.Purchases)
	for _, choice := range plan.Choices {
		if !c.seesField(choice.Field) {
			page.Hidden++
			continue
		}
		row := mergeRow{
			Field: choice.Field, Label: c.fieldLabel(choice.Field), Rule: string(choice.Rule),
			Stays: c.shownValue(choice.Field, choice.Stays), Goes: c.shownValue(choice.Field, choice.Goes), Becomes: c.shownValue(choice.Field, choice.Becomes),
		}
		for _, rule := range rulesFor(choice.Field) {
			row.Rules = append(row.Rules, option{string(rule), c.say("rule." + string(rule))})
		}
		page.Rows = append(page.Rows, row)
	}
	if c.may(access.LoyRead) {
		page.Points = c.mergedPoints(plan)
	}
	return page, nil
}

// rulesFor are the rules that a field can have.
func rulesFor(field string) []merge.Rule {
	rules := []merge.Rule{merge.Kept, merge.Other, merge.Newest}
	switch {
	case field == "subscriptions":
		return append(rules, merge.Stricter)
	case slices.Contains([]string{"emails", "phones", "tags", "segments"}, field), strings.HasPrefix(field, "custom."), strings.HasPrefix(field, "extension."):
		return append(rules, merge.Union)
	}
	return rules
}

// seesField reports whether the token may see a field of a merge.
func (c *call) seesField(field string) bool {
	switch {
	case field == "subscriptions" || field == "segments":
		return c.may(access.AltRead)
	case strings.HasPrefix(field, "extension."):
		return c.may(access.UCSRead)
	}
	return c.seesPeople()
}

// fieldLabel is what people call a field of a merge.
func (c *call) fieldLabel(field string) string {
	if name, ok := strings.CutPrefix(field, "custom."); ok {
		return name
	}
	if name, ok := strings.CutPrefix(field, "extension."); ok {
		number, err := strconv.Atoi(name)
		for _, s := range c.Settings.Extensions {
			if err == nil && s.Number == number {
				return s.Name
			}
		}
		return name
	}
	switch field {
	case "loyalty_status":
		return c.say("field.status")
	case "subscriptions":
		return c.say("consent.title")
	case "segments":
		return c.say("people.segments")
	}
	return c.say("field." + field)
}

// shownValue is a value of a field as people read it, in lines.
func (c *call) shownValue(field string, v any) (lines []string) {
	switch v := v.(type) {
	case []string:
		return v
	case []int64:
		for _, number := range v {
			lines = append(lines, segmentName(c.Settings, number))
		}
	case []customer.Subscription:
		for _, s := range v {
			status := c.say("status." + string(s.Status))
			if s.Deleted {
				status = c.say("consent.deleted")
			}
			lines = append(lines, c.say("channel."+string(s.Channel))+" "+s.Contact+": "+status)
		}
	case []extension.Record:
		for _, r := range v {
			lines = append(lines, recordLine(r))
		}
	case customer.Sex:
		return one(c.sexWord(v))
	case customer.BirthDate:
		return one(v.Date())
	default:
		return one(c.shownChoice(map[string]string{"loyalty_status": "status"}[field], plain(v)))
	}
	return lines
}

// one is a text as a list, which is empty where the text is.
func one(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// recordLine is a record of an extension in one line.
func recordLine(r extension.Record) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, name+": "+plain(r[name]))
	}
	return strings.Join(parts, ", ")
}

// mergedPoints is what becomes of the points of two customers: of the one that stays, and
// of the other where anything is left of them.
func (c *call) mergedPoints(p merge.Plan) (lines []planLine) {
	for _, w := range p.Wallets {
		name := c.say("points.available")
		if w.Wallet != 0 {
			name = c.Settings.Wallets[int64(w.Wallet)].Name
		}
		lines = append(lines, planLine{name, c.number(w.StaysBefore.Available) + " + " + c.number(w.GoesBefore.Available), c.number(w.StaysAfter.Available)})
		if w.Wallet == 0 && w.LevelBefore != w.LevelAfter {
			levels := c.Settings.Levels
			lines = append(lines, planLine{c.say("points.level"), levels[w.LevelBefore].Name, levels[w.LevelAfter].Name})
		}
	}
	return lines
}

// unmergeCustomers parts the customer of the route again from one that was merged into it.
func (d *Console) unmergeCustomers(c *call) (httpapi.Answer, error) {
	goes, err := customer.ParseDecimal(c.PathValue("former"))
	if err != nil {
		return httpapi.Answer{}, merge.ErrNotMerged
	}
	r := merge.Request{Settings: c.Settings, Goes: goes, By: c.actor(), Plan: c.field(planField)}
	f := form{
		Title: c.say("act.unmerge.title", goes.Decimal()), Action: c.cardOf(c.id) + "/unmerge/" + goes.Decimal(), Back: c.cardOf(c.id),
		Values: c.formValues(), Inputs: []input{{Name: planField, Kind: "hidden"}},
	}
	return d.change(c, changer{
		form: f, done: "unmerged", atOnce: true,
		plan: func(ctx context.Context) (plan, error) {
			r := r
			r.Plan = ""
			will, err := d.merges.UnmergePlan(ctx, r)
			if err != nil {
				return plan{}, err
			}
			f.Values.Set(planField, will.Hash)
			return c.unmergePlan(will), nil
		},
		do: func(ctx context.Context, _ idempotency.Key) error {
			if r.Plan == "" {
				return errs.New(errs.Invalid, "bad_form", "")
			}
			_, err := d.merges.Unmerge(ctx, r)
			if clientErr, rejected := errs.AsClient(err); rejected && clientErr.Is(merge.ErrNotMerged) {
				return nil // the plan says that it was: the button was pressed twice
			}
			return err
		},
	})
}

// unmergePlan says what two customers have again.
func (c *call) unmergePlan(p merge.Plan) plan {
	will := plan{Lines: []planLine{{c.say("unmerge.customers"), p.Stays.Decimal(), p.Stays.Decimal() + "\n" + p.Goes.Decimal()}}}
	if c.may(access.LoyRead) {
		for _, w := range p.Wallets {
			name := c.say("points.available")
			if w.Wallet != 0 {
				name = c.Settings.Wallets[int64(w.Wallet)].Name
			}
			will.Lines = append(will.Lines, planLine{name, c.number(w.StaysBefore.Available), c.number(w.StaysAfter.Available) + "\n" + c.number(w.GoesAfter.Available)})
		}
	}
	if n := len(p.Purchases); n > 0 && c.may(access.Backoffice) {
		will.Lines = append(will.Lines, planLine{c.say("products.title"), "", c.say("unmerge.purchases", n)})
	}
	var changed []string
	for _, field := range p.Changed {
		if c.seesField(field) {
			changed = append(changed, c.fieldLabel(field))
		}
	}
	if len(changed) > 0 {
		will.Notes = append(will.Notes, c.say("unmerge.changed", strings.Join(changed, ", ")))
	}
	return will
}
