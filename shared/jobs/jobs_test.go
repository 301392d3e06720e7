package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

func TestJobFromStartToDone(t *testing.T) {
	f := newFarm("4", "0", "7")
	job := f.start(t)
	if job.State != Running || job.Parts != 3 || job.Left != 3 || !job.NotBefore.Equal(noon.Add(wait40)) {
		t.Errorf("started = %+v", job)
	}
	if len(f.messages) != 3 || f.delays[0] != wait40 {
		t.Errorf("messages = %v after %v", f.messages, f.delays)
	}
	f.drain(t)
	got := f.show(t, job.ID)
	want := Counts{Seen: 11, Changed: 11}
	if got.State != Done || got.Left != 0 || got.Done != 3 || got.Counts != want {
		t.Errorf("Show() = %+v", got)
	}
	if f.finished != 1 || len(f.turned) != 11 {
		t.Errorf("finished %d times, %d stones turned", f.finished, len(f.turned))
	}
}

func TestNothingIsDoneBeforeItsTime(t *testing.T) {
	f := newFarm("4")
	f.start(t)
	f.pass(wait40 - time.Second)
	outcome, err, _ := f.deliver(t)
	if err != nil || !outcome.Retry || outcome.After != time.Second || len(f.turned) != 0 {
		t.Errorf("visit = %v, %v, %d turned", outcome, err, len(f.turned))
	}
}

func TestDecide(t *testing.T) {
	w := &Worker{now: func() time.Time { return noon }}
	at := func(state State, part PartState, visits, tries int) attempt {
		job := Job{State: state, NotBefore: noon, Tries: tries, Rev: "a"}
		return w.decide(job, Part{State: part, Attempts: visits, Rev: "b"})
	}
	tests := []struct {
		name string
		got  attempt
		want task
	}{
		{"waiting", at(Running, Waiting, 0, 0), work},
		{"five visits were no use", at(Running, Waiting, 5, 0), park},
		{"four were none", at(Running, Waiting, 4, 0), work},
		{"the part is done", at(Running, PartDone, 0, 0), drop},
		{"parked", at(Running, Parked, 5, 0), drop},
		{"planning", at(Planning, Waiting, 0, 0), wait},
		{"finishing", at(Finishing, PartDone, 0, 0), finish},
		{"finishing was no use", at(Finishing, PartDone, 0, 5), fail},
		{"done", at(Done, PartDone, 0, 0), drop},
		{"cancelled", at(Cancelled, Waiting, 0, 0), drop},
		{"failed", at(Failed, PartDone, 0, 0), drop},
		{"not there", w.decide(Job{}, Part{}), drop},
	}
	for _, tt := range tests {
		if tt.got.do != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, tt.got.do, tt.want)
		}
	}
}

func TestCancelMidway(t *testing.T) {
	f := newFarm("9", "9")
	job := f.start(t)
	f.pass(wait40)
	stones := 0
	f.field.hook = func() {
		if stones++; stones == 4 {
			if _, err := f.service.Cancel(t.Context(), 5, job.ID); err != nil {
				t.Error(err)
			}
		}
	}
	f.drain(t)
	got := f.show(t, job.ID)
	if got.State != Cancelled || got.Done != 0 || got.Seen != stonesAtOnce || f.finished != 0 {
		t.Errorf("Show() = %+v, finished %d times", got, f.finished)
	}
	if len(f.turned) != 2*stonesAtOnce {
		t.Errorf("%d stones turned, want those of the step under way and the one before", len(f.turned))
	}
	again, err := f.service.Cancel(t.Context(), 5, job.ID)
	if err != nil || again != got.Job {
		t.Errorf("Cancel() again = %+v, %v", again, err)
	}
	if next := f.start(t); next.ID == job.ID || next.State != Running {
		t.Errorf("Start() after that = %+v", next)
	}
}

// Of a job with more parts than one change takes, a step under way that has looked at its
// job before that was cancelled saves nothing once Cancel has returned.
func TestCancelManyParts(t *testing.T) {
	for _, before := range []bool{false, true} { // the job was cancelled, but not its parts
		ranges := make([]string, 2*partsAtOnce+1)
		for n := range ranges {
			ranges[n] = "9"
		}
		f := newFarm(ranges...)
		job := f.start(t)
		f.pass(wait40)
		ref := Ref{Tenant: job.Tenant, Job: job.ID, Number: 2 * partsAtOnce}
		underWay := f.parts[ref]
		if before {
			f.jobs[job.ID] = f.jobs[job.ID].to(Cancelled, f.now())
		}
		if got, err := f.service.Cancel(t.Context(), 5, job.ID); err != nil || got.State != Cancelled {
			t.Fatalf("Cancel() = %+v, %v", got, err)
		}
		change := Change{ID: "late", Parts: []Part{underWay.after(Step{Cursor: "on"}, f.now())}}
		if err := change.saveIn(t.Context(), f.shelf); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("cancelled before: %t: a step under way saved: %v", before, err)
		}
	}
}

