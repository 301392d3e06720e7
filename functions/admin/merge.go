package admin

import (
	"context"
	"maps"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/merge"
	"regulars/shared/points"
)

// Merges make one customer of two, and two again.
type Merges interface {
	Plan(ctx context.Context, r merge.Request) (merge.Plan, error)
	Merge(ctx context.Context, r merge.Request) (merge.Plan, error)
	UnmergePlan(ctx context.Context, r merge.Request) (merge.Plan, error)
	Unmerge(ctx context.Context, r merge.Request) (merge.Plan, error)
	// Separate decides that two customers are not the same person, Unseparate takes that
	// back, Separations returns of whom it was decided.
	Separate(ctx context.Context, tenant int, pair [2]customer.ID, by string) error
	Unseparate(ctx context.Context, tenant int, pair [2]customer.ID) error
	Separations(ctx context.Context, tenant int, id customer.ID) ([]merge.Separation, error)
}

var _ Merges = (*merge.Service)(nil)

type planBody struct {
	Stays string `json:"stays"`
	Goes  string `json:"goes"`
	// Fields in which the two differ.
	Fields []choiceBody `json:"fields,omitempty"`
	// Changed are the fields that have changed since the merge.
	Changed   []string     `json:"changed_since,omitempty"`
	Points    []walletBody `json:"points,omitempty"`
	Purchases []int        `json:"purchases,omitempty"`
	// Items of the table, and bytes, that it takes.
	Items int `json:"items"`
	Bytes int `json:"bytes"`
	// Plan is its hash.
	Plan string `json:"plan"`
	Done bool   `json:"done"`
}

type choiceBody struct {
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Stays   any    `json:"stays"`
	Goes    any    `json:"goes"`
	Becomes any    `json:"becomes"`
}

type walletBody struct {
	Wallet int        `json:"wallet"`
	Before [2]figures `json:"before"`
	After  [2]figures `json:"after"`
	// Level of the one that stays, before and after.
	Level [2]int64 `json:"level"`
}

type figures struct {
	Available int64 `json:"point_available"`
	Used      int64 `json:"point_used"`
	Incoming  int64 `json:"point_incoming"`
	Held      int64 `json:"point_held,omitempty"`
	Ranking   int64 `json:"point_ranking"`
	Spent     int64 `json:"total_spent"`
	Orders    int64 `json:"total_order"`
}

func newFigures(f points.Figures) figures {
	return figures{f.Available, f.Used, f.Incoming, f.Held, f.Ranking, f.Spent, f.Orders}
}

type subscriptionBody struct {
	Resource int64            `json:"resource_id"`
	Channel  customer.Channel `json:"channel"`
	Contact  string           `json:"contact"`
	Status   customer.Status  `json:"status"`
	Deleted  bool             `json:"is_delete,omitempty"`
}

// shown is a value of a choice as it is answered.
func shown(v any) any {
	subscriptions, ok := v.([]customer.Subscription)
	if !ok {
		return v
	}
	bodies := make([]subscriptionBody, len(subscriptions))
	for i, s := range subscriptions {
		bodies[i] = subscriptionBody{s.Resource, s.Channel, s.Contact, s.Status, s.Deleted}
	}
	return bodies
}

func newPlanBody(p merge.Plan, done bool) planBody {
	body := planBody{
		Stays: p.Stays.Decimal(), Goes: p.Goes.Decimal(), Changed: p.Changed, Purchases: p.Purchases,
		Items: p.Items, Bytes: p.Bytes, Plan: p.Hash, Done: done,
	}
	for _, c := range p.Choices {
		body.Fields = append(body.Fields, choiceBody{c.Field, string(c.Rule), shown(c.Stays), shown(c.Goes), shown(c.Becomes)})
	}
	for _, w := range p.Wallets {
		body.Points = append(body.Points, walletBody{
			Wallet: w.Wallet, Before: [2]figures{newFigures(w.StaysBefore), newFigures(w.GoesBefore)},
			After: [2]figures{newFigures(w.StaysAfter), newFigures(w.GoesAfter)}, Level: [2]int64{w.LevelBefore, w.LevelAfter},
		})
	}
	return body
}

// mergeRequest reads what the four actions take.
func mergeRequest(ctx context.Context, h *Handler, a arguments) (r merge.Request, err error) {
	if r.Settings, err = h.registrar.Tenant(ctx, arg[int](a, "tenant")); err != nil {
		return r, err
	}
	for _, field := range []struct {
		name string
		into *customer.ID
	}{{"stays", &r.Stays}, {"goes", &r.Goes}} {
		text := arg[string](a, field.name)
		if text == "" {
			continue // which only an unmerge leaves out
		}
		if *field.into, err = customer.ParseDecimal(text); err != nil {
			return r, reject("bad_parameter/profile", field.name, text)
		}
	}
	rules := arg[map[string]any](a, "rules")
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		word, ok := rules[name].(string)
		if !ok {
			return r, reject("bad_parameter", "rules", "of "+name, "a text", errOther)
		}
		if r.Rules == nil {
			r.Rules = merge.Rules{}
		}
		r.Rules[name] = merge.Rule(word)
	}
	r.By, r.Plan = "admin", arg[string](a, "plan")
	return r, nil
}

// planning is what one of the four actions does.
type planning = func(context.Context, merge.Request) (merge.Plan, error)

// mergeAction runs one of the four.
func mergeAction(of func(m Merges) planning, does bool) func(context.Context, *Handler, arguments) (any, error) {
	return func(ctx context.Context, h *Handler, a arguments) (any, error) {
		r, err := mergeRequest(ctx, h, a)
		if err != nil {
			return nil, err
		}
		plan, err := of(h.merges)(ctx, r)
		if err != nil {
			return nil, err
		}
		return newPlanBody(plan, does), nil
	}
}

// A separateBody is a profile, and those who are not the same person.
type separateBody struct {
	Profile  string           `json:"profile"`
	Separate []separationBody `json:"separate_from"`
}

type separationBody struct {
	Profile string    `json:"profile"`
	Time    time.Time `json:"time"`
	By      string    `json:"by"`
}

// separateAction runs what changes whether two profiles are the same person, and shows of
// whom it is decided then.
func separateAction(do func(ctx context.Context, h *Handler, a arguments, tenant int, pair [2]customer.ID) error) func(context.Context, *Handler, arguments) (any, error) {
	return func(ctx context.Context, h *Handler, a arguments) (any, error) {
		tenant := arg[int](a, "tenant")
		if _, err := h.registrar.Tenant(ctx, tenant); err != nil {
			return nil, err
		}
		id, err := profileID(a)
		if err != nil {
			return nil, err
		}
		other, err := customer.ParseDecimal(arg[string](a, "other"))
		if err != nil {
			return nil, reject("bad_parameter/profile", "other", arg[string](a, "other"))
		}
		if err := do(ctx, h, a, tenant, [2]customer.ID{id, other}); err != nil {
			return nil, err
		}
		known, err := h.merges.Separations(ctx, tenant, id)
		body := separateBody{Profile: id.Decimal(), Separate: []separationBody{}}
		for _, k := range known {
			body.Separate = append(body.Separate, separationBody{k.Other.Decimal(), k.At, k.By})
		}
		return body, err
	}
}
