package dynamo_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/meter"
)

// populate makes a customer for each id.
func populate(t *testing.T, store *dynamo.Store, tenant int, ids ...customer.ID) {
	t.Helper()
	for _, id := range ids {
		made := customer.Customer{ID: id, Changed: time.Now().UTC()}
		commit := customer.Commit{ID: rand.Text(), Tenant: tenant, Before: customer.Record{Customer: customer.Customer{ID: id}}, After: made}
		if err := store.Commit(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
	}
}

// The shards are merged in the order of the ids, other tenants left out.
func TestIDs(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	const tenant = 5
	highest := customer.ID(1<<53 - 1)
	ids := []customer.ID{1, 2, 7, 8, 9, 10, 16, 24, 32, 40, 41, 1 << 40, highest} // several of one shard, and few of others
	populate(t, store, tenant, ids...)
	populate(t, store, 51, 3, 11)

	tests := []struct {
		name        string
		after, upTo customer.ID
		limit       int
		want        []customer.ID
	}{
		{"all", 0, highest, 100, ids},
		{"a few", 0, highest, 4, ids[:4]},
		{"above one", 8, highest, 100, ids[4:]},
		{"above one that is not there", 11, highest, 3, ids[6:9]},
		{"up to one", 0, 16, 100, ids[:7]},
		{"up to one that is not there", 7, 15, 100, ids[3:6]},
		{"one", 15, 16, 100, ids[6:7]},
		{"no range", 16, 16, 100, nil},
		{"a range that ends before it begins", 17, 16, 100, nil},
		{"above all", highest, highest, 100, nil},
		{"below all", 0, 0, 100, nil},
	}
	for _, tt := range tests {
		got, err := store.IDs(t.Context(), tenant, tt.after, tt.upTo, tt.limit)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: IDs() = %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

// Each shard costs half a unit for 4 KB of its index, and all of them one round
// trip.
func TestIDsCost(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	ctx, used := meter.With(t.Context())
	if _, err := store.IDs(ctx, 5, 0, customer.LastID, 51); err != nil {
		t.Fatal(err)
	}
	if got, want := used.Use(), (meter.Use{Trips: 1, Read: 4}); got != want {
		t.Errorf("an empty list costs %v, want %v", got, want)
	}
	var shardOfOne []customer.ID
	for i := range 70 { // of 63 bytes each: 4.4 KB
		shardOfOne = append(shardOfOne, customer.ID(8*i+8))
	}
	populate(t, store, 5, shardOfOne...)
	ctx, used = meter.With(t.Context())
	if _, err := store.IDs(ctx, 5, 0, customer.LastID, 100); err != nil {
		t.Fatal(err)
	}
	if got, want := used.Use(), (meter.Use{Trips: 1, Read: 4.5}); got != want {
		t.Errorf("a list with one long shard costs %v, want %v", got, want)
	}
}
