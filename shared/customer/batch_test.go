package customer_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/value"
)

// A public is a table that many use at once.
type public struct {
	mutex sync.Mutex
	*table
	// slow, unless 0, is how long each call takes.
	slow time.Duration
}

func newPublic() *public { return &public{table: newTable()} }

func (c *public) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.table.now()
}

func (c *public) Keys(ctx context.Context, tenant int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	c.enter()
	defer c.mutex.Unlock()
	return c.table.Keys(ctx, tenant, keys)
}

func (c *public) Customers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	c.enter()
	defer c.mutex.Unlock()
	return c.table.Customers(ctx, tenant, ids)
}

func (c *public) IdempotencyRecord(ctx context.Context, tenant int, key string) (*customer.IdempotencyRecord, error) {
	c.enter()
	defer c.mutex.Unlock()
	return c.table.IdempotencyRecord(ctx, tenant, key)
}

func (c *public) Commit(ctx context.Context, commit customer.Commit) error {
	c.enter()
	defer c.mutex.Unlock()
	return c.table.Commit(ctx, commit)
}

// enter lets the others go first, now and then.
func (c *public) enter() {
	time.Sleep(c.slow)
	c.mutex.Lock()
}

// gives are the keys that an edit gives whomever.
func gives(edit customer.Edit) []customer.Lookup {
	var c customer.Customer
	_ = edit(&c, noon)
	return c.Held(fields)
}

func batched(requests ...customer.Request) []customer.BatchItem {
	items := make([]customer.BatchItem, len(requests))
	for i, r := range requests {
		items[i] = customer.BatchItem{Request: r, Gives: gives(r.Edit)}
	}
	return items
}

// count is an edit that counts CRM_ID, so that nobody can say beforehand which
// value it gives.
func count(c *customer.Customer, _ time.Time) error {
	next := map[string]string{"": "9", "9": "8", "8": "7", "7": "8"}
	text, _ := value.Text(c.Custom["CRM_ID"])
	c.SetCustom("CRM_ID", next[text])
	return nil
}

// A testCase is a request of a batch; of a counting one GivesAny is said.
type testCase struct {
	operation
	counts bool
}

var anyTestCase = rapid.Custom(func(t *rapid.T) testCase {
	d := testCase{operation: operation{nth: -1}}
	edit := anyEdit.Draw(t, "edit")
	if d.counts = rapid.IntRange(0, 5).Draw(t, "counts") == 0; d.counts {
		edit = both(edit, count)
	}
	switch rapid.IntRange(0, 5).Draw(t, "testCase") {
	case 0, 1, 2:
		d.Request = imports(anySearch.Draw(t, "search"), edit)
	case 3:
		d.Request = updates(anySearch.Draw(t, "search"), edit)
	case 4:
		d.Request = updates(customer.Search{}, edit)
		d.nth = rapid.IntRange(0, 4).Draw(t, "nth")
	case 5:
		d.Request = imports(customer.Search{}, edit) // adds
	}
	return d
})

func (d testCase) item(world *table) customer.BatchItem {
	item := batched(d.request(world))[0]
	if d.counts {
		item.GivesAny = []customer.Kind{customer.MatchField{Number: 1}.Kind()}
	}
	return item
}

// Whatever a batch holds, it comes to what its requests come to one after another:
// each has the same outcome, and the customers are the same in the end.
func TestBatchIsAsOneAfterAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
			defer cancel()
			world := newPublic()
			service := customer.NewService(world, world.now)
			for _, d := range rapid.SliceOfN(anyTestCase, 0, 6).Draw(t, "before") {
				_, _ = service.Apply(ctx, d.request(world.table)) // whatever comes of it
			}
			testCases := rapid.SliceOfN(anyTestCase, 1, 12).Draw(t, "batch")
			single := newPublic()
			single.customers, single.keys, single.clock = maps.Clone(world.customers), maps.Clone(world.keys), world.clock

			items, requests := make([]customer.BatchItem, len(testCases)), make([]customer.Request, len(testCases))
			for i, d := range testCases {
				items[i] = d.item(world.table)
				requests[i] = items[i].Request
			}
			world.slow = time.Duration(rapid.IntRange(0, 3).Draw(t, "slow")) * time.Millisecond
			got, err := service.ApplyAll(ctx, items)
			if err != nil {
				t.Fatal(err)
			}
			alone := customer.NewService(single, single.now)
			want := make([]customer.Outcome, len(requests))
			for i, r := range requests {
				want[i].Result, want[i].Err = alone.Apply(ctx, r)
			}
			compare(t, world.table, got, single.table, want)
		})
	})
}

