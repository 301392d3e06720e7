package haravan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/points"
)

// throwStanding disables, enables or deletes a customer, while others write.
func (h *history) throwStanding(d *dice, g *guest) (name string, run func()) {
	g.unsure = true
	edit := customer.Delete
	if name = "deleted"; d.roll(3) > 0 {
		name = fmt.Sprintf("disabled: %t", !g.disabled)
		g.disabled = !g.disabled
		disabled := g.disabled
		edit = func(c *customer.Customer, _ time.Time) error { c.Disabled = disabled; return nil }
	} else {
		g.deleted = true
	}
	return name, func() {
		if _, err := h.customers.Apply(h.t.Context(), customer.Request{Rules: customer.Rules{Tenant: h.tenant}, Search: customer.Search{ID: g.id}, Edit: edit}); err != nil {
			h.t.Errorf("%s: %v", name, err)
		}
	}
}

// afterStanding lets another customer come for each that was deleted.
func (h *history) afterStanding() {
	for _, g := range h.members {
		g.unsure = false
	}
	left := slices.DeleteFunc(slices.Clone(h.members), func(g *guest) bool { return g.deleted })
	for _, g := range h.members {
		if g.deleted {
			h.gone = append(h.gone, g)
		}
	}
	h.members = left
	for len(h.members) < 2 {
		h.join()
	}
}

// expects is what a run should come to when nobody else writes.
func (h *history) expects(r *run) string {
	at := h.now().Add(r.skew)
	if at.Before(r.guest.last) {
		at = r.guest.last
	}
	return r.guest.model.expects(r.wish, at)
}

func (h *history) read(id customer.ID) (points.Profile, []points.Entry) {
	store := dynamo.New(dynamotest.Client(h.t), h.table, h.now)
	profile, err := store.Profile(h.t.Context(), h.tenant, id)
	if err != nil {
		h.t.Fatal(err)
	}
	entries, err := store.Entries(h.t.Context(), h.tenant, id, 1, 1<<40, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return profile, entries
}

// items are the account's items in the table, as they compare.
func (h *history) items(g *guest) []string {
	profile, entries := h.read(g.id)
	items := []string{fmt.Sprintf("%+v", profile)}
	for _, e := range entries {
		items = append(items, fmt.Sprintf("%+v", e))
	}
	return items
}

// audit demands of each account all that docs/ledger.md promises.
func (h *history) audit(after string) {
	h.t.Helper()
	for _, g := range slices.Concat(h.members, h.gone) {
		profile, entries := h.read(g.id)
		a := profile.Account.Account
		if profile.Account.Absent() {
			if len(g.wishes) > 0 {
				h.t.Fatalf("after %s: account %s is missing", after, g.id.Decimal())
			}
			continue
		}
		err := g.audit(a, entries)
		if !g.unsure && (a.Disabled != (g.disabled && !g.deleted) || a.Deleted != g.deleted) {
			err = errors.Join(err, fmt.Errorf("disabled %t, deleted %t", a.Disabled, a.Deleted))
		}
		if err != nil {
			for _, e := range entries {
				h.t.Logf("%d %s %+v -> %+v %s ref=%q expires=%d", e.Seq, e.Kind, e.Change, e.Balance, e.Time, e.RefID, e.Expires)
			}
			h.t.Fatalf("after %s: account %s: %v\n%+v\n%v", after, g.id.Decimal(), err, a, slices.Sorted(maps.Keys(g.wishes)))
		}
	}
}

// audit holds an account against its entries, and these against what was asked
// for.
func (g *guest) audit(a points.Account, entries []points.Entry) error {
	if a.Version != int64(len(entries)) {
		return fmt.Errorf("version %d, %d entries", a.Version, len(entries))
	}
	v := points.NewVerifier(a)
	m := newLedgerModel()
	asked := g.asked()
	for _, e := range entries {
		if flaw := v.Next(e); flaw != nil {
			return errors.New(flaw.Problem)
		}
		var by step
		if !slices.Contains([]points.Kind{points.KindActivate, points.KindRelease, points.KindExpire}, e.Kind) {
			if len(asked) == 0 || asked[0].kind != e.Kind || asked[0].last < e.Seq {
				return fmt.Errorf("entry %d, %s: nobody asked for it", e.Seq, e.Kind)
			}
			by, asked = asked[0], asked[1:]
		}
		if err := m.next(e, by); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
	}
	switch flaw := v.Account(); {
	case flaw != nil:
		return errors.New(flaw.Problem)
	case a.Used < 0 || a.Held < 0 || a.Incoming < 0 || a.Ranking < 0 || a.Spent < 0:
		return errors.New("a figure is negative")
	case len(asked) > 0:
		return fmt.Errorf("%s was carried out and has no entry", asked[0].kind)
	}
	g.model, g.last = m, a.Changed
	return m.compare(a)
}

// A step is the part of an operation that makes an entry of a kind. last is the number
// of the operation's last entry.
type step struct {
	kind points.Kind
	wish operation
	last int64
}

// asked are the entries that the operations should have made, in order.
func (g *guest) asked() []step {
	var asked []step
	for _, last := range slices.Sorted(maps.Keys(g.wishes)) {
		for _, kind := range g.wishes[last].kinds() {
			asked = append(asked, step{kind, g.wishes[last], last})
		}
	}
	return asked
}
