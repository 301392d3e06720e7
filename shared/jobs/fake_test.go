package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A clock is set by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// A shelf is a Store in memory. Before and after each call it asks hook, which
// may end the calling goroutine as a kill would.
type shelf struct {
	mu    sync.Mutex
	jobs  map[string]Job
	parts map[Ref]Part
	open  map[string]string // job by tenant, kind and subject
	hook  func()

	requests  map[string]customer.IdempotencyRecord
	customers map[customer.ID]string // commit that wrote each
	reads     int                    // of a job and a part
}

func newShelf() *shelf {
	return &shelf{
		jobs: map[string]Job{}, parts: map[Ref]Part{}, open: map[string]string{}, hook: func() {},
		requests: map[string]customer.IdempotencyRecord{}, customers: map[customer.ID]string{},
	}
}

func (s *shelf) call() func() {
	s.hook()
	s.mu.Lock()
	return func() {
		s.mu.Unlock()
		s.hook()
	}
}

func place(tenant int, kind string, subject Subject) string {
	return fmt.Sprint(tenant, kind, subject)
}

func (s *shelf) OpenJob(_ context.Context, tenant int, kind string, subject Subject) (Job, bool, error) {
	defer s.call()()
	id, ok := s.open[place(tenant, kind, subject)]
	return s.jobs[id], ok, nil
}

func (s *shelf) JobAndPart(_ context.Context, ref Ref) (Job, Part, error) {
	defer s.call()()
	s.reads++
	return s.jobs[ref.Job], s.parts[ref], nil
}

func (s *shelf) JobAndParts(_ context.Context, tenant int, id string) (Job, []Part, error) {
	defer s.call()()
	return s.jobs[id], s.partsOf(id), nil
}

func (s *shelf) partsOf(id string) []Part {
	var parts []Part
	for ref, p := range s.parts {
		if ref.Job == id {
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b Part) int { return a.Number - b.Number })
	return parts
}

func (s *shelf) Jobs(_ context.Context, tenant, limit int) ([]Job, error) {
	defer s.call()()
	jobs := slices.Collect(maps.Values(s.jobs))
	slices.SortFunc(jobs, func(a, b Job) int { return b.Created.Compare(a.Created) })
	return jobs[:min(limit, len(jobs))], nil
}

func (s *shelf) OpenJobs(_ context.Context, after Ref, limit int) ([]Ref, error) {
	defer s.call()()
	var refs []Ref
	for _, id := range slices.Sorted(maps.Values(s.open)) {
		if id > after.Job && len(refs) < limit {
			refs = append(refs, Ref{Tenant: s.jobs[id].Tenant, Job: id})
		}
	}
	return refs, nil
}

func (s *shelf) SaveJob(_ context.Context, c Change) error {
	defer s.call()()
	if r := c.Request; r != nil {
		if first, ok := s.requests[r.Value]; ok {
			return &idempotency.Carried[customer.Recorded]{Record: first}
		}
	}
	if j := c.Job; j != nil {
		holder, taken := s.open[place(j.Tenant, j.Kind, j.Subject)]
		gives := c.Instead != nil && holder == c.Instead.ID
		if s.jobs[j.ID].Rev != j.Rev || j.Rev == "" && taken && !gives || !j.Open() && holder != j.ID {
			return errs.ErrConflict
		}
	}
	if j := c.Instead; j != nil && s.jobs[j.ID].Rev != j.Rev {
		return errs.ErrConflict
	}
	for _, commit := range c.Customers {
		if s.customers[commit.Before.ID] != commit.Before.Commit {
			return errs.ErrConflict
		}
	}
	for _, p := range c.Parts {
		if s.parts[p.Ref].Rev != p.Rev {
			return errs.ErrConflict
		}
	}
	if c.Request != nil {
		s.requests[c.Request.Value] = *c.Request
	}
	if c.Instead != nil {
		s.saveJob(*c.Instead, c.ID)
	}
	if c.Job != nil {
		s.saveJob(*c.Job, c.ID)
	}
	for _, commit := range c.Customers {
		s.customers[commit.Before.ID] = commit.ID
	}
	for _, p := range c.Parts {
		p.Rev = c.ID
		s.parts[p.Ref] = p
	}
	return nil
}

func (s *shelf) saveJob(j Job, rev string) {
	j.Rev = rev
	s.jobs[j.ID] = j
	if j.Open() {
		s.open[place(j.Tenant, j.Kind, j.Subject)] = j.ID
	} else {
		delete(s.open, place(j.Tenant, j.Kind, j.Subject))
	}
}

