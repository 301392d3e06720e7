package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
	"regulars/shared/meter"
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

// Reversal implements [points.Store].
func (s *Store) Reversal(ctx context.Context, tenant int, id customer.ID, seq int64) (points.ReversalRecord, error) {
	it, err := s.getOne(ctx, "read reversal", reversalKey(tenant, id, seq))
	if err != nil {
		return points.ReversalRecord{}, err
	}
	return readReversal(it)
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

// RememberedAnswer implements [points.Store].
func (s *Store) RememberedAnswer(ctx context.Context, tenant int, id customer.ID, idempotencyKey string) (*points.Remembered, error) {
	it, err := s.getOne(ctx, "read remembered answer", answerKey(tenant, id, idempotencyKey))
	if err != nil {
		return nil, err
	}
	return readAnswer(it, s.now())
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
	return first.Answer, nil
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

// CommitPoints implements [points.Store].
func (s *Store) CommitPoints(ctx context.Context, c points.Commit) error {
	t, err := s.pointsTransaction(c)
	if err != nil {
		return err
	}
	err = s.commit(ctx, "commit points", t)
	if broken, ok := errors.AsType[*errGuard](err); ok && c.Request != nil && broken.found != nil {
		first, readErr := readAnswer(broken.found, s.now())
		if readErr != nil {
			return readErr
		}
		if first != nil {
			return &points.Repeated{First: *first}
		}
	}
	return err
}

// pointsTransaction builds the writes of c: the request first, since its guard
// answers; then the account, whose guard keeps all decisions about it in order.
func (s *Store) pointsTransaction(c points.Commit) (*tx, error) {
	t := &tx{id: c.ID}
	id := c.After.ID
	if c.Request != nil {
		now := s.now()
		it, err := newAnswerItem(answerKey(c.Tenant, id, c.Request.Key), c.ID, c.Request.Meaning, c.Answer, now.Add(remember))
		if err != nil {
			return nil, err
		}
		t.put(it, absentOrExpired(now), 0, 0)
	}
	if len(c.Entries) == 0 {
		t.check(accountKey(c.Tenant, id), writtenBy(c.Before.Commit), c.Before.Bytes)
		return t, nil
	}
	t.putAccount(c.Tenant, c.Before, c.After)
	for _, e := range c.Entries {
		it := newEntryItem(c.Tenant, id, e, c.ID)
		t.put(it, absent(), 0, indexUnits(indexKeys{}, indexKeysOf(it)))
	}
	if c.Unique != nil {
		it, err := newAnswerItem(uniqueKey(c.Tenant, id, *c.Unique), c.ID, "", c.Answer, time.Time{})
		if err != nil {
			return nil, err
		}
		t.put(it, absent(), 0, 0)
	}
	if c.Order != nil {
		answer := c.Answer
		if !c.Order.Before.Absent() {
			answer = c.Order.Before.Answer
		}
		it, err := newOrderItem(orderKey(c.Tenant, id, c.Order.After.ID), c.Order.After, c.ID, answer)
		if err != nil {
			return nil, err
		}
		t.put(it, writtenBy(c.Order.Before.Commit), c.Order.Before.Bytes, 0)
	}
	if c.Reversal != nil {
		it := newReversalItem(reversalKey(c.Tenant, id, c.Reversal.Seq), c.Reversal.After, c.ID)
		t.put(it, writtenBy(c.Reversal.Before.Commit), c.Reversal.Before.Bytes, 0)
	}
	if c.Before.Absent() {
		// Until there is an account nothing but the customer says whether it is
		// disabled or deleted; who changes that checks that there is none.
		t.check(customerKey(c.Tenant, id), writtenBy(c.Customer.Commit), c.Customer.Bytes)
	}
	return t, nil
}

func (t *tx) putAccount(tenant int, before points.Record, after points.Account) {
	it := newAccountItem(tenant, after, t.id)
	var places indexKeys
	if !before.Absent() {
		places = accountIndexKeys(tenant, before.Account)
	}
	t.put(it, writtenBy(before.Commit), before.Bytes, indexUnits(places, indexKeysOf(it)))
}

// keepStanding brings the account in step with a customer that is being disabled,
// enabled or deleted: in the same transaction, so that points need not read the
// customer. Where there is no account yet, there must still be none: one that is
// opened meanwhile has checked the customer as it was, and one of the two breaks.
func (s *Store) keepStanding(ctx context.Context, t *tx, c customer.Commit) error {
	if c.Before.Absent() || c.Before.Disabled == c.After.Disabled && c.Before.Deleted == c.After.Deleted {
		return nil
	}
	k := accountKey(c.Tenant, c.After.ID)
	it, err := s.getOne(ctx, "read account", k)
	if err != nil {
		return err
	}
	before, err := readAccount(c.After.ID, it)
	if err != nil {
		return err
	}
	if before.Absent() {
		t.check(k, absent(), 0)
		return nil
	}
	after := before.Account
	after.Disabled, after.Deleted = c.After.Disabled, c.After.Deleted
	t.putAccount(c.Tenant, before, after)
	return nil
}

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
	t.putAccount(tenant, before, after)
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
		items, err := s.inCollection(ctx, "read what happened once", key{pk, prefix}, key{pk, prefix + "~"}, true, limit-len(t.writes))
		if err != nil {
			return false, err
		}
		for _, it := range items {
			was := revOf(it)
			t.delete(keyOf(it), writtenBy(was.Commit), was.Bytes)
		}
	}
	if len(t.writes) == 0 {
		return false, nil
	}
	return true, s.commit(ctx, "forget what happened once", t)
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
		id, err := idOfCustomer(k)
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

// ListIDs implements [points.Lister].
func (s *Store) ListIDs(ctx context.Context, tenant int, asks []points.Ask, down bool) ([][]points.Place, error) {
	return s.sideBySide(ctx, "list customers", asks, func(ask points.Ask) (*dynamodb.QueryInput, error) {
		from, to := (ask.After.ID + 1).Base36(), "~"
		if down {
			from = "0"
			if ask.After.ID > 0 {
				to = (ask.After.ID - 1).Base36()
			}
		}
		return newQuery(index1, within(attrIndex1PK, listPK(tenant, ask.Shard), attrIndex1SK, from, to), !down, ask.Limit)
	}, func(it item) (points.Place, error) {
		id, err := idOfCustomer(keyOf(it))
		return points.Place{ID: id}, err
	})
}

// ListChanged implements [points.Lister].
func (s *Store) ListChanged(ctx context.Context, tenant int, asks []points.Ask, from, to points.Hour) ([][]points.Place, error) {
	return s.sideBySide(ctx, "list changes", asks, func(ask points.Ask) (*dynamodb.QueryInput, error) {
		top := hourText(from.Begins()) + afterIDs
		if ask.After.ID > 0 {
			top = hourPlace(ask.After.Hour.Begins(), ask.After.ID-1)
		}
		return newQuery(index2, within(attrIndex2PK, changedPK(tenant, ask.Shard), attrIndex2SK, hourText(to.Begins()), top), false, ask.Limit)
	}, func(it item) (points.Place, error) {
		t, id, err := readHourPlace(text(it, attrIndex2SK))
		return points.Place{ID: id, Hour: points.Hour(t.Unix() / 3600)}, err
	})
}

// sideBySide answers asks by one query each, all at once: one trip.
func (s *Store) sideBySide(ctx context.Context, doing string, asks []points.Ask,
	ask func(points.Ask) (*dynamodb.QueryInput, error), read func(item) (points.Place, error)) ([][]points.Place, error) {
	meter.From(ctx).Add(1, 0, 0)
	answers, errs := make([][]points.Place, len(asks)), make([]error, len(asks))
	var group sync.WaitGroup
	for i, a := range asks {
		group.Go(func() {
			input, err := ask(a)
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", doing, err)
				return
			}
			items, err := s.queryBeside(ctx, doing, input)
			for _, it := range items {
				place, placeErr := read(it)
				answers[i], err = append(answers[i], place), errors.Join(err, placeErr)
			}
			errs[i] = err
		})
	}
	group.Wait()
	return answers, errors.Join(errs...)
}

// ListProfiles implements [points.Lister].
func (s *Store) ListProfiles(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]points.Profile, error) {
	keys := make([]key, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, accountKey(tenant, id), customerKey(tenant, id))
	}
	found := make(map[key]item, len(keys))
	for start := 0; start < len(keys); start += maxBatch {
		if err := s.getBatch(ctx, "list profiles", keys[start:min(start+maxBatch, len(keys))], found, false); err != nil {
			return nil, err
		}
	}
	profiles := make(map[customer.ID]points.Profile, len(ids))
	for _, id := range ids {
		p, err := readProfile(tenant, id, found)
		if err != nil {
			return nil, err
		}
		if !p.Customer.Absent() {
			profiles[id] = p
		}
	}
	return profiles, nil
}
