package kinds_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/merge"
)

const (
	tenant = 5
	// settled stands for the time that a declaration takes to be known.
	settled = 20 * time.Millisecond
)

// A world is a tenant with customers, and all that works on it.
type world struct {
	store     *dynamo.Store
	registrar *access.AdminService
	customers *customer.Service
	merges    *merge.Service
	queue     *basket
	service   *jobs.Service
	worker    *jobs.Worker
	transport *killer
	fields    atomic.Pointer[customer.MatchFields]
	ids       []customer.ID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{transport: &killer{}, queue: &basket{}}
	w.open(t, dynamotest.Table(t))
	return w
}

// open makes the world on a table.
func (w *world) open(t *testing.T, table string) {
	t.Helper()
	options := dynamotest.Client(t).Options()
	options.HTTPClient = &http.Client{Transport: w.transport}
	w.store = dynamo.New(dynamodb.New(options), table, time.Now)
	w.registrar = access.NewAdminService(w.store, time.Now)
	w.customers = customer.NewService(w.store, time.Now)
	w.merges = merge.NewService(w.customers, w.store, time.Now)
	w.service = jobs.NewService(w.store, w.queue, time.Now, settled)
	w.worker = jobs.NewWorker(w.store, kinds.New(w.customers, w.merges, w.store, w.registrar, time.Now), time.Now)
	w.fields.Store(&customer.MatchFields{})
	if _, err := w.registrar.CreateTenant(t.Context(), tenant, "Shop", nil); err != nil {
		t.Fatal(err)
	}
}

// declare declares a match field; writers know it at once.
func (w *world) declare(t *testing.T, name string, of customer.Holder, tags bool) customer.MatchField {
	t.Helper()
	field, err := w.registrar.DeclareMatchField(t.Context(), tenant, name, of, tags)
	if err != nil {
		t.Fatal(err)
	}
	w.learn(t)
	return field
}

// learn makes the writers know the settings.
func (w *world) learn(t *testing.T) {
	t.Helper()
	settings, err := w.registrar.Tenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	w.fields.Store(&settings.MatchFields)
}

// start starts the job that the field calls for.
func (w *world) start(t *testing.T, field customer.MatchField) jobs.Job {
	t.Helper()
	job, err := w.service.StartMatchField(t.Context(), tenant, field)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// add makes customers side by side, the n-th with the custom fields of custom(n).
func (w *world) add(t *testing.T, n int, custom func(n int) map[string]any) {
	t.Helper()
	w.ids = make([]customer.ID, n)
	var makers sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range n {
		makers.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			email := fmt.Sprintf("p%d@example.com", i)
			result, err := w.customers.Apply(t.Context(), customer.Request{
				Rules: customer.Rules{Tenant: tenant, MatchFields: *w.fields.Load()}, Create: true,
				Search: customer.Search{Any: []customer.Lookup{{Key: customer.EmailKey(email), Roles: customer.Primary}}},
				Edit: func(c *customer.Customer, now time.Time) error {
					c.SetEmail(email)
					c.Custom = custom(i)
					return c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelEmail, Contact: email,
						Custom: map[string]any{"NODE": "node " + strconv.Itoa(i)}}, now)
				},
			})
			if err != nil {
				t.Error(err)
			}
			w.ids[i] = result.ID
		})
	}
	makers.Wait()
}

// edit changes a customer as a writer does that knows the settings.
func (w *world) edit(ctx context.Context, id customer.ID, edit customer.Edit) error {
	_, err := w.customers.Apply(ctx, customer.Request{
		Rules: customer.Rules{Tenant: tenant, MatchFields: *w.fields.Load()}, Search: customer.Search{ID: id}, Edit: edit,
	})
	return err
}

// check demands of the field that each value leads to those who hold it, and
// none of the others in ever to anybody.
func (w *world) check(t *testing.T, field customer.MatchField, ever []string) {
	t.Helper()
	holders := map[customer.Key]map[customer.ID]customer.Roles{}
	for _, v := range ever {
		holders[customer.Key{Kind: field.Kind(), Value: v}] = map[customer.ID]customer.Roles{}
	}
	records, err := w.store.Customers(t.Context(), tenant, w.ids)
	if err != nil {
		t.Fatal(err)
	}
	for id, record := range records {
		for key, roles := range record.Keys(customer.MatchFields{field}) {
			if key.Kind != field.Kind() {
				continue
			}
			if holders[key] == nil {
				t.Fatalf("%v is not among the values that were", key)
			}
			holders[key][id] = roles
		}
	}
	var keys []customer.Key
	for key := range holders {
		keys = append(keys, key)
	}
	found, err := w.store.Keys(t.Context(), tenant, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		want := customer.Owners{Roles: holders[key]}
		if got := found[key].Owners; !got.Equal(want) {
			t.Errorf("%v leads to %v, want %v", key, got.Roles, want.Roles)
		}
	}
}

// A basket is a Queue in memory: a message stays until its visit lets it go.
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

func (b *basket) take() (jobs.Ref, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.messages) == 0 {
		return jobs.Ref{}, false
	}
	// Messages come in any order.
	i := rand.IntN(len(b.messages))
	ref := b.messages[i]
	b.messages = slices.Delete(b.messages, i, i+1)
	return ref, true
}

// drain visits until no message is left. What is killed comes again.
func (w *world) drain(t *testing.T) {
	t.Helper()
	for {
		ref, ok := w.queue.take()
		if !ok {
			return
		}
		again := true
		survived(func() {
			outcome, err := w.worker.Process(t.Context(), ref)
			if err != nil {
				t.Error(err)
			}
			again = outcome.Retry
			if outcome.After <= settled {
				time.Sleep(outcome.After)
			}
		})
		if again {
			w.queue.Send(t.Context(), []jobs.Ref{ref}, 0)
		}
	}
}

func (w *world) show(t *testing.T, job jobs.Job) jobs.Progress {
	t.Helper()
	progress, err := w.service.Show(t.Context(), tenant, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	return progress
}

// A killer ends the goroutine that makes a call to the table, as SIGKILL ends a
// process: before the call reaches it, or after it was carried out. Calls count
// from 1, two for each; 0 kills none.
type killer struct {
	at    int64
	count atomic.Int64
}

// arm makes the next n-th place deadly.
func (k *killer) arm(n int64) {
	k.count.Store(0)
	k.at = n
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.count.Add(1) == k.at {
		runtime.Goexit()
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if k.count.Add(1) == k.at {
		runtime.Goexit()
	}
	return response, err
}

// survived runs what may be killed, and reports whether it was not.
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
