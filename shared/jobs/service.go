package jobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"regulars/shared/errs"
)

const (
	// pageSize is how many jobs a list holds at most.
	pageSize = 100
	// partsAtOnce is how many parts one change writes; the table takes 100 items.
	partsAtOnce = 50
	// Idle is how long a part may stay unmoved until its message is taken for
	// lost. It is longer than any visit, and than the queue's longest delay.
	Idle = 15 * time.Minute
)

// A Service starts jobs and watches them.
type Service struct {
	store Store
	queue Queue
	now   func() time.Time
	wait  time.Duration
	texts errs.Texts // of why a job ended early
	// others are queues for the kinds whose names begin with the key.
	others map[string]Queue
}

// NewService makes a service whose parts start wait after their job was.
func NewService(store Store, queue Queue, now func() time.Time, wait time.Duration) *Service {
	return &Service{store: store, queue: queue, now: now, wait: wait}
}

// WithTexts returns the service with the sentences that a job keeps of why it ended
// early.
func (s *Service) WithTexts(texts errs.Texts) *Service {
	s.texts = texts
	return s
}

// ImportKinds is how the names of the kinds of imports begin, whose parts have a
// queue of their own.
const ImportKinds = "import-"

// WithQueue returns the service with another queue for the parts of those kinds whose
// names begin with prefix.
func (s *Service) WithQueue(prefix string, queue Queue) *Service {
	if s.others == nil {
		s.others = map[string]Queue{}
	}
	s.others[prefix] = queue
	return s
}

// queueOf is the queue for the parts of the job.
func (s *Service) queueOf(job Job) Queue {
	for prefix, queue := range s.others {
		if strings.HasPrefix(job.Kind, prefix) {
			return queue
		}
	}
	return s.queue
}

// A Spec says what to do: a kind of job, about what, in which parts. For one
// kind and subject the ranges are always the same.
type Spec struct {
	Tenant  int
	Kind    string
	Subject Subject
	// Task says what exactly, where that is not all.
	Task string
	// Ranges are what the parts cover, in the words of the kind; at least one.
	Ranges []string
}

// Start makes the job that the spec names, or goes on with the one that is
// open: what is missing of its plan is made up, and parked parts try again.
func (s *Service) Start(ctx context.Context, o Spec) (Job, error) {
	var job Job
	var parts []Part
	err := errs.Retry(ctx, func(int) (err error) {
		job, parts, err = s.planned(ctx, o)
		return err
	})
	if err == nil {
		job, err = s.set(ctx, job, parts)
	}
	if err != nil {
		return Job{}, fmt.Errorf("start %s of tenant %d: %w", o.Kind, o.Tenant, err)
	}
	return job, nil
}

// set sets a planned job going; where it is, its parked parts.
func (s *Service) set(ctx context.Context, job Job, parts []Part) (Job, error) {
	if job.State == Planning {
		return s.launch(ctx, job, parts)
	}
	return job, s.sendAgain(ctx, job, parts, func(p Part) (Part, bool) {
		if p.State == Waiting && p.usedUp() {
			p = p.parked(s.now()) // as the next attempt would
		}
		return p.sentAgain(s.now()), p.State == Parked
	})
}

// planned is the job of the spec with all its parts.
func (s *Service) planned(ctx context.Context, o Spec) (Job, []Part, error) {
	job, found, err := s.store.OpenJob(ctx, o.Tenant, o.Kind, o.Subject)
	if err != nil {
		return Job{}, nil, err
	}
	var parts []Part
	if found {
		job, parts, err = s.store.JobAndParts(ctx, o.Tenant, job.ID)
	} else {
		job, parts, err = s.create(ctx, o)
	}
	if err != nil {
		return Job{}, nil, err
	}
	if !job.Open() {
		return Job{}, nil, fmt.Errorf("job %s has just ended: %w", job.ID, errs.ErrConflict)
	}
	if job.Parts != len(o.Ranges) {
		return Job{}, nil, fmt.Errorf("job %s has %d parts, not %d", job.ID, job.Parts, len(o.Ranges))
	}
	for len(parts) < job.Parts {
		more, err := s.add(ctx, job, o.Ranges, len(parts))
		if err != nil {
			return Job{}, nil, err
		}
		parts = append(parts, more...)
	}
	return job, parts, nil
}

