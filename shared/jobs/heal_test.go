package jobs

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/errs"
)

// A whole job is killed before and after every call of the store and at every
// stone, once each; the start that is repeated and the messages that come again
// must make it whole.
func TestKilledAnywhereItHeals(t *testing.T) {
	for n := 1; ; n++ {
		f := newFarm("4", "0", "7")
		hook, killed := killAt(n)
		f.shelf.hook, f.field.hook = hook, hook
		if !survived(func() { f.start(t) }) {
			f.start(t)
		}
		f.drain(t)
		f.shelf.hook = func() {}
		got := f.onlyJob(t)
		if got.State != Done || got.Done != 3 || got.Counts != (Counts{Seen: 11, Changed: 11}) || len(f.turned) != 11 || f.finished == 0 {
			t.Fatalf("killed at call %d: %+v, %d turned, %d times finished", n, got, len(f.turned), f.finished)
		}
		if !killed() {
			t.Logf("%d places", n-1)
			return
		}
	}
}

// Whatever is killed, lost, sent twice and started again, the job ends with each
// stone turned and counted once.
func TestAnyHistoryHeals(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var ranges []string
		total := 0
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 10), 1, 6).Draw(r, "parts") {
			ranges, total = append(ranges, strconv.Itoa(n)), total+n
		}
		f := newFarm(ranges...)
		for _, n := range rapid.SliceOfN(rapid.IntRange(1, 12), 0, 20).Draw(r, "kills") {
			hook, _ := killAt(n)
			f.shelf.hook, f.field.hook = hook, hook
			switch rapid.IntRange(0, 4).Draw(r, "then") {
			case 0:
				survived(func() { f.service.Start(t.Context(), f.order) })
			case 1:
				f.pass(Idle)
				survived(func() { f.service.Resend(t.Context(), Idle) })
			case 2:
				f.messages = f.messages[:len(f.messages)/2]
			default:
				f.deliver(t)
			}
		}
		f.shelf.hook, f.field.hook = func() {}, func() {}
		for range 2 { // the second start is for what killed visitors left to be dead-lettered
			f.start(t)
			f.pass(Idle)
			if err := f.service.Resend(t.Context(), Idle); err != nil {
				r.Fatal(err)
			}
			if err := f.untilQuiet(t); err != nil {
				r.Fatal(err)
			}
		}
		for _, job := range f.jobs {
			p := f.show(t, job.ID)
			if p.State == Failed && p.Tries == maxAttempts {
				continue // killed five times while it was finished
			}
			if p.State != Done || p.Seen != total || p.Changed != total || p.Left != 0 || len(f.turned) != total {
				r.Fatalf("job = %+v, %d turned, want %d", p, len(f.turned), total)
			}
		}
	})
}

// A start that is killed leaves at most one job, and the schedule finds its lost
// messages, too, unless its plan is not whole.
func TestKilledStartIsResent(t *testing.T) {
	for n := 1; ; n++ {
		f := newFarm("4", "7")
		hook, killed := killAt(n)
		f.shelf.hook = hook
		survived(func() { f.start(t) })
		f.shelf.hook = func() {}
		f.messages = nil // lost as well
		f.pass(Idle)
		if err := f.service.Resend(t.Context(), Idle); err != nil {
			t.Fatal(err)
		}
		f.drain(t)
		if len(f.jobs) > 0 && f.onlyJob(t).State != Done {
			t.Fatalf("killed at call %d: %+v", n, f.onlyJob(t))
		}
		if !killed() {
			return
		}
	}
}

// A visit parks the part, whose attempts are used up, between any two calls of a
// repeated start, which must give it another chance all the same.
func TestStartBesideParking(t *testing.T) {
	for n := 1; ; n++ {
		f := newFarm("4")
		job := f.start(t)
		ref := Ref{Tenant: job.Tenant, Job: job.ID}
		p := f.parts[ref]
		p.Attempts = maxAttempts
		f.parts[ref] = p
		count := 0
		f.shelf.hook = func() {
			if count++; count == n && f.parts[ref].usedUp() {
				p := f.parts[ref].parked(f.now())
				p.Rev += "+"
				f.parts[ref] = p
			}
		}
		f.start(t)
		f.shelf.hook = func() {}
		if p := f.parts[ref]; p.State != Waiting || p.Attempts != 0 {
			t.Fatalf("parked at call %d: %+v", n, p)
		}
		f.drain(t)
		if got := f.show(t, job.ID); got.State != Done {
			t.Fatalf("parked at call %d: %+v", n, got)
		}
		if count < n {
			return
		}
	}
}

func (f *farm) onlyJob(t *testing.T) Progress {
	t.Helper()
	if len(f.jobs) != 1 || len(f.open) > 1 {
		t.Fatalf("%d jobs, %d open", len(f.jobs), len(f.open))
	}
	for id := range f.jobs {
		return f.show(t, id)
	}
	return Progress{}
}

