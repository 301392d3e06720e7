package dynamo

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
	"regulars/shared/points"
)

var (
	_ points.Store  = (*Store)(nil)
	_ points.Lister = (*Store)(nil)
)

// profileRange is the range of account and customer, built once. Its first value
// is the collection.
var profileRange = buildRange(accountKey(0, 0).SK, customerKey(0, 0).SK)

func buildRange(from, to string) expression.Expression {
	e, err := expression.NewBuilder().WithKeyCondition(within(attrPK, "", attrSK, from, to)).Build()
	if err != nil {
		panic(err)
	}
	return e
}

// Profile implements [points.Store].
func (s *Store) Profile(ctx context.Context, tenant int, id customer.ID) (points.Profile, error) {
	if _, wallet := points.OwnerOf(id); wallet > 0 {
		p, err := s.walletProfile(ctx, tenant, id)
		p.Ledger = id
		return p, err
	}
	values := maps.Clone(profileRange.Values())
	values[valueName] = &types.AttributeValueMemberS{Value: collectionPK(tenant, id)}
	items, err := s.query(ctx, "read profile", &dynamodb.QueryInput{
		KeyConditionExpression: profileRange.KeyCondition(), ExpressionAttributeNames: profileRange.Names(),
		ExpressionAttributeValues: values, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return points.Profile{}, err
	}
	found := make(map[key]item, len(items))
	for _, it := range items {
		found[keyOf(it)] = it
	}
	return readProfile(tenant, id, found)
}

// readProfile takes customer and account out of what was read.
func readProfile(tenant int, id customer.ID, found map[key]item) (p points.Profile, err error) {
	if p.Account, err = readAccount(id, found[accountKey(tenant, id)]); err != nil {
		return p, err
	}
	if it, ok := found[customerKey(tenant, id)]; ok {
		p.Customer, err = readCustomer(id, it)
	}
	return p, err
}

// inCollection reads items of a customer's collection strongly.
func (s *Store) inCollection(ctx context.Context, doing string, from, to key, ascending bool, limit int) ([]item, error) {
	input, err := newQuery("", within(attrPK, from.PK, attrSK, from.SK, to.SK), ascending, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return s.query(ctx, doing, input)
}

// Order implements [points.Store].
func (s *Store) Order(ctx context.Context, tenant int, id customer.ID, order string) (points.OrderRecord, error) {
	it, err := s.getOne(ctx, "read order", orderKey(tenant, id, order))
	if err != nil {
		return points.OrderRecord{}, err
	}
	return readOrder(order, it)
}

// Lines implements [points.Store].
func (s *Store) Lines(ctx context.Context, tenant int, id customer.ID, numbers []int64) (map[int64]points.LineRecord, error) {
	keys := make([]key, 0, 2*len(numbers))
	for _, n := range numbers {
		keys = append(keys, entryKey(tenant, id, n), reversalKey(tenant, id, n))
	}
	there, err := s.get(ctx, "read entries", keys...)
	if err != nil {
		return nil, err
	}
	lines := make(map[int64]points.LineRecord, len(numbers))
	for i, n := range numbers {
		it := there[keys[2*i]]
		if it == nil {
			continue
		}
		var line points.LineRecord
		if line.Entry, err = readEntry(it); err != nil {
			return nil, err
		}
		if line.Undone, err = readReversal(there[keys[2*i+1]]); err != nil {
			return nil, err
		}
		lines[n] = line
	}
	return lines, nil
}

// Reversals implements [points.Store].
func (s *Store) Reversals(ctx context.Context, tenant int, id customer.ID, from, to int64) (map[int64]points.Reversal, error) {
	items, err := s.inCollection(ctx, "read reversals", reversalKey(tenant, id, from), reversalKey(tenant, id, to), true, int(to-from+1))
	if err != nil {
		return nil, err
	}
	found := make(map[int64]points.Reversal, len(items))
	for _, it := range items {
		seq, err := seqOfReversal(keyOf(it))
		if err != nil {
			return nil, fmt.Errorf("key of a reversal: %w", err)
		}
		record, err := readReversal(it)
		if err != nil {
			return nil, err
		}
		found[seq] = record.Reversal
	}
	return found, nil
}

// ReferenceAnswer implements [points.Store].
func (s *Store) ReferenceAnswer(ctx context.Context, tenant int, id customer.ID, ref points.Reference) ([]byte, error) {
	it, err := s.getOne(ctx, "read reference", uniqueKey(tenant, id, ref))
	if err != nil {
		return nil, err
	}
	first, err := readAnswer(it, s.now())
	if err != nil || first == nil {
		return nil, err
	}
	return first.Outcome, nil
}

// Entry implements [points.Store].
func (s *Store) Entry(ctx context.Context, tenant int, id customer.ID, seq int64) (*points.Entry, error) {
	it, err := s.getOne(ctx, "read entry", entryKey(tenant, id, seq))
	if err != nil || it == nil {
		return nil, err
	}
	e, err := readEntry(it)
	return &e, err
}

// Entries implements [points.Store].
func (s *Store) Entries(ctx context.Context, tenant int, id customer.ID, from, to int64, limit int) ([]points.Entry, error) {
	ascending := from <= to
	first, last := entryKey(tenant, id, min(from, to)), entryKey(tenant, id, max(from, to))
	items, err := s.inCollection(ctx, "read entries", first, last, ascending, limit)
	if err != nil {
		return nil, err
	}
	entries := make([]points.Entry, len(items))
	for i, it := range items {
		if entries[i], err = readEntry(it); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// EntriesByRef implements [points.Store].
func (s *Store) EntriesByRef(ctx context.Context, tenant int, id customer.ID, refID string, below int64, limit int) ([]int64, error) {
	input, err := newQuery(index1, within(attrIndex1PK, referencePK(tenant, id, refID), attrIndex1SK, seqText(0), seqText(below-1)), false, limit)
	if err != nil {
		return nil, fmt.Errorf("find entries: %w", err)
	}
	items, err := s.query(ctx, "find entries", input)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, len(items))
	for i, it := range items {
		if numbers[i], err = seqOfEntry(keyOf(it)); err != nil {
			return nil, fmt.Errorf("key of an entry: %w", err)
		}
	}
	return numbers, nil
}