func TestStartAgainAnswersTheOpenJob(t *testing.T) {
	f := newFarm("4", "5")
	first := f.start(t)
	second := f.start(t)
	if first.ID != second.ID || len(f.messages) != 2 {
		t.Errorf("two jobs %s and %s, %d messages", first.ID, second.ID, len(f.messages))
	}
	f.order.Subject.Number++
	if other := f.start(t); other.ID == first.ID {
		t.Error("another subject is the same job")
	}
	f.order.Subject.Number--
	f.drain(t)
	if third := f.start(t); third.ID == first.ID {
		t.Error("a job that is done is started again")
	}
}

func TestManyParts(t *testing.T) {
	var ranges []string
	for range 2*partsAtOnce + 1 {
		ranges = append(ranges, "1")
	}
	f := newFarm(ranges...)
	hook, _ := killAt(6) // after the first parts
	f.shelf.hook = hook
	survived(func() { f.start(t) })
	f.shelf.hook = func() {}
	if got := f.onlyJob(t); got.State != Planning {
		t.Fatalf("killed while planning = %+v", got)
	}
	f.pass(Idle)
	if err := f.service.Resend(t.Context(), Idle); err != nil || len(f.messages) > 0 {
		t.Errorf("half a plan is sent: %d messages, %v", len(f.messages), err)
	}
	job := f.start(t)
	f.drain(t)
	if got := f.show(t, job.ID); got.State != Done || got.Done != len(ranges) || got.Seen != len(ranges) {
		t.Errorf("Show() = %+v", got)
	}
}

func TestVisitGivesBackWhenTimeIsUp(t *testing.T) {
	f := newFarm("9")
	job := f.start(t)
	f.pass(wait40)
	ctx, cancel := context.WithTimeout(t.Context(), toSave+shortest+100*time.Millisecond)
	defer cancel()
	f.field.hook = func() { time.Sleep(40 * time.Millisecond) }
	outcome, err := f.worker.Process(ctx, f.messages[0])
	if err != nil || !outcome.Retry || outcome.After != 0 {
		t.Errorf("Visit() = %v, %v", outcome, err)
	}
	if got := f.show(t, job.ID); got.Seen != stonesAtOnce {
		t.Errorf("Show() = %+v", got)
	}
}

func TestUnknownJobAndKind(t *testing.T) {
	f := newFarm("9")
	if _, err := f.service.Show(t.Context(), 5, "x"); !errors.Is(err, ErrUnknown) {
		t.Errorf("Show() error = %v", err)
	}
	if _, err := f.service.Cancel(t.Context(), 5, "x"); !errors.Is(err, ErrUnknown) {
		t.Errorf("Cancel() error = %v", err)
	}
	if outcome, err := f.worker.Process(t.Context(), Ref{5, "x", 0}); err != nil || outcome.Retry {
		t.Errorf("Visit() = %v, %v", outcome, err)
	}
	f.order.Kind = "dig"
	f.start(t)
	f.pass(wait40)
	if outcome, err, _ := f.deliver(t); err == nil || !outcome.Retry {
		t.Errorf("Visit() of an unknown kind = %v, %v", outcome, err)
	}
}

func TestStartMatchField(t *testing.T) {
	f := newFarm()
	building := customer.MatchField{Name: "CRM_ID", Number: 3, State: customer.FieldBuilding}
	removing := building
	removing.State = customer.FieldRemoving
	for want, matchField := range map[string]customer.MatchField{MatchFieldAdd: building, MatchFieldRemove: removing} {
		job, err := f.service.StartMatchField(t.Context(), 5, matchField)
		if err != nil || job.Kind != want || job.Parts != customer.Shards || job.Subject != (Subject{3, "CRM_ID"}) {
			t.Errorf("StartMatchField(%s) = %+v, %v", matchField.State, job, err)
		}
	}
	if list, err := f.service.List(t.Context(), 5); err != nil || len(list) != 2 {
		t.Errorf("List() = %v, %v", list, err)
	}
}

func TestRef(t *testing.T) {
	ref := Ref{5, "20260501T120000Z-ABCD", 12}
	if got, err := ParseRef(ref.String()); err != nil || got != ref {
		t.Errorf("ParseRef(%q) = %v, %v", ref, got, err)
	}
	for _, text := range []string{"", "5/x", "5//1", "0/x/1", "5/x/-1", "5/x/01", "5/x/1/2", "a/x/1", "+5/x/1", fmt.Sprint("5/x/", uint64(1<<63))} {
		if got, err := ParseRef(text); err == nil {
			t.Errorf("ParseRef(%q) = %v, want an error", text, got)
		}
	}
}

// A job that has only just begun may be planned in a moment, so a part is not put off
// for longer than the plan has taken.
func TestWhilePlanning(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]time.Duration{
		0: atOnce, 3 * time.Second: 3 * time.Second, time.Minute: whilePlanning,
	} {
		w := NewWorker(nil, nil, func() time.Time { return noon.Add(age) })
		got := w.decide(Job{State: Planning, Created: noon}, Part{Rev: "1"})
		if got.do != wait || got.after != want {
			t.Errorf("after %v: %+v, want to wait for %v", age, got, want)
		}
	}
}