// Visitors come again when they are told to, as a queue lets them: those that
// came at once for ever would only overtake each other.
func TestManyWorkersOnTheSameParts(t *testing.T) {
	synctest.Test(t, manyWorkersOnTheSameParts)
}

func manyWorkersOnTheSameParts(t *testing.T) {
	f := newFarm("40", "25", "1")
	job := f.start(t)
	f.pass(wait40)
	var visitors sync.WaitGroup
	for range 4 {
		for _, ref := range f.messages {
			visitors.Go(func() {
				for {
					outcome, err := f.worker.Process(t.Context(), ref)
					if err != nil {
						t.Error(err)
						return
					}
					if !outcome.Retry {
						return
					}
					time.Sleep(outcome.After)
				}
			})
		}
	}
	visitors.Wait()
	got := f.show(t, job.ID)
	if got.State != Done || got.Counts != (Counts{Seen: 66, Changed: 66}) || len(f.turned) != 66 {
		t.Errorf("Show() = %+v, %d turned", got, len(f.turned))
	}
}

// One visitor overtakes another in the middle of a step: what the slower one did
// is not counted again.
func TestOvertakenVisitor(t *testing.T) {
	f := newFarm("7")
	job := f.start(t)
	f.pass(wait40)
	f.field.hook = func() {
		f.field.hook = func() {}
		if outcome, err := f.worker.Process(t.Context(), f.messages[0]); err != nil || outcome.Retry {
			t.Errorf("the faster visit = %v, %v", outcome, err)
		}
		again := f.show(t, job.ID)
		if again.State != Done || again.Seen != 7 {
			t.Errorf("Show() = %+v", again)
		}
	}
	if outcome, err := f.worker.Process(t.Context(), f.messages[0]); err != nil || outcome.Retry {
		t.Errorf("the slower visit = %v, %v", outcome, err)
	}

	f = newFarm("7")
	job = f.start(t)
	f.pass(wait40)
	f.field.hook = func() {
		f.field.hook = func() { killNow() }
		survived(func() { f.worker.Process(t.Context(), f.messages[0]) })
		f.field.hook = func() {}
	}
	if outcome, err := f.worker.Process(t.Context(), f.messages[0]); err != nil || !outcome.Retry || outcome.After != afterTrouble {
		t.Errorf("the slower visit = %v, %v", outcome, err)
	}
	if got := f.show(t, job.ID); got.Seen != 0 {
		t.Errorf("Show() = %+v, want that nothing is counted", got)
	}
	f.drain(t)
	if got := f.show(t, job.ID); got.State != Done || got.Seen != 7 {
		t.Errorf("Show() = %+v", got)
	}
}

func TestManyStartsMakeOneJob(t *testing.T) {
	f := newFarm("4", "5")
	var starters sync.WaitGroup
	for range 8 {
		starters.Go(func() { f.start(t) })
	}
	starters.Wait()
	f.drain(t)
	if got := f.onlyJob(t); got.State != Done || got.Seen != 9 {
		t.Errorf("job = %+v", got)
	}
}

// A part that fails at one stone is parked after five visits, the others get
// done; a repeated start lets it try again.
func TestPartIsParked(t *testing.T) {
	f := newFarm("2", "9")
	f.trap, f.stepErr = 4, errors.New("a root")
	job := f.start(t)
	f.pass(wait40)
	failed, given := 0, 0
	for {
		_, err, ok := f.deliver(t)
		if !ok {
			break
		}
		if errors.Is(err, ErrDeadLettered) {
			given++
		} else if err != nil {
			failed++
		}
	}
	got := f.show(t, job.ID)
	if got.State != Running || got.Parked != 1 || got.Done != 1 || got.Seen != 6 || given != 1 {
		t.Errorf("Show() = %+v, given up %d times", got, given)
	}
	if failed != maxAttempts+1 { // the first of them got to the stone
		t.Errorf("failed %d times", failed)
	}
	f.trap = -1
	f.start(t)
	f.drain(t)
	if got := f.show(t, job.ID); got.State != Done || got.Seen != 11 || got.Parked != 0 {
		t.Errorf("Show() after that = %+v", got)
	}
}

func TestCrashingPartIsParked(t *testing.T) {
	for name, crash := range map[string]func(){"killed": killNow, "panic": func() { panic("stone") }} {
		t.Run(name, func(t *testing.T) {
			f := newFarm("9")
			job := f.start(t)
			f.pass(wait40)
			f.field.hook = crash
			visits := 0
			for {
				if _, _, ok := f.deliver(t); !ok {
					break
				}
				visits++
			}
			if got := f.show(t, job.ID); got.Parked != 1 || visits != maxAttempts+1 {
				t.Errorf("Show() = %+v after %d visits", got, visits)
			}
		})
	}
}

