package points

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/meter"
)

// A meeting is a store of one account. The first commit waits until let is closed, so that
// whoever comes meanwhile goes together.
type meeting struct {
	Store
	mutex   sync.Mutex
	profile Profile
	entries []Entry
	answers map[string]*IdempotencyRecord
	now     time.Time
	later   time.Duration // what passes while the first commit waits
	let     chan struct{}
	sizes   []int   // of the transactions
	fails   []error // of those that commit together, in turn; nil: it does not
}

func newMeeting(points int64) *meeting {
	m := &meeting{now: noon, let: make(chan struct{}), answers: map[string]*IdempotencyRecord{}}
	m.profile.Customer = customer.Record{Customer: customer.Customer{ID: 7}, Rev: customer.Rev{Commit: "c"}}
	if points > 0 {
		d := newDraft(m.profile, access.Defaults(), noon)
		_ = d.grant(Grant{Points: points}, "")
		m.profile.Account, m.entries = Record{d.Account, customer.Rev{Commit: "first"}}, d.made
	}
	return m
}

func (m *meeting) Profile(ctx context.Context, _ int, _ customer.ID) (Profile, error) {
	meter.From(ctx).Add(1, 2, 0)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.profile, nil
}

func (m *meeting) IdempotentAnswer(_ context.Context, _ int, _ customer.ID, key string) (*IdempotencyRecord, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.answers[key], nil
}

func (m *meeting) ReferenceAnswer(_ context.Context, _ int, _ customer.ID, ref Reference) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if first := m.answers[nameOf(ref)]; first != nil {
		return first.Outcome, nil
	}
	return nil, nil
}

func nameOf(ref Reference) string { return string(ref.Direction) + ref.RefID }

func (m *meeting) CommitPoints(ctx context.Context, c Commit) error {
	<-m.let
	meter.From(ctx).Add(1, 0, 4)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if c.Request != nil && m.answers[c.Request.Value] != nil {
		return &idempotency.Carried[[]byte]{Record: *m.answers[c.Request.Value]}
	}
	_, err := m.write([]Commit{c})
	return err
}

func (m *meeting) CommitTogether(ctx context.Context, commits []Commit) ([]int, error) {
	meter.From(ctx).Add(1, 0, int64(2+2*len(commits)))
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if len(m.fails) > 0 {
		err := m.fails[0]
		if m.fails = m.fails[1:]; err != nil {
			return nil, err
		}
	}
	return m.write(commits)
}

// write makes commits true where each follows from the one before.
func (m *meeting) write(commits []Commit) (recorded []int, err error) {
	for i, c := range commits {
		if c.Request != nil && m.answers[c.Request.Value] != nil || c.Unique != nil && m.answers[nameOf(*c.Unique)] != nil {
			recorded = append(recorded, i)
		}
	}
	if len(recorded) > 0 || commits[0].Before.Commit != m.profile.Account.Commit {
		return recorded, errs.ErrConflict
	}
	for _, c := range commits {
		if c.ID != commits[0].ID || c.Before.Head != m.profile.Account.Head {
			return nil, errors.New("a commit does not follow from the one before")
		}
		m.profile.Account = Record{c.After, customer.Rev{Commit: c.ID}}
		m.entries = append(m.entries, c.Entries...)
		if c.Request != nil {
			m.answers[c.Request.Value] = &IdempotencyRecord{Key: *c.Request, Outcome: c.Answer}
		}
		if c.Unique != nil {
			m.answers[nameOf(*c.Unique)] = &IdempotencyRecord{Outcome: c.Answer}
		}
	}
	m.sizes = append(m.sizes, len(commits))
	return nil, nil
}

// proved demands that the entries lead to the account.
func (m *meeting) proved(t *testing.T) {
	t.Helper()
	v := NewVerifier(m.profile.Account.Account)
	for _, e := range m.entries {
		if problem := v.Next(e); problem != nil {
			t.Fatalf("%+v", problem)
		}
	}
	if problem := v.Account(); problem != nil {
		t.Fatalf("%+v", problem)
	}
}

// ask is a request that is answered with the balance.
func ask(key string) Request {
	r := Request{Tenant: 5, ID: 7, Rules: access.Defaults(), Show: func(p Profile) ([]byte, error) {
		return fmt.Append(nil, p.Account.Version, " ", p.Account.Available), nil
	}}
	if key != "" {
		r.IdempotencyKey = &idempotency.Key{Value: key, Fingerprint: "same"}
	}
	return r
}

// An asking is a request, and what it came to.
type asking struct {
	r   Request
	add int64  // below 0: subtracted
	ref string // of it, which may happen once
	ctx context.Context
	// short: there is a second left.
	short bool

	got   Result
	err   error
	meter *meter.Meter
	fell  any // a panic
}

