package jobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// SuspendSubscriptions is the kind of job that carries out the suspensions of its task,
// [upkeep.Suspensions], on every customer of the tenant. It has no subject, so
// there is one open job of it in a tenant, and a part for each shard of the
// customers.
const SuspendSubscriptions = "suspend-subscriptions"

// A SuspensionSpec says whose subscriptions are to be suspended, or no longer.
type SuspensionSpec struct {
	Tenant int
	upkeep.Suspension
	// IdempotencyKey, unless nil, makes the request safe to repeat.
	IdempotencyKey *idempotency.Key
	// Settle is how long after the request parts start: by then the list of customers,
	// which lags behind, has all who were there at the request.
	Settle time.Duration
	// Later is how much later the messages come: for so long the starter processes
	// the parts.
	Later time.Duration
}

// A Started is the job that carries a suspension out.
type Started struct {
	Job
	// New: this request made it.
	New bool
	// Replayed: the request came before with the same idempotency key.
	Replayed bool
	// Unsent, unless nil, is why a new job's messages are not out. Then what the
	// starter leaves is done when the schedule finds it. It is for the log.
	Unsent error
}

// StartSuspension makes the job of a suspension. If a job that ends with the same
// suspension is open, that one is returned. One that is about something else ends,
// and the new job first does what is left of it: on each customer the suspensions
// are carried out in the sequence of their requests. It rejects with
// [idempotency.ErrKeyReused].
func (s *Service) StartSuspension(ctx context.Context, o SuspensionSpec) (Started, error) {
	var started Started
	var parts []Part
	err := errs.Retry(ctx, func(int) (err error) {
		started, parts, err = s.suspension(ctx, o)
		return err
	})
	if err == nil && started.New {
		started.Unsent = s.send(ctx, started.Job, parts, o.Later)
		started.Job, err = s.run(ctx, started.Job)
	} else if err == nil {
		started.Job, err = s.set(ctx, started.Job, parts)
	}
	if err != nil {
		return Started{}, fmt.Errorf("suspend subscriptions of tenant %d: %w", o.Tenant, err)
	}
	return started, nil
}

// suspension saves the job of a suspension, or finds it.
func (s *Service) suspension(ctx context.Context, o SuspensionSpec) (Started, []Part, error) {
	open, found, err := s.store.OpenJob(ctx, o.Tenant, SuspendSubscriptions, Subject{})
	if err != nil {
		return Started{}, nil, err
	}
	task, change := upkeep.Suspensions{o.Suspension}, Change{ID: rand.Text()}
	if found {
		job, parts, err := s.store.JobAndParts(ctx, o.Tenant, open.ID)
		if err != nil {
			return Started{}, nil, err
		}
		if !job.Open() {
			return Started{}, nil, fmt.Errorf("job %s has just ended: %w", job.ID, errs.ErrConflict)
		}
		rest, err := upkeep.ParseSuspensions(job.Task)
		if err != nil {
			return Started{}, nil, err
		}
		if len(rest) > 0 && rest[len(rest)-1] == o.Suspension {
			return s.sameSuspension(ctx, o, job, parts)
		}
		if task = rest.Then(o.Suspension); job.State == Finishing {
			task = upkeep.Suspensions{o.Suspension} // the others are carried out
		}
		change.Instead, change.Parts = &job, s.bumpVersions(parts)
	}
	return s.newSuspension(ctx, o, task, change)
}

// sameSuspension returns the open job that carries the suspension out already. Of a
// request with an idempotency key the record alone is written.
func (s *Service) sameSuspension(ctx context.Context, o SuspensionSpec, job Job, parts []Part) (Started, []Part, error) {
	if o.IdempotencyKey == nil {
		return Started{Job: job}, parts, nil
	}
	err := s.save(ctx, Change{ID: rand.Text(), Tenant: o.Tenant, Request: record(*o.IdempotencyKey, job)})
	if err != nil {
		return s.orReplay(ctx, o, err)
	}
	return Started{Job: job}, parts, nil
}

// newSuspension saves a new job of the task; change says which one it replaces.
func (s *Service) newSuspension(ctx context.Context, o SuspensionSpec, task upkeep.Suspensions, change Change) (Started, []Part, error) {
	spec := Spec{Tenant: o.Tenant, Kind: SuspendSubscriptions, Task: task.String()}
	for shard := range customer.Shards {
		spec.Ranges = append(spec.Ranges, strconv.Itoa(shard))
	}
	job, parts := newJob(spec, s.now(), o.Settle)
	if change.Instead != nil {
		given := change.Instead.givesWay(s.texts.Of(errs.New(errs.FailedPrecondition, "job_continued", "", job.ID)), s.now())
		change.Instead = &given
	}
	own := len(change.Parts)
	change.Job, change.Parts = &job, append(change.Parts, parts...)
	if o.IdempotencyKey != nil {
		change.Tenant, change.Request = o.Tenant, record(*o.IdempotencyKey, job)
	}
	if err := s.save(ctx, change); err != nil {
		return s.orReplay(ctx, o, err)
	}
	return Started{Job: job, New: true}, change.Parts[own:], nil
}

// givesWay ends a job in favour of another; why says which. One of which all parts
// are done is done.
func (j Job) givesWay(why string, now time.Time) Job {
	if j.State == Finishing {
		return j.to(Done, now)
	}
	j.Trouble = why
	return j.to(Cancelled, now)
}

// orReplay returns the job that the first request started, if err says that there
// was one, else err.
func (s *Service) orReplay(ctx context.Context, o SuspensionSpec, err error) (Started, []Part, error) {
	first, _, err := idempotency.OfCommit[customer.Recorded](err, o.IdempotencyKey)
	if err != nil {
		return Started{}, nil, err
	}
	job, parts, err := s.jobAndParts(ctx, o.Tenant, first.Job)
	if err != nil {
		return Started{}, nil, err
	}
	if !job.Open() {
		parts = nil
	}
	return Started{Job: job, Replayed: true}, parts, nil
}

// record is what is kept of a request that started the job, or found it started.
func record(key idempotency.Key, job Job) *customer.IdempotencyRecord {
	return &customer.IdempotencyRecord{Key: key, Outcome: customer.Recorded{Job: job.ID}}
}
