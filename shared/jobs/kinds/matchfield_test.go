package kinds_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

func crm(n int) map[string]any { return map[string]any{"CRM_ID": "crm " + strconv.Itoa(n)} }

// values are the texts form(0) to form(n-1).
func values(form string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = form + strconv.Itoa(i)
	}
	return all
}

func TestBackfillAndSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tags := []string{"red", "green", "blue", "rare"}
	w.add(t, 40, func(n int) map[string]any {
		custom := crm(n)
		custom["interests"] = []any{tags[n%3], tags[(n+1)%3], tags[n%3], ""}
		if n == 17 {
			custom["interests"] = []any{tags[3]}
			delete(custom, "CRM_ID")
		}
		return custom
	})
	for _, tt := range []struct {
		name    string
		of      customer.Holder
		tags    bool
		ever    []string
		changed int
	}{
		{"CRM_ID", customer.OfCustomer, false, values("crm ", 40), 39},
		{"interests", customer.OfCustomer, true, tags, 40},
		{"NODE", customer.OfSubscription, false, values("node ", 40), 40},
		{"nowhere", customer.OfCustomer, false, nil, 0},
	} {
		field := w.declare(t, tt.name, tt.of, tt.tags)
		job := w.start(t, field)
		w.drain(t)
		got := w.show(t, job)
		if got.State != jobs.Done || got.Counts != (jobs.Counts{Seen: 40, Changed: tt.changed}) || got.Done != customer.Shards {
			t.Errorf("%s: added = %+v", tt.name, got)
		}
		w.learn(t)
		if f, _ := w.fields.Load().Find(tt.of, tt.name); f.State != customer.FieldReady {
			t.Errorf("%s is %s, want ready", tt.name, f.State)
		}
		if tt.ever != nil {
			w.check(t, field, tt.ever)
		}
		w.sweep(t, field, tt.ever, tt.changed)
	}
}

// sweep removes the field and demands that nothing of it is left.
func (w *world) sweep(t *testing.T, field customer.MatchField, ever []string, changed int) {
	t.Helper()
	field, err := w.registrar.RemoveMatchField(t.Context(), tenant, field.Name, field.Of)
	if err != nil {
		t.Fatal(err)
	}
	w.learn(t)
	job := w.start(t, field)
	w.drain(t)
	if got := w.show(t, job); got.State != jobs.Done || got.Changed > changed {
		t.Errorf("%s: removed = %+v", field.Name, got)
	}
	w.learn(t)
	if len(*w.fields.Load()) != 0 {
		t.Errorf("%s: fields = %v", field.Name, *w.fields.Load())
	}
	w.gone(t, field, ever)
}

// gone demands that no key of the field is left.
func (w *world) gone(t *testing.T, field customer.MatchField, ever []string) {
	t.Helper()
	for _, v := range ever {
		key := customer.Key{Kind: field.Kind(), Value: v}
		found, err := w.store.Keys(t.Context(), tenant, []customer.Key{key})
		if err != nil || !found[key].Absent() {
			t.Errorf("%v = %+v, %v", key, found[key], err)
		}
	}
}

// A value that more than 100 customers have becomes overflowed, which its removal
// undoes.
func TestBackfillCrowds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 103, func(int) map[string]any { return map[string]any{"CRM_ID": "all"} })
	field := w.declare(t, "CRM_ID", customer.OfCustomer, false)
	job := w.start(t, field)
	w.drain(t)
	if got := w.show(t, job); got.State != jobs.Done || got.Changed != 101 {
		t.Errorf("added = %+v", got)
	}
	key := customer.Key{Kind: field.Kind(), Value: "all"}
	found, err := w.store.Keys(t.Context(), tenant, []customer.Key{key})
	if err != nil || !found[key].Overflowed {
		t.Errorf("key = %+v, %v", found[key], err)
	}
	w.sweep(t, field, []string{"all"}, 1)
}

// More values than one transaction takes, and more than a customer may come to
// hold otherwise.
func TestBackfillOfManyValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := values("tag ", 250)
	w.add(t, 1, func(int) map[string]any {
		tags := make([]any, len(all))
		for i, v := range all {
			tags[i] = v
		}
		return map[string]any{"interests": tags}
	})
	field := w.declare(t, "interests", customer.OfCustomer, true)
	job := w.start(t, field)
	w.drain(t)
	if got := w.show(t, job); got.State != jobs.Done || got.Changed != 1 {
		t.Errorf("added = %+v", got)
	}
	w.check(t, field, all)
	w.sweep(t, field, all, 1)
}

