package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"regulars/shared/errs"
	"regulars/shared/history"
)

const (
	// stepTime ends a step. A job is looked at between steps, or the version of their
	// part, which whoever ends the job bumps. So the last write of a cancelled one comes
	// no later than this and lookAgain: well within [Wait], after which the opposite
	// job may start.
	stepTime = 20 * time.Second
	// lookAgain is for how long steps of a part go on without another look at their job.
	lookAgain = time.Second
	// toSave is kept of an attempt's deadline for saving what its last step did.
	toSave = 5 * time.Second
	// shortest is what a step must have for another to be begun.
	shortest = 5 * time.Second

	// whilePlanning is when a part is looked at again, at the latest, whose job is not
	// planned yet: a plan takes seconds. One that has only just begun may be small, so
	// it is looked at again after as long as it has taken, and at least atOnce.
	whilePlanning = 10 * time.Second
	atOnce        = 100 * time.Millisecond
	// afterTrouble is when a part is looked at again after a failed step, or one
	// that another process has overtaken: that one is busy for a while.
	afterTrouble = 30 * time.Second
)

// ErrDeadLettered says that a part was parked or a job failed. A person must look.
var ErrDeadLettered = errors.New("given up")

// A Worker does parts of jobs.
type Worker struct {
	store Store
	kinds map[string]Kind
	now   func() time.Time
	texts errs.Texts // of why a job failed
}

// NewWorker makes a worker that knows the kinds by name.
func NewWorker(store Store, kinds map[string]Kind, now func() time.Time) *Worker {
	return &Worker{store: store, kinds: kinds, now: now}
}

// WithTexts returns the worker with the sentences that a job keeps of the client
// error that it failed with.
func (w *Worker) WithTexts(texts errs.Texts) *Worker {
	w.texts = texts
	return w
}

// An Outcome says what becomes of the message that asked for a part.
type Outcome struct {
	// Retry: it must come again, after After; else it is dropped.
	Retry bool
	After time.Duration
	// Kind is that of the job; empty where there was nothing to do.
	Kind string
	// Parked: the part was; Failed: the job ended so.
	Parked, Failed bool
	// Counts are what the steps did that were saved.
	Counts
}

// again is the outcome of what must come again.
func again(after time.Duration) Outcome { return Outcome{Retry: true, After: after} }

// Process does what one message asks for: steps of the part until it is done, or
// the deadline of ctx leaves no time for another; that of the last part finishes
// the job. The error is for the log; it is [ErrDeadLettered] where somebody
// must look.
func (w *Worker) Process(ctx context.Context, ref Ref) (Outcome, error) {
	var v attempt
	err := errs.Retry(ctx, func(int) (err error) {
		v, err = w.begin(ctx, ref)
		return err
	})
	if err != nil {
		return again(afterTrouble), fmt.Errorf("begin part %s: %w", ref, err)
	}
	ctx = history.WithAuthor(ctx, v.job.author(history.AuthorOf(ctx)))
	var outcome Outcome
	switch v.do {
	case wait:
		return again(v.after), nil
	case park, fail:
		err = ErrDeadLettered
		outcome.Parked, outcome.Failed = v.do == park, v.do == fail
	case work:
		outcome, err = w.work(ctx, v.job, v.part, v.looked)
	case finish:
		outcome, err = w.finish(ctx, v.job)
	}
	outcome.Kind = v.job.Kind
	if err != nil {
		return outcome, fmt.Errorf("%s, part %s: %w", v.job.Kind, ref, err)
	}
	return outcome, nil
}

// author is who makes the changes of the job's steps: a request that works on it
// itself, else the job.
func (j Job) author(a history.Author) history.Author {
	if a.Action == "" {
		a.Action = "part " + j.Kind
	}
	if a.Job = j.ID; strings.HasPrefix(j.Kind, ImportKinds) {
		a.Import = j.Subject.Name
	}
	return a
}

// An attempt is what is to be done about a part as it was read.
type attempt struct {
	do    task
	after time.Duration // of wait
	job   Job
	part  Part
	// looked is when both were read.
	looked time.Time
}

type task int

const (
	drop   task = iota // nothing, now or later
	wait               // it is too early
	work               // steps
	park               // steps got nowhere too often
	finish             // all parts are done
	fail               // finishing failed too often
)

// decide says what a message about the part leads to.
func (w *Worker) decide(job Job, part Part) attempt {
	now := w.now()
	v := attempt{job: job, part: part, looked: now}
	switch {
	case part.Rev == "" || !job.Open():
		v.do = drop
	case job.State == Planning:
		v.do, v.after = wait, min(whilePlanning, max(atOnce, now.Sub(job.Created)))
	case job.State == Finishing && job.Tries >= maxAttempts:
		v.do, v.job = fail, job.failed(w.texts.Of(errs.New(errs.FailedPrecondition, "job_unfinished", "")), now)
	case job.State == Finishing:
		v.do, v.job = finish, job.tried(now)
	case part.State != Waiting:
		v.do = drop
	case now.Before(job.NotBefore):
		v.do, v.after = wait, job.NotBefore.Sub(now)
	case part.usedUp():
		v.do, v.part = park, part.parked(now)
	default:
		v.do, v.part = work, part.attempted(now)
	}
	return v
}

// begin decides and saves that the attempt was begun, so that one which ends in a
// crash counts.
func (w *Worker) begin(ctx context.Context, ref Ref) (attempt, error) {
	job, part, err := w.store.JobAndPart(ctx, ref)
	if err != nil {
		return attempt{}, err
	}
	v := w.decide(job, part)
	change := Change{ID: rand.Text()}
	switch v.do {
	case drop, wait:
		return v, nil
	case work, park:
		change.Parts = []Part{v.part}
	case finish, fail:
		change.Job = &v.job
	}
	if err := change.saveIn(ctx, w.store); err != nil {
		return attempt{}, err
	}
	if len(change.Parts) > 0 {
		v.part = change.Parts[0]
	}
	return v, nil
}

