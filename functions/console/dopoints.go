package console

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/points"
)

// formValues are what a form was filled with; on its first showing nothing.
func (c *call) formValues() url.Values {
	if c.form == nil {
		return url.Values{}
	}
	return c.form
}

// amount is the number of points that was filled in.
func (c *call) amount(name string) (int64, error) {
	text := strings.NewReplacer(",", "", " ", "", " ", "").Replace(c.field(name))
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > points.Max {
		return 0, errs.New(errs.Invalid, "bad_number", name, 1, int64(points.Max))
	}
	return n, nil
}

// request is what changes of the customer's points bear.
func (c *call) request(after *points.Profile) points.Request {
	return points.Request{
		Tenant: c.Settings.Tenant, ID: c.id, Rules: c.Settings.Preferences,
		Actor: c.actor(),
		Show: func(p points.Profile) ([]byte, error) {
			*after = p
			return []byte("{}"), nil
		},
	}
}

// where the points of an error are in the forms.
var whereValue = map[string]string{"point": "value", "points": "value", "reverse": "value"}

// pointsChange is a change of points that a form makes: apply does it.
func (d *Console) pointsChange(c *call, ch changer, apply func(ctx context.Context, r points.Request) error) (httpapi.Answer, error) {
	ch.where = whereValue
	ch.plan = func(ctx context.Context) (plan, error) {
		before, err := d.points.Profile(ctx, c.Settings.Tenant, c.id)
		if err != nil {
			return plan{}, err
		}
		var after points.Profile
		r := c.request(&after)
		r.DryRun = &points.DryRun{}
		if err := apply(ctx, r); err != nil {
			return plan{}, err
		}
		p := c.pointsPlan(before, after)
		p.Notes = append(p.Notes, c.say("plan.reason", c.field("reason")))
		return p, nil
	}
	ch.do = func(ctx context.Context, key idempotency.Key) error {
		var after points.Profile
		r := c.request(&after)
		r.IdempotencyKey = &key
		return apply(ctx, r)
	}
	return d.change(c, ch)
}

// pointsPlan is what of an account changes.
func (c *call) pointsPlan(before, after points.Profile) plan {
	var p plan
	for _, f := range []struct {
		label      string
		was, comes int64
	}{
		{"points.available", before.Account.Available, after.Account.Available},
		{"points.incoming", before.Account.Incoming, after.Account.Incoming},
		{"points.held", before.Account.Held, after.Account.Held},
		{"points.used", before.Account.Used, after.Account.Used},
		{"points.ranking", before.Account.Ranking, after.Account.Ranking},
	} {
		if f.was != f.comes || f.label == "points.available" {
			p.Lines = append(p.Lines, planLine{c.say(f.label), c.number(f.was), c.number(f.comes)})
		}
	}
	_, was := points.Level(c.Settings.Preferences, before.Account.Ranking)
	if _, comes := points.Level(c.Settings.Preferences, after.Account.Ranking); was != comes {
		p.Lines = append(p.Lines, planLine{c.say("points.level"), was, comes})
	}
	if after.Account.Available < 0 {
		p.Notes = append(p.Notes, c.say("plan.debt"))
	}
	return p
}

// addPoints gives points.
func (d *Console) addPoints(c *call) (httpapi.Answer, error) {
	return d.valueForm(c, "add", d.points.Add)
}

// subtractPoints takes points.
func (d *Console) subtractPoints(c *call) (httpapi.Answer, error) {
	return d.valueForm(c, "subtract", d.points.Subtract)
}

func (d *Console) valueForm(c *call, way string, do func(ctx context.Context, r points.Request, n int64, reason, refID string) (points.Result, error)) (httpapi.Answer, error) {
	f := form{
		Title: c.say("act." + way), Action: c.cardOf(c.id) + "/points/" + way, Back: c.cardOf(c.id), Values: c.formValues(),
		Inputs: []input{
			{Name: "value", Label: c.say("form.points"), Kind: "number", Required: true},
			{Name: "reason", Label: c.say("form.reason"), Kind: "text", Required: true, Help: c.say("form.reason.help")},
			{Name: "ref_id", Label: c.say("form.ref"), Kind: "text", Help: c.say("form.ref.help")},
		},
	}
	return d.pointsChange(c, changer{form: f, done: "points." + way}, func(ctx context.Context, r points.Request) error {
		n, err := c.amount("value")
		if err != nil {
			return err
		}
		reason, err := c.reason()
		if err != nil {
			return err
		}
		refID, err := c.text("ref_id")
		if err != nil {
			return err
		}
		_, err = do(ctx, r, n, reason, refID)
		return err
	})
}

// reason is why points change, which people who look at the ledger later want to know.
func (c *call) reason() (string, error) {
	reason, err := c.text("reason")
	if err == nil && reason == "" {
		err = errs.New(errs.Invalid, "missing", "reason")
	}
	return reason, err
}

// reverseEntry undoes an entry of the ledger, or a part of it.
func (d *Console) reverseEntry(c *call) (httpapi.Answer, error) {
	seq, err := strconv.ParseInt(c.PathValue("seq"), 10, 64)
	if err != nil || seq < 1 || seq > points.Max {
		return httpapi.Answer{}, points.ErrEntryUnknown
	}
	line, err := d.points.Line(c.Context(), c.Settings.Tenant, c.id, seq)
	if err != nil {
		return httpapi.Answer{}, notThere(err, points.ErrNotFound.Code)
	}
	about := strings.TrimSpace(c.signed(line.Change.Available) + " " + line.Reason)
	values := c.formValues()
	if n := max(line.Change.Available, -line.Change.Available); c.form == nil && len(line.ReversedBy) == 0 && n > 0 {
		values.Set("value", strconv.FormatInt(n, 10))
	}
	f := form{
		Title: c.say("act.reverse.title", seq, about), Action: c.cardOf(c.id) + "/entries/" + strconv.FormatInt(seq, 10) + "/reverse",
		Back: c.cardOf(c.id), Values: values,
		Inputs: []input{
			{Name: "reason", Label: c.say("form.reason"), Kind: "text", Required: true, Help: c.say("form.reason.help")},
			{Name: "value", Label: c.say("form.points"), Kind: "number", Help: c.say("form.reverse.help", about)},
		},
	}
	return d.pointsChange(c, changer{form: f, done: "points.reverse"}, func(ctx context.Context, r points.Request) error {
		n := int64(0) // all that is left
		if c.field("value") != "" {
			var err error
			if n, err = c.amount("value"); err != nil {
				return err
			}
		}
		reason, err := c.reason()
		if err != nil {
			return err
		}
		_, err = d.points.Reverse(ctx, r, seq, n, reason)
		return err
	})
}
