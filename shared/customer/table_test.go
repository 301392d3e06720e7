package customer_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

const tenant = 5

// A table keeps customers, keys and requests, each write under a guard, as the
// real one does: several items of one read are read one after another, and others
// may write at each of those moments.
type table struct {
	customers map[customer.ID]customer.Record
	keys      map[customer.Key]customer.KeyRecord
	requests  map[string]customer.IdempotencyRecord
	idents    map[ident][]string // texts
	commits   []customer.Commit
	clock     time.Time
	lag       []customer.ID // those that are gone and still listed
	// fit, unless 0, is how many customers fit into memory together.
	fit int
	// customerFirst: of keys and a customer that are read together the customer is read
	// first.
	customerFirst bool
	together      int // how often they were
	// others, unless nil, is told what is about to happen and may write before.
	others func(moment string)
}

var _ customer.Store = (*table)(nil)

func newTable() *table {
	return &table{
		customers: map[customer.ID]customer.Record{},
		keys:      map[customer.Key]customer.KeyRecord{},
		requests:  map[string]customer.IdempotencyRecord{},
		idents:    map[ident][]string{},
		clock:     noon,
	}
}

// now moves on with each look, so that ids are in the order of creation.
func (t *table) now() time.Time {
	t.clock = t.clock.Add(time.Millisecond)
	return t.clock
}

// meanwhile lets the others write, undisturbed.
func (t *table) meanwhile(moment string) {
	if others := t.others; others != nil {
		t.others = nil
		others(moment)
		t.others = others
	}
}

// Weigh implements [customer.Store].
func (t *table) Weigh(customer.Commit) (items, bytes int, units int64, err error) {
	return 1, 1, 1, nil
}

// Keys implements [customer.Store].
func (t *table) Keys(_ context.Context, _ int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	read := map[customer.Key]customer.KeyRecord{}
	for _, key := range keys {
		t.meanwhile("read key " + key.Value)
		record := t.keys[key]
		record.Roles = maps.Clone(record.Roles)
		read[key] = record
	}
	return read, nil
}

// Customers implements [customer.Store].
func (t *table) Customers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	read := map[customer.ID]customer.Record{}
	for _, id := range ids {
		t.meanwhile("read customer " + id.Decimal())
		if record, ok := t.customers[id]; ok {
			read[id] = customer.Record{Customer: stampsOnly(record.Clone()), Rev: record.Rev}
		}
	}
	return read, nil
}

// KeysAndCustomer reads keys and a customer, in the order of customerFirst.
func (t *table) KeysAndCustomer(ctx context.Context, tenant int, keys []customer.Key, id customer.ID) (read map[customer.Key]customer.KeyRecord, guessed customer.Record, err error) {
	var customers map[customer.ID]customer.Record
	if t.customerFirst {
		customers, _ = t.Customers(ctx, tenant, []customer.ID{id})
	}
	read, _ = t.Keys(ctx, tenant, keys)
	if !t.customerFirst {
		customers, _ = t.Customers(ctx, tenant, []customer.ID{id})
	}
	t.together++
	return read, customers[id], nil
}

// FirstCustomers implements [customer.Store].
func (t *table) FirstCustomers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, int, error) {
	if t.fit > 0 {
		ids = ids[:min(len(ids), t.fit)]
	}
	read, err := t.Customers(ctx, tenant, ids)
	return read, len(ids), err
}

