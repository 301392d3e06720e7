package kinds_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// tookIn writes the entry of an order as the version before claims did.
func (w *world) tookIn(t *testing.T, id customer.ID, orders ...string) {
	t.Helper()
	profile, err := w.store.Profile(t.Context(), tenant, id)
	if err != nil {
		t.Fatal(err)
	}
	c := points.Commit{
		ID: rand.Text(), Tenant: tenant, Before: profile.Account, Customer: profile.Customer,
		After: points.Account{ID: id, Number: "n", Version: int64(len(orders)), Changed: time.Now()},
	}
	for i, order := range orders {
		c.Entries = append(c.Entries, points.Entry{Seq: int64(i + 1), Kind: points.KindOrder, Time: time.Now(), Text: points.Text{RefID: order}})
	}
	if err := w.store.CommitPoints(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// Orders from before are claimed once, and an id that several customers have is
// found, once for each but the first.
func TestClaimOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 4, func(int) map[string]any { return nil })
	w.tookIn(t, w.ids[0], "A1", "A2")
	w.tookIn(t, w.ids[1], "A3", "A1")
	w.tookIn(t, w.ids[2], "A1")
	for range 2 { // it may run again
		job, err := w.service.StartClaimOrders(t.Context(), tenant)
		if err != nil {
			t.Fatal(err)
		}
		w.drain(t)
		got := w.show(t, job)
		if got.State != jobs.Done || got.Seen != 4 || got.Found != 2 || len(got.Findings) != 2 {
			t.Fatalf("job = %+v, want two findings", got)
		}
		for _, f := range got.Findings {
			if f.Field != "order A1" || f.Reason != "same_order" || f.Other == f.Customer || !slices.Contains(w.ids[:3], f.Other) {
				t.Errorf("finding = %+v", f)
			}
		}
	}
	for order, owner := range map[string]customer.ID{"A2": w.ids[0], "A3": w.ids[1]} {
		if other, err := w.store.ClaimOrder(t.Context(), tenant, order, w.ids[3]); err != nil || other != owner {
			t.Errorf("%s is of %d, %v, want %d", order, other, err, owner)
		}
	}
	if other, err := w.store.ClaimOrder(t.Context(), tenant+1, "A2", w.ids[3]); err != nil || other != 0 {
		t.Errorf("in another tenant A2 is of %d, %v", other, err)
	}
}
