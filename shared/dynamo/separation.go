package dynamo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/merge"
)

// The attributes of a separation, beside its commit.
const (
	attrDecided   = "d" // when, in microseconds since 1970
	attrDecidedBy = "by"
)

// Separations implements [merge.Store].
func (s *Store) Separations(ctx context.Context, tenant int, id customer.ID) (found []merge.Separation, err error) {
	err = errs.Retry(ctx, func(int) error {
		found = nil
		items, err := s.beginning(ctx, "read separations", collectionPK(tenant, id), separationPrefix, 0)
		if err != nil {
			return err
		}
		for _, it := range items {
			k, err := readSeparation(it)
			if err != nil {
				return err
			}
			found = append(found, k)
		}
		return nil
	})
	return found, err
}

// CommitSeparation implements [merge.Store].
func (s *Store) CommitSeparation(ctx context.Context, c merge.SeparationCommit) error {
	t := &tx{id: c.ID}
	for _, side := range [2][2]customer.ID{{c.Of, c.From}, {c.From, c.Of}} {
		k := separationKey(c.Tenant, side[0], side[1])
		if c.Removes {
			t.delete(k, writtenBy(c.Commit), 0)
			continue
		}
		it := make(attributes, 5)
		it.setPlaces(k, indexKeys{})
		it.setText(attrCommit, c.ID)
		it.setNumber(attrDecided, c.At.UnixMicro())
		it.setText(attrDecidedBy, c.By)
		t.put(item(it), absent(), 0, 0)
	}
	if !c.Removes {
		for _, side := range c.Both {
			t.check(customerKey(c.Tenant, side.ID), writtenBy(side.Commit), side.Bytes)
		}
	}
	return s.commit(ctx, "commit separation", t)
}

// deleteSeparation removes a separation of a customer that was deleted, from the
// collection of the other customer as well.
func (t *tx) deleteSeparation(it item) {
	k := keyOf(it)
	prefix, id := k.PK[:strings.LastIndexByte(k.PK, '#')+1], k.PK[strings.LastIndexByte(k.PK, '#')+1:]
	other := strings.TrimPrefix(k.SK, separationPrefix)
	t.delete(k, byCustomer(), sizeOf(it))
	t.delete(key{prefix + other, separationPrefix + id}, byCustomer(), sizeOf(it))
}

func readSeparation(it item) (k merge.Separation, err error) {
	r, place := reader{it: it}, keyOf(it)
	if k.Of, err = ledgerOf(place); err == nil {
		k.From, err = customer.ParseBase36(strings.TrimPrefix(place.SK, separationPrefix))
	}
	if err != nil {
		return k, fmt.Errorf("key of a separation: %w", err)
	}
	k.At, k.By, k.Commit = time.UnixMicro(r.number(attrDecided)).UTC(), r.text(attrDecidedBy), r.text(attrCommit)
	return k, r.err
}
