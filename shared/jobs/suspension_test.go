package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/idempotency"
)

var (
	suspendAll   = upkeep.Suspension{}
	suspendEmail = upkeep.Suspension{Channel: customer.ChannelEmail}
	suspendSMS   = upkeep.Suspension{Channel: customer.ChannelSMS}
	liftAll      = upkeep.Suspension{Lift: true}
	liftSMS      = upkeep.Suspension{Lift: true, Channel: customer.ChannelSMS}
)

// suspend gives an order at a farm whose field also does jobs of suspensions.
func (f *farm) suspend(t *testing.T, order upkeep.Suspension, keyed *idempotency.Key) Started {
	t.Helper()
	started, err := f.service.StartSuspension(t.Context(), SuspensionSpec{
		Tenant: 5, Suspension: order, IdempotencyKey: keyed, Settle: time.Second, Later: 20 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func TestStartSuspension(t *testing.T) {
	f := newFarm()
	first := f.suspend(t, suspendSMS, nil)
	if !first.New || first.Replayed || first.State != Running || first.Parts != customer.Shards || first.Task != "suspend:sms:" {
		t.Errorf("StartSuspension() = %+v", first)
	}
	if !first.NotBefore.Equal(noon.Add(time.Second)) || len(f.messages) != customer.Shards || f.delays[0] != 21*time.Second {
		t.Errorf("parts from %v on, messages %v after %v", first.NotBefore, f.messages, f.delays)
	}
	if again := f.suspend(t, suspendSMS, nil); again.New || again.ID != first.ID || len(f.messages) != customer.Shards {
		t.Errorf("StartSuspension() again = %+v, %d messages", again, len(f.messages))
	}

	// Another order does the rest of the open one before it.
	second := f.suspend(t, liftAll, nil)
	if !second.New || second.Task != "lift::" {
		t.Errorf("an order that decides about all = %+v", second)
	}
	third := f.suspend(t, suspendEmail, nil)
	if !third.New || third.Task != "lift:: suspend:email:" || third.State != Running {
		t.Errorf("an order that decides about some = %+v", third)
	}
	for _, gone := range []Started{first, second} {
		if got := f.show(t, gone.ID); got.State != Cancelled || got.Trouble == "" {
			t.Errorf("the job before = %+v", got)
		}
	}
	if again := f.suspend(t, liftAll, nil); again.Task != "lift::" {
		t.Errorf("an order that was given before another one = %+v", again)
	}
	if len(f.open) != 1 {
		t.Errorf("%d open jobs", len(f.open))
	}
}

// Of an open job that has only to be finished nothing is left to do.
func TestSuspensionAfterOneThatIsFinishing(t *testing.T) {
	f := newFarm()
	first := f.suspend(t, suspendSMS, nil)
	job := f.jobs[first.ID]
	job.State = Finishing
	f.jobs[first.ID] = job
	second := f.suspend(t, suspendEmail, nil)
	if got := f.show(t, first.ID); got.State != Done || got.Trouble != "" || second.Task != "suspend:email:" {
		t.Errorf("Show() = %+v, after it %+v", got, second)
	}
}

func TestIdempotentSuspension(t *testing.T) {
	f := newFarm()
	key := func(key, meaning string) *idempotency.Key {
		return &idempotency.Key{Value: key, Fingerprint: meaning}
	}
	first := f.suspend(t, suspendSMS, key("a", "sms"))
	if again := f.suspend(t, suspendSMS, key("a", "sms")); !again.Replayed || again.New || again.ID != first.ID {
		t.Errorf("the same again = %+v", again)
	}
	if other := f.suspend(t, suspendSMS, key("b", "sms")); other.Replayed || other.New || other.ID != first.ID {
		t.Errorf("with another key = %+v", other)
	}
	lift := f.suspend(t, liftSMS, key("c", "lift"))
	for _, k := range []string{"a", "b"} {
		if again := f.suspend(t, suspendSMS, key(k, "sms")); !again.Replayed || again.ID != first.ID || again.State != Cancelled {
			t.Errorf("the same once more, after another order = %+v", again)
		}
	}
	if open, _, _ := f.OpenJob(t.Context(), 5, SuspendSubscriptions, Subject{}); open.ID != lift.ID {
		t.Errorf("the open job = %+v, want %s", open, lift.ID)
	}
	for _, order := range []upkeep.Suspension{suspendAll, liftSMS} { // a new job, and the open one
		_, err := f.service.StartSuspension(t.Context(), SuspensionSpec{Tenant: 5, Suspension: order, IdempotencyKey: key("a", "other")})
		if !errors.Is(err, idempotency.ErrKeyReused) {
			t.Errorf("StartSuspension(%v) with a key of another meaning: error = %v", order, err)
		}
	}
}

// A start that is killed anywhere is completed by the next one, under the same key
// as well, and leaves one open job.
func TestKilledSuspensionStartHeals(t *testing.T) {
	for _, before := range []bool{false, true} {
		for n := 1; ; n++ {
			f := newFarm()
			if before {
				f.suspend(t, liftSMS, nil)
			}
			hook, killed := killAt(n)
			f.shelf.hook = hook
			keyed := &idempotency.Key{Value: "a", Fingerprint: "all"}
			survived(func() { f.suspend(t, suspendAll, keyed) })
			f.shelf.hook = func() {}
			started := f.suspend(t, suspendAll, keyed)
			if started.State != Running || len(f.open) != 1 || f.jobs[started.ID].State != Running || len(f.messages) < customer.Shards {
				t.Fatalf("killed at call %d: %+v, %d open jobs, %d messages", n, started, len(f.open), len(f.messages))
			}
			if !killed() {
				break
			}
		}
	}
}

// Without its messages a job can still be worked on by who started it.
func TestSuspensionWhoseMessagesAreNotSent(t *testing.T) {
	f := newFarm()
	f.service.queue = lostBelt{}
	started := f.suspend(t, suspendAll, nil)
	if !errors.Is(started.Unsent, errLost) || started.State != Running || len(f.messages) != 0 {
		t.Errorf("StartSuspension() = %+v, %d messages", started, len(f.messages))
	}
}

// A lostBelt takes no messages.
type lostBelt struct{}

var errLost = errors.New("lost")

func (lostBelt) Send(context.Context, []Ref, time.Duration) error { return errLost }

// A herd is a Kind that changes one customer in each step, the number of its
// part.
type herd struct {
	*shelf
	mu    sync.Mutex
	steps int
	hook  func()
}

func (h *herd) Step(_ context.Context, _ Job, p Part) (Step, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steps++
	h.shelf.mu.Lock()
	n, _ := strconv.Atoi(p.Cursor)
	id := customer.ID(p.Number + 1)
	commit := customer.Commit{ID: rand.Text(), Before: customer.Record{Customer: customer.Customer{ID: id}, Rev: customer.Rev{Commit: h.customers[id]}}}
	h.shelf.mu.Unlock()
	h.hook()
	return Step{
		Cursor: strconv.Itoa(n + 1), Done: n == 2, Counts: Counts{Seen: 1, Subscriptions: 1}, Customers: []customer.Commit{commit},
	}, nil
}

func (h *herd) Finish(context.Context, Job) error { return nil }

func (f *farm) herd() *herd {
	h := &herd{shelf: f.shelf, hook: func() {}}
	f.worker = NewWorker(f.shelf, map[string]Kind{SuspendSubscriptions: h}, f.now)
	return h
}

// A customer that changed since the step read it makes the step be done again.
func TestOutdatedStepIsDoneAgain(t *testing.T) {
	f := newFarm()
	h := f.herd()
	started := f.suspend(t, suspendAll, nil)
	f.pass(time.Second)
	outdated := 3
	h.hook = func() {
		if outdated > 0 {
			outdated--
			f.shelf.customers[1] = rand.Text() // somebody else wrote it
		}
	}
	if outcome, err := f.worker.Process(t.Context(), Ref{5, started.ID, 0}); err != nil || outcome.Retry {
		t.Errorf("Visit() = %v, %v", outcome, err)
	}
	if got := f.show(t, started.ID); got.Subscriptions != 3 || h.steps != 6 || got.Done != 1 {
		t.Errorf("Show() = %+v after %d steps", got, h.steps)
	}
}

// What a visitor has decided when its job is ended, by whom ever, is not saved.
func TestNothingIsSavedAfterTheEnd(t *testing.T) {
	for name, end := range map[string]func(f *farm, job string){
		"cancelled":     func(f *farm, job string) { f.service.Cancel(t.Context(), 5, job) },
		"another order": func(f *farm, _ string) { f.suspend(t, liftAll, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFarm()
			f.herd()
			started := f.suspend(t, suspendAll, nil)
			f.pass(time.Second)
			calls := 0
			f.shelf.hook = func() { // before keep saves, by the job as it was read for the attempt
				if calls++; calls == 5 {
					f.shelf.hook = func() {}
					end(f, started.ID)
				}
			}
			if outcome, err := f.worker.Process(t.Context(), Ref{5, started.ID, 0}); err != nil || outcome.Retry {
				t.Errorf("Visit() = %v, %v", outcome, err)
			}
			if got := f.show(t, started.ID); calls != 5 || got.State != Cancelled || got.Subscriptions != 0 || len(f.customers) != 0 {
				t.Errorf("Show() = %+v, %d customers changed, %d calls", got, len(f.customers), calls)
			}
		})
	}
}

// The request that started a job waits until its time has come, and does all of
// it.
func TestWorkOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFarm()
		h := f.herd()
		f.clock.t = time.Now()
		f.worker.now, f.service.now = time.Now, time.Now
		started := f.suspend(t, suspendAll, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 18*time.Second)
		defer cancel()
		if err := f.worker.WorkOn(ctx, started.Job); err != nil {
			t.Error(err)
		}
		// Parts that end at the same time are in each other's way, and a last step is then taken again.
		if got := f.show(t, started.ID); got.State != Done || got.Subscriptions != 3*customer.Shards || h.steps < 3*customer.Shards {
			t.Errorf("Show() = %+v after %d steps", got, h.steps)
		}
	})
}

// Without the time for a step it does none, and leaves all to the messages.
func TestWorkOnWithoutTime(t *testing.T) {
	f := newFarm()
	h := f.herd()
	started := f.suspend(t, suspendAll, nil)
	f.pass(time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), toSave+shortest-time.Second)
	defer cancel()
	began := time.Now()
	if err := f.worker.WorkOn(ctx, started.Job); err != nil || h.steps != 0 || time.Since(began) > time.Second {
		t.Errorf("WorkOn() error = %v, %d steps in %v", err, h.steps, time.Since(began))
	}
	f.drain(t)
	if got := f.show(t, started.ID); got.State != Done || got.Subscriptions != 3*customer.Shards {
		t.Errorf("Show() = %+v", got)
	}
}
