package kinds_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
)

// subscribed makes customers with an e-mail subscription each, of add, and one of
// SMS on another resource.
func (w *world) subscribed(t *testing.T, n int) {
	t.Helper()
	w.add(t, n, func(int) map[string]any { return nil })
	for i, id := range w.ids {
		err := w.edit(t.Context(), id, func(c *customer.Customer, now time.Time) error {
			c.Subscribe(customer.SubscriptionEdit{Resource: 2, Channel: customer.ChannelSMS, Contact: fmt.Sprintf("+7900%07d", i)}, now)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// suspend gives an order.
func (w *world) suspend(t *testing.T, order upkeep.Suspension) jobs.Job {
	t.Helper()
	started, err := w.service.StartSuspension(t.Context(), jobs.SuspensionSpec{Tenant: tenant, Suspension: order})
	if err != nil {
		t.Fatal(err)
	}
	return started.Job
}

// statuses demands what the subscriptions by e-mail and by SMS of all customers
// are.
func (w *world) statuses(t *testing.T, email, sms customer.Status) {
	t.Helper()
	records, err := w.store.Customers(t.Context(), tenant, w.ids)
	if err != nil {
		t.Fatal(err)
	}
	for id, record := range records {
		want := map[customer.Channel]customer.Status{customer.ChannelEmail: email, customer.ChannelSMS: sms}
		for _, s := range record.Subscriptions {
			if s.Status != want[s.Channel] {
				t.Errorf("%s of %s is %s, want %s", s.Channel, id.Hex(), s.Status, want[s.Channel])
			}
		}
	}
}

func TestSuspendAndLift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribed(t, 60)
	if err := w.edit(t.Context(), w.ids[7], customer.Delete); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		order      upkeep.Suspension
		changed    int // customers
		updated    int // subscriptions
		email, sms customer.Status
	}{
		{upkeep.Suspension{Channel: customer.ChannelSMS}, 59, 59, customer.Subscribed, customer.Suspended},
		{upkeep.Suspension{Resource: 3}, 0, 0, customer.Subscribed, customer.Suspended},
		{upkeep.Suspension{}, 59, 59, customer.Suspended, customer.Suspended},
		{upkeep.Suspension{Lift: true}, 59, 118, customer.Subscribed, customer.Subscribed},
	} {
		job := w.suspend(t, step.order)
		w.drain(t)
		got := w.show(t, job)
		want := jobs.Counts{Seen: 59, Changed: step.changed, Subscriptions: step.updated}
		if got.State != jobs.Done || got.Counts != want || got.Done != customer.Shards {
			t.Errorf("%s = %+v, want %+v", step.order, got, want)
		}
		w.statuses(t, step.email, step.sms)
	}
}

// Who is created after an order is not concerned.
func TestSuspensionLeavesTheLaterAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribed(t, 5)
	job := w.suspend(t, upkeep.Suspension{})
	time.Sleep(5 * time.Millisecond)
	before := w.ids
	w.subscribed(t, 8) // the first five are there already, and are changed
	w.drain(t)
	if got := w.show(t, job); got.State != jobs.Done || got.Seen != 5 {
		t.Errorf("job = %+v", got)
	}
	w.ids = before
	w.statuses(t, customer.Suspended, customer.Suspended)
}

// A whole suspension is killed before and after calls to the table: every call
// with PROVE=1, else a few. Each subscription is suspended and counted once.
func TestProveSuspensionKilledAnywhere(t *testing.T) {
	t.Parallel()
	const n = 12
	w := newWorld(t)
	w.subscribed(t, n)
	stride := int64(29)
	if os.Getenv("PROVE") != "" {
		stride = 1
	}
	lift := false
	for at := int64(1); ; at += stride {
		order := upkeep.Suspension{Lift: lift}
		w.transport.arm(at)
		var job jobs.Job
		if !survived(func() { job = w.suspend(t, order) }) {
			job = w.suspend(t, order)
		}
		w.drain(t)
		last := w.transport.count.Load() < at
		w.transport.arm(0)
		if got := w.show(t, job); got.State != jobs.Done || got.Counts != (jobs.Counts{Seen: n, Changed: n, Subscriptions: 2 * n}) {
			t.Fatalf("killed at %d: job = %+v", at, got)
		}
		status := map[bool]customer.Status{false: customer.Suspended, true: customer.Subscribed}[lift]
		w.statuses(t, status, status)
		lift = !lift
		if last {
			return
		}
	}
}

// Somebody writes the same few customers again and again, and visitors overtake
// each other: nobody is left out, and nothing is counted twice.
func TestSuspendWhileOthersWrite(t *testing.T) {
	t.Parallel()
	const n = 120
	w := newWorld(t)
	w.subscribed(t, n)
	job := w.suspend(t, upkeep.Suspension{})
	ctx, stop := context.WithCancel(t.Context())
	var writers, workers sync.WaitGroup
	for i := range 3 {
		writers.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				err := w.edit(t.Context(), w.ids[i], func(c *customer.Customer, _ time.Time) error {
					c.City = fmt.Sprint("city ", turn)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				time.Sleep(15 * time.Millisecond)
			}
		})
	}
	for range 3 {
		workers.Go(func() { w.drain(t) })
	}
	workers.Wait()
	stop()
	writers.Wait()
	if got := w.show(t, job); got.State != jobs.Done || got.Counts != (jobs.Counts{Seen: n, Changed: n, Subscriptions: 2 * n}) {
		t.Errorf("job = %+v", got)
	}
	w.statuses(t, customer.Suspended, customer.Suspended)
}