// work does steps of the part. It was read with its job at the time looked.
func (w *Worker) work(ctx context.Context, job Job, part Part, looked time.Time) (outcome Outcome, err error) {
	var saved Counts
	defer func() { outcome.Counts = saved }()
	for {
		until := w.stepEnds(ctx)
		if time.Until(until) < shortest {
			return Outcome{Retry: true}, nil
		}
		step, trouble := w.step(ctx, until, job, part)
		if trouble != nil && step.Cursor == part.Cursor {
			return again(afterTrouble), trouble
		}
		kept, after, err := w.keep(ctx, job, part, part.after(step, w.now()), step, &looked)
		if errors.Is(err, errOutdated) {
			if part.Outdated++; !errs.Pause(ctx, part.Outdated) {
				return again(afterTrouble), nil
			}
			continue
		}
		job, part = kept, after
		if err == nil {
			saved = saved.Plus(step.Counts).Plus(Counts{Found: len(step.Findings)})
		}
		switch {
		case errors.Is(err, errOvertaken):
			return again(afterTrouble), nil
		case err != nil:
			return again(afterTrouble), errors.Join(trouble, err)
		case job.State == Finishing:
			return w.finish(ctx, job)
		case !job.Open() || part.State == PartDone:
			return Outcome{}, nil
		case trouble != nil:
			return again(afterTrouble), trouble
		case step.Pause > 0:
			return again(step.Pause), nil
		}
	}
}

// stepEnds is when a step that is begun now must end.
func (w *Worker) stepEnds(ctx context.Context) time.Time {
	until := time.Now().Add(stepTime)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-toSave).Before(until) {
		return deadline.Add(-toSave)
	}
	return until
}

// step does one step. A panic becomes an error, for it would end the whole
// process.
func (w *Worker) step(ctx context.Context, until time.Time, job Job, part Part) (step Step, err error) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			step, err = Step{Cursor: part.Cursor}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	kind, err := w.kind(job)
	if err != nil {
		return Step{Cursor: part.Cursor}, err
	}
	step, err = kind.Step(ctx, job, part)
	if err == nil && !step.Done && step.Cursor == part.Cursor {
		err = errors.New("the step got nowhere")
	}
	return step, err
}

func (w *Worker) kind(job Job) (Kind, error) {
	kind, ok := w.kinds[job.Kind]
	if !ok {
		return nil, fmt.Errorf("no job of the kind %q is known here", job.Kind)
	}
	return kind, nil
}

var (
	// errOvertaken says that another process is at the part.
	errOvertaken = errors.New("overtaken")
	// errOutdated says that a step must be done again: a customer that it was to
	// change has changed.
	errOutdated = errors.New("outdated")
)

// keep saves what a step made of the part before, and of customers; where that is
// done, it is counted down in the same transaction. It returns the job, and the part as
// it is now; a job that has ended keeps nothing. The job was read at the time looked, and
// is read again where that is a while ago, it is to be written, or the save was in vain.
func (w *Worker) keep(ctx context.Context, known Job, before, after Part, step Step, looked *time.Time) (job Job, part Part, err error) {
	job = known
	err = errs.Retry(ctx, func(attempt int) error {
		if now := w.now(); attempt > 0 || after.State == PartDone || now.Sub(*looked) >= lookAgain {
			*looked = now
			var current Part
			if job, current, err = w.store.JobAndPart(ctx, before.Ref); err != nil || !job.Open() {
				return err
			}
			if current.Rev != before.Rev {
				return errOvertaken
			}
		}
		if attempt > 0 && len(step.Customers)+len(step.Points) > 0 {
			return errOutdated
		}
		change := Change{ID: rand.Text(), Parts: []Part{after}, Customers: step.Customers, Points: step.Points}
		if after.State == PartDone {
			counted := job.partDone(w.now())
			change.Job = &counted
		}
		if err := change.saveIn(ctx, w.store); err != nil {
			return err
		}
		part = change.Parts[0]
		if change.Job != nil {
			job = *change.Job
		}
		return nil
	})
	return job, part, err
}

// finish runs the kind's Finish and ends the job.
func (w *Worker) finish(ctx context.Context, job Job) (Outcome, error) {
	err := w.conclude(ctx, job)
	clientErr, rejected := errs.AsClient(err)
	if err != nil && !rejected {
		return again(afterTrouble), fmt.Errorf("finish: %w", err)
	}
	ended := func(j Job) Job { return j.to(Done, w.now()) }
	if rejected {
		ended = func(j Job) Job { return j.failed(w.texts.Of(clientErr), w.now()) }
	}
	err = errs.Retry(ctx, func(int) error {
		now, _, err := w.store.JobAndPart(ctx, Ref{Tenant: job.Tenant, Job: job.ID})
		if err != nil || !now.Open() {
			return err
		}
		next := ended(now)
		return Change{ID: rand.Text(), Job: &next}.saveIn(ctx, w.store)
	})
	if err != nil {
		return again(afterTrouble), fmt.Errorf("end the job: %w", err)
	}
	return Outcome{Failed: rejected}, nil
}

// conclude is the kind's Finish; a panic becomes an error.
func (w *Worker) conclude(ctx context.Context, job Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	kind, err := w.kind(job)
	if err != nil {
		return err
	}
	return kind.Finish(ctx, job)
}
