package points

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// A merging is two ledgers of which one may move into the other and back.
type merging struct {
	t     *rapid.T
	rules access.Preferences
	now   time.Time
	of    [2]Profile
	lines [2][]Entry
}

func newMerging(t *rapid.T) *merging {
	m := &merging{t: t, now: noon, rules: access.Defaults()}
	m.rules.NegativeOnReversal, m.rules.Overdraft = true, 50
	m.rules.Levels = map[int64]access.Level{1: {Name: "Member"}, 2: {Name: "Gold", From: 40}}
	m.rules.MoneyPerRankingPoint = 100
	for i := range m.of {
		m.of[i].Customer.ID = customer.ID(i+1) << 20
		m.of[i].Customer.Commit = "written"
	}
	return m
}

func (m *merging) keep(i int, p Peer) {
	m.of[i].Account = Record{p.After, customer.Rev{Commit: "written"}}
	m.lines[i] = append(m.lines[i], p.Entries...)
}

// changes does something to an account a few times.
func (m *merging) changes(i int) {
	for range rapid.IntRange(0, 4).Draw(m.t, "changes") {
		m.now = m.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(m.t, "hours")) * time.Hour)
		d := newDraft(m.of[i], m.rules, m.now)
		d.settle()
		n := rapid.Int64Range(1, 60).Draw(m.t, "points")
		m.rules.Earning.ExpiresAfterDays = rapid.SampledFrom([]int64{0, 2, 9}).Draw(m.t, "days")
		m.rules.Earning.UsableAfterHours = rapid.SampledFrom([]int64{0, 48}).Draw(m.t, "waits")
		d.rules = m.rules
		var err error
		switch rapid.IntRange(0, 2).Draw(m.t, "what") {
		case 0:
			d.gain(n, d.expiry(d.now), 0)
			d.enter(Entry{Kind: KindAdd})
		case 1:
			err = d.subtract(n, Text{})
		case 2:
			_, err = d.order(Order{ID: "o", Total: n * 1000}, "till")
		}
		if err != nil {
			continue
		}
		d.settle()
		m.keep(i, Peer{After: d.Account, Entries: d.made})
	}
}

func (m *merging) check() {
	m.t.Helper()
	for i, p := range m.of {
		if p.Account.Absent() {
			continue
		}
		v := NewVerifier(p.Account.Account)
		for _, e := range m.lines[i] {
			if flaw := v.Next(e); flaw != nil {
				m.t.Fatalf("ledger %d: %+v", i, flaw)
			}
		}
		if flaw := v.Account(); flaw != nil {
			m.t.Fatalf("ledger %d: %+v", i, flaw)
		}
	}
}

func (m *merging) sum() Figures { return m.of[0].Account.Figures.plus(m.of[1].Account.Figures) }

// lost is what expired by entries of a couple.
func lost(c Couple) (expired int64) {
	for _, p := range c {
		for _, e := range p.Entries {
			if e.Kind == KindExpire {
				expired -= e.Change.Available
			}
		}
	}
	return expired
}

var history = cmpopts.IgnoreFields(Account{}, "Version", "Changed", "Head", "PreviousLevel", "Number", "ID")