// compare compares outcomes and customers by the requests that made them.
func compare(t *rapid.T, world *table, got []customer.Outcome, single *table, want []customer.Outcome) {
	t.Helper()
	twin := map[customer.ID]customer.ID{}
	for i := range want {
		g, w := got[i], want[i]
		if g.Created && w.Created {
			twin[g.ID] = w.ID
		}
		id := g.ID
		if other, ok := twin[id]; ok {
			id = other
		}
		gotRefusal, _ := errs.AsClient(g.Err)
		wantClientErr, _ := errs.AsClient(w.Err)
		sameRefusal := gotRefusal == wantClientErr || gotRefusal != nil && wantClientErr != nil && gotRefusal.Code == wantClientErr.Code
		if (g.Err == nil) != (w.Err == nil) || !sameRefusal || g.Created != w.Created || g.Changed != w.Changed || id != w.ID {
			t.Fatalf("request %d = %+v, want %+v", i, g, w)
		}
	}
	if err := world.problems(fields); err != nil {
		t.Fatal(err)
	}
	if len(world.customers) != len(single.customers) {
		t.Fatalf("%d customers, want %d", len(world.customers), len(single.customers))
	}
	for id, c := range world.customers {
		other, ok := twin[id]
		if !ok {
			other = id
		}
		c.ID = other
		if w := single.customers[other].Customer; !sameButTimes(c.Customer, w) {
			t.Fatalf("customer %+v, want %+v", c.Customer, w)
		}
	}
}

func sameButTimes(a, b customer.Customer) bool {
	a, b = a.Clone(), b.Clone()
	for _, c := range []customer.Customer{a, b} {
		for i := range c.Subscriptions {
			c.Subscriptions[i].Created = noon
		}
	}
	return a.Same(b)
}

// note is an edit that leaves a trace of the order.
func note(mark string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error {
		c.FirstName += mark
		return nil
	}
}

func applyAll(t *testing.T, ctx context.Context, service *customer.Service, items []customer.BatchItem) []customer.Outcome {
	t.Helper()
	outcomes, err := service.ApplyAll(ctx, items)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// inPublic plays a story as inTime does, on a table that many use.
func inPublic(t *testing.T, story func(t *testing.T, ctx context.Context, world *public, service *customer.Service)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		world := newPublic()
		story(t, ctx, world, customer.NewService(world, world.now))
		if err := world.problems(fields); err != nil {
			t.Errorf("in the end keys and customers do not fit together: %v", err)
		}
	})
}

// One customer is named by e-mail, phone and id in turn.
func TestOneCustomerByDifferentValues(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setPhones("+1111111"))))
		world.slow = time.Millisecond
		searches := []customer.Search{email("ada@x.com"), phone("+1111111"), id(ada.ID)}
		var requests []customer.Request
		var want strings.Builder
		for i := range 60 {
			mark := string(rune('A' + i%26))
			requests = append(requests, imports(searches[i%3], note(mark)))
			want.WriteString(mark)
		}
		for i, o := range applyAll(t, ctx, service, batched(requests...)) {
			if o.Err != nil || o.ID != ada.ID || o.Created {
				t.Errorf("request %d = %+v, want an update of %d", i, o, ada.ID)
			}
		}
		if got := world.customers[ada.ID].FirstName; got != want.String() {
			t.Errorf("notes = %s, want %s", got, want.String())
		}
	})
}

// A request changes the value by which the next one finds the customer, and one
// makes the customer that others find.
func TestLaterRequestsSeeEarlierOnes(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), setPhones("+1111111"))))
		world.slow = time.Millisecond
		got := applyAll(t, ctx, service, batched(
			updates(phone("+1111111"), setEmail("countess@x.com")),                                    // 0: gives ada@x.com up
			updates(email("ada@x.com"), note("x")),                                                    // 1: nobody has it
			imports(email("ada@x.com"), setEmail("ada@x.com")),                                        // 2: makes another
			updates(email("countess@x.com"), note("y")),                                               // 3: Ada, by what 0 gave her
			imports(phone("+2222222"), both(setEmail("eve@x.com"), setPhones("+2222222"), note("z"))), // 4: makes Eve
			updates(email("eve@x.com"), note("z")),                                                    // 5: Eve
		))
		if !errors.Is(got[1].Err, customer.ErrNotFound) {
			t.Errorf("update by what was given up = %+v, want %v", got[1], customer.ErrNotFound)
		}
		if !got[2].Created || got[3].ID != ada.ID || !got[4].Created || got[5].ID != got[4].ID {
			t.Errorf("outcomes = %+v", got)
		}
		if a, e := world.customers[ada.ID].FirstName, world.customers[got[4].ID].FirstName; a != "y" || e != "zz" {
			t.Errorf("names are %q and %q, want y and zz", a, e)
		}
	})
}