// create saves a new job together with its first parts. Of a small job it is
// the whole plan.
func (s *Service) create(ctx context.Context, o Spec) (Job, []Part, error) {
	job, parts := newJob(o, s.now(), s.wait)
	change := Change{ID: rand.Text(), Job: &job, Parts: parts[:min(partsAtOnce, len(parts))]}
	return job, change.Parts, s.save(ctx, change)
}

// add saves the next parts of a job, from number on.
func (s *Service) add(ctx context.Context, job Job, ranges []string, number int) ([]Part, error) {
	change := Change{ID: rand.Text()}
	for n := number; n < min(number+partsAtOnce, len(ranges)); n++ {
		change.Parts = append(change.Parts, Part{
			Ref: Ref{job.Tenant, job.ID, n}, State: Waiting, Range: ranges[n], Moved: instant(s.now()),
		})
	}
	return change.Parts, s.save(ctx, change)
}

// save makes c true and tells its job and parts.
func (s *Service) save(ctx context.Context, c Change) error { return c.saveIn(ctx, s.store) }

func (c Change) saveIn(ctx context.Context, store Store) error {
	if err := store.SaveJob(ctx, c); err != nil {
		return err
	}
	if c.Job != nil {
		c.Job.Rev = c.ID
	}
	if c.Instead != nil {
		c.Instead.Rev = c.ID
	}
	for i := range c.Parts {
		c.Parts[i].Rev = c.ID
	}
	return nil
}

// launch sends the messages of all parts and then says that the job runs.
func (s *Service) launch(ctx context.Context, job Job, parts []Part) (Job, error) {
	if err := s.send(ctx, job, parts, 0); err != nil {
		return Job{}, err
	}
	return s.run(ctx, job)
}

// send sends the messages of all parts, to arrive some time after these may be
// done.
func (s *Service) send(ctx context.Context, job Job, parts []Part, later time.Duration) error {
	refs := make([]Ref, len(parts))
	for i, p := range parts {
		refs[i] = p.Ref
	}
	return s.queueOf(job).Send(ctx, refs, s.delay(job)+later)
}

// run says that a planned job runs.
func (s *Service) run(ctx context.Context, job Job) (Job, error) {
	return s.change(ctx, job.Tenant, job.ID, func(j Job) Job {
		if j.State != Planning {
			return j
		}
		return j.to(Running, s.now())
	})
}