// IDs implements [customer.Store].
func (t *table) IDs(_ context.Context, _ int, after, upTo customer.ID, limit int) ([]customer.ID, error) {
	t.meanwhile("list")
	ids := slices.Clone(t.lag)
	for id, record := range t.customers {
		if !record.Deleted {
			ids = append(ids, id)
		}
	}
	ids = slices.DeleteFunc(ids, func(id customer.ID) bool { return id <= after || id > upTo })
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// Remembered implements [customer.Store].
func (t *table) IdempotencyRecord(_ context.Context, _ int, key string) (*customer.IdempotencyRecord, error) {
	t.meanwhile("read request")
	if first, ok := t.requests[key]; ok {
		return &first, nil
	}
	return nil, nil
}

// Account implements [customer.Store]: nobody has one.
func (t *table) Account(context.Context, int, customer.ID) (customer.AccountRecord, error) {
	return customer.AccountRecord{}, nil
}

// Commit implements [customer.Store].
func (t *table) Commit(_ context.Context, c customer.Commit) error {
	t.meanwhile("commit")
	if err := t.legal(c); err != nil {
		return err
	}
	if c.Request != nil {
		if first, ok := t.requests[c.Request.Value]; ok {
			return &idempotency.Carried[customer.Recorded]{Record: first}
		}
	}
	if !t.holds(c) {
		return fmt.Errorf("a guard broke: %w", errs.ErrConflict)
	}
	if c.Request != nil {
		t.requests[c.Request.Value] = *c.Request
	}
	rev := customer.Rev{Commit: c.ID, Bytes: 1}
	if c.Changes() {
		t.customers[c.After.ID] = customer.Record{Customer: t.withRecords(c), Rev: rev}
	}
	t.storeIdents(c)
	for _, k := range c.Keys {
		if delete(t.keys, k.Key); !k.After.Empty() {
			k.After.Roles = maps.Clone(k.After.Roles)
			t.keys[k.Key] = customer.KeyRecord{Owners: k.After, Rev: rev}
		}
	}
	t.commits = append(t.commits, c)
	return nil
}

// legal rejects what the real table does not take: no write at all, an item
// twice, more than 100 items.
func (t *table) legal(c customer.Commit) error {
	if (c.Account != nil) != c.ChangesStanding() {
		return fmt.Errorf("the standing changes: %t, the account with it: %t", c.ChangesStanding(), c.Account != nil)
	}
	items := map[any]int{}
	if c.Request != nil {
		items[c.Request.Value]++
	}
	if c.Changes() {
		items[c.After.ID]++
	}
	for _, k := range c.Keys {
		items[k.Key]++
	}
	writes := len(items)
	for key := range c.UnchangedKeys {
		items[key]++
	}
	for _, r := range c.UnchangedCustomers {
		items[r.ID]++
	}
	for _, e := range c.Extensions {
		items[e.Number]++
	}
	for _, i := range c.Idents {
		items[ident{c.After.ID, i.Key, i.Hash}]++
		writes++
	}
	for item, n := range items {
		if n > 1 {
			return fmt.Errorf("%v is named %d times in one transaction", item, n)
		}
	}
	if writes == 0 || len(items) > 100 || c.ID == "" {
		return fmt.Errorf("a transaction of %d writes and %d items with the id %q", writes, len(items), c.ID)
	}
	return nil
}

// holds reports whether all is still as the commit says it was.
func (t *table) holds(c customer.Commit) bool {
	ok := !c.Changes() || t.customers[c.After.ID].Commit == c.Before.Commit
	for _, k := range c.Keys {
		ok = ok && t.keys[k.Key].Commit == k.Before.Commit
	}
	for key, rev := range c.UnchangedKeys {
		ok = ok && t.keys[key].Commit == rev.Commit
	}
	for _, r := range c.UnchangedCustomers {
		ok = ok && t.customers[r.ID].Commit == r.Commit
	}
	return ok
}

// problems says where keys and customers do not fit together.
func (t *table) problems(fields customer.MatchFields) error {
	should := map[customer.Key]map[customer.ID]customer.Roles{}
	for id, record := range t.customers {
		for key, roles := range record.Keys(fields) {
			if should[key] == nil {
				should[key] = map[customer.ID]customer.Roles{}
			}
			should[key][id] = roles
		}
	}
	var problems []error
	for key, record := range t.keys {
		if key.Kind[0] == 'i' && key.Kind != customer.KindClientID {
			continue // of an identification key, which the stories about them look at
		}
		if should[key] == nil {
			should[key] = nil
		}
		if record.Empty() {
			problems = append(problems, fmt.Errorf("key %v is there for nobody", key))
		}
	}
	for key, want := range should {
		first := 0
		for _, roles := range want {
			first += int(roles & customer.Primary)
		}
		if first > 1 {
			problems = append(problems, fmt.Errorf("%v has %d first owners", key, first))
		}
		record := t.keys[key]
		if record.Overflowed {
			want = firsts(want)
		}
		if !maps.Equal(record.Roles, want) {
			problems = append(problems, fmt.Errorf("key %v names %v, want %v (crowded: %t)", key, record.Roles, want, record.Overflowed))
		}
	}
	return errors.Join(problems...)
}

// inTime plays a story in 25 seconds of time in which pauses cost nothing: with a service
// that remembers no owners, and with one that reads those it remembers with the keys,
// before these and after them.
func inTime(t *testing.T, story func(t *testing.T, ctx context.Context, world *table, service *customer.Service)) {
	t.Helper()
	for way, serve := range ways {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
				defer cancel()
				world := newTable()
				story(t, ctx, world, serve(world))
				world.others = nil
				if err := world.problems(fields); err != nil {
					t.Errorf("in the end keys and customers do not fit together: %v", err)
				}
			})
		})
	}
}

// ways are services that find customers with the same promise.
var ways = map[string]func(*table) *customer.Service{
	"owners not remembered": func(world *table) *customer.Service { return customer.NewService(world, world.now) },
	"keys first": func(world *table) *customer.Service {
		return customer.NewService(world, world.now).WithOwners(world)
	},
	"customer first": func(world *table) *customer.Service {
		world.customerFirst = true
		return customer.NewService(world, world.now).WithOwners(world)
	},
}

// once writes at the first moment of that name, and never again.
func (t *table) once(moment string, write func()) {
	done := false
	t.others = func(now string) {
		if now == moment && !done {
			done = true
			write()
		}
	}
}
