package haravan

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/points"
	"regulars/tests/client"
)

// TestLedgerHistories plays histories of fixed seeds; FuzzLedger lets the fuzzer
// write them.
func TestLedgerHistories(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	for seed := range 4 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			playHistory(t, table, seedDice(uint64(seed), 700))
		})
	}
}

// TestProveLedger plays many more, and longer ones.
func TestProveLedger(t *testing.T) {
	if !client.Proving() {
		t.Skip("TestLedgerHistories plays fewer")
	}
	t.Parallel()
	table := dynamotest.Table(t)
	for seed := range 50 {
		playHistory(t, table, seedDice(uint64(1000+seed), 1200))
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

// A history is what several writers do to a few accounts, while settings, clocks
// and customers change, and the audit after each step.
type history struct {
	t         *testing.T
	table     string
	tenant    int
	clock     atomic.Int64 // microseconds
	clean     *points.Service
	customers *customer.Service
	// rules are the settings, before those that some writers still remember.
	rules, before access.Preferences
	// members are those that are acted on, gone those that were deleted.
	members, gone []*guest
	n             int

	mutex sync.Mutex
	// idempotent are the requests with a key that were answered, sent the transactions
	// of the step.
	idempotent []idempotent
	sent       []*http.Request
	tokens     map[string]bool
}

// A guest is a customer, and what was done to the account.
type guest struct {
	// id is that of the customer, or the number of the ledger of a wallet of one.
	id                customer.ID
	disabled, deleted bool
	// unsure: disabled or deleted in this step, so that both are right.
	unsure bool
	// operations were carried out, by the number of their last entry.
	wishes map[int64]operation
	model  ledgerModel // as of the last audit
	last   time.Time   // of the last entry, as of the last audit
}

// tenants numbers the histories: what is due is settled for a tenant.
var tenants atomic.Int64

// historyBegins is so far ahead that DynamoDB Local, which looks at its own clock,
// does not take a remembered request away.
var historyBegins = time.Date(2126, 3, 1, 12, 0, 0, 0, time.UTC)

// playHistory plays one and audits each account after each step.
func playHistory(t *testing.T, table string, d *dice) {
	h := &history{t: t, table: table, tokens: map[string]bool{}, tenant: int(tenants.Add(1))}
	h.clock.Store(historyBegins.UnixMicro())
	h.clean = points.NewService(dynamo.New(dynamotest.Client(t), table, h.now), h.now)
	h.customers = customer.NewService(dynamo.New(dynamotest.Client(t), table, time.Now), time.Now)
	h.throwRules(d)
	h.before = h.rules
	for range 2 {
		h.join()
	}
	for len(*d) > 0 {
		h.step(d)
	}
}

func (h *history) now() time.Time { return time.UnixMicro(h.clock.Load()).UTC() }

// throwRules changes the settings.
func (h *history) throwRules(d *dice) {
	h.before = h.rules
	h.rules = access.Defaults()
	h.rules.Earning.ExpiresAfterDays = int64(d.roll(3)) * 2 // 0: never
	h.rules.Earning.UsableAfterHours = int64(d.roll(3)) * 5
	h.rules.Holds.ExpiresIn = int64(1+d.roll(3)) * 5 * 3600
	h.rules.Holds.MaxExpiresIn = 48 * 3600
	days := int64(d.roll(4))
	h.rules.Campaigns = map[string]access.Campaign{"gift": {Name: "Gift", UsableAfterHours: int64(d.roll(3)) * 7, ExpiresAfterDays: &days}}
	h.rules.OwnTerms = access.OwnTerms{MaxUsableAfterHours: 36, MaxExpiresAfterDays: 4}
	h.rules.NegativeOnReversal = d.roll(2) == 1
	h.rules.SubtractCountsAsUsed = d.roll(2) == 1
	h.rules.UniqueRefID = d.roll(3) == 0
	h.rules.Wallets = map[int64]access.Wallet{1: {Code: "stamps", Name: "Stamps"}} // so that what is due of wallets is settled
	h.rules.Overdraft = []int64{0, 0, 25}[d.roll(3)]
	if d.roll(2) == 1 {
		h.rules.Earning.Rounding = access.RoundNearest
	}
	h.rules.Earning.Rules, h.rules.Earning.OffsetMinutes = throwEarningRules(d), int64(d.roll(2))*420
	h.rules.Earning.MoneyPerPoint = []int64{1000, 700}[d.roll(2)]
	h.rules.MoneyPerRankingPoint = []int64{100, 130}[d.roll(2)]
	from := int64(100 * d.roll(3))
	h.rules.Levels = map[int64]access.Level{1: {Name: "Member", From: from / 2}, 2: {Name: "Silver", From: 100 + from}, 3: {Name: "Gold", From: 500}}
	h.rules.Earning.PercentOfLevel = map[int64]int64{2: 150 + from/4, 3: 210}
}

// join makes a new customer without an account.
func (h *history) join() {
	h.t.Helper()
	made, err := h.customers.Apply(h.t.Context(), customer.Request{
		Rules: customer.Rules{Tenant: h.tenant}, Create: true, Edit: func(c *customer.Customer, _ time.Time) error { c.FirstName = "Ann"; return nil },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.meet(made.ID)
	if h.n%2 == 0 {
		h.meet(points.LedgerOf(made.ID, 1+h.n%20)) // and what is in a wallet of the same customer
	}
}

func (h *history) meet(id customer.ID) {
	g := &guest{id: id, wishes: map[int64]operation{}}
	g.model = newLedgerModel(g)
	h.members = append(h.members, g)
}

// step is one of: time passes; settings change; a request that was answered long
// ago comes again; or writers act.
func (h *history) step(d *dice) {
	h.n++
	switch d.roll(12) {
	case 0, 1:
		h.clock.Add(int64(1+d.roll(60)) * 3600 * 1e6)
		if d.roll(2) == 0 {
			if _, err := h.clean.SettleDue(h.t.Context(), h.tenant, h.rules); err != nil {
				h.t.Fatal(err)
			}
		}
		h.audit("time passes")
	case 2:
		h.throwRules(d)
	case 3:
		h.comesAgain(d)
		h.audit("an old request comes again")
	default:
		h.writersAct(d)
	}
}

// writersAct lets one to three writers act at once, each once or several times
// under one key, and each with faults at two of its calls; or up to ten in one process, on
// one account. Now and then somebody disables, enables or deletes a customer meanwhile.
func (h *history) writersAct(d *dice) {
	var names []string
	var runs []func()
	var only *run
	writers, meet := 1+d.roll(3), d.roll(3) == 0
	if meet {
		writers += 1 + d.roll(7)
	}
	for range writers {
		var beside *run
		if meet {
			beside = only
		}
		r := h.throwRun(d, len(runs), beside)
		names = append(names, fmt.Sprintf("%d x %s of %s", r.times, r.wish.kind, r.guest.id.Decimal()))
		runs = append(runs, func() { h.carryOut(r) })
		only = r
	}
	alone := len(runs) == 1
	if d.roll(8) == 0 {
		g := h.members[d.roll(len(h.members))]
		name, run := h.throwStanding(d, g)
		names, runs = append(names, name), append(runs, run)
		alone = false
	}
	before := map[*guest][]string{}
	for _, g := range h.members {
		before[g] = h.items(g)
	}
	want := ""
	if alone {
		want = h.expects(only)
		h.triesFirst(only, want)
		if !slices.Equal(before[only.guest], h.items(only.guest)) {
			h.t.Fatalf("a dry run of %s changed account %s", only.wish.kind, only.guest.id.Decimal())
		}
	}
	known := map[*guest]int{}
	for _, g := range h.members {
		known[g] = len(g.wishes)
	}
	client.Together(len(runs), func(i int) bool { runs[i](); return true })
	what := strings.Join(names, ", ")
	for _, g := range h.members {
		if !g.unsure && len(g.wishes) == known[g] && !slices.Equal(before[g], h.items(g)) {
			h.t.Fatalf("%s: what was not done changed account %s", what, g.id.Decimal())
		}
	}
	if alone && only.came() != want {
		h.t.Fatalf("%s: came to %s, want %s: %+v", what, only.came(), want, only.wish)
	}
	h.arriveLate(d, what)
	h.audit(what)
	h.afterStanding()
}
