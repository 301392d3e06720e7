package upkeep_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
)

const tenant = 5

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// records are a store in memory.
type records map[customer.ID]customer.Record

func (all records) FirstCustomers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, int, error) {
	found := map[customer.ID]customer.Record{}
	for _, id := range ids {
		if r, ok := all[id]; ok {
			found[id] = r
		}
	}
	return found, len(ids), nil
}

func newRecord(t *testing.T, id customer.ID) customer.Record {
	t.Helper()
	c := customer.Customer{ID: id}
	if err := manySubscriptions(&c, noon); err != nil {
		t.Fatal(err)
	}
	return customer.Record{Customer: c, Rev: customer.Rev{Commit: "a"}}
}

// manySubscriptions is a customer with a subscription of each status on each of two channels
// of two resources, and deleted ones.
func manySubscriptions(c *customer.Customer, now time.Time) error {
	for _, resource := range []int64{1, 2} {
		for _, channel := range []customer.Channel{customer.ChannelSMS, customer.ChannelViber} {
			for n, status := range customer.Statuses {
				e := customer.SubscriptionEdit{Resource: resource, Channel: channel, Contact: fmt.Sprintf("+7900555000%d", n), Status: &status}
				if err := c.Subscribe(e, now); err != nil {
					return err
				}
			}
		}
	}
	for _, i := range []int{0, 5} { // one that is subscribed, one suspended
		c.Subscriptions[i].Deleted = true
	}
	return nil
}

func TestPlanSuspensions(t *testing.T) {
	sms, viber := customer.ChannelSMS, customer.ChannelViber
	tests := []struct {
		name   string
		orders upkeep.Suspensions
		// suspended and subscribed are how many are so afterwards, of four each, and a
		// deleted one of each among them.
		suspended, subscribed, changed int
	}{
		{"all", upkeep.Suspensions{{}}, 7, 1, 3},
		{"a channel", upkeep.Suspensions{{Channel: sms}}, 5, 3, 1},
		{"another channel", upkeep.Suspensions{{Channel: viber}}, 6, 2, 2},
		{"a resource", upkeep.Suspensions{{Resource: 2}}, 6, 2, 2},
		{"both", upkeep.Suspensions{{Channel: sms, Resource: 2}}, 5, 3, 1},
		{"a resource that there is not", upkeep.Suspensions{{Resource: 3}}, 4, 4, 0},
		{"lifted", upkeep.Suspensions{{Lift: true}}, 1, 7, 3},
		{"lifted of a channel", upkeep.Suspensions{{Lift: true, Channel: viber}}, 2, 6, 2},
		{"one after the other", upkeep.Suspensions{{Channel: sms}, {Lift: true}}, 1, 7, 3},
		{"the other after the one", upkeep.Suspensions{{Lift: true}, {Channel: sms}}, 3, 5, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ada := newRecord(t, 7)
			store := records{7: ada}
			got, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: tenant}, []customer.ID{7}, tt.orders, noon)
			if err != nil || got.Seen != 1 || got.Skipped != 0 || got.Subscriptions != tt.changed || len(got.Commits) != min(1, tt.changed) {
				t.Fatalf("PlanSuspensions() = %+v, %v", got, err)
			}
			if tt.changed == 0 {
				return
			}
			if commit := got.Commits[0]; commit.Tenant != tenant || commit.Before.Commit != ada.Commit || !commit.After.Changed.Equal(noon) || !commit.Outgrow {
				t.Errorf("commit = %+v", commit)
			}
			count := map[customer.Status]int{}
			for _, s := range got.Commits[0].After.Subscriptions {
				count[s.Status]++
			}
			if count["suspended"] != tt.suspended || count["subscribed"] != tt.subscribed || count["invalid"] != 4 {
				t.Errorf("afterwards = %v", count)
			}
			ada.Customer = got.Commits[0].After
			store[7] = ada
			again, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: tenant}, []customer.ID{7}, tt.orders, noon)
			if alone := len(tt.orders) == 1; err != nil || alone && again.Subscriptions != 0 {
				t.Errorf("PlanSuspensions() again = %+v, %v", again, err)
			}
		})
	}
}

// Those who are gone are skipped, those whom nothing changes are only looked at,
// and what is too much for one transaction is left for the next.
func TestPlanSome(t *testing.T) {
	store, ids := records{}, []customer.ID{1, 2, 3, 4, 5, 6}
	for _, id := range ids {
		store[id] = newRecord(t, id)
	}
	set := func(id customer.ID, change func(*customer.Record)) {
		record := store[id]
		change(&record)
		store[id] = record
	}
	set(2, func(r *customer.Record) { r.Subscriptions = nil })
	set(3, func(r *customer.Record) { r.Deleted = true })
	set(4, func(r *customer.Record) { r.Bytes = 399_999 }) // no room for three statuses more
	set(5, func(r *customer.Record) { r.Bytes = 2_000_001 })
	got, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: tenant}, append(slices.Clone(ids), 7), upkeep.Suspensions{{}}, noon)
	if err != nil || got.Seen != 7 || got.Skipped != 4 || len(got.Commits) != 2 || got.Subscriptions != 6 {
		t.Errorf("PlanSuspensions() = %+v, %v", got, err)
	}
	set(1, func(r *customer.Record) { r.Bytes = 399_000 })
	many := slices.Repeat([]customer.ID{1}, 30)
	if got, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: tenant}, many, upkeep.Suspensions{{}}, noon); err != nil || got.Seen != 6 || len(got.Commits) != 6 {
		t.Errorf("PlanSuspensions() of large ones: %d seen, %d commits, %v", got.Seen, len(got.Commits), err)
	}
}

// Leaving out what a later order decides about changes nothing, and the words say
// it all.
func TestSuspensionsThen(t *testing.T) {
	order := rapid.Custom(func(r *rapid.T) upkeep.Suspension {
		return upkeep.Suspension{
			Lift:     rapid.Bool().Draw(r, "lift"),
			Channel:  rapid.SampledFrom([]customer.Channel{"", "sms", "viber"}).Draw(r, "channel"),
			Resource: rapid.SampledFrom([]int64{0, 1, 2}).Draw(r, "resource"),
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		var all, short upkeep.Suspensions
		for _, o := range rapid.SliceOfN(order, 1, 12).Draw(r, "orders") {
			all, short = append(all, o), short.Then(o)
		}
		read, err := upkeep.ParseSuspensions(short.String())
		if err != nil || !slices.Equal(read, short) {
			r.Fatalf("ParseSuspensions(%q) = %v, %v", short, read, err)
		}
		store := records{7: newRecord(t, 7)}
		want, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: tenant}, []customer.ID{7}, all, noon)
		if err != nil {
			r.Fatal(err)
		}
		got, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: tenant}, []customer.ID{7}, short, noon)
		if err != nil || got.Subscriptions != want.Subscriptions || len(got.Commits) != len(want.Commits) ||
			len(got.Commits) > 0 && !got.Commits[0].After.Same(want.Commits[0].After) {
			r.Fatalf("%v comes to %+v, %v; %v came to %+v", short, got, err, all, want)
		}
		if len(short) > 9 {
			r.Fatalf("%d orders are kept: %v", len(short), short)
		}
	})
	for _, text := range []string{"suspend", "suspend:sms", "suspend:sms:x", "lift::0", "stop::", "lift:::", "suspend::1 x"} {
		if got, err := upkeep.ParseSuspensions(text); err == nil {
			t.Errorf("ParseSuspensions(%q) = %v, want an error", text, got)
		}
	}
}