// The job runs while writers change the values, make customers of their own and
// delete others.
func TestBackfillWhileOthersWrite(t *testing.T) {
	t.Parallel()
	const n = 300
	w := newWorld(t)
	w.add(t, n, crm)
	field := w.declare(t, "CRM_ID", customer.OfCustomer, false)
	job := w.start(t, field)

	ctx, stop := context.WithCancel(t.Context())
	var writers, workers sync.WaitGroup
	for range 3 {
		writers.Go(func() { w.scribble(ctx, t) })
	}
	for range 3 {
		workers.Go(func() { w.drain(t) })
	}
	workers.Wait()
	stop()
	writers.Wait()
	got := w.show(t, job)
	if got.State != jobs.Done || got.Seen < n/2 || got.Seen > n {
		t.Errorf("job = %+v", got)
	}
	w.check(t, field, append(values("crm ", n), values("new ", 50)...))
}

// scribble sets, unsets and deletes until ctx is done. Values are few, so that
// they are shared.
func (w *world) scribble(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		id := w.ids[rand.IntN(len(w.ids))]
		edit := func(c *customer.Customer, _ time.Time) error {
			c.SetCustom("CRM_ID", "new "+strconv.Itoa(rand.IntN(50)))
			return nil
		}
		switch rand.IntN(6) {
		case 0:
			edit = func(c *customer.Customer, _ time.Time) error {
				c.SetCustom("CRM_ID", nil)
				return nil
			}
		case 1:
			edit = customer.Delete
		}
		if err := w.edit(t.Context(), id, edit); err != nil && err.Error() != customer.ErrNotFound.Error() {
			t.Error(err)
		}
	}
}

// A whole backfill is killed before and after calls to the table: every call with
// PROVE=1, else a few.
func TestProveBackfillKilledAnywhere(t *testing.T) {
	t.Parallel()
	const n = 12
	w := newWorld(t)
	w.add(t, n, crm)
	stride := int64(29)
	if os.Getenv("PROVE") != "" {
		stride = 1
	}
	for at := int64(1); ; at += stride {
		field := w.declare(t, "CRM_ID", customer.OfCustomer, false)
		w.transport.arm(at)
		var job jobs.Job
		if !survived(func() { job = w.start(t, field) }) {
			job = w.start(t, field)
		}
		w.drain(t)
		last := w.transport.count.Load() < at
		w.transport.arm(0)
		if got := w.show(t, job); got.State != jobs.Done || got.Seen != n || got.Done != customer.Shards || got.Changed > n {
			t.Fatalf("killed at %d: job = %+v", at, got)
		}
		w.check(t, field, values("crm ", n))
		w.sweep(t, field, values("crm ", n), n)
		if last {
			return
		}
	}
}

func TestCancelledBackfillGoesOnWhenDeclaredAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 40, crm)
	field := w.declare(t, "CRM_ID", customer.OfCustomer, false)
	first := w.start(t, field)
	time.Sleep(settled)
	for range 3 {
		ref, _ := w.queue.take()
		if _, err := w.worker.Process(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	if job, err := w.service.Cancel(t.Context(), tenant, first.ID); err != nil || job.State != jobs.Cancelled {
		t.Fatalf("Cancel() = %+v, %v", job, err)
	}
	w.drain(t)
	if got := w.show(t, first); got.State != jobs.Cancelled || got.Done != 3 {
		t.Errorf("cancelled = %+v", got)
	}
	again := w.declare(t, "CRM_ID", customer.OfCustomer, false)
	if again != field || again.State != customer.FieldBuilding {
		t.Errorf("declared again = %+v, want %+v", again, field)
	}
	second := w.start(t, again)
	w.drain(t)
	if got := w.show(t, second); got.ID == first.ID || got.State != jobs.Done || got.Seen != 40 || got.Changed >= 40 {
		t.Errorf("job after that = %+v", got)
	}
	w.check(t, field, values("crm ", 40))
}

// A field that is removed while its backfill runs: the backfill ends without
// making it ready, the sweep leaves nothing.
func TestRemovedWhileBackfillRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 40, crm)
	field := w.declare(t, "CRM_ID", customer.OfCustomer, false)
	add := w.start(t, field)
	time.Sleep(settled)
	ref, _ := w.queue.take()
	if _, err := w.worker.Process(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	w.sweep(t, field, values("crm ", 40), 40)
	if got := w.show(t, add); got.State != jobs.Failed || got.Trouble == "" {
		t.Errorf("backfill = %+v", got)
	}
}
