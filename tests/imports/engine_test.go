package imports_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/altcraft"
	"regulars/functions/haravan"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/objects"
	"regulars/shared/points"
)

const tenant = 5

// An engine is a tenant, a bucket and all that imports files.
type engine struct {
	store     *dynamo.Store
	bucket    *objects.Memory
	registrar *access.AdminService
	customers *customer.Service
	ledger    *points.Service
	service   *imports.Service
	worker    *jobs.Worker
	table     string

	mu       sync.Mutex
	messages []jobs.Ref
	sequence int
}

// dialect is how the functions read rows and show points.
var dialect = imports.Dialect{
	NewDecoder: func(settings access.Settings, o imports.Options) (imports.Decoder, error) {
		return altcraft.NewRows(settings, o.Matching, o.Field, o.Resource)
	},
	ShowPoints: func(p points.Profile, settings access.Settings) ([]byte, error) {
		return haravan.ShowProfile(p, settings.Preferences)
	},
}

func newEngine(t testing.TB, settings map[string]any) *engine {
	t.Helper()
	e := &engine{bucket: objects.NewMemory(), table: dynamotest.Table(t)}
	e.open(t, http.DefaultTransport, e.bucket)
	if _, err := e.registrar.CreateTenant(t.Context(), tenant, "Shop", settings); err != nil {
		t.Fatal(err)
	}
	return e
}

// open makes all that works on the table, as a new process does.
func (e *engine) open(t testing.TB, transport http.RoundTripper, bucket objects.Bucket) {
	t.Helper()
	options := dynamotest.Client(t).Options()
	options.HTTPClient = &http.Client{Transport: transport}
	e.store = dynamo.New(dynamodb.New(options), e.table, time.Now)
	e.registrar = access.NewAdminService(e.store, time.Now)
	e.customers = customer.NewService(e.store, time.Now).WithSettling(0)
	e.ledger = points.NewService(e.store, time.Now)
	e.service = imports.NewService(imports.Parts{
		Store: e.store, Bucket: bucket, Customers: e.store, Ledger: e.store,
		Settings: access.NewAuthorizer(e.store, time.Now, access.AuthorizerOptions{Remember: time.Second}),
		Jobs:     jobs.NewService(e.store, e, time.Now, 0), Dialect: dialect, Texts: httpapi.Texts, Now: time.Now,
		RangeBytes: 3000, GroupBytes: 3000, // several of each
	})
	e.worker = jobs.NewWorker(e.store, imports.Kinds(e.service), time.Now)
}

// Send implements [jobs.Queue].
func (e *engine) Send(_ context.Context, refs []jobs.Ref, _ time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.messages = append(e.messages, refs...)
	return nil
}

func (e *engine) take() (jobs.Ref, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.messages) == 0 {
		return jobs.Ref{}, false
	}
	i := rand.IntN(len(e.messages))
	ref := e.messages[i]
	e.messages = append(e.messages[:i], e.messages[i+1:]...)
	return ref, true
}

