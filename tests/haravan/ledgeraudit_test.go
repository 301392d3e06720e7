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

// throwStanding disables, enables or deletes a customer, with all wallets, while others
// write.
func (h *history) throwStanding(d *dice, g *guest) (name string, run func()) {
	disabled, deleted := !g.disabled, d.roll(3) == 0
	edit := func(c *customer.Customer, _ time.Time) error { c.Disabled = disabled; return nil }
	if name = fmt.Sprintf("disabled: %t", disabled); deleted {
		name, edit = "deleted", customer.Delete
	}
	for _, of := range h.members {
		if of.owner() != g.owner() {
			continue
		}
		of.unsure = true
		if of.deleted = deleted; !deleted {
			of.disabled = disabled
		}
	}
	return name, func() {
		if _, err := h.customers.Apply(h.t.Context(), customer.Request{Rules: customer.Rules{Tenant: h.tenant}, Search: customer.Search{ID: g.owner()}, Edit: edit}); err != nil {
			h.t.Errorf("%s: %v", name, err)
		}
	}
}

// owner is the customer.
func (g *guest) owner() customer.ID {
	id, _ := points.OwnerOf(g.id)
	return id
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

// asItWas compares the figures as of the time of an entry with what it left.
func (h *history) asItWas(g *guest, entries []points.Entry) error {
	at := entries[h.n%len(entries)].Time
	want := entries[0]
	for _, e := range entries {
		if !e.Time.After(at) {
			want = e
		}
	}
	got, err := h.clean.AsOf(h.t.Context(), h.tenant, g.id, at)
	if err == nil && got.Hash != want.Hash {
		err = fmt.Errorf("as of %s it was entry %d, want %d", at, got.Seq, want.Seq)
	}
	return err
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

// audit demands of each account all that docs/ledger.md promises. The ledgers are read
// side by side, since what came in a transfer is known once it left.
func (h *history) audit(after string) {
	h.t.Helper()
	var replays []*replay
	for _, g := range slices.Concat(h.members, h.gone) {
		profile, entries := h.read(g.id)
		if profile.Account.Absent() {
			if len(g.wishes) > 0 {
				h.t.Fatalf("after %s: account %s is missing", after, g.id.Decimal())
			}
			continue
		}
		replays = append(replays, newReplay(g, profile.Account.Account, entries))
	}
	for moving := true; moving; {
		moving = false
		for _, r := range replays {
			moving = r.advance() || moving
		}
	}
	for _, r := range replays {
		err := r.finish()
		if len(r.entries) > 0 && h.n%4 == 0 && !r.account.Deleted {
			err = errors.Join(err, h.asItWas(r.guest, r.entries))
		}
		if g := r.guest; !g.unsure && (r.account.Disabled != (g.disabled && !g.deleted) || r.account.Deleted != g.deleted) {
			err = errors.Join(err, fmt.Errorf("disabled %t, deleted %t", r.account.Disabled, r.account.Deleted))
		}
		if err != nil {
			for _, e := range r.entries {
				h.t.Logf("%d %s %+v -> %+v %s ref=%q expires=%d", e.Seq, e.Kind, e.Change, e.Balance, e.Time, e.RefID, e.Expires)
			}
			h.t.Fatalf("after %s: account %s: %v\n%+v\n%v", after, r.guest.id.Decimal(), err, r.account, slices.Sorted(maps.Keys(r.guest.wishes)))
		}
	}
}

// A replay holds an account against its entries, and these against what was asked for.
type replay struct {
	guest    *guest
	account  points.Account
	entries  []points.Entry
	next     int // of the entries
	verifier *points.Verifier
	model    ledgerModel
	asked    []step
	err      error
}

func newReplay(g *guest, a points.Account, entries []points.Entry) *replay {
	r := &replay{guest: g, account: a, entries: entries, verifier: points.NewVerifier(a), model: newLedgerModel(g), asked: g.asked()}
	if a.Version != int64(len(entries)) {
		r.err = fmt.Errorf("version %d, %d entries", a.Version, len(entries))
	}
	return r
}

// advance replays entries up to one that waits for the other half of a transfer, and
// reports whether there were any.
func (r *replay) advance() bool {
	began := r.next
	for r.err == nil && r.next < len(r.entries) {
		e := r.entries[r.next]
		var by step
		if !slices.Contains([]points.Kind{points.KindActivate, points.KindRelease, points.KindExpire, points.KindBonus}, e.Kind) {
			if len(r.asked) == 0 || r.asked[0].kind != e.Kind || r.asked[0].last < e.Seq {
				r.err = fmt.Errorf("entry %d, %s: nobody asked for it", e.Seq, e.Kind)
				break
			}
			by = r.asked[0]
		}
		if e.Kind == points.KindTransferIn && !by.wish.moved.known {
			break
		}
		if flaw := r.verifier.Next(e); flaw != nil {
			r.err = errors.New(flaw.Problem)
			break
		}
		if by.kind != "" {
			r.asked = r.asked[1:]
		}
		if err := errors.Join(r.model.next(e, by), r.halves(e, by.wish.moved)); err != nil {
			r.err = fmt.Errorf("entry %d: %w", e.Seq, err)
			break
		}
		r.next++
	}
	return r.next > began
}

// halves compares what the halves of a transfer say of each other.
func (r *replay) halves(e points.Entry, m *movement) error {
	switch e.Kind {
	case points.KindTransferOut:
		m.known, m.number, m.seq, m.peerSeq = true, r.account.Number, e.Seq, e.PeerSeq
	case points.KindTransferIn:
		if e.Peer != m.number || e.PeerSeq != m.seq || e.Seq != m.peerSeq {
			return fmt.Errorf("it names entry %d of %s, want %d of %s", e.PeerSeq, e.Peer, m.seq, m.number)
		}
	}
	return nil
}

func (r *replay) finish() error {
	a, flaw := r.account, r.verifier.Account()
	switch {
	case r.err != nil:
		return r.err
	case r.next < len(r.entries):
		return fmt.Errorf("entry %d is of a transfer that nobody gave", r.entries[r.next].Seq)
	case flaw != nil:
		return errors.New(flaw.Problem)
	case a.Used < 0 || a.Held < 0 || a.Incoming < 0 || a.Ranking < 0 || a.Spent < 0:
		return errors.New("a figure is negative")
	case len(r.model.extras) > 0:
		return fmt.Errorf("the bonus by %s did not come", r.model.extras[0].rule)
	case len(r.asked) > 0:
		return fmt.Errorf("%s was carried out and has no entry", r.asked[0].kind)
	}
	r.guest.model, r.guest.last = r.model, a.Changed
	return r.model.compare(a)
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