// A belt is a Queue: a message stays until its visit says that it may go.
type belt struct {
	mu       sync.Mutex
	messages []Ref
	delays   []time.Duration
}

func (b *belt) Send(_ context.Context, refs []Ref, delay time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, refs...)
	b.delays = append(b.delays, delay)
	return nil
}

// A field is a Kind whose parts are ranges of stones, to be turned once each. A
// part's range is how many stones it has.
type field struct {
	mu       sync.Mutex
	turned   map[string]int // how often, by part and stone
	finished int
	hook     func()
	stepErr  error // returned by each step once it got to the stone trap
	trap     int
	finish   func() error
}

func newField() *field {
	return &field{turned: map[string]int{}, hook: func() {}, trap: -1, finish: func() error { return nil }}
}

const stonesAtOnce = 3

func (f *field) Step(_ context.Context, _ Job, p Part) (Step, error) {
	total, _ := strconv.Atoi(p.Range)
	from, _ := strconv.Atoi(p.Cursor)
	step := Step{Cursor: p.Cursor}
	for n := from; n < min(from+stonesAtOnce, total); n++ {
		if n == f.trap {
			return step, f.stepErr
		}
		f.hook()
		f.mu.Lock()
		f.turned[fmt.Sprint(p.Number, "-", n)]++
		f.mu.Unlock()
		step.Cursor = strconv.Itoa(n + 1)
		step.Counts = step.Plus(Counts{Seen: 1, Changed: 1})
	}
	step.Done = from+stonesAtOnce >= total
	return step, nil
}

func (f *field) Finish(context.Context, Job) error {
	f.hook()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.finished++
	return f.finish()
}

// A farm is all of it, with a job about the field.
type farm struct {
	*clock
	*shelf
	*belt
	*field
	service *Service
	worker  *Worker
	order   Spec
}

const wait40 = 40 * time.Second

func newFarm(ranges ...string) *farm {
	f := &farm{clock: &clock{t: noon}, shelf: newShelf(), belt: &belt{}, field: newField()}
	f.service = NewService(f.shelf, f.belt, f.now, wait40)
	f.worker = NewWorker(f.shelf, map[string]Kind{"turn": f.field}, f.now)
	f.order = Spec{Tenant: 5, Kind: "turn", Subject: Subject{Number: 7, Name: "north"}, Ranges: ranges}
	return f
}

func (f *farm) start(t *testing.T) Job {
	t.Helper()
	job, err := f.service.Start(t.Context(), f.order)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (f *farm) show(t *testing.T, id string) Progress {
	t.Helper()
	p, err := f.service.Show(t.Context(), 5, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// deliver delivers the first message, and reports false when there is none. A
// visit that is killed leaves its message.
func (f *farm) deliver(t *testing.T) (Outcome, error, bool) {
	if len(f.messages) == 0 {
		return Outcome{}, nil, false
	}
	ref := f.messages[0]
	f.messages = f.messages[1:]
	outcome, err := Outcome{Retry: true}, errKilled
	survived(func() { outcome, err = f.worker.Process(t.Context(), ref) })
	if outcome.Retry {
		f.messages = append(f.messages, ref)
		f.pass(outcome.After)
	}
	return outcome, err, true
}

// drain delivers until no message is left, and nothing may be dead-lettered.
func (f *farm) drain(t *testing.T) {
	t.Helper()
	for range 1000 {
		_, err, ok := f.deliver(t)
		if !ok {
			return
		}
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
	}
	t.Fatal("the messages never end")
}

// untilQuiet is drain, after visitors were killed so often that a part may be
// dead-lettered.
func (f *farm) untilQuiet(t *testing.T) error {
	for range 1000 {
		_, err, ok := f.deliver(t)
		if !ok {
			return nil
		}
		if err != nil && !errors.Is(err, ErrDeadLettered) {
			return err
		}
	}
	return errors.New("the messages never end")
}

var errKilled = errors.New("killed")

// survived runs what may be killed by [runtime.Goexit], as by SIGKILL: nothing
// of it goes on, and nothing can recover.
func survived(run func()) bool {
	alive := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		run()
		alive = true
	}()
	<-done
	return alive
}

// killAt returns a hook that kills its n-th caller.
func killAt(n int) (hook func(), killed func() bool) {
	count := 0
	return func() {
			if count++; count == n {
				runtime.Goexit()
			}
		}, func() bool {
			return count >= n
		}
}
