package dynamo

import (
	"context"
	"crypto/rand"
	"slices"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// putIdent puts or removes an identification value. It always lies in the index.
func (t *tx) putIdent(c customer.Commit, i customer.IdentChange) {
	k := identKey(c.Tenant, c.After.ID, i.Key, i.Hash)
	if !i.Put() {
		t.deleteIdent(k, 0)
		return
	}
	it := make(attributes, 5)
	it.setPlaces(k, identIndexKeys(c.Tenant, c.After.ID, i.Key, i.Texts))
	it.setText(attrCommit, c.ID)
	t.put(item(it), byCustomer(), 0, 1)
}

// deleteIdent removes one, which was before bytes large.
func (t *tx) deleteIdent(k key, before int) {
	t.delete(k, byCustomer(), before)
	t.writes[len(t.writes)-1].index = 1
}

// Idents implements [customer.Store].
func (s *Store) Idents(ctx context.Context, tenant int, id customer.ID, number int) ([]string, error) {
	from, to := identRange(tenant, id, number)
	items, err := s.queryAll(ctx, "read identification values", "", within(attrPK, from.PK, attrSK, from.SK, to.SK), 0)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(items))
	for i, it := range items {
		hashes[i] = hashOfIdent(keyOf(it))
	}
	return hashes, nil
}

// leftAtOnce is how many items one transaction removes, at most, of what a deleted
// customer left.
const leftAtOnce = 90

// RemoveLeft removes identification values that a deleted customer left, of whose key
// who deleted it did not know yet, its separations from others, and its history. It does
// nothing for one that is there.
func (s *Store) RemoveLeft(ctx context.Context, tenant int, id customer.ID) error {
	for _, left := range []struct {
		prefix string
		limit  int // of items that one transaction removes
		remove func(t *tx, it item)
	}{
		{identSK, leftAtOnce, func(t *tx, it item) { t.deleteIdent(keyOf(it), sizeOf(it)) }},
		{separationPrefix, leftAtOnce / 2, func(t *tx, it item) { t.deleteSeparation(it) }},
		{historyPrefix, leftAtOnce, func(t *tx, it item) { t.delete(keyOf(it), byCustomer(), sizeOf(it)) }},
	} {
		for more := true; more; {
			err := errs.Retry(ctx, func(int) (err error) {
				more, err = s.removeLeft(ctx, tenant, id, left.prefix, left.limit, left.remove)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) removeLeft(ctx context.Context, tenant int, id customer.ID, prefix string, limit int, remove func(*tx, item)) (more bool, err error) {
	k := customerKey(tenant, id)
	it, err := s.getOne(ctx, "read deleted customer", k)
	r := reader{it: it}
	if err != nil || it == nil || !r.flag(attrDeleted) {
		return false, err
	}
	items, err := s.beginning(ctx, "read what a deleted customer left", k.PK, prefix, limit)
	if err != nil || len(items) == 0 {
		return false, err
	}
	t := &tx{id: rand.Text()}
	t.check(k, writtenBy(r.text(attrCommit)), sizeOf(it))
	for _, i := range items[:min(len(items), limit)] {
		remove(t, i)
	}
	return true, s.commit(ctx, "remove what a deleted customer left", t)
}

// maxEntries is how many entries of the index a search by some of a key's
// attributes looks at: they lie in another order than that of the answer.
const maxEntries = 20_000

// Identified implements [customer.Store].
func (s *Store) Identified(ctx context.Context, tenant int, k customer.IdentKey, texts []string, after customer.ID, limit int) ([]customer.ID, error) {
	pk, prefix := identSearch(tenant, k.Number, texts)
	if len(texts) < len(k.Attributes) {
		return s.identifiedInPart(ctx, k, pk, prefix, after, limit)
	}
	from := prefix
	if after != 0 {
		from += after.Base36()
	}
	return s.identEntries(ctx, pk, from+justBehind, prefix+behind, limit)
}

// identifiedInPart finds by some of a key's attributes, sorting itself.
func (s *Store) identifiedInPart(ctx context.Context, k customer.IdentKey, pk, prefix string, after customer.ID, limit int) ([]customer.ID, error) {
	ids, err := s.identEntries(ctx, pk, prefix+justBehind, prefix+behind, maxEntries+1)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxEntries {
		return nil, errs.New(errs.Invalid, "too_many_matches", k.Name, maxEntries, k.Attributes)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id customer.ID) bool { return id <= after })
	return ids[:min(limit, len(ids))], nil
}

// identEntries are the customers of the entries between two sort keys, up to
// limit.
func (s *Store) identEntries(ctx context.Context, pk, from, to string, limit int) ([]customer.ID, error) {
	items, err := s.queryAll(ctx, "search identification values", index1, within(attrIndex1PK, pk, attrIndex1SK, from, to), limit)
	if err != nil {
		return nil, err
	}
	ids := make([]customer.ID, len(items))
	for i, it := range items {
		if ids[i], err = idOfCustomer(keyOf(it)); err != nil {
			return nil, err
		}
	}
	return ids[:min(limit, len(ids))], nil
}
