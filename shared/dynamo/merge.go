package dynamo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/merge"
)

var _ merge.Store = (*Store)(nil)

// attrKept is, compressed, the JSON of what a merge keeps, beside its commit and ttl.
const attrKept = "b"

const (
	// maxTransaction is how many items a transaction takes, and maxWritten how many
	// bytes, less what keys and conditions take.
	maxTransaction = 100
	maxWritten     = 3_900_000
	// maxKept is how large a compressed customer may be, so that it fits an item.
	maxKept = 390_000
)

// mergeParts are what the items of a record hold, in the order of [mergeKeys].
func mergeParts(r *merge.Record) [3]any {
	return [3]any{r, &r.After, &r.Before[1]}
}

// Merge implements [merge.Store].
func (s *Store) Merge(ctx context.Context, tenant int, stays, goes customer.ID) (merge.RecordRead, error) {
	keys := mergeKeys(tenant, stays, goes)
	items, err := s.get(ctx, "read merge", keys[:]...)
	if err != nil || len(items) < len(keys) {
		return merge.RecordRead{}, err
	}
	read := merge.RecordRead{Rev: revOf(items[keys[0]])}
	for i, into := range mergeParts(&read.Record) {
		it := items[keys[i]]
		if text(it, attrCommit) != read.Commit {
			return merge.RecordRead{}, fmt.Errorf("merge of %s was written while it was read: %w", goes.Hex(), errs.ErrConflict)
		}
		r := reader{it: it}
		if r.number(attrTTL) <= s.now().Unix() {
			return merge.RecordRead{}, nil
		}
		packed, err := decompress(r.bytes(attrKept))
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(packed))
			decoder.UseNumber()
			err = decoder.Decode(into)
		}
		if err != nil {
			return merge.RecordRead{}, fmt.Errorf("item of a merge: %w", err)
		}
	}
	return read, nil
}

// putMerge adds the record of a merge, or removes it.
func (t *tx) putMerge(c merge.Commit) error {
	keys := mergeKeys(c.Tenant, c.Record.Stays, c.Record.Goes)
	if c.Removes {
		for _, k := range keys {
			t.delete(k, writtenBy(c.Record.Commit), c.Record.Bytes)
		}
		return nil
	}
	if !c.Record.Ends.After(c.Record.At) {
		return nil // it cannot be undone
	}
	record := c.Record.Record // whose second and third parts have items of their own
	parts := mergeParts(&record)
	for i := len(parts) - 1; i >= 0; i-- {
		document, err := json.Marshal(parts[i])
		if err != nil {
			return fmt.Errorf("record of a merge: %w", err)
		}
		packed, err := compress(document)
		if err != nil {
			return err
		}
		if len(packed) > maxKept {
			return errs.New(errs.FailedPrecondition, "merge_too_large/record", "", len(packed), maxKept)
		}
		switch i {
		case 1:
			record.After = customer.Customer{}
		case 2:
			record.Before[1] = customer.Customer{}
		}
		it := make(attributes, 5)
		it.setPlaces(keys[i], indexKeys{})
		it.setText(attrCommit, c.ID)
		it.setNumber(attrTTL, record.Ends.Unix())
		it.setBytes(attrKept, packed)
		t.put(item(it), absentOrExpired(record.At), 0, 0)
	}
	return nil
}

// mergeTransaction builds the writes of c: accounts before customers, so that these
// leave them alone.
func (s *Store) mergeTransaction(c merge.Commit, author history.Author) (*tx, error) {
	t := &tx{id: c.ID, author: author}
	now := s.now()
	for _, couple := range c.Ledgers {
		for _, p := range couple {
			t.putEntries(c.Tenant, c.ID, p.Before, p.After, p.Entries)
			t.putHoldEnds(c.Tenant, c.ID, p.After.ID, p.Ended)
			t.checkOwner(c.Tenant, c.ID, p.After.ID, p.Before, p.Customer)
		}
	}
	for i, change := range c.Customers {
		was := change.Before.Customer
		if c.Removes && i == 1 { // it comes back, as what it was when it went
			was = c.Record.Before[1]
			was.MergedInto = c.Record.Stays
		}
		if err := t.putChange(change, was, now); err != nil {
			return nil, err
		}
	}
	if !c.Removes {
		t.check(separationKey(c.Tenant, c.Record.Stays, c.Record.Goes), absent(), 0)
	}
	for _, change := range c.Formers {
		if err := t.putChange(change, change.Before.Customer, now); err != nil {
			return nil, err
		}
	}
	if c.Catalog != nil {
		t.putMergedPurchases(c)
	}
	if err := t.putMerge(c); err != nil {
		return nil, err
	}
	t.dropNeedlessChecks()
	items, written, _ := t.weight()
	if items > maxTransaction {
		return nil, errs.New(errs.FailedPrecondition, "merge_too_large/items", "", items, maxTransaction)
	}
	if written > maxWritten {
		return nil, errs.New(errs.FailedPrecondition, "merge_too_large/bytes", "", written, maxWritten)
	}
	return t, nil
}

