package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/outcome"
	"regulars/shared/points"
	"regulars/tests/faults"
)

// TestLedgerHistories plays histories of fixed seeds; FuzzLedger lets the fuzzer
// write them.
func TestLedgerHistories(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	for seed := range 8 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			playHistory(t, table, seedDice(uint64(seed), 300))
		})
	}
}

// TestProveLedger plays many more.
func TestProveLedger(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	for seed := range size(50) {
		playHistory(t, table, seedDice(uint64(1000+seed), 400))
	}
}

func FuzzLedger(f *testing.F) {
	for seed := range 4 {
		f.Add([]byte(*seedDice(uint64(seed), 60)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 400 {
			return // longer ones only take longer
		}
		playHistory(t, dynamotest.Table(t), (*dice)(&b))
	})
}

// dice are the throws of a history; when they are used up it ends.
type dice []byte

func seedDice(seed uint64, n int) *dice {
	random := rand.New(rand.NewPCG(seed, 1))
	d := make(dice, n)
	for i := range d {
		d[i] = byte(random.Uint32())
	}
	return &d
}

// roll is a number below n.
func (d *dice) roll(n int) int {
	if len(*d) == 0 {
		return 0
	}
	b := (*d)[0]
	*d = (*d)[1:]
	return int(b) % n
}

// A history is what several writers do to a few accounts, and the audit after
// each step.
type history struct {
	t      *testing.T
	table  string
	tenant int
	clock  atomic.Int64 // microseconds
	clean  *points.Service
	rules  access.Choices
	ids    []customer.ID
	// said are the orders that were asked for, by their ids.
	said map[string]points.Order
	// done counts what was carried out, by account; settled entries are beside it.
	done map[customer.ID]int
	n    int
}

// tenants numbers the histories: what is due is settled for a tenant.
var tenants atomic.Int64

// playHistory plays one and audits each account after each step.
func playHistory(t *testing.T, table string, d *dice) {
	h := &history{t: t, table: table, tenant: int(tenants.Add(1)), said: map[string]points.Order{}, done: map[customer.ID]int{}}
	h.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	h.clean = points.NewService(dynamo.New(dynamotest.Client(t), table, h.now), h.now)
	h.rules = access.Defaults()
	h.rules.Earning.ExpiresAfterDays = int64(d.roll(3)) * 2 // 0: never
	h.rules.Earning.UsableAfterHours = int64(d.roll(3)) * 5
	h.rules.NegativeOnReversal = d.roll(2) == 1
	h.rules.SubtractCountsAsUsed = d.roll(2) == 1
	h.rules.UniqueRefID = d.roll(3) == 0
	if d.roll(2) == 1 {
		h.rules.Earning.Rounding = access.RoundNearest
	}
	h.rules.Levels = map[int64]access.Level{1: {Name: "Member"}, 2: {Name: "Silver", From: 100}, 3: {Name: "Gold", From: 500}}
	h.rules.Earning.PercentOfLevel = map[int64]int64{2: 150, 3: 210}
	for range 2 {
		h.ids = append(h.ids, h.customer())
	}
	for len(*d) > 0 {
		h.step(d)
	}
}

func (h *history) now() time.Time { return time.UnixMicro(h.clock.Load()).UTC() }

// customer makes a new customer without an account.
func (h *history) customer() customer.ID {
	h.t.Helper()
	store := dynamo.New(dynamotest.Client(h.t), h.table, time.Now)
	made, err := customer.NewService(store, time.Now).Apply(h.t.Context(), customer.Request{
		Tenant: h.tenant, Create: true, Edit: func(c *customer.Customer, _ time.Time) error { c.FirstName = "Ann"; return nil },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return made.ID
}

// An act is one request that a writer makes; repeated ones bear a key.
type act struct {
	name    string
	entries int // that it makes where it is carried out
	do      func(ctx context.Context, s *points.Service, r points.Request) (points.Result, error)
}

// act throws one.
func (h *history) act(d *dice, id customer.ID) act {
	value := int64(1 + d.roll(40))
	given := value
	if d.roll(2) == 0 {
		given *= 10 // else there is seldom enough to take
	}
	ref := []string{"", fmt.Sprintf("ref-%d", d.roll(6))}[d.roll(2)]
	order := fmt.Sprintf("%s-order-%d", id.Decimal(), d.roll(4)+4*(h.n/8))
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(h.said)), func(o string) bool { return !strings.HasPrefix(o, id.Decimal()) })
	if len(known) > 0 && d.roll(4) > 0 {
		order = known[d.roll(len(known))]
	}
	switch d.roll(14) {
	case 0, 1, 2:
		return act{"add", 1, func(ctx context.Context, s *points.Service, r points.Request) (points.Result, error) {
			return s.Add(ctx, r, given, "given", ref)
		}}
	case 3, 4, 5:
		return act{"subtract", 1, func(ctx context.Context, s *points.Service, r points.Request) (points.Result, error) {
			return s.Subtract(ctx, r, value, "taken", ref)
		}}
	case 6, 7:
		seq := int64(1 + d.roll(h.done[id]+1))
		part := int64(d.roll(2)) * value
		return act{"reverse", 1, func(ctx context.Context, s *points.Service, r points.Request) (points.Result, error) {
			return s.Reverse(ctx, r, seq, part, "undone")
		}}
	case 8, 9:
		o := points.Order{ID: order, Total: value * 1000, PointsUsed: int64(d.roll(2)) * value / 2}
		if d.roll(3) == 0 {
			o.PaidAt = h.now().Add(-time.Duration(d.roll(100)) * time.Hour)
		}
		if known, ok := h.said[order]; ok && d.roll(3) > 0 {
			o = known // the same again
		}
		entries := 1
		if o.PointsUsed > 0 {
			entries = 2
		}
		return act{"order", entries, func(ctx context.Context, s *points.Service, r points.Request) (points.Result, error) {
			result, err := s.Pay(ctx, r, o)
			if err == nil && !result.Repeated {
				h.said[order] = o // one run of a step is about an order
			}
			return result, err
		}}
	}
	return act{"return", 1, func(ctx context.Context, s *points.Service, r points.Request) (points.Result, error) {
		return s.Return(ctx, r, order, value*300, "came back")
	}}
}

// passes are the faults that a writer meets; each comes and goes.
var passes = []faults.Fault{
	nil, faults.Throttled, faults.Conflict, faults.Cancelled("ConditionalCheckFailed"), faults.InProgress,
	faults.LostRequest, faults.LostAnswer, faults.FailedAfter, faults.Garbled,
}

// step lets time pass, or one to three writers act on one account at once, each
// once or several times under one key, and each with a fault at one of its calls.
func (h *history) step(d *dice) {
	if d.roll(5) == 0 {
		h.clock.Add(int64(1+d.roll(60)) * 3600 * 1e6)
		if d.roll(2) == 0 {
			if _, err := h.clean.SettleDue(h.t.Context(), h.tenant, h.rules); err != nil {
				h.t.Fatal(err)
			}
		}
		h.audit("time passes")
		return
	}
	id := h.ids[d.roll(len(h.ids))]
	h.n++
	var names []string
	var runs []func() []points.Result
	ordered := false
	for range 1 + d.roll(3) {
		a := h.act(d, id)
		if a.name == "order" && ordered {
			continue // h.said knows one at a time
		}
		ordered = ordered || a.name == "order"
		times, key := 1+2*d.roll(2), fmt.Sprintf("%d-%d", h.n, len(runs))
		fault, at := passes[d.roll(len(passes))], d.roll(3)
		names = append(names, fmt.Sprintf("%d x %s", times, a.name))
		runs = append(runs, func() []points.Result { return h.run(a, id, times, key, fault, at) })
	}
	before := h.items(id)
	carried := 0
	for _, results := range together(len(runs), func(i int) []points.Result { return runs[i]() }) {
		carried += len(results)
	}
	if after := h.items(id); carried == 0 && !slices.Equal(before, after) && h.settledOnly(id) {
		h.t.Fatalf("%v were refused and changed something", names)
	}
	h.audit(strings.Join(names, ", "))
}

// settledOnly reports whether the last entry was not made by what was due.
func (h *history) settledOnly(id customer.ID) bool {
	lines, _, err := h.clean.Statement(h.t.Context(), h.tenant, id, points.Period{Limit: 1})
	return err != nil || len(lines) == 0 || lines[0].Actor != points.System
}

// run carries one act out, as often as said, and returns what was done and not
// repeated: one at most.
func (h *history) run(a act, id customer.ID, times int, key string, fault faults.Fault, at int) []points.Result {
	transport := &faults.Transport{Plan: func(c faults.Call) faults.Fault {
		if c.N == at {
			return fault
		}
		return nil
	}}
	service := points.NewService(dynamo.New(faulty(h.t, transport), h.table, h.now), h.now)
	r := points.Request{
		Tenant: h.tenant, ID: id, Rules: h.rules, Actor: "history",
		Show: func(p points.Profile) ([]byte, error) { return json.Marshal(p.Account.Version) },
	}
	if times > 1 {
		r.Keyed = &customer.Keyed{Key: key, Meaning: "same"}
	}
	type answer struct {
		points.Result
		err error
	}
	var done []points.Result
	var first []byte
	answers := together(times, func(int) answer {
		ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
		defer cancel()
		result, err := a.do(ctx, service, r)
		return answer{result, err}
	})
	for _, got := range answers {
		if _, refused := outcome.AsRefusal(got.err); refused {
			continue
		}
		if got.err != nil {
			h.t.Errorf("%s: %v, want done or refused", a.name, got.err)
			continue
		}
		if first != nil && string(first) != string(got.Answer) {
			h.t.Errorf("%s, %d times under one key, was answered %s and %s", a.name, times, first, got.Answer)
		}
		first = got.Answer
		if !got.Repeated {
			done = append(done, got.Result)
		}
	}
	if len(done) > 1 {
		h.t.Errorf("%s, %d times under one key, was done %d times", a.name, times, len(done))
	}
	for range done {
		counted.Lock()
		h.done[id] += a.entries
		counted.Unlock()
	}
	return done
}

// items are the customer's items in the table, as they compare.
func (h *history) items(id customer.ID) []string {
	store := dynamo.New(dynamotest.Client(h.t), h.table, h.now)
	profile, err := store.Profile(h.t.Context(), h.tenant, id)
	if err != nil {
		h.t.Fatal(err)
	}
	entries, err := store.Entries(h.t.Context(), h.tenant, id, 1, 1<<40, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	items := []string{fmt.Sprintf("%+v", profile)}
	for _, e := range entries {
		items = append(items, fmt.Sprintf("%+v", e))
	}
	return items
}

// audit demands of each account all that docs/ledger.md promises.
func (h *history) audit(after string) {
	h.t.Helper()
	store := dynamo.New(dynamotest.Client(h.t), h.table, h.now)
	for _, id := range h.ids {
		profile, err := store.Profile(h.t.Context(), h.tenant, id)
		if err != nil {
			h.t.Fatal(err)
		}
		if profile.Account.Absent() {
			continue
		}
		entries, err := store.Entries(h.t.Context(), h.tenant, id, 1, 1<<40, 1000)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := h.auditAccount(profile.Account.Account, entries); err != nil {
			for _, e := range entries {
				h.t.Logf("%d %s %+v -> %+v %s ref=%q expires=%d", e.Seq, e.Kind, e.Change, e.Balance, e.Time, e.RefID, e.Expires)
			}
			h.t.Fatalf("after %s: account %s: %v\n%+v", after, id.Decimal(), err, profile.Account)
		}
	}
}

func (h *history) auditAccount(a points.Account, entries []points.Entry) error {
	if a.Version != int64(len(entries)) {
		return fmt.Errorf("version %d, %d entries", a.Version, len(entries))
	}
	v := points.NewVerifier(a.Number)
	sum := int64(0)
	asked := 0
	m := ledgerModel{rules: h.rules, said: h.said, entries: entries}
	for _, e := range entries {
		if flaw := v.Next(e); flaw != nil {
			return errors.New(flaw.Problem)
		}
		sum += e.Change.Available
		if e.Actor != points.System {
			asked++
		}
		if err := m.next(e); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
	}
	switch flaw := v.Account(a); {
	case flaw != nil:
		return errors.New(flaw.Problem)
	case sum != a.Available:
		return fmt.Errorf("available %d, sum of entries %d", a.Available, sum)
	case a.Available < 0 && !h.rules.NegativeOnReversal:
		return fmt.Errorf("available %d, which the settings do not allow", a.Available)
	case a.Used < 0 || a.Incoming < 0 || a.Ranking < 0 || a.Spent < 0:
		return errors.New("a figure is negative")
	case asked != h.done[a.ID]:
		return fmt.Errorf("%d entries were asked for, %d were carried out", asked, h.done[a.ID])
	}
	return m.compare(a)
}
