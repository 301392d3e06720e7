package dynamo

import (
	"context"
	"errors"
	"time"

	"regulars/shared/customer"
	"regulars/shared/history"
	"regulars/shared/points"
)

var _ customer.Store = (*Store)(nil)

// Customers implements [customer.Store].
func (s *Store) Customers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = customerKey(tenant, id)
	}
	items, err := s.get(ctx, "read customers", keys...)
	if err != nil {
		return nil, err
	}
	return readCustomers(tenant, ids, items)
}

// FirstCustomers implements [customer.Store].
func (s *Store) FirstCustomers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, int, error) {
	if len(ids) < 2 {
		records, err := s.Customers(ctx, tenant, ids)
		return records, len(ids), err
	}
	ids = ids[:min(maxBatch, len(ids))]
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = customerKey(tenant, id)
	}
	items := make(map[key]item, len(ids))
	rest, err := s.getFirst(ctx, "read customers", keys, 1, items, true)
	if err != nil {
		return nil, 0, err
	}
	ids = ids[:len(keys)-len(rest)]
	records, err := readCustomers(tenant, ids, items)
	return records, len(ids), err
}

// readCustomers reads the items of those customers that have one.
func readCustomers(tenant int, ids []customer.ID, items map[key]item) (records map[customer.ID]customer.Record, err error) {
	records = make(map[customer.ID]customer.Record, len(items))
	for _, id := range ids {
		it, ok := items[customerKey(tenant, id)]
		if !ok {
			continue
		}
		if records[id], err = readCustomer(id, it); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// Keys implements [customer.Store].
func (s *Store) Keys(ctx context.Context, tenant int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	tableKeys := make([]key, len(keys))
	for i, k := range keys {
		tableKeys[i] = matchKey(tenant, k)
	}
	items, err := s.get(ctx, "read match keys", tableKeys...)
	if err != nil {
		return nil, err
	}
	return readMatchKeys(keys, tableKeys, items)
}

// KeysAndCustomer reads match keys and a customer strongly, with one call: the keys as
// [Store.Keys], and the customer, absent where it is not there. The items are read one
// after the other, in any order.
func (s *Store) KeysAndCustomer(ctx context.Context, tenant int, keys []customer.Key, id customer.ID) (map[customer.Key]customer.KeyRecord, customer.Record, error) {
	tableKeys := make([]key, 0, len(keys)+1)
	for _, k := range keys {
		tableKeys = append(tableKeys, matchKey(tenant, k))
	}
	items, err := s.get(ctx, "read match keys and a customer", append(tableKeys, customerKey(tenant, id))...)
	if err != nil {
		return nil, customer.Record{}, err
	}
	records, err := readMatchKeys(keys, tableKeys, items)
	if err != nil {
		return nil, customer.Record{}, err
	}
	customers, err := readCustomers(tenant, []customer.ID{id}, items)
	return records, customers[id], err
}

// readMatchKeys reads the items of match keys, whose keys in the table these are, an
// entry for each.
func readMatchKeys(keys []customer.Key, tableKeys []key, items map[key]item) (records map[customer.Key]customer.KeyRecord, err error) {
	records = make(map[customer.Key]customer.KeyRecord, len(keys))
	for i, k := range keys {
		if records[k], err = readMatchKey(items[tableKeys[i]]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// Commit implements [customer.Store].
func (s *Store) Commit(ctx context.Context, c customer.Commit) error {
	t, err := s.transaction(c, history.AuthorOf(ctx))
	if err != nil {
		return err
	}
	if c.Idempotent && len(t.writes) == 1 && !c.Before.Absent() && c.Request == nil {
		return s.putOne(ctx, "put customer", t)
	}
	return s.requestRecorded(s.commit(ctx, "commit customer", t), c.Request)
}

// transaction builds the writes of c: the request first, since the first
// condition that fails is the one reported; then the customer, the keys, and checks of
// what the decision requires.
func (s *Store) transaction(c customer.Commit, author history.Author) (*tx, error) {
	t := &tx{id: c.ID, author: author}
	now := s.now()
	if c.Request != nil {
		if err := t.putRequest(c.Tenant, *c.Request, now); err != nil {
			return nil, err
		}
	}
	return t, t.putChange(c, c.Before.Customer, now)
}

// putChange writes the customer, its keys, extensions and history, and checks what the
// decision requires. For the history the customer was as it says.
func (t *tx) putChange(c customer.Commit, was customer.Customer, now time.Time) error {
	if c.Changes() {
		if err := t.putCustomer(c, now); err != nil {
			return err
		}
	}
	if err := t.putExtensions(c); err != nil {
		return err
	}
	if err := c.CheckValues(); err != nil {
		return err
	}
	for _, i := range c.Idents {
		t.putIdent(c, i)
	}
	for _, k := range c.Keys {
		t.putKey(c.Tenant, c.ID, k)
	}
	if err := t.putHistory(c, was, now); err != nil {
		return err
	}
	for k, rev := range c.UnchangedKeys {
		t.check(matchKey(c.Tenant, k), writtenBy(rev.Commit), rev.Bytes)
	}
	for _, r := range c.UnchangedCustomers {
		t.check(customerKey(c.Tenant, r.ID), writtenBy(r.Commit), r.Bytes)
	}
	return nil
}

// Weigh says what a commit takes of a transaction: items, bytes of what is written,
// and units, but for the name of who makes it. It rejects a customer that would grow too
// large.
func (s *Store) Weigh(c customer.Commit) (items, bytes int, units int64, err error) {
	t, err := s.transaction(c, history.Author{})
	if err != nil {
		return 0, 0, 0, err
	}
	items, bytes, units = t.weight()
	return items, bytes, units, nil
}

// WeighPoints is [Store.Weigh] for a commit of points.
func (s *Store) WeighPoints(c points.Commit) (items, bytes int, units int64, err error) {
	t := &tx{id: c.ID}
	if err := t.putPoints(c, s.now()); err != nil {
		return 0, 0, 0, err
	}
	items, bytes, units = t.weight()
	return items, bytes, units, nil
}

// errStanding says that a commit would leave the points account behind its
// customer.
var errStanding = errors.New("the customer's standing changes without the points account")

// putCustomer writes the customer, and the points account with it where the
// customer's standing changes; one that the transaction writes already has the
// standing from who decided that ([jobs.Change]).
func (t *tx) putCustomer(c customer.Commit, now time.Time) error {
	if c.ChangesStanding() && c.Account == nil {
		return errStanding
	}
	it, err := newCustomerItem(c.Tenant, c.After, c.ID, now)
	if err != nil {
		return err
	}
	if n := sizeOf(it); n > customer.MaxBytes && n > c.Before.Bytes && !c.Outgrow {
		return customer.TooLarge(n)
	}
	t.put(it, writtenBy(c.Before.Commit), c.Before.Bytes, indexUnits(placesBefore(c), indexKeysOf(it)))
	if c.Account != nil && !t.has(accountKey(c.Tenant, c.After.ID)) {
		return t.changeAccount(c)
	}
	return nil
}

// placesBefore are the index entries that the commit replaces.
func placesBefore(c customer.Commit) indexKeys {
	if c.Before.Absent() || c.Before.Deleted {
		return indexKeys{}
	}
	return customerIndexKeys(c.Tenant, c.Before.Customer)
}

func (t *tx) putKey(tenant int, commit string, k customer.KeyChange) {
	tableKey := matchKey(tenant, k.Key)
	if k.After.Empty() {
		t.delete(tableKey, writtenBy(k.Before.Commit), k.Before.Bytes)
		return
	}
	t.put(newMatchKeyItem(tableKey, k.After, commit), writtenBy(k.Before.Commit), k.Before.Bytes, 0)
}
