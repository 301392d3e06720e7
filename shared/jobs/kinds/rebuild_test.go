package kinds_test

import (
	"context"
	crand "crypto/rand"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

const switchboard = "+79000000000"

func setPhones(numbers ...string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error {
		c.SetPhones(numbers)
		return nil
	}
}

// crowd makes n customers, the first of them with a phone that more had before: its key
// is overflowed, and names nobody.
func (w *world) crowd(t *testing.T, n, keep int) {
	t.Helper()
	w.add(t, n, func(int) map[string]any { return nil })
	w.overflow(t)
	w.each(t, func(i int) customer.Edit {
		if i >= keep {
			return nil
		}
		return setPhones(switchboard)
	})
	if owners := w.owners(t); !owners.Overflowed || len(owners.Roles) != 0 {
		t.Fatalf("owners = %+v, want an overflowed key", owners)
	}
}

// each edits all customers side by side; a nil edit is none.
func (w *world) each(t *testing.T, edit func(i int) customer.Edit) {
	t.Helper()
	var writers sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, id := range w.ids {
		if e := edit(i); e != nil {
			writers.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if err := w.edit(context.WithoutCancel(t.Context()), id, e); err != nil {
					t.Error(err)
				}
			})
		}
	}
	writers.Wait()
}

func (w *world) owners(t *testing.T) customer.Owners {
	t.Helper()
	key := customer.PhoneKey(switchboard)
	loaded, err := w.store.Keys(t.Context(), tenant, []customer.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	return loaded[key].Owners
}

func (w *world) startRebuild(t *testing.T) jobs.Job {
	t.Helper()
	job, err := w.service.StartRebuild(t.Context(), tenant, customer.PhoneKey(switchboard))
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// holders are the customers that have the phone now.
func (w *world) holders(t *testing.T) map[customer.ID]customer.Roles {
	t.Helper()
	records, err := w.store.Customers(t.Context(), tenant, w.ids)
	if err != nil {
		t.Fatal(err)
	}
	holders := map[customer.ID]customer.Roles{}
	for id, record := range records {
		if roles := record.Keys(nil)[customer.PhoneKey(switchboard)]; roles != 0 && !record.Deleted {
			holders[id] = roles
		}
	}
	return holders
}

// rebuilt demands that the key names just those who hold it.
func (w *world) rebuilt(t *testing.T) {
	t.Helper()
	if got, want := w.owners(t), (customer.Owners{Roles: w.holders(t)}); !got.Equal(want) {
		t.Errorf("owners = %+v, want %+v", got, want)
	}
}

// An overflowed key that has shrunk names its owners again, while writers give the value
// and take it away.
func TestRebuildWhileOthersWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crowd(t, 40, 3)
	job := w.startRebuild(t)
	ctx, stop := context.WithCancel(t.Context())
	var writers, workers sync.WaitGroup
	for range 3 {
		writers.Go(func() {
			for ctx.Err() == nil {
				edit := setPhones()
				switch rand.IntN(4) {
				case 0:
					edit = setPhones(switchboard)
				case 1:
					edit = func(c *customer.Customer, now time.Time) error {
						return c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelSMS, Contact: switchboard}, now)
					}
				}
				if err := w.edit(context.WithoutCancel(ctx), w.ids[rand.IntN(40)], edit); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		workers.Go(func() { w.drain(t) })
	}
	workers.Wait()
	stop()
	writers.Wait()
	if got := w.show(t, job); got.State != jobs.Done {
		t.Fatalf("job = %+v", got)
	}
	w.rebuilt(t)
}

// A whole rebuild is killed before and after calls to the table: every call with
// PROVE=1, else a few.
func TestProveRebuildKilledAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crowd(t, 12, 3)
	stride := int64(97)
	if os.Getenv("PROVE") != "" {
		stride = 1
	}
	for at := int64(1); ; at += stride {
		w.overflow(t)
		w.transport.arm(at)
		var job jobs.Job
		if !survived(func() { job = w.startRebuild(t) }) {
			job = w.startRebuild(t)
		}
		w.drain(t)
		last := w.transport.count.Load() < at
		w.transport.arm(0)
		if got := w.show(t, job); got.State != jobs.Done || got.Done != customer.Shards {
			t.Fatalf("killed at %d: job = %+v", at, got)
		}
		w.rebuilt(t)
		if last {
			return
		}
	}
}

// overflow writes the key as it is when it has overflowed.
func (w *world) overflow(t *testing.T) {
	t.Helper()
	key := customer.PhoneKey(switchboard)
	loaded, err := w.store.Keys(t.Context(), tenant, []customer.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.Commit(t.Context(), customer.Commit{
		ID: crand.Text(), Tenant: tenant, Keys: []customer.KeyChange{{Key: key, Before: loaded[key], After: customer.Owners{Overflowed: true}}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A key that still has too many owners, or is for a moment, stays overflowed, and the job says so.
func TestRebuildInVain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crowd(t, 102, 102)
	first := w.startRebuild(t)
	w.drain(t)
	if got := w.show(t, first); got.State != jobs.Failed || got.Trouble == "" {
		t.Errorf("job = %+v, want one that failed and says why", got)
	}
	if owners := w.owners(t); !owners.Overflowed || len(owners.Roles)+len(owners.Collected) != 0 {
		t.Errorf("owners = %+v, want an overflowed key", owners)
	}
	w.each(t, func(i int) customer.Edit {
		if i < 100 {
			return nil
		}
		return setPhones()
	})
	second := w.startRebuild(t)
	w.drain(t)
	if got := w.show(t, second); got.ID == first.ID || got.State != jobs.Done {
		t.Errorf("job after that = %+v", got)
	}
	w.rebuilt(t)
	t.Run("a key that is not overflowed", func(t *testing.T) {
		third := w.startRebuild(t)
		w.drain(t)
		if got := w.show(t, third); got.State != jobs.Done || got.Seen != 0 {
			t.Errorf("job = %+v, want one that looks at nobody", got)
		}
		w.rebuilt(t)
	})
}
