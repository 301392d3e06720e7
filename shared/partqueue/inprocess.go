package partqueue

import (
	"context"
	"sync"
	"time"

	"regulars/shared/jobs"
)

// processTime is how long one part may be processed, as on AWS.
const processTime = time.Minute

// InProcess is queue and workers in one process. Its messages die with it, so those
// of open jobs must be sent again when the next one starts.
type InProcess struct {
	worker   *jobs.Worker
	observer Observer
	due      chan jobs.Ref
	ended    chan struct{}
}

var _ jobs.Queue = (*InProcess)(nil)

// NewInProcess makes a queue whose messages the worker gets once [InProcess.Run]
// runs.
func NewInProcess(worker *jobs.Worker, o Observer) *InProcess {
	return &InProcess{worker: worker, observer: o, due: make(chan jobs.Ref), ended: make(chan struct{})}
}

// Send implements [jobs.Queue].
func (q *InProcess) Send(_ context.Context, refs []jobs.Ref, delay time.Duration) error {
	for _, ref := range refs {
		time.AfterFunc(delay, func() {
			select {
			case q.due <- ref:
			case <-q.ended:
			}
		})
	}
	return nil
}

// Run works until ctx is done, and has ended all it does when it returns: a step
// under way is broken off, and done again by the next process. It is called once.
func (q *InProcess) Run(ctx context.Context) {
	defer close(q.ended)
	var workers sync.WaitGroup
	for range AtOnce {
		workers.Go(func() { q.process(ctx) })
	}
	workers.Wait()
}

// process does parts as they come.
func (q *InProcess) process(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ref := <-q.due:
			q.processOne(ctx, ref)
		}
	}
}

func (q *InProcess) processOne(ctx context.Context, ref jobs.Ref) {
	ctx, cancel := context.WithTimeout(ctx, processTime)
	defer cancel()
	outcome := q.observer.part(ctx, q.worker, ref)
	if ctx.Err() == context.Canceled {
		return // the process ends; the next one goes on
	}
	if outcome.Retry {
		_ = q.Send(ctx, []jobs.Ref{ref}, outcome.After)
	}
}