// meet lets all ask in their order, while the first is under way.
func (m *meeting) meet(t *testing.T, all ...*asking) {
	t.Helper()
	s := NewService(m, func() time.Time { return m.now })
	var group sync.WaitGroup
	for _, a := range all {
		group.Go(func() {
			defer func() { a.fell = recover() }()
			if a.ctx == nil {
				a.ctx = t.Context()
			}
			ctx, cancel := context.WithCancel(a.ctx)
			if a.short {
				ctx, cancel = context.WithTimeout(a.ctx, time.Second)
			}
			defer cancel()
			ctx, a.meter = meter.With(ctx)
			a.r.Rules.UniqueRefID = a.ref != ""
			if a.add < 0 {
				a.got, a.err = s.Subtract(ctx, a.r, -a.add, "", a.ref)
			} else {
				a.got, a.err = s.Add(ctx, a.r, a.add, "", a.ref)
			}
		})
		synctest.Wait()
	}
	m.now = m.now.Add(m.later)
	close(m.let)
	group.Wait()
	m.proved(t)
}

func (a *asking) came() string {
	if a.err != nil {
		if client, ok := errs.AsClient(a.err); ok {
			return client.Code
		}
		if _, ok := errs.AsUnavailable(a.err); ok {
			return "busy"
		}
		return a.err.Error()
	}
	if a.got.Replayed {
		return string(a.got.Answer) + " again"
	}
	return string(a.got.Answer)
}

func TestMeetingChanges(t *testing.T) {
	unknown := &errs.Unavailable{Err: errors.New("lost")}
	for name, tt := range map[string]struct {
		points int64
		all    []*asking
		fails  []error
		want   string // what they came to
		sizes  string // of the transactions
	}{
		"additions": {
			all:  []*asking{{add: 1}, {add: 2}, {add: 3}, {add: 4}},
			want: "1 1, 2 3, 3 6, 4 10", sizes: "[1 3]",
		},
		"each is decided on what those before it come to": {
			points: 10, all: []*asking{{add: 1}, {add: -11}, {add: -1}, {add: 5}, {add: -6}, {add: -5}},
			want: "2 11, 3 0, insufficient_points, 4 5, insufficient_points, 5 0", sizes: "[1 3]",
		},
		"all of them are rejected": {
			points: 3, all: []*asking{{add: -3}, {add: -1}, {add: -2}},
			want: "2 0, insufficient_points, insufficient_points", sizes: "[1]",
		},
		"a key that was carried out": {
			all:  []*asking{{add: 1, r: ask("a")}, {add: 2}, {add: 1, r: ask("a")}, {add: 4}},
			want: "1 1, 2 3, 1 1 again, 3 7", sizes: "[1 2]",
		},
		"a key twice": {
			all:  []*asking{{add: 1}, {add: 2, r: ask("a")}, {add: 2, r: ask("a")}, {add: 4}},
			want: "1 1, 2 3, 2 3 again, 3 7", sizes: "[1 2]",
		},
		"a reference twice, and one that was carried out": {
			all:  []*asking{{add: 1, ref: "x"}, {add: 2, ref: "y"}, {add: 2, ref: "y"}, {add: 1, ref: "x"}, {add: 4}},
			want: "1 1, 2 3, 2 3 again, 1 1 again, 3 7", sizes: "[1 2]",
		},
		// The new key, b, is recorded in a transaction of its own.
		"a rejection gives way to what was carried out": {
			points: 5, all: []*asking{{add: -5, r: ask("a"), ref: "x"}, {add: -5, r: ask("a"), ref: "x"}, {add: -5, r: ask("b"), ref: "x"}, {add: -5, ref: "z"}},
			want: "2 0, 2 0 again, 2 0 again, insufficient_points", sizes: "[1 1]",
		},
		"so it does to a reference without a key": {
			points: 5, all: []*asking{{add: -5, ref: "x"}, {add: -5, ref: "x"}, {add: -5, ref: "z"}},
			want: "2 0, 2 0 again, insufficient_points", sizes: "[1]",
		},
		"another writer comes first": {
			all: []*asking{{add: 1}, {add: 2}, {add: 3}}, fails: []error{errs.ErrConflict, fmt.Errorf("%w", errs.ErrThrottled)},
			want: "1 1, 2 3, 3 6", sizes: "[1 2]",
		},
		"nobody knows whether it happened": {
			all: []*asking{{add: 1}, {add: 2}, {add: -100}, {add: 3}}, fails: []error{unknown},
			want: "1 1, busy, busy, busy", sizes: "[1]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(tt.points)
				m.fails = tt.fails
				for _, a := range tt.all {
					if a.r.Show == nil {
						a.r = ask("")
					}
				}
				m.meet(t, tt.all...)
				var came []string
				for _, a := range tt.all {
					came = append(came, a.came())
				}
				if got := strings.Join(came, ", "); got != tt.want {
					t.Errorf("came to %s, want %s", got, tt.want)
				}
				if got := fmt.Sprint(m.sizes); got != tt.sizes {
					t.Errorf("transactions of %s, want %s", got, tt.sizes)
				}
			})
		})
	}
}