// One that has used its visits up, and was not visited since, is given new ones by
// a repeated start as well.
func TestUsedUpPartTriesAgain(t *testing.T) {
	f := newFarm("9")
	job := f.start(t)
	f.pass(wait40)
	f.field.hook = func() { panic("stone") }
	for range maxAttempts {
		f.deliver(t)
	}
	f.field.hook = func() {}
	f.start(t)
	f.drain(t)
	if got := f.show(t, job.ID); got.State != Done || got.Parked != 0 {
		t.Errorf("Show() = %+v", got)
	}
}

func killNow() { hook, _ := killAt(1); hook() }

func TestFinishRejectedFailsTheJob(t *testing.T) {
	f := newFarm("2")
	f.finish = func() error { return errs.New(errs.FailedPrecondition, "field_gone", "") }
	job := f.start(t)
	f.drain(t)
	if got := f.show(t, job.ID); got.State != Failed || got.Trouble != "field_gone" || len(f.open) != 0 {
		t.Errorf("Show() = %+v", got)
	}
}

func TestFinishThatNeverSucceedsFailsTheJob(t *testing.T) {
	f := newFarm("2")
	f.finish = func() error { return errors.New("no way") }
	job := f.start(t)
	f.pass(wait40)
	given := false
	for {
		_, err, ok := f.deliver(t)
		if !ok {
			break
		}
		given = given || errors.Is(err, ErrDeadLettered)
	}
	if got := f.show(t, job.ID); got.State != Failed || got.Trouble == "" || !given || f.finished != maxAttempts+1 {
		t.Errorf("Show() = %+v, given up %t, tried %d times", got, given, f.finished)
	}
}

func TestResend(t *testing.T) {
	f := newFarm("9", "9")
	job := f.start(t)
	f.messages = nil
	resend := func() int {
		t.Helper()
		if err := f.service.Resend(t.Context(), Idle); err != nil {
			t.Fatal(err)
		}
		return len(f.messages)
	}
	f.pass(Idle - time.Second)
	if n := resend(); n != 0 {
		t.Errorf("%d messages too early", n)
	}
	f.pass(time.Second)
	if n := resend(); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
	if n := resend(); n != 2 {
		t.Errorf("%d messages when asked again, want the same 2", n)
	}
	f.drain(t)
	f.pass(Idle)
	if n := resend(); n != 0 || f.show(t, job.ID).State != Done {
		t.Errorf("%d messages of a job that is done", n)
	}
}

// Parts of kinds with a queue of their own go there, when they are sent and when they
// are sent again; those of all others do not.
func TestKindsWithAQueue(t *testing.T) {
	t.Parallel()
	for prefix, own := range map[string]bool{"tu": true, "turns": false} {
		f := newFarm("9", "9")
		other := &belt{}
		f.service = NewService(f.shelf, f.belt, f.now, wait40).WithQueue(prefix, other)
		f.start(t)
		f.pass(wait40 + Idle)
		if err := f.service.Resend(t.Context(), Idle); err != nil {
			t.Fatal(err)
		}
		want, got := []int{4, 0}, []int{len(f.messages), len(other.messages)}
		if own {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("prefix %s: %v messages, want %v", prefix, got, want)
		}
	}
}

// The process ends between counting the last part and finishing, and the message
// is lost, too.
func TestResendFinishes(t *testing.T) {
	f := newFarm("1")
	job := f.start(t)
	f.pass(wait40)
	f.finish = func() error { killNow(); return nil }
	f.deliver(t)
	f.finish = func() error { return nil }
	f.messages = nil
	if got := f.show(t, job.ID); got.State != Finishing || got.Done != 1 {
		t.Fatalf("Show() = %+v", got)
	}
	f.pass(Idle)
	if err := f.service.Resend(t.Context(), Idle); err != nil {
		t.Fatal(err)
	}
	f.drain(t)
	if got := f.show(t, job.ID); got.State != Done {
		t.Errorf("Show() = %+v", got)
	}
}

// Steps in a row look at their job once a second, and the last at any rate: it counts the
// job down.
func TestStepsLookAtTheirJobOnceASecond(t *testing.T) {
	for _, tt := range []struct {
		step time.Duration
		want int // reads: for the attempt, the last step and the end of the job, and between
	}{{0, 3}, {lookAgain / 2, 3 + 1}, {lookAgain, 3 + 2}} {
		f := newFarm("9") // three steps
		job := f.start(t)
		f.pass(wait40)
		steps := 0
		f.field.hook = func() {
			if steps++; steps%stonesAtOnce == 1 {
				f.pass(tt.step)
			}
		}
		before := f.shelf.reads
		f.drain(t)
		if got := f.show(t, job.ID); got.State != Done || got.Seen != 9 {
			t.Errorf("Show() = %+v", got)
		}
		if got := f.shelf.reads - before; got != tt.want {
			t.Errorf("steps of %v: read %d times, want %d", tt.step, got, tt.want)
		}
	}
}
