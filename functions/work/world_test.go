package work_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"regulars/functions/work"
	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/partqueue"
)

const (
	tenant = 5
	// settled is how long parts wait until they start.
	settled = 20 * time.Millisecond
	// parts and steps are those of a job.
	parts, steps = 8, 10
	counting     = "counting"
)

// A counter is a kind of job of which each part counts its steps.
type counter struct{}

func (counter) Step(ctx context.Context, _ jobs.Job, part jobs.Part) (jobs.Step, error) {
	n, _ := strconv.Atoi(part.Cursor) // none: 0
	select {
	case <-ctx.Done():
		return jobs.Step{Cursor: part.Cursor}, ctx.Err()
	case <-time.After(10 * time.Millisecond):
	}
	return jobs.Step{Cursor: strconv.Itoa(n + 1), Done: n+1 == steps, Counts: jobs.Counts{Seen: 1}}, nil
}

func (counter) Finish(context.Context, jobs.Job) error { return nil }

// A world is a table with jobs, and what works on them.
type world struct {
	store   *dynamo.Store
	queue   *basket
	service *jobs.Service
	worker  *jobs.Worker
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now), queue: &basket{}}
	w.service = jobs.NewService(w.store, w.queue, time.Now, settled)
	w.worker = jobs.NewWorker(w.store, map[string]jobs.Kind{counting: counter{}}, time.Now)
	return w
}

// start starts a job by the world's service.
func (w *world) start(t *testing.T) jobs.Job {
	t.Helper()
	return startBy(t, w.service)
}

func startBy(t *testing.T, service *jobs.Service) jobs.Job {
	t.Helper()
	job, err := service.Start(t.Context(), jobs.Spec{Tenant: tenant, Kind: counting, Ranges: make([]string, parts)})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (w *world) show(t *testing.T, job jobs.Job) jobs.Progress {
	t.Helper()
	progress, err := w.service.Show(t.Context(), tenant, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	return progress
}

// A basket is a Queue in memory that keeps what it is sent.
type basket struct {
	mu       sync.Mutex
	messages []jobs.Ref
}

func (b *basket) Send(_ context.Context, refs []jobs.Ref, _ time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, refs...)
	return nil
}

// A process that works through its own queue is stopped three times at any
// moment; the fourth one ends the job.
func TestInProcessResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	products := catalog.NewService(w.store, customer.NewService(w.store, time.Now), time.Now)
	upkeep := kinds.NewUpkeep(w.store, access.NewAdminService(w.store, time.Now), products)
	var job jobs.Job
	for round := range 4 {
		queue := work.NewInProcess(w.worker, upkeep, partqueue.Observer{})
		service := jobs.NewService(w.store, queue, time.Now, settled)
		ctx, stop := context.WithCancel(t.Context())
		var process sync.WaitGroup
		process.Go(func() { queue.Run(ctx, service) })
		if round == 0 {
			job = startBy(t, service)
		}
		time.Sleep(50 * time.Millisecond)
		for round == 3 && w.show(t, job).Open() {
			time.Sleep(20 * time.Millisecond)
		}
		stop()
		process.Wait()
	}
	if got := w.show(t, job); got.State != jobs.Done || got.Seen != parts*steps {
		t.Errorf("job = %+v", got)
	}
}