// Orders come while the jobs of those before are being done. In the end all is as
// if each had been carried out before the next was given.
func TestProveLaterOrderWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribed(t, 80)
	email, sms := customer.Subscribed, customer.Subscribed
	rounds := 2
	if os.Getenv("PROVE") != "" {
		rounds = 20
	}
	for round := range rounds {
		ctx, stop := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		for range 3 {
			workers.Go(func() {
				for ctx.Err() == nil {
					w.drain(t)
					time.Sleep(time.Millisecond)
				}
			})
		}
		var last jobs.Job
		var orders upkeep.Suspensions
		for range 6 {
			order := upkeep.Suspension{
				Lift:    rand.IntN(2) == 0,
				Channel: []customer.Channel{"", customer.ChannelEmail, customer.ChannelSMS}[rand.IntN(3)],
			}
			orders = append(orders, order)
			last = w.suspend(t, order)
			for status, of := range map[*customer.Status]customer.Channel{&email: customer.ChannelEmail, &sms: customer.ChannelSMS} {
				if order.Channel == "" || order.Channel == of {
					*status = map[bool]customer.Status{false: customer.Suspended, true: customer.Subscribed}[order.Lift]
				}
			}
			time.Sleep(rand.N(150 * time.Millisecond))
		}
		for deadline := time.Now().Add(time.Minute); w.show(t, last).Open() && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		workers.Wait()
		if got := w.show(t, last); got.State != jobs.Done {
			t.Fatalf("round %d, %v: the last job = %+v", round, orders, got)
		}
		w.statuses(t, email, sms)
		if t.Failed() {
			t.Fatalf("round %d: %v", round, orders)
		}
	}
}

// A roll is a List of one shard.
type roll struct {
	upkeep.Store
	kinds.OrderStore
	ids []customer.ID
}

func (r roll) CustomerIDs(_ context.Context, _, _ int, after customer.ID, limit int) ([]customer.ID, error) {
	var ids []customer.ID
	for _, id := range r.ids {
		if id > after && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Customers that are too large to be changed together are changed in several
// steps, and the part is not done before the last.
func TestSuspendLargeCustomers(t *testing.T) {
	t.Parallel()
	const n = 9
	w := newWorld(t)
	w.add(t, n, func(int) map[string]any { return map[string]any{"note": string(make([]byte, 290_000))} })
	slices.Sort(w.ids)
	kind := kinds.New(w.customers, nil, roll{w.store, w.store, w.ids}, w.registrar, time.Now)[jobs.SuspendSubscriptions]
	job := jobs.Job{Tenant: tenant, Task: upkeep.Suspensions{{}}.String(), NotBefore: time.Now()}
	part := jobs.Part{Range: "0"}
	seen := 0
	for steps := 1; ; steps++ {
		step, err := kind.Step(t.Context(), job, part)
		if err != nil {
			t.Fatal(err)
		}
		seen, part.Cursor = seen+step.Seen, step.Cursor
		if len(step.Customers) != step.Seen || step.Seen > 7 {
			t.Errorf("step %d = %+v", steps, step.Counts)
		}
		if step.Done {
			if steps != 2 || seen != n {
				t.Errorf("%d customers in %d steps, want %d in 2", seen, steps, n)
			}
			return
		}
	}
}
