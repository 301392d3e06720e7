package imports_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"regulars/shared/errs"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/objects"
)

// A weather decides which calls of one process fail. Once it is dead all do.
type weather struct {
	mu    sync.Mutex
	rng   *rand.Rand
	share float64 // of calls that fail
	left  int     // calls until the process is dead; below 0: it lives on
	dead  atomic.Bool
	die   context.CancelFunc
}

var errWeather = errors.New("a fault of the test")

// strike says whether the next call fails before it is sent, or after.
func (w *weather) strike() (before, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left > 0 {
		if w.left--; w.left == 0 {
			w.dead.Store(true)
			w.die() // what waits for an answer will never have it
			return w.rng.IntN(2) == 0, true
		}
	}
	if w.dead.Load() {
		return true, true
	}
	if w.rng.Float64() < w.share {
		return w.rng.IntN(2) == 0, true
	}
	return false, false
}

// RoundTrip implements [http.RoundTripper].
func (w *weather) RoundTrip(r *http.Request) (*http.Response, error) {
	before, after := w.strike()
	if before {
		return nil, errWeather
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && after {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return nil, errWeather
	}
	return answer, err
}

// A stormyBucket is a bucket whose calls fail as the weather says.
type stormyBucket struct {
	objects.Bucket
	w *weather
}

func (b stormyBucket) try(call func() error) error {
	before, after := b.w.strike()
	if before {
		return &errs.Unavailable{Err: errWeather}
	}
	if err := call(); err != nil {
		return err
	}
	if after {
		return &errs.Unavailable{Err: errWeather}
	}
	return nil
}

func (b stormyBucket) Head(ctx context.Context, key, version string) (o objects.Object, err error) {
	err = b.try(func() error { o, err = b.Bucket.Head(ctx, key, version); return err })
	return o, err
}

func (b stormyBucket) Get(ctx context.Context, key, version string, offset, length int64) (r io.ReadCloser, err error) {
	err = b.try(func() error { r, err = b.Bucket.Get(ctx, key, version, offset, length); return err })
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (b stormyBucket) Put(ctx context.Context, key string, body []byte, contentType string) error {
	return b.try(func() error { return b.Bucket.Put(ctx, key, body, contentType) })
}

func (b stormyBucket) List(ctx context.Context, prefix string) (l []objects.Object, err error) {
	err = b.try(func() error { l, err = b.Bucket.List(ctx, prefix); return err })
	return l, err
}

// A person is what the rows of one customer come to.
type person struct {
	name   string
	visits int
	points int64
}

// crowd makes a file of n rows about some people, with functions and points, one of which
// in so many is bad, and says what it comes to.
func crowd(rng *rand.Rand, n, people, oneBadIn int) (file string, want map[string]*person, bad int) {
	var b strings.Builder
	b.WriteString("email,_fname,visits:incr,points.add,note\n")
	want = map[string]*person{}
	for row := range n {
		if rng.IntN(oneBadIn) == 0 {
			fmt.Fprintf(&b, "nobody %d,,1,5,\n", row)
			bad++
			continue
		}
		email := fmt.Sprintf("p%d@example.com", rng.IntN(people))
		p := want[email]
		if p == nil {
			p = &person{}
			want[email] = p
		}
		name, points := "", int64(0)
		if rng.IntN(3) > 0 {
			name = fmt.Sprintf("Name %d", row)
			p.name = name
		}
		p.visits++
		pointsCell := ""
		if rng.IntN(3) == 0 {
			points = 1 + rng.Int64N(9)
			pointsCell = fmt.Sprint(points)
			p.points += points
		}
		note := "plain"
		if rng.IntN(5) == 0 {
			note = "\"two\nlines, \"\"quoted\"\"\""
		}
		if rng.IntN(2) == 0 {
			email = strings.ToUpper(email)
		}
		fmt.Fprintf(&b, "%s,%s,1,%s,%s\n", email, name, pointsCell, note)
	}
	return b.String(), want, bad
}

// checkCrowd compares what is stored with what the rows come to.
func (e *engine) checkCrowd(t *testing.T, want map[string]*person) {
	t.Helper()
	for email, p := range want {
		c := e.find(t, email)
		profile, err := e.ledger.Profile(t.Context(), tenant, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if c.FirstName != p.name || fmt.Sprint(c.Custom["visits"]) != fmt.Sprint(p.visits) || profile.Account.Available != p.points {
			t.Errorf("%s = %q, %v visits, %d points; want %+v", email, c.FirstName, c.Custom["visits"], profile.Account.Available, *p)
		}
		if p.points == 0 {
			continue
		}
		if report, err := e.ledger.Verify(t.Context(), tenant, c.ID); err != nil || report.Mismatch != nil {
			t.Errorf("%s: %+v, %v", email, report.Mismatch, err)
		}
	}
}

// TestImportUnderFaults imports a file while calls fail, answers get lost, messages
// come twice and out of order, and processes die in the middle.
func TestImportUnderFaults(t *testing.T) {
	t.Parallel()
	importUnderFaults(t, 1, 200, 40, 50, 3)
}

// TestProveImportUnderFaults is the same with more of all.
func TestProveImportUnderFaults(t *testing.T) {
	if os.Getenv("PROVE") == "" {
		t.Skip("PROVE=1 runs it")
	}
	t.Parallel()
	for seed := range uint64(3) {
		importUnderFaults(t, rand.Uint64()+seed, 4000, 500, 50, 50)
		importUnderFaults(t, rand.Uint64()+seed, 2000, 100_000, 400, 15)
	}
}

// TestNewcomersUnderFaults is the same with a file nearly all of whose rows are about new
// customers, whose keys are taken for absent.
func TestNewcomersUnderFaults(t *testing.T) {
	t.Parallel()
	importUnderFaults(t, 1, 500, 10_000, 400, 2)
}

func importUnderFaults(t *testing.T, seed uint64, rows, people, oneBadIn, kills int) {
	t.Helper()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	e := newEngine(t, nil)
	file, want, bad := crowd(rng, rows, people, oneBadIn)
	event := e.upload("imports/tenant=5/matching=email/crowd.csv", file, nil)
	messages := &basket{}

	// Each process dies after some calls; the next goes on.
	deadline := time.Now().Add(5 * time.Minute)
	for round := 0; ; round++ {
		if time.Now().After(deadline) {
			t.Fatalf("not done after %d processes: %+v", round, e.latest(t))
		}
		w := &weather{rng: rand.New(rand.NewPCG(seed, uint64(round))), share: 0.02, left: -1}
		if round < kills {
			w.left = 20 + rng.IntN(300)
		}
		if e.process(t, w, event, messages, rng) {
			break
		}
	}
	e.open(t, http.DefaultTransport, e.bucket)
	p := e.latest(t)
	if p.State != imports.Done || int(p.Tally.Rows()) != rows || int(p.Tally.Created) != len(want) || int(p.Tally.Rejections()) != bad {
		t.Errorf("import = %s %+v; want %d rows, %d customers, %d rejected", p.State, p.Tally, rows, len(want), bad)
	}
	e.checkCrowd(t, want)
}

// A basket keeps messages over the life of processes.
type basket struct {
	mu   sync.Mutex
	refs []jobs.Ref
}

func (b *basket) Send(_ context.Context, refs []jobs.Ref, _ time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ref := range refs {
		b.refs = append(b.refs, ref, ref) // each comes twice
	}
	return nil
}

func (b *basket) take(i int) (jobs.Ref, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.refs) == 0 {
		return jobs.Ref{}, false
	}
	i %= len(b.refs)
	ref := b.refs[i]
	b.refs = slices.Delete(b.refs, i, i+1)
	return ref, true
}

// process is the life of one process: it receives the event, sends again what got
// lost, and works until it dies or nothing is left. It reports whether the import has
// ended.
func (e *engine) process(t *testing.T, w *weather, event imports.Event, messages *basket, rng *rand.Rand) bool {
	t.Helper()
	var life context.Context
	life, w.die = context.WithCancel(t.Context())
	defer w.die()
	e.open(t, w, stormyBucket{e.bucket, w})
	service := jobs.NewService(e.store, messages, time.Now, 0)
	e.service.Jobs = service
	for n := 0; !w.dead.Load() && e.service.Receive(life, event) != nil; n++ {
		if n > 20 {
			t.Fatal("the event is never received")
		}
	}
	for range 3 {
		if w.dead.Load() {
			return false
		}
		if list, err := e.service.List(life, tenant, "", 1); err == nil && len(list) == 1 {
			_, _ = e.service.Resume(life, tenant, list[0].ID) // deaths may have used its attempts up
		}
		_ = service.Resend(life, 0)
		var workers sync.WaitGroup
		for range 3 {
			first := rng.IntN(1000)
			workers.Go(func() {
				for i := first; !w.dead.Load(); i += 7 {
					ref, ok := messages.take(i)
					if !ok {
						return
					}
					ctx, cancel := context.WithTimeout(life, 12*time.Second)
					outcome, err := e.worker.Process(ctx, ref)
					if err != nil && !w.dead.Load() {
						t.Logf("part %s: %v", ref, err)
					}
					cancel()
					if outcome.Retry {
						messages.mu.Lock()
						messages.refs = append(messages.refs, ref)
						messages.mu.Unlock()
						if outcome.After > 0 {
							time.Sleep(5 * time.Millisecond)
						}
					}
				}
			})
		}
		workers.Wait()
	}
	w.share = 0
	if w.dead.Load() {
		return false
	}
	list, err := e.service.List(life, tenant, "", 1)
	return err == nil && len(list) == 1 && !list[0].State.Open() && list[0].Final.Rows() > 0
}