// putMergedPurchases writes what both customers have of the catalog, and moves purchases.
func (t *tx) putMergedPurchases(c merge.Commit) {
	moved := make(map[int]bool, len(c.Moved))
	for _, m := range c.Moved {
		moved[m.Number] = true
		own := m.Purchase
		if own.Ended.IsZero() {
			own.Consumed = 0 // which the account counts
		}
		before := newPurchaseItem(c.Tenant, m.From, own, m.Commit)
		t.delete(keyOf(before), writtenBy(m.Commit), sizeOf(before))
		t.writes[len(t.writes)-1].index = indexUnits(indexKeysOf(before), indexKeys{})
		it := newPurchaseItem(c.Tenant, m.To, own, t.id)
		t.put(it, absent(), 0, indexUnits(indexKeys{}, indexKeysOf(it)))
		owner := newOwnerItem(c.Tenant, m.To, own, t.id)
		t.put(owner, ownedBy(m.From), sizeOf(owner), 0)
	}
	for _, a := range c.Catalog {
		for i, p := range a.Active {
			if moved[p.Number] {
				a.Active[i].Commit = t.id
			}
		}
		switch {
		case !a.Empty():
			t.put(newPurchasesItem(c.Tenant, a, t.id), writtenBy(a.Rev.Commit), a.Rev.Bytes, 0)
		case !a.Rev.Absent():
			t.delete(purchasesKey(c.Tenant, a.Customer.ID), writtenBy(a.Rev.Commit), a.Rev.Bytes)
		}
	}
}

// WeighMerge implements [merge.Store].
func (s *Store) WeighMerge(c merge.Commit) (items, written int, err error) {
	t, err := s.mergeTransaction(c, history.Author{})
	if err != nil {
		return 0, 0, err
	}
	items, written, _ = t.weight()
	return items, written, nil
}

// CommitMerge implements [merge.Store].
func (s *Store) CommitMerge(ctx context.Context, c merge.Commit) error {
	t, err := s.mergeTransaction(c, history.AuthorOf(ctx))
	if err != nil {
		return err
	}
	return s.commit(ctx, "commit merge", t)
}

// Purchases implements [merge.Store].
func (s *Store) Purchases(ctx context.Context, tenant int, id customer.ID, numbers []int) (map[int]catalog.Purchase, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	keys := make([]key, len(numbers))
	for i, n := range numbers {
		keys[i] = purchaseKey(tenant, id, n)
	}
	items, err := s.get(ctx, "read purchases", keys...)
	if err != nil {
		return nil, err
	}
	found := make(map[int]catalog.Purchase, len(items))
	for i, n := range numbers {
		it, ok := items[keys[i]]
		if !ok {
			continue
		}
		r := reader{it: it}
		p := r.held()
		if r.err != nil {
			return nil, fmt.Errorf("item of purchase %d: %w", n, r.err)
		}
		p.Number, p.Commit = n, text(it, attrCommit)
		found[n] = p
	}
	return found, nil
}

// RemoveMerged implements [merge.Store].
func (s *Store) RemoveMerged(ctx context.Context, tenant int, stays, goes customer.ID) error {
	it, err := s.getOne(ctx, "read merged customer", customerKey(tenant, goes))
	if err != nil || it == nil {
		return err
	}
	record, err := readCustomer(goes, it)
	if err != nil || record.MergedInto == 0 {
		return err
	}
	if record.MergedInto != stays {
		return fmt.Errorf("customer %s was merged into %s, not into %s", goes.Hex(), record.MergedInto.Hex(), stays.Hex())
	}
	gone := customer.Customer{ID: goes, Changed: s.now().UTC().Truncate(time.Microsecond), Deleted: true}
	t := &tx{id: rand.Text()}
	tombstone, err := newCustomerItem(tenant, gone, t.id, s.now())
	if err != nil {
		return err
	}
	t.put(tombstone, writtenBy(record.Commit), record.Bytes, indexUnits(indexKeys{}, indexKeysOf(tombstone)))
	kept, err := s.beginning(ctx, "read merges", collectionPK(tenant, goes), "MERGE", 0) // its own, and those into it
	if err != nil {
		return err
	}
	for _, it := range kept {
		t.delete(keyOf(it), byCustomer(), sizeOf(it))
	}
	into := mergeKeys(tenant, stays, goes)
	for _, k := range into[:2] {
		t.delete(k, byCustomer(), 0)
	}
	item, err := s.getOne(ctx, "read account", accountKey(tenant, goes))
	if err != nil {
		return err
	}
	account, err := readAccount(goes, item)
	if err != nil {
		return err
	}
	if account.Absent() {
		t.check(accountKey(tenant, goes), absent(), 0)
	} else {
		t.putAccount(tenant, t.id, account, account.Following(customer.Standing{Deleted: true}))
	}
	return s.commit(ctx, "remove merged customer", t)
}