// What the table does not take together is carried out one by one, and what panics does
// so where it was asked for.
func TestMeetingChangesGoApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(0)
		m.fails = []error{errors.New("an answer is too large")}
		falls := &asking{r: ask(""), add: 8}
		falls.r.Show = func(Profile) ([]byte, error) { panic("no answer") }
		all := []*asking{{r: ask(""), add: 1}, {r: ask(""), add: 2}, falls, {r: ask(""), add: 4}}
		m.meet(t, all...)
		for _, a := range all {
			if (a.err != nil || a.fell != nil) != (a == falls) {
				t.Errorf("add of %d = %v, panic %v", a.add, a.err, a.fell)
			}
		}
		if got := m.profile.Account.Available; got != 7 || fmt.Sprint(m.sizes) != "[1 1 1]" {
			t.Errorf("%d points by transactions of %v, want 7 by three of one", got, m.sizes)
		}
	})
}

// A transaction takes 32 changes, 100 items and 1.5 MB of answers; who has no time left
// takes no part.
func TestMeetingChangesAreBounded(t *testing.T) {
	long := func(Profile) ([]byte, error) { return make([]byte, maxAnswers/3), nil }
	for name, tt := range map[string]struct {
		n     int
		make  func(n int, a *asking)
		sizes string
	}{
		"changes": {70, func(int, *asking) {}, "[1 32 32 5]"},
		// Of each an entry, a key and a reference.
		"items":   {33, func(n int, a *asking) { a.r, a.ref = ask(fmt.Sprint(n)), fmt.Sprint("ref ", n) }, "[1 32]"},
		"answers": {8, func(_ int, a *asking) { a.r.Show = long }, "[1 3 3 1]"},
		"time": {8, func(n int, a *asking) {
			if n%2 == 1 {
				a.short = true
			}
		}, "[1 3]"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(1)
				var all []*asking
				for n := range tt.n {
					all = append(all, &asking{r: ask(""), add: 1})
					tt.make(n, all[n])
				}
				m.meet(t, all...)
				if got := fmt.Sprint(m.sizes); got != tt.sizes {
					t.Errorf("transactions of %s, want %s", got, tt.sizes)
				}
			})
		})
	}
}

// What falls due with the first of them is in its transaction, too.
func TestMeetingChangesAndWhatFallsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(100)
		d := newDraft(m.profile, access.Defaults(), noon)
		for range maxHolds {
			if err := d.hold(NewHold{Points: 1, For: time.Minute}, ""); err != nil {
				t.Fatal(err)
			}
		}
		m.profile.Account.Account, m.entries = d.Account, append(m.entries, d.made...)
		m.later = 2 * time.Minute
		var all []*asking
		for n := range 33 { // of each an entry and a key, of each hold an entry and its end, and the account
			all = append(all, &asking{r: ask(fmt.Sprint(n)), add: 1})
		}
		m.meet(t, all...)
		if got := fmt.Sprint(m.sizes); got != "[1 28 4]" || m.profile.Account.Available != 133 {
			t.Errorf("%d points by transactions of %s, want 133 by [1 28 4]", m.profile.Account.Available, got)
		}
	})
}

// Whose context ends while waiting is told so and does nothing; the consumption of all is
// that of their transactions.
func TestMeetingChangesShareWhatTheyConsume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(1)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		all := []*asking{{r: ask(""), add: 1}, {r: ask(""), add: 1}, {r: ask(""), add: 1, ctx: gone}, {r: ask(""), add: -9}, {r: ask(""), add: 1}}
		m.meet(t, all...)
		var sum meter.Meter
		for _, a := range all {
			use := a.meter.Use()
			sum.Add(use.Trips, int64(2*use.Read), use.Write)
		}
		if got := sum.Use().String(); got != "rt=4;r=2;w=10" { // 4 for the first, 2 and 2 for each of two
			t.Errorf("consumed %s, want two reads and two transactions", got)
		}
		if _, busy := errs.AsUnavailable(all[2].err); !busy || m.profile.Account.Available != 4 {
			t.Errorf("who left was told %v; %d points, want busy and 4", all[2].err, m.profile.Account.Available)
		}
	})
}
