package dynamo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Started implements [catalog.Store].
func (s *Store) Started(ctx context.Context, tenant, shard, product int, upTo time.Time, after string, limit int) ([]catalog.Due, error) {
	const doing = "list purchases"
	// A place of the list may be as long as one likes; an empty one comes before
	// all of them.
	if after == "" {
		after = " "
	}
	if after >= afterDay(upTo) {
		return nil, nil
	}
	input, err := newQuery(index1, within(attrIndex1PK, startedPK(tenant, product, shard), attrIndex1SK, after+" ", afterDay(upTo)), true, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	items, err := s.query(ctx, doing, input)
	if err != nil {
		return nil, err
	}
	due := make([]catalog.Due, len(items))
	for i, it := range items {
		n, ok := numberOf("PURCHASE#", text(it, attrSK))
		id, err := idOfCustomer(keyOf(it))
		if err != nil || !ok {
			return nil, fmt.Errorf("%s: %s is no purchase: %w", doing, text(it, attrSK), err)
		}
		due[i] = catalog.Due{Customer: id, Purchase: n, Place: text(it, attrIndex1SK)}
	}
	return due, nil
}

// removedAtOnce is how many purchases one transaction removes; each is two items.
const removedAtOnce = 40

// RemovePurchases implements [catalog.Store].
func (s *Store) RemovePurchases(ctx context.Context, tenant int, id customer.ID) (more bool, err error) {
	items, err := s.beginning(ctx, "read purchases", collectionPK(tenant, id), purchasesSK, removedAtOnce+1)
	if err != nil || len(items) == 0 {
		return false, err
	}
	t := &tx{id: rand.Text()}
	for _, it := range items[:min(removedAtOnce, len(items))] {
		t.delete(keyOf(it), writtenBy(text(it, attrCommit)), sizeOf(it))
		if n, ok := numberOf("PURCHASE#", text(it, attrSK)); ok {
			t.delete(ownerKey(tenant, n), ownedBy(id), 0)
		}
	}
	return len(items) > removedAtOnce, s.commit(ctx, "remove purchases", t)
}

// Tombstones returns the ids above after of a tenant's deleted customers in one shard
// that are not purged yet, ascending, up to limit. It asks an index, which may be a
// moment old.
func (s *Store) Tombstones(ctx context.Context, tenant, shard int, after customer.ID, limit int) ([]customer.ID, error) {
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(deletedPK(tenant, shard))).
		And(expression.Key(attrIndex1SK).GreaterThan(expression.Value(after.Base36())))
	var ids []customer.ID
	err := errs.Retry(ctx, func(int) (err error) {
		ids, err = s.customersListed(ctx, "list deleted customers", condition, limit)
		return err
	})
	return ids, err
}

// Purged takes a deleted customer off that list. The tombstone itself stays until
// its time has passed; one that has gone already is no matter.
func (s *Store) Purged(ctx context.Context, tenant int, id customer.ID) error {
	return errs.Retry(ctx, func(int) error {
		it, err := s.getOne(ctx, "read deleted customer", customerKey(tenant, id))
		r := reader{it: it}
		if err != nil || it == nil || !r.flag(attrDeleted) {
			return err
		}
		t := &tx{id: rand.Text()}
		before, guard := indexKeysOf(it), writtenBy(r.text(attrCommit))
		delete(it, attrIndex1PK)
		delete(it, attrIndex1SK)
		attributes(it).setText(attrCommit, t.id)
		t.put(it, guard, sizeOf(it), indexUnits(before, indexKeys{}))
		return s.putOne(ctx, "purge customer", t)
	})
}