// sendAgain sends the messages of those parts that decide says are lost, and saves
// what it makes of them. It decides again where another process has just written
// a part.
func (s *Service) sendAgain(ctx context.Context, job Job, parts []Part, decide func(Part) (Part, bool)) error {
	var refs []Ref
	for _, part := range parts {
		var lost bool
		err := errs.Retry(ctx, func(attempt int) (err error) {
			if attempt > 0 {
				if _, part, err = s.store.JobAndPart(ctx, part.Ref); err != nil {
					return err
				}
			}
			var next Part
			if next, lost = decide(part); !lost {
				return nil
			}
			return s.save(ctx, Change{ID: rand.Text(), Parts: []Part{next}})
		})
		if err != nil {
			return err
		}
		if lost {
			refs = append(refs, part.Ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	return s.queueOf(job).Send(ctx, refs, s.delay(job))
}

// delay is how long the job's parts have yet to wait.
func (s *Service) delay(job Job) time.Duration { return max(0, job.NotBefore.Sub(s.now())) }

// change commits what decide makes of a job, unless that is what it is.
func (s *Service) change(ctx context.Context, tenant int, id string, decide func(Job) Job) (Job, error) {
	var next Job
	err := errs.Retry(ctx, func(int) error {
		job, _, err := s.store.JobAndPart(ctx, Ref{Tenant: tenant, Job: id})
		if err != nil {
			return err
		}
		if job.Rev == "" {
			return unknown(id)
		}
		if next = decide(job); next == job {
			return nil
		}
		return s.save(ctx, Change{ID: rand.Text(), Job: &next})
	})
	return next, err
}

// Cancel ends a job; what it did stays done. Steps under way end within 20
// seconds. Once it has returned, those that save what they do with their cursor save
// nothing more, also where it returns that for a job that was cancelled before. A job
// that has ended otherwise stays as it is. It rejects with [ErrUnknown].
func (s *Service) Cancel(ctx context.Context, tenant int, id string) (Job, error) {
	var job Job
	var parts []Part
	err := errs.Retry(ctx, func(int) (err error) {
		if job, parts, err = s.jobAndParts(ctx, tenant, id); err != nil || !job.Open() {
			return err
		}
		job = job.to(Cancelled, s.now())
		change := Change{ID: rand.Text(), Job: &job}
		if len(parts) <= partsAtOnce {
			change.Parts = s.bumpVersions(parts)
		}
		return s.save(ctx, change)
	})
	if err == nil && job.State == Cancelled && len(parts) > partsAtOnce {
		err = s.bumpAll(ctx, parts)
	}
	if err != nil {
		return Job{}, fmt.Errorf("cancel job %s of tenant %d: %w", id, tenant, err)
	}
	return job, nil
}

// bumpAll bumps the parts of a cancelled job that are more than one change takes. What a
// step has saved meanwhile stays.
func (s *Service) bumpAll(ctx context.Context, parts []Part) error {
	for some := range slices.Chunk(parts, partsAtOnce) {
		err := errs.Retry(ctx, func(attempt int) error {
			if attempt > 0 {
				for i := range some {
					var err error
					if _, some[i], err = s.store.JobAndPart(ctx, some[i].Ref); err != nil {
						return err
					}
				}
			}
			bumped := s.bumpVersions(some)
			if len(bumped) == 0 {
				return nil
			}
			return s.save(ctx, Change{ID: rand.Text(), Parts: bumped})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// bumpVersions returns the parts that somebody may be processing, to be written as
// they are: under their new versions nobody saves what was begun before.
func (s *Service) bumpVersions(parts []Part) []Part {
	var bumped []Part
	for _, p := range parts {
		if p.State == Waiting {
			bumped = append(bumped, p.bumped(s.now()))
		}
	}
	return bumped
}

// longestID is longer than the id of any job, and short enough for a key.
const longestID = 64

// jobAndParts returns a job and its parts, or rejects with [ErrUnknown].
func (s *Service) jobAndParts(ctx context.Context, tenant int, id string) (Job, []Part, error) {
	if id == "" || len(id) > longestID {
		return Job{}, nil, unknown(id)
	}
	job, parts, err := s.store.JobAndParts(ctx, tenant, id)
	if err == nil && job.Rev == "" {
		err = unknown(id)
	}
	return job, parts, err
}

func unknown(id string) error {
	return errs.New(ErrUnknown.Kind, "job_unknown", "job", id)
}

// Again starts a job again that was cancelled, has failed, or has parked parts: the
// latter try again, of an ended one another job does the same. It rejects with
// [ErrUnknown] and [ErrState].
func (s *Service) Again(ctx context.Context, tenant int, id string) (Job, error) {
	var job Job
	var parts []Part
	err := errs.Retry(ctx, func(int) (err error) {
		job, parts, err = s.jobAndParts(ctx, tenant, id)
		return err
	})
	if err != nil {
		return Job{}, fmt.Errorf("job %.64s of tenant %d: %w", id, tenant, err)
	}
	if !progress(job, parts).CanStartAgain() {
		return Job{}, errs.New(ErrState.Kind, "job_state", "job", job.ID, string(job.State))
	}
	o := Spec{Tenant: tenant, Kind: job.Kind, Subject: job.Subject, Task: job.Task}
	for _, part := range parts {
		o.Ranges = append(o.Ranges, part.Range)
	}
	return s.Start(ctx, o)
}

// CanStartAgain reports whether [Service.Again] starts the job again. What imports are
// made of is started by these.
func (p Progress) CanStartAgain() bool {
	return !strings.HasPrefix(p.Kind, ImportKinds) && (p.State == Failed || p.State == Cancelled || p.State == Running && p.Parked > 0)
}
