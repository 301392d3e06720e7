package jobs

import (
	"context"
	"time"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// A Change writes what it names, all or nothing. The job and the parts replace
// what was read with their Rev, or nothing where that is empty. Saving a new job
// demands that no open one is of its kind and subject; after one has ended
// another may be saved.
type Change struct {
	// ID never repeats; it becomes the Rev of all that is written.
	ID    string
	Job   *Job
	Parts []Part
	// Instead, unless nil, is the open job that ends and gives way to the new Job.
	Instead *Job
	// Customers and Points are changed by a step. One item may be in several of them
	// only where all but one check it.
	Customers []customer.Commit
	Points    []points.Commit
	// Request is recorded for the tenant of that number, unless nil.
	Request *customer.IdempotencyRecord
	Tenant  int
}

// A Store keeps jobs and parts. Reads are strongly consistent but for the lists.
// What returns [errs.ErrConflict] did nothing and is loaded and decided again.
type Store interface {
	// OpenJob returns the open job of a kind and subject, and false where there
	// is none.
	OpenJob(ctx context.Context, tenant int, kind string, subject Subject) (Job, bool, error)

	// JobAndPart returns a part and its job; their Rev is empty where there is
	// none.
	JobAndPart(ctx context.Context, ref Ref) (Job, Part, error)

	// JobAndParts returns a job and its parts by number; its Rev is empty where
	// there is none.
	JobAndParts(ctx context.Context, tenant int, id string) (Job, []Part, error)

	// Jobs lists the jobs of a tenant, the newest first, up to limit.
	Jobs(ctx context.Context, tenant, limit int) ([]Job, error)

	// OpenJobs lists the first parts of the open jobs of all tenants, the oldest
	// job first, from the one after the given on, up to limit.
	OpenJobs(ctx context.Context, after Ref, limit int) ([]Ref, error)

	// SaveJob makes c true. Where its Request is recorded already it returns
	// that as an [idempotency.Carried].
	SaveJob(ctx context.Context, c Change) error
}

// A Queue brings messages to a worker, each at least once.
type Queue interface {
	// Send puts a message for each part on the queue, to arrive after delay or
	// somewhat later or earlier.
	Send(ctx context.Context, refs []Ref, delay time.Duration) error
}

// A Kind is what jobs of one kind do.
type Kind interface {
	// Step does a bounded piece of the part, from its cursor on. It is done again
	// where its outcome was lost. Beside an error it returns how far it came.
	Step(ctx context.Context, job Job, part Part) (Step, error)

	// Finish does what is left when all parts are done, perhaps more than once. A
	// client error fails the job.
	Finish(ctx context.Context, job Job) error
}

// A Step is what one step did.
type Step struct {
	Counts
	// Cursor is where the next one goes on.
	Cursor string
	// Done: the part is.
	Done bool
	// Customers are changed in the transaction that saves the step, so that each
	// is changed and counted once; at most 90. Where one is no longer as it was
	// read, nothing is saved and the step is done again.
	Customers []customer.Commit
	// Points are changed in the same transaction.
	Points []points.Commit
	// Pause is how long the part is left alone before its next step.
	Pause time.Duration
	// Findings are what the step leaves to a person.
	Findings []customer.Finding
}