// work does what the messages ask for, in n workers, until there are none and nobody
// works who could send more.
func (e *engine) work(t testing.TB, n int) {
	t.Helper()
	var working atomic.Int64
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for !t.Failed() {
				working.Add(1)
				ref, ok := e.take()
				if ok {
					e.do(t, ref)
				}
				if working.Add(-1) == 0 && !ok {
					return
				}
				if !ok {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	workers.Wait()
}

// do does one part, and sends it again where it asks for that.
func (e *engine) do(t testing.TB, ref jobs.Ref) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	outcome, err := e.worker.Process(ctx, ref)
	if err != nil {
		t.Errorf("part %s: %v", ref, err)
		return
	}
	if outcome.Retry {
		time.Sleep(10 * time.Millisecond)
		e.Send(ctx, []jobs.Ref{ref}, 0)
	}
}

// drop puts a file into the bucket and imports it.
func (e *engine) drop(t testing.TB, key, content string, metadata map[string]string) imports.Progress {
	t.Helper()
	event := e.upload(key, content, metadata)
	if err := e.service.Receive(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		e.work(t, 4)
	}
	return e.latest(t)
}

func (e *engine) upload(key, content string, metadata map[string]string) imports.Event {
	object := e.bucket.Upload(key, []byte(content), metadata)
	e.sequence++
	return imports.Event{Bucket: "imports", Key: key, Version: object.Version, Sequencer: fmt.Sprintf("%016X", e.sequence), Size: object.Size}
}

func (e *engine) latest(t testing.TB) imports.Progress {
	t.Helper()
	list, err := e.service.List(t.Context(), tenant, "", 1)
	if err != nil || len(list) == 0 {
		t.Fatalf("list: %v, %v", list, err)
	}
	p, err := e.service.Import(t.Context(), tenant, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (e *engine) find(t testing.TB, email string) customer.Customer {
	t.Helper()
	settings, err := e.registrar.Tenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.customers.Find(t.Context(), settings.CustomerRules(), customer.Search{
		Any: []customer.Lookup{{Key: customer.EmailKey(email), Roles: customer.Anywhere}},
	})
	if err != nil {
		t.Fatalf("%s: %v", email, err)
	}
	return c
}

func (e *engine) read(t testing.TB, key string) string {
	t.Helper()
	body, err := e.bucket.Get(t.Context(), key, "", 0, -1)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	defer body.Close()
	var b strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := body.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return b.String()
		}
	}
}

func (e *engine) summary(t testing.TB, p imports.Progress) imports.Summary {
	t.Helper()
	var s imports.Summary
	if err := json.Unmarshal([]byte(e.read(t, p.Results[0])), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestImport(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"country": "84"})
	file := "email,_fname,phones,points.add,points.reason\n" +
		"a@example.com,Ann,0901234567,10,Welcome\n" +
		"b@example.com,\"Bea\nBeatrix\",,,\n" +
		"not an address,Nobody,,,\n" +
		"A@example.com,Anna,,5,Again\n" +
		"c@example.com,Cy,12,,\n"
	p := e.drop(t, "imports/tenant=5/matching=email/people.csv", file, nil)
	want := imports.Tally{Created: 2, Updated: 1, Rejected: map[string]int64{"bad_email": 1, "bad_phone": 1}}
	if p.State != imports.Done || p.Tally.Created != want.Created || p.Tally.Updated != want.Updated || p.Tally.Rejections() != 2 {
		t.Fatalf("import = %s %+v, %v", p.State, p.Tally, p.Trouble)
	}
	if c := e.find(t, "a@example.com"); c.FirstName != "Anna" || cmp.Compare(len(c.Phones), 1) != 0 || c.Phones[0] != "+84901234567" {
		t.Errorf("a = %+v", c)
	}
	profile, err := e.ledger.Profile(t.Context(), tenant, e.find(t, "a@example.com").ID)
	if err != nil || profile.Account.Available != 15 || profile.Account.Version != 2 {
		t.Errorf("points = %+v, %v", profile.Account, err)
	}
	s := e.summary(t, p)
	if s.Rows != 5 || s.Rejected != 2 || len(s.FirstRejected) != 2 || s.FirstRejected[0].Row != 3 || s.Units == 0 {
		t.Errorf("summary = %+v", s)
	}
	rejected := e.read(t, p.Results[1])
	if !strings.Contains(rejected, "not an address,Nobody") || strings.Count(rejected, "\n") != 3 {
		t.Errorf("rejected = %s", rejected)
	}
	// The same file as another version: fields are unchanged, points count again.
	p = e.drop(t, "imports/tenant=5/matching=email/people.csv", file, nil)
	if p.Tally.Created != 0 || p.Tally.Unchanged != 1 {
		t.Errorf("again = %+v", p.Tally)
	}
}

func TestImportUndo(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.drop(t, "imports/tenant=5/a.csv", "email,_fname,city\na@example.com,Ann,Rome\n", nil)
	before := e.find(t, "a@example.com")
	p := e.drop(t, "imports/tenant=5/b.csv", "email,_fname,points.add\na@example.com,Anna,7\nb@example.com,Bea,3\na@example.com,Hanna,\n", nil)
	if p.Tally.Created != 1 || p.Tally.Updated != 2 {
		t.Fatalf("import = %+v", p.Tally)
	}
	b := e.find(t, "b@example.com")
	plan, err := e.service.PlanUndo(t.Context(), tenant, p.ID)
	if err != nil || !plan.Complete || plan.Deleted != 1 || plan.Reversed != 2 || len(plan.Kept) != 0 {
		t.Errorf("plan = %+v, %v", plan, err)
	}
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	e.work(t, 2)
	p = e.latest(t)
	if p.State != imports.Undone || p.Taken != plan.UndoTally {
		t.Errorf("undone = %s %+v, planned %+v", p.State, p.Taken, plan.UndoTally)
	}
	after := e.find(t, "a@example.com")
	after.Changed = before.Changed
	if !after.Same(before) {
		t.Errorf("after = %+v, want %+v", after, before)
	}
	account, err := e.ledger.Profile(t.Context(), tenant, before.ID)
	if err != nil || account.Account.Available != 0 || account.Account.Version != 2 {
		t.Errorf("account = %+v, %v", account.Account, err)
	}
	settings, _ := e.registrar.Tenant(t.Context(), tenant)
	if _, err := e.customers.Find(t.Context(), settings.CustomerRules(), customer.Search{ID: b.ID}); !isClient(err) {
		t.Errorf("b is there: %v", err)
	}
	if again, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil || again.State != imports.Undone {
		t.Errorf("again = %+v, %v", again.State, err)
	}
}

func isClient(err error) bool {
	_, ok := errs.AsClient(err)
	return ok
}
