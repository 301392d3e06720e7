package console

import (
	"context"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/merge"
)

// separateRoutes are those of what is decided of pairs.
var separateRoutes = []httpapi.Route[*Console, *call]{
	{Method: "GET", Path: "/console/customers/{id}/separate/{other}", Scope: access.CustomersMerge, Handle: (*Console).separate},
	{Method: "POST", Path: "/console/customers/{id}/separate/{other}", Scope: access.CustomersMerge, Handle: (*Console).separate},
	{Method: "GET", Path: "/console/customers/{id}/unseparate/{other}", Scope: access.CustomersMerge, Handle: (*Console).unseparate},
	{Method: "POST", Path: "/console/customers/{id}/unseparate/{other}", Scope: access.CustomersMerge, Handle: (*Console).unseparate},
}

// A separateLine is somebody who is not the same person as the customer of a card.
type separateLine struct {
	ID, Address string
	At          time.Time
	By          string
}

// separateLines are those of what was decided of a customer.
func (c *call) separateLines(known []merge.Separation) (lines []separateLine) {
	for _, k := range known {
		lines = append(lines, separateLine{k.Other.Decimal(), c.cardOf(k.Other), k.At, k.By})
	}
	return lines
}

// separate decides that the customer of the route and another are not the same person.
func (d *Console) separate(c *call) (httpapi.Answer, error) {
	return d.decidePair(c, "separate", c.say("separate.note"), c.at("duplicates"), func(ctx context.Context, pair [2]customer.ID) error {
		return d.merges.Separate(ctx, c.Settings.Tenant, pair, c.actor())
	})
}

// unseparate takes that back.
func (d *Console) unseparate(c *call) (httpapi.Answer, error) {
	return d.decidePair(c, "unseparate", c.say("unseparate.note"), c.cardOf(c.id), func(ctx context.Context, pair [2]customer.ID) error {
		return d.merges.Unseparate(ctx, c.Settings.Tenant, pair)
	})
}

// decidePair is a step about the customer of the route and another, which leads back to an
// address. Doing it twice is doing it once.
func (d *Console) decidePair(c *call, act, note, back string, do func(ctx context.Context, pair [2]customer.ID) error) (httpapi.Answer, error) {
	other, err := customer.ParseDecimal(c.PathValue("other"))
	if err != nil {
		return httpapi.Answer{}, merge.ErrUnknown
	}
	pair := [2]customer.ID{c.id, other}
	return d.step(c, step{
		form: form{Title: c.say("act." + act + ".title"), Action: c.cardOf(c.id) + "/" + act + "/" + other.Decimal(), Back: back},
		here: "duplicates",
		plan: func(context.Context) (plan, error) {
			will := plan{Notes: []string{note}}
			for _, id := range pair {
				shown, there, err := d.line(c, id)
				if err != nil {
					return plan{}, err
				}
				if !there {
					return plan{}, merge.ErrUnknown
				}
				line := planLine{Label: shown.Name, Before: c.say("separate.maybe"), After: c.say("separate.not")}
				if act == "unseparate" {
					line.Before, line.After = line.After, line.Before
				}
				will.Lines = append(will.Lines, line)
			}
			return will, nil
		},
		do: func(ctx context.Context) (string, error) { return back + "?done=" + act, do(ctx, pair) },
	})
}
