// Package jobs is the domain of work over many customers or rows: a job is cut
// into parts beforehand, a part is one message on a queue and is done in bounded
// steps, and whatever crashes at any point is healed by the message that comes
// again (docs/design.md). [Service] starts and watches jobs, [Worker] does
// them. What a step does is the business of a [Kind].
package jobs

import (
	"crypto/rand"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Wait is how long after a declaration its parts start: by then every writer
// knows it, for settings are cached for 10 seconds and no commit is sent more
// than 25 seconds after its load began.
const Wait = 40 * time.Second

// A Subject says what a job is about: what bears the number, the name, or both.
type Subject struct {
	Number int
	Name   string
}

// A State is how far a job is.
type State string

const (
	// Planning: parts and messages are not all out yet; a repeated start goes on.
	Planning State = "planning"
	// Running: parts are done, once the job's NotBefore has come.
	Running State = "running"
	// Finishing: all parts are done, the kind's Finish is not.
	Finishing State = "finishing"

	// Done, Failed and Cancelled jobs have ended and change no more.
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// A Job is work over many customers or rows, as it was read.
type Job struct {
	Tenant int
	// ID sorts by the second of its creation; without blanks and slashes.
	ID string
	// Kind names what is done, Subject to what. There is one open job of a kind
	// and subject at a time.
	Kind    string
	Subject Subject
	// Task says what exactly is done, in the words of the kind, where kind and
	// subject do not.
	Task  string
	State State
	// Parts is into how many parts the job is cut, Left how many are not done.
	Parts, Left int
	// Created and NotBefore, when parts may start, are to the microsecond.
	Created, NotBefore time.Time
	// Moved is when the job was last written.
	Moved time.Time
	// Tries is how often Finish was begun again.
	Tries int
	// Trouble says in a sentence why the job failed.
	Trouble string
	// Rev is the id of the commit that wrote the job; empty: not saved yet.
	Rev string
}

// Open reports whether the job has not ended.
func (j Job) Open() bool {
	return j.State == Planning || j.State == Running || j.State == Finishing
}

// A PartState is how far a part is.
type PartState string

const (
	// Waiting: it is to be done, or being done.
	Waiting PartState = "waiting"
	// PartDone: it is done and counted.
	PartDone PartState = "done"
	// Parked: its attempts failed and there are no more of them, until the job is
	// started again.
	Parked PartState = "parked"
)

// A Part is a piece of a job, as it was read.
type Part struct {
	Ref
	State PartState
	// Range is what the part covers, and Cursor how far that is done, both in the
	// words of the kind.
	Range, Cursor string
	Counts
	// Findings are the first of those that its steps left to a person.
	Findings []customer.Finding
	// Attempts counts those begun since the cursor last moved.
	Attempts int
	// Moved is when the part was last written, to the microsecond.
	Moved time.Time
	// Rev is the id of the commit that wrote the part; empty: not saved yet.
	Rev string
	// Outdated counts how often in a row, in this visit, a step came too late: a
	// customer that it was to change had changed meanwhile. It is not kept.
	Outdated int
}

// Counts are what was done: things looked at, of these changed, and of these
// skipped because they are no more.
type Counts struct {
	Seen, Changed, Skipped int
	// Subscriptions are those of customers that were changed.
	Subscriptions int
	// Found is how many findings there are, of which each part keeps the first
	// hundred.
	Found int
}

// Plus is the sum of both.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.Seen + d.Seen, c.Changed + d.Changed, c.Skipped + d.Skipped, c.Subscriptions + d.Subscriptions, c.Found + d.Found}
}

// maxAttempts is how many attempts in a row may get nowhere: one may meet a busy
// table, a deployment or a crash, five mean trouble that repeating does not cure.
const maxAttempts = 5

// maxFindings is how many findings a part keeps: eight parts fit an answer.
const maxFindings = 100

// newJob makes a job and its parts.
func newJob(o Spec, now time.Time, wait time.Duration) (Job, []Part) {
	now = instant(now)
	job := Job{
		Tenant: o.Tenant, ID: now.Format("20060102T150405Z") + "-" + rand.Text()[:8],
		Kind: o.Kind, Subject: o.Subject, Task: o.Task, State: Planning,
		Parts: len(o.Ranges), Left: len(o.Ranges), Created: now, NotBefore: now.Add(wait), Moved: now,
	}
	parts := make([]Part, len(o.Ranges))
	for n, r := range o.Ranges {
		parts[n] = Part{Ref: Ref{job.Tenant, job.ID, n}, State: Waiting, Range: r, Moved: now}
	}
	return job, parts
}

// instant is a time to the precision that is kept.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// partDone counts one part down.
func (j Job) partDone(now time.Time) Job {
	j.Left--
	if j.Left > 0 {
		j.Moved = instant(now)
		return j
	}
	return j.to(Finishing, now)
}

// tried begins another attempt to finish.
func (j Job) tried(now time.Time) Job {
	j.Tries++
	j.Moved = instant(now)
	return j
}

// failed ends the job with a sentence that says why.
func (j Job) failed(trouble string, now time.Time) Job {
	j.Trouble = trouble
	return j.to(Failed, now)
}

func (j Job) to(s State, now time.Time) Job {
	j.State, j.Moved = s, instant(now)
	return j
}

// attempted begins an attempt.
func (p Part) attempted(now time.Time) Part {
	p.Attempts++
	p.Moved = instant(now)
	return p
}

// usedUp reports whether its attempts got nowhere too often for another.
func (p Part) usedUp() bool { return p.Attempts >= maxAttempts }

// parked ends the attempts.
func (p Part) parked(now time.Time) Part {
	p.State, p.Moved = Parked, instant(now)
	return p
}

// bumped is the part as it is, to be written again: an attempt that is under way
// can no longer save what it does, because the part's version has changed.
func (p Part) bumped(now time.Time) Part {
	p.Moved = instant(now)
	return p
}

// sentAgain gives the part's new message time to arrive. A parked part starts
// afresh.
func (p Part) sentAgain(now time.Time) Part {
	if p.State == Parked {
		p.State, p.Attempts = Waiting, 0
	}
	p.Moved = instant(now)
	return p
}

// after is the part with what a step did.
func (p Part) after(s Step, now time.Time) Part {
	s.Found = len(s.Findings)
	p.Cursor, p.Counts, p.Attempts, p.Outdated, p.Moved = s.Cursor, p.Plus(s.Counts), 0, 0, instant(now)
	p.Findings = slices.Concat(p.Findings, s.Findings)
	p.Findings = p.Findings[:min(maxFindings, len(p.Findings))]
	if s.Done {
		p.State = PartDone
	}
	return p
}

// ErrUnknown rejects the id of a job that is not there.
var ErrUnknown = &errs.Client{Kind: errs.NotFound, Code: "job_unknown"}

// ErrState rejects what cannot be done with a job in its state.
var ErrState = &errs.Client{Kind: errs.FailedPrecondition, Code: "job_state"}
