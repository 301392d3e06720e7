package dynamo

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/anchor"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/meter"
	"regulars/shared/points"
)

var _ anchor.Store = (*Store)(nil)

// LedgerHeads implements [anchor.Store].
func (s *Store) LedgerHeads(ctx context.Context, tenant int, ids []customer.ID, wallets []int) ([]anchor.Head, error) {
	var ledgers []customer.ID
	var keys []key
	for _, id := range ids {
		for _, wallet := range append([]int{0}, wallets...) {
			ledger := points.LedgerOf(id, wallet)
			ledgers, keys = append(ledgers, ledger), append(keys, accountKey(tenant, ledger))
		}
	}
	found, err := s.get(ctx, "read heads of ledgers", keys...)
	if err != nil {
		return nil, err
	}
	var heads []anchor.Head
	for i, ledger := range ledgers {
		account, err := readAccount(ledger, found[keys[i]])
		if err != nil {
			return nil, err
		}
		if account.Version > 0 {
			heads = append(heads, anchor.Head{Ledger: ledger, Seq: account.Version, Hash: account.Head})
		}
	}
	return heads, nil
}

// SaveHeads implements [anchor.Store].
func (s *Store) SaveHeads(ctx context.Context, tenant int, day string, h anchor.Heads, until time.Time) (anchor.Heads, error) {
	t, it := &tx{id: rand.Text()}, make(attributes, 7)
	it.setPlaces(headsKey(tenant, day, h.Shard, h.After), indexKeys{})
	it.setText(attrCommit, t.id)
	it.setNumber(attrTTL, until.Unix())
	if h.To != h.After {
		it.setText(attrHeadsTo, h.To.Base36())
	}
	it.setFlag(attrHeadsLast, h.Last)
	it.setBytes(attrHash, packHeads(h.Heads))
	t.put(item(it), absent(), 0, 0)
	err := s.putOne(ctx, "save heads of ledgers", t)
	var broke *errGuard
	if errors.As(err, &broke) && broke.found != nil {
		return readHeads(h.Shard, h.After, broke.found)
	}
	return h, err
}

// EachHeads implements [anchor.Store].
func (s *Store) EachHeads(ctx context.Context, tenant int, day string, each func(anchor.Heads) error) error {
	const doing = "list heads of ledgers"
	first := headsKey(tenant, day, 0, 0)
	input, err := newQuery("", within(attrPK, first.PK, attrSK, headsPrefix, headsPrefix+"~"), true, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for {
		meter.From(ctx).Add(1, 0, 0)
		var page []item
		err := errs.Retry(ctx, func(int) error {
			out, err := s.queryPage(ctx, doing, input)
			if err == nil {
				page, input.ExclusiveStartKey = out.Items, out.LastEvaluatedKey
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, it := range page {
			shard, after, err := placeOfHeads(keyOf(it))
			if err != nil {
				return err
			}
			heads, err := readHeads(shard, after, it)
			if err != nil {
				return err
			}
			if err := each(heads); err != nil {
				return err
			}
		}
		if len(input.ExclusiveStartKey) == 0 {
			return nil
		}
	}
}

// Anchors implements [anchor.Store].
func (s *Store) Anchors(ctx context.Context, tenant int) ([]string, error) {
	from := anchorKey(tenant, "")
	items, err := s.queryAll(ctx, "list anchors", "", expression.Key(attrPK).Equal(expression.Value(from.PK)), 0)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, it := range items {
		if r := (reader{it: it}); r.number(attrTTL) > s.now().Unix() {
			lines = append(lines, text(it, attrAnchor))
		}
	}
	return lines, nil
}

// SaveAnchor implements [anchor.Store].
func (s *Store) SaveAnchor(ctx context.Context, tenant int, day, line string, until time.Time) error {
	t, it := &tx{id: rand.Text()}, make(attributes, 5)
	it.setPlaces(anchorKey(tenant, day), indexKeys{})
	it.setText(attrCommit, t.id)
	it.setNumber(attrTTL, until.Unix())
	it.setText(attrAnchor, line)
	t.put(item(it), absent(), 0, 0)
	err := s.putOne(ctx, "save anchor", t)
	var broke *errGuard
	if errors.As(err, &broke) && broke.found != nil {
		return nil
	}
	if err == nil {
		meter.From(ctx).Wrote("anchor:" + line)
	}
	return err
}

// packHeads writes of each head the ledger (8 bytes), the number of the entry (a varint)
// and its hash.
func packHeads(heads []anchor.Head) []byte {
	var b []byte
	for _, h := range heads {
		b = binary.BigEndian.AppendUint64(b, uint64(h.Ledger))
		b = binary.AppendUvarint(b, uint64(h.Seq))
		b = append(b, h.Hash[:]...)
	}
	return b
}

func readHeads(shard int, after customer.ID, it item) (anchor.Heads, error) {
	r := reader{it: it}
	h := anchor.Heads{Shard: shard, After: after, Last: r.flag(attrHeadsLast)}
	if h.To = after; it[attrHeadsTo] != nil {
		var err error
		if h.To, err = customer.ParseBase36(r.text(attrHeadsTo)); err != nil {
			return h, fmt.Errorf("heads of ledgers: %w", err)
		}
	}
	for b := r.bytes(attrHash); len(b) > 0; {
		var head anchor.Head
		if len(b) < 8 {
			return h, errors.New("heads of ledgers: they are cut off")
		}
		head.Ledger, b = customer.ID(binary.BigEndian.Uint64(b)), b[8:]
		seq, n := binary.Uvarint(b)
		if n <= 0 || len(b) < n+len(head.Hash) {
			return h, errors.New("heads of ledgers: they are cut off")
		}
		head.Seq, head.Hash = int64(seq), points.Hash(b[n:n+len(head.Hash)])
		h.Heads, b = append(h.Heads, head), b[n+len(head.Hash):]
	}
	return h, r.err
}
