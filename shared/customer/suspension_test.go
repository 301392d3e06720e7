package customer_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/customer"
)

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

func TestRevise(t *testing.T) {
	sms, viber := customer.ChannelSMS, customer.ChannelViber
	tests := []struct {
		name   string
		orders customer.Suspensions
		// suspended and subscribed are how many are so afterwards, of four each, and a
		// deleted one of each among them.
		suspended, subscribed, changed int
	}{
		{"all", customer.Suspensions{{}}, 7, 1, 3},
		{"a channel", customer.Suspensions{{Channel: sms}}, 5, 3, 1},
		{"another channel", customer.Suspensions{{Channel: viber}}, 6, 2, 2},
		{"a resource", customer.Suspensions{{Resource: 2}}, 6, 2, 2},
		{"both", customer.Suspensions{{Channel: sms, Resource: 2}}, 5, 3, 1},
		{"a resource that there is not", customer.Suspensions{{Resource: 3}}, 4, 4, 0},
		{"lifted", customer.Suspensions{{Lift: true}}, 1, 7, 3},
		{"lifted of a channel", customer.Suspensions{{Lift: true, Channel: viber}}, 2, 6, 2},
		{"one after the other", customer.Suspensions{{Channel: sms}, {Lift: true}}, 1, 7, 3},
		{"the other after the one", customer.Suspensions{{Lift: true}, {Channel: sms}}, 3, 5, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				ada := must(t, service, imports(email("ada@x.com"), both(setEmail("ada@x.com"), manySubscriptions)))
				got, err := service.PlanBatch(ctx, tenant, []customer.ID{ada.ID}, tt.orders)
				if err != nil || got.Seen != 1 || got.Skipped != 0 || got.Subscriptions != tt.changed || len(got.Commits) != min(1, tt.changed) {
					t.Fatalf("Revise() = %+v, %v", got, err)
				}
				if tt.changed == 0 {
					return
				}
				count := map[customer.Status]int{}
				for _, s := range got.Commits[0].After.Subscriptions {
					count[s.Status]++
				}
				if count["suspended"] != tt.suspended || count["subscribed"] != tt.subscribed || count["invalid"] != 4 {
					t.Errorf("afterwards = %v", count)
				}
				if err := world.Commit(ctx, got.Commits[0]); err != nil {
					t.Error(err)
				}
				again, err := service.PlanBatch(ctx, tenant, []customer.ID{ada.ID}, tt.orders)
				if alone := len(tt.orders) == 1; err != nil || alone && again.Subscriptions != 0 {
					t.Errorf("Revise() again = %+v, %v", again, err)
				}
			})
		})
	}
}

// Those who are gone are skipped, those whom nothing changes are only looked at,
// and what is too much for one transaction is left for the next.
func TestReviseSome(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		var ids []customer.ID
		for n, edit := range []customer.Edit{manySubscriptions, nil, manySubscriptions, manySubscriptions, manySubscriptions, manySubscriptions} {
			address := fmt.Sprintf("p%d@x.com", n)
			edits := setEmail(address)
			if edit != nil {
				edits = both(edits, edit)
			}
			ids = append(ids, must(t, service, imports(email(address), edits)).ID)
		}
		must(t, service, updates(id(ids[2]), customer.Delete))
		resize := func(n, bytes int) {
			record := world.customers[ids[n]]
			record.Bytes = bytes
			world.customers[ids[n]] = record
		}
		resize(3, 399_999) // no room for three statuses more
		resize(4, 2_000_001)
		asked := append(slices.Clone(ids), 7)
		got, err := service.PlanBatch(ctx, tenant, asked, customer.Suspensions{{}})
		if err != nil || got.Seen != 7 || got.Skipped != 4 || len(got.Commits) != 2 || got.Subscriptions != 6 {
			t.Errorf("Revise() = %+v, %v", got, err)
		}
		for n := range ids {
			resize(n, 399_000)
		}
		many := slices.Repeat([]customer.ID{ids[0]}, 30)
		if got, err := service.PlanBatch(ctx, tenant, many, customer.Suspensions{{}}); err != nil || got.Seen != 6 || len(got.Commits) != 6 {
			t.Errorf("Revise() of large ones: %d seen, %d commits, %v", got.Seen, len(got.Commits), err)
		}
	})
}

// Leaving out what a later order decides about changes nothing, and the words say
// it all.
func TestSuspensionsThen(t *testing.T) {
	order := rapid.Custom(func(r *rapid.T) customer.Suspension {
		return customer.Suspension{
			Lift:     rapid.Bool().Draw(r, "lift"),
			Channel:  rapid.SampledFrom([]customer.Channel{"", "sms", "viber"}).Draw(r, "channel"),
			Resource: rapid.SampledFrom([]int64{0, 1, 2}).Draw(r, "resource"),
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		var all, short customer.Suspensions
		for _, o := range rapid.SliceOfN(order, 1, 12).Draw(r, "orders") {
			all, short = append(all, o), short.Then(o)
		}
		read, err := customer.ParseSuspensions(short.String())
		if err != nil || !slices.Equal(read, short) {
			r.Fatalf("ParseSuspensions(%q) = %v, %v", short, read, err)
		}
		var c customer.Customer
		if err := manySubscriptions(&c, noon); err != nil {
			r.Fatal(err)
		}
		world := newTable()
		c.ID = 7
		world.customers[7] = customer.Record{Customer: c, Rev: customer.Rev{Commit: "a"}}
		service := customer.NewService(world, world.now)
		want, err := service.PlanBatch(t.Context(), tenant, []customer.ID{7}, all)
		if err != nil {
			r.Fatal(err)
		}
		got, err := service.PlanBatch(t.Context(), tenant, []customer.ID{7}, short)
		if err != nil || got.Subscriptions != want.Subscriptions || len(got.Commits) != len(want.Commits) ||
			len(got.Commits) > 0 && !got.Commits[0].After.Same(want.Commits[0].After) {
			r.Fatalf("%v comes to %+v, %v; %v came to %+v", short, got, err, all, want)
		}
		if len(short) > 9 {
			r.Fatalf("%d orders are kept: %v", len(short), short)
		}
	})
	for _, text := range []string{"suspend", "suspend:sms", "suspend:sms:x", "lift::0", "stop::", "lift:::", "suspend::1 x"} {
		if got, err := customer.ParseSuspensions(text); err == nil {
			t.Errorf("ParseSuspensions(%q) = %v, want an error", text, got)
		}
	}
}
