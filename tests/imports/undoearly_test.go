package imports_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/imports"
	"regulars/shared/points"
)

// A holder holds the first transaction that says "hot" until it is released.
type holder struct {
	first          sync.Once
	held, released chan struct{}
}

func (h *holder) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if bytes.Contains(body, []byte("hot@example.com")) {
		h.first.Do(func() { close(h.held); <-h.released })
	}
	return http.DefaultTransport.RoundTrip(r)
}

// An import is undone while a step of it is under way, which has begun before it ended. The
// step saves nothing more: it would stay.
func TestUndoBesideStepUnderWay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		parts int64
		first string
		end   func(e *engine, im imports.Import) error
	}{
		"cancelled, few parts": {1, "", func(e *engine, im imports.Import) error {
			_, err := e.service.Cancel(t.Context(), tenant, im.ID)
			return err
		}},
		"cancelled, many parts": {60, "", func(e *engine, im imports.Import) error {
			_, err := e.service.Cancel(t.Context(), tenant, im.ID)
			return err
		}},
		"stopped": {1, "not an address,Nobody\n", func(*engine, imports.Import) error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			h := &holder{held: make(chan struct{}), released: make(chan struct{})}
			e.open(t, h, e.bucket)
			file := "email,_fname\n" + tt.first
			for n := range 100 { // more rows of one part than a step takes
				file += fmt.Sprintf("u%03d@example.com,Ann\nhot@example.com,Ann %d\n", n, n)
			}
			e.service.RangeBytes, e.service.GroupBytes = int64(len(file)), int64(len(file))/tt.parts
			if err := e.service.Receive(t.Context(), e.upload("imports/tenant=5/stop-after=1/u.csv", file, nil)); err != nil {
				t.Fatal(err)
			}
			var worked sync.WaitGroup
			worked.Go(func() { e.work(t, 1) })
			<-h.held
			p := e.latest(t)
			err := tt.end(e, p.Import)
			if err == nil {
				_, err = e.service.Undo(t.Context(), tenant, p.ID)
			}
			close(h.released)
			worked.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if p = e.latest(t); p.State != imports.Undone {
				t.Errorf("import = %s", p.State)
			}
			for key, it := range e.items(t) {
				if _, deleted := it["x"]; strings.HasSuffix(key, " CUSTOMER") && !deleted {
					t.Fatalf("%s is left", key)
				}
			}
		})
	}
}

// An import that fails when rows were applied can be undone.
func TestUndoFailed(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	file := "email,_fname\n"
	for n := range 200 {
		file += fmt.Sprintf("u%03d@example.com,Ann\n", n)
	}
	e.service.GroupBytes = 500
	if err := e.service.Receive(t.Context(), e.upload("imports/tenant=5/u.csv", file, nil)); err != nil {
		t.Fatal(err)
	}
	for p := e.latest(t); p.Tally.Created == 0; p = e.latest(t) {
		ref, ok := e.take()
		if !ok {
			t.Fatalf("no messages are left: %s %+v", p.State, p.Tally)
		}
		e.do(t, ref)
	}
	work := "work/tenant=5/" + e.latest(t).ID + "/"
	sorted, err := e.bucket.List(t.Context(), work)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range sorted {
		if err := e.bucket.Delete(t.Context(), object.Key); err != nil {
			t.Fatal(err)
		}
	}
	e.work(t, 1)
	p := e.latest(t)
	if p.State != imports.Failed || p.Trouble.ID() != "bad_file/gone" || p.Tally.Created == 0 {
		t.Fatalf("import = %s %v %+v", p.State, p.Trouble, p.Tally)
	}
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	e.work(t, 1)
	if got := e.latest(t); got.State != imports.Undone || got.Taken.Deleted != p.Tally.Created {
		t.Errorf("undone = %s %+v, want %d deleted", got.State, got.Taken, p.Tally.Created)
	}
}

// A meddler has somebody act just before a profile is read for the first time.
type meddler struct {
	*dynamo.Store
	once sync.Once
	act  func()
}

func (m *meddler) Profile(ctx context.Context, tenant int, id customer.ID) (points.Profile, error) {
	m.once.Do(m.act)
	return m.Store.Profile(ctx, tenant, id)
}

// A customer changes while a plan is made: it is made of new reads.
func TestPlanUndoBesideChange(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	p := e.drop(t, "imports/tenant=5/a.csv", "email,_fname,points.add\na@example.com,Ann,7\n", nil)
	a := e.find(t, "a@example.com")
	settings, err := e.registrar.Tenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	e.service.Ledger = &meddler{Store: e.store, act: func() {
		_, err := e.customers.Apply(t.Context(), customer.Request{
			Rules: settings.CustomerRules(), Search: customer.Search{ID: a.ID},
			Edit: func(c *customer.Customer, _ time.Time) error {
				c.FirstName = "Anna"
				return nil
			},
		})
		if err != nil {
			t.Error(err)
		}
	}}
	plan, err := e.service.PlanUndo(t.Context(), tenant, p.ID)
	if err != nil || !plan.Complete || plan.Reversed != 1 || len(plan.Kept) != 1 || plan.Kept[0].Reason != "touched" {
		t.Errorf("plan = %+v, %v", plan, err)
	}
}
