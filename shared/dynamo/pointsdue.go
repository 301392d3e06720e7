package dynamo

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// EraseEntries implements [points.Store].
func (s *Store) EraseEntries(ctx context.Context, tenant int, before points.Record, after points.Account, entries []points.Entry) error {
	keys := make([]key, len(entries))
	for i, e := range entries {
		keys[i] = entryKey(tenant, after.ID, e.Seq)
	}
	there, err := s.get(ctx, "read entries", keys...)
	if err != nil {
		return err
	}
	t := &tx{id: rand.Text()}
	t.putAccount(tenant, t.id, before, after)
	for i, e := range entries {
		was := revOf(there[keys[i]])
		t.put(newEntryItem(tenant, after.ID, e, t.id), writtenBy(was.Commit), was.Bytes, indexUnits(indexKeysOf(there[keys[i]]), indexKeys{}))
	}
	return s.commit(ctx, "erase entries", t)
}

// ForgetOnce implements [points.Store].
func (s *Store) ForgetOnce(ctx context.Context, tenant int, id customer.ID, limit int) (more bool, err error) {
	t := &tx{id: rand.Text()}
	for _, prefix := range oncePrefixes {
		if len(t.writes) >= limit {
			break
		}
		pk := collectionPK(tenant, id)
		room := limit - len(t.writes)
		if prefix == "ORDER#" { // which has a claim besides
			room = max(1, room/2)
		}
		items, err := s.inCollection(ctx, "read what happened once", key{pk, prefix}, key{pk, prefix + "~"}, true, room)
		if err != nil {
			return false, err
		}
		for _, it := range items {
			was := revOf(it)
			t.delete(keyOf(it), writtenBy(was.Commit), was.Bytes)
		}
		if prefix == "ORDER#" {
			if err := s.putNobodys(ctx, t, tenant, id, items); err != nil {
				return false, err
			}
		}
	}
	if len(t.writes) == 0 {
		return false, nil
	}
	return true, s.commit(ctx, "forget what happened once", t)
}

// nobody has the ids of the orders of customers that were deleted: these stay taken, and
// lead to no one. It is older than any id.
const nobody customer.ID = 1

// putNobodys makes the ids of a deleted customer's orders nobody's.
func (s *Store) putNobodys(ctx context.Context, t *tx, tenant int, id customer.ID, orders []item) error {
	keys := make([]key, len(orders))
	for i, it := range orders {
		keys[i] = claimKeyOf(tenant, strings.TrimPrefix(text(it, attrSK), "ORDER#"))
	}
	claims, err := s.get(ctx, "read claims of orders", keys...)
	if err != nil {
		return err
	}
	owner, _ := points.OwnerOf(id)
	for _, it := range claims {
		if was := revOf(it); text(it, attrOwner) == owner.Base36() { // one from before there were claims may be another's
			attributes(it).setText(attrCommit, t.id)
			attributes(it).setText(attrOwner, nobody.Base36())
			t.put(it, writtenBy(was.Commit), was.Bytes, 0)
		}
	}
	return nil
}

// DueAccounts implements [points.Store].
func (s *Store) DueAccounts(ctx context.Context, tenant, shard int, by time.Time, after string, limit int) (ids []customer.ID, place string, err error) {
	from := "0"
	if after != "" {
		from = after + "!" // right behind it
	}
	input, err := newQuery(index1, within(attrIndex1PK, duePK(tenant, shard), attrIndex1SK, from, hourText(by)+afterIDs), true, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list due accounts: %w", err)
	}
	items, err := s.query(ctx, "list due accounts", input)
	if err != nil {
		return nil, "", err
	}
	for _, it := range items {
		k := keyOf(it)
		id, err := ledgerOf(k)
		if err != nil {
			return nil, "", err
		}
		if k == accountKey(tenant, id) { // other things fall due, too
			ids = append(ids, id)
		}
		place = text(it, attrIndex1SK)
	}
	if len(items) < limit {
		place = ""
	}
	return ids, place, nil
}