// Requests that only give the same phone are no reason to wait: all are under way
// at once.
func TestStrangersAreSideBySide(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		world.slow = 100 * time.Millisecond
		var requests []customer.Request
		for i := range 32 {
			address := fmt.Sprintf("%d@x.com", i)
			requests = append(requests, imports(email(address), setEmail(address)))
		}
		began := time.Now()
		for i, o := range applyAll(t, ctx, service, batched(requests...)) {
			if !o.Created {
				t.Errorf("request %d = %+v, want created", i, o)
			}
		}
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("32 strangers took %v, want three calls' time", took)
		}
		for i, o := range applyAll(t, ctx, service, batched(
			imports(email("0@x.com"), setPhones("+1111111")), imports(email("1@x.com"), setPhones("+1111111")),
		)) {
			if !o.Changed {
				t.Errorf("request %d with the common phone = %+v, want changed", i, o)
			}
		}
	})
}

// What was not reached in time is busy, in its place, and so is what must follow
// something busy; what is repeated then is done once.
func TestBatchCutShort(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		var requests []customer.Request
		for i := range 200 {
			r := imports(email("ada@x.com"), both(setEmail("ada@x.com"), note("x")))
			requests = append(requests, withKey(r, fmt.Sprintf("k\n%d", i), "m"))
		}
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		world.slow = 50 * time.Millisecond
		first := applyAll(t, short, service, batched(requests...))
		done := slices.IndexFunc(first, func(o customer.Outcome) bool { return o.Err != nil })
		if done < 10 || done > 100 {
			t.Fatalf("%d requests were done in time", done)
		}
		for i, o := range first[done:] {
			if _, busy := errs.AsUnavailable(o.Err); !busy {
				t.Errorf("request %d = %+v, want busy", done+i, o)
			}
		}
		world.slow = 0
		for i, o := range applyAll(t, ctx, service, batched(requests...)) {
			if o.Err != nil || o.Replayed != (i < done) || o.Created != (i == 0) {
				t.Errorf("request %d again = %+v, repeated is %t", i, o, i < done)
			}
		}
		if got := len(world.customers[first[0].ID].FirstName); got != 200 {
			t.Errorf("%d notes, want each once", got)
		}
	})
}

// What must follow something busy waits for the batch to be sent again, even if
// there is time: else it would be overtaken by it then.
func TestNothingOvertakesTheBusy(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		items := batched(imports(email("a@x.com"), setEmail("a@x.com")), imports(email("a@x.com"), note("x")), imports(email("b@x.com"), setEmail("b@x.com")))
		items[0].Edit = func(*customer.Customer, time.Time) error { return &errs.Unavailable{} }
		got := applyAll(t, ctx, service, items)
		_, first := errs.AsUnavailable(got[0].Err)
		_, second := errs.AsUnavailable(got[1].Err)
		if !first || !second || !got[2].Created {
			t.Errorf("outcomes = %+v, want busy, busy and created", got)
		}
	})
}

// A request that panics is a fault of its own.
func TestOneRequestPanics(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		items := batched(imports(email("a@x.com"), setEmail("a@x.com")), imports(email("b@x.com"), setEmail("b@x.com")), imports(email("a@x.com"), note("x")))
		items[1].Edit = func(*customer.Customer, time.Time) error { panic("oops") }
		got := applyAll(t, ctx, service, items)
		if got[1].Err == nil || !strings.Contains(got[1].Err.Error(), "oops") || !got[0].Created || got[2].ID != got[0].ID {
			t.Errorf("outcomes = %+v, want a fault in the middle", got)
		}
	})
}

// A key is a batch's own as soon as it was claimed, and nothing else is done.
func TestClaim(t *testing.T) {
	inPublic(t, func(t *testing.T, ctx context.Context, world *public, service *customer.Service) {
		for i, tt := range []struct {
			meaning string
			again   bool
			err     error
		}{{"m", false, nil}, {"m", true, nil}, {"n", false, idempotency.ErrKeyReused}} {
			again, err := service.Claim(ctx, tenant, idempotency.Key{Value: "k", Fingerprint: tt.meaning})
			if again != tt.again || !errors.Is(err, tt.err) {
				t.Errorf("claim %d = %t, %v, want %t, %v", i, again, err, tt.again, tt.err)
			}
		}
		if len(world.customers) != 0 || len(world.keys) != 0 {
			t.Errorf("a claim wrote customers %v, keys %v", world.customers, world.keys)
		}
		if _, err := service.Apply(ctx, withKey(imports(email("a@x.com"), setEmail("a@x.com")), "k", "single")); !errors.Is(err, idempotency.ErrKeyReused) {
			t.Errorf("a single request under the key of a batch: error %v, want %v", err, idempotency.ErrKeyReused)
		}
	})
}