// A merge moves all there is, and figures add up; undone at once it leaves both accounts
// as they were, and undone later nothing is lost or made.
func TestMergeAndUnmerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMerging(t)
		m.changes(0)
		m.changes(1)
		if m.of[1].Account.Absent() {
			return // nothing is to be moved
		}
		sum := m.sum()
		couple, was, err := Merge(m.of[0], m.of[1], m.rules, m.now, "admin")
		if err != nil {
			t.Fatal(err)
		}
		m.keep(0, couple[0])
		m.keep(1, couple[1])
		m.check()
		moved := m.sum()
		moved.Available += lost(couple)
		settled := func(f Figures) Figures { f.Available, f.Incoming = f.Available+f.Incoming, 0; return f }
		if settled(sum) != settled(moved) || m.of[1].Account.Figures != (Figures{}) || len(m.of[1].Account.Lots)+len(m.of[1].Account.Waiting) > 0 {
			t.Fatalf("the merge left %+v and %+v of %+v", m.of[0].Account.Figures, m.of[1].Account.Figures, sum)
		}
		last := func(i int) *Entry { return &m.lines[i][len(m.lines[i])-1] }
		if !last(0).mirrors(last(1), m.of[0].Account.Number) || !last(1).mirrors(last(0), m.of[1].Account.Number) {
			t.Fatalf("the halves do not name each other: %+v and %+v", last(0), last(1))
		}
		between := rapid.Bool().Draw(t, "something happens between")
		if between {
			m.changes(0)
		}
		sum = m.sum()
		couple, err = Unmerge(m.of[0], m.of[1], was, m.rules, m.now, "admin")
		if err != nil {
			t.Fatal(err)
		}
		m.keep(0, couple[0])
		m.keep(1, couple[1])
		m.check()
		back := m.sum()
		back.Available += lost(couple)
		if settled(back) != settled(sum) {
			t.Fatalf("the unmerge made %+v of %+v", back, sum)
		}
		if !between {
			if diff := cmp.Diff([]Account{was.Stays, was.Goes}, []Account{m.of[0].Account.Account, m.of[1].Account.Account}, history, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("merged and unmerged at once (-before +after):\n%s", diff)
			}
		}
	})
}

// What is spent after a merge is taken out of what the one that stays had; a debt goes
// back to whose it was.
func TestUnmergeShares(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		stays, goes, since  int64
		wantStays, wantGoes int64
	}{
		{"nothing since", 30, 20, 0, 30, 20},
		{"earned since", 30, 20, 5, 35, 20},
		{"spent since", 30, 20, -10, 20, 20},
		{"spent more than the one that stays had", 30, 20, -40, 0, 10},
		{"all of it spent", 30, 20, -50, 0, 0},
		{"a debt of the one that goes", 30, -20, 5, 35, -20},
		{"a debt of the one that stays", -20, 30, 5, -15, 30},
		{"a debt of the one that stays, and spent since", -20, 30, -5, -20, 25},
		{"both in debt", -20, -30, 0, -20, -30},
		{"both in debt, one paid since", -20, -30, 60, 40, -30},
	} {
		m := &merging{now: noon, rules: access.Defaults()}
		m.rules.Overdraft = 1000
		for i, n := range []int64{tt.stays, tt.goes} {
			m.of[i].Customer.ID, m.of[i].Customer.Commit = customer.ID(i+1)<<20, "written"
			m.change(i, n)
		}
		couple, was, err := Merge(m.of[0], m.of[1], m.rules, noon, "admin")
		if err != nil {
			t.Fatal(err)
		}
		m.keep(0, couple[0])
		m.keep(1, couple[1])
		m.change(0, tt.since)
		couple, err = Unmerge(m.of[0], m.of[1], was, m.rules, noon, "admin")
		if err != nil {
			t.Fatal(err)
		}
		if stays, goes := couple[0].After.Available, couple[1].After.Available; stays != tt.wantStays || goes != tt.wantGoes {
			t.Errorf("%s: %d and %d, want %d and %d", tt.name, stays, goes, tt.wantStays, tt.wantGoes)
		}
	}
}

// change gives or takes points.
func (m *merging) change(i int, n int64) {
	if n == 0 {
		return
	}
	d := newDraft(m.of[i], m.rules, m.now)
	if n > 0 {
		d.gain(n, d.expiry(d.now), 0)
	} else {
		d.spend(-n, noDay)
	}
	d.enter(Entry{Kind: KindAdd})
	m.keep(i, Peer{After: d.Account, Entries: d.made})
}

func TestMergeRejectsOpenHolds(t *testing.T) {
	t.Parallel()
	goes := Profile{Account: Record{Account{Holds: []Hold{{Number: 1, Ends: noon.Add(time.Hour), Shares: []Lot{{Day: Never, Points: 3}}}}, Figures: Figures{Held: 3}}, customer.Rev{Commit: "x"}}}
	if _, _, err := Merge(Profile{}, goes, access.Defaults(), noon, "admin"); !errors.Is(err, ErrHoldsOpen) {
		t.Errorf("error %v, want %v", err, ErrHoldsOpen)
	}
}
