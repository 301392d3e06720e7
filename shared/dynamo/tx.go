package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/meter"
)

// A tx gathers writes that happen together or not at all. Each has a
// condition, its guard. When the first guard fails, the item it found is returned.
type tx struct {
	id     string // of the commit; each item written bears it
	writes []write
	author history.Author // for the history of customers
}

// A write is one item's part of a transaction.
type write struct {
	put   item
	key   key
	check bool // neither put nor delete
	guard guard
	units int64 // outside of a transaction, without indexes
	index int64
}

// put replaces the item, which was before bytes large.
func (t *tx) put(it item, g guard, before int, index int64) {
	t.writes = append(t.writes, write{put: it, key: keyOf(it), guard: g, units: writeUnits(before, sizeOf(it)), index: index})
}

// delete removes the item of key k, which was before bytes large.
func (t *tx) delete(k key, g guard, before int) {
	t.writes = append(t.writes, write{key: k, guard: g, units: writeUnits(before, 0)})
}

// check demands that the guard holds of an item that is not written.
func (t *tx) check(k key, g guard, size int) {
	t.writes = append(t.writes, write{key: k, guard: g, check: true, units: writeUnits(size, 0)})
}

// errGuard says that a guard broke; found is the item under the first guard, if
// that one broke.
type errGuard struct{ found item }

func (e *errGuard) Error() string { return "a guard broke" }
func (e *errGuard) Unwrap() error { return errs.ErrConflict }

// commit makes all writes true, or none. It returns an [*errGuard] where a guard
// broke, ErrConflict where a later attempt may fare better, and busy where it could
// not learn before the deadline whether the writes happened. The transaction is
// sent unchanged, under the commit's id as its token, until the answer is
// definite, so it happens once. Each send is one attempt: of several the last answer
// alone would be known, and whether one before it got lost decides what that means.
func (s *Store) commit(ctx context.Context, doing string, t *tx) error {
	input := t.input(s.table)
	return s.untilDefinite(ctx, doing, t, false, func() error {
		err := s.db.do(ctx, call{operation: opTransactWriteItems, in: input, out: new(dynamodb.TransactWriteItemsOutput), once: true})
		meter.From(ctx).Add(1, 0, t.transactionUnits())
		return err
	})
}

// putOne makes the only write of t true without a transaction. Should an answer
// be lost and a foreign write come in between, it may happen twice: only for
// writes of which that does no harm.
func (s *Store) putOne(ctx context.Context, doing string, t *tx) error {
	w := t.writes[0]
	input := &dynamodb.PutItemInput{
		TableName: &s.table, Item: w.put,
		ConditionExpression: &w.guard.condition, ExpressionAttributeNames: w.guard.names, ExpressionAttributeValues: w.guard.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return s.untilDefinite(ctx, doing, t, true, func() error {
		err := s.db.do(ctx, call{operation: opPutItem, in: input, out: new(dynamodb.PutItemOutput)})
		meter.From(ctx).Add(1, 0, w.units+w.index)
		return err
	})
}

// untilDefinite sends until it is known whether the writes happened. Where a send
// got lost only a success or a broken guard tells. repeats says that send may do so more
// than once, as retries do.
func (s *Store) untilDefinite(ctx context.Context, doing string, t *tx, repeats bool, send func() error) error {
	open := false // whether an earlier send did it
	for n := 0; ; n++ {
		err := send()
		if err == nil {
			t.noteWritten(ctx)
			return nil
		}
		o := classify(ctx, err)
		switch o {
		case failed:
			return fmt.Errorf("%s: %w", doing, err)
		case guardBroke:
			found := foundInstead(err)
			if text(found, attrCommit) == t.id {
				if open || repeats { // an earlier send of this commit, of which the answer was lost
					t.noteWritten(ctx)
					return nil
				}
				// DynamoDB Local: where transactions meet, a cancelled one may be shown what
				// it would have written itself.
				found = nil
			}
			return conflict(doing, o, errors.Join(&errGuard{found}, err))
		case contended, throttled:
			if !open {
				return conflict(doing, o, err)
			}
		case unknown:
			open = true
		}
		if !errs.Pause(ctx, n) {
			return &errs.Unavailable{Err: fmt.Errorf("%s: %w", doing, err)}
		}
	}
}

// noteWritten tells the meter of the request what was written.
func (t *tx) noteWritten(ctx context.Context) {
	m := meter.From(ctx)
	for _, w := range t.writes {
		if subject := w.key.subject(); subject != "" && !w.check {
			m.Wrote(subject)
		}
	}
}

// foundInstead is the item under the first guard, where that one broke.
func foundInstead(err error) item {
	if single, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return single.Item
	}
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if ok && len(canceled.CancellationReasons) > 0 {
		return canceled.CancellationReasons[0].Item
	}
	return nil
}

// broken are the keys of the writes whose guards did not hold, where err says that the
// transaction was cancelled for them.
func (t *tx) broken(err error) (keys []key) {
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		return nil
	}
	for i, reason := range canceled.CancellationReasons {
		if aws.ToString(reason.Code) == "ConditionalCheckFailed" && i < len(t.writes) {
			keys = append(keys, t.writes[i].key)
		}
	}
	return keys
}

// weight is what t takes of a transaction: items, bytes of what is written, units.
func (t *tx) weight() (items, bytes int, units int64) {
	for _, write := range t.writes {
		bytes += sizeOf(write.put)
	}
	return len(t.writes), bytes, t.transactionUnits()
}

// has reports whether the item of key k is written or checked.
func (t *tx) has(k key) bool {
	return slices.ContainsFunc(t.writes, func(w write) bool { return w.key == k })
}

// dropNeedlessChecks leaves out the check of an item that is written, whose own guard
// stands for it, and all but one check of the same item.
func (t *tx) dropNeedlessChecks() {
	guarded := make(map[key]bool, len(t.writes))
	for _, w := range t.writes {
		if !w.check {
			guarded[w.key] = true
		}
	}
	t.writes = slices.DeleteFunc(t.writes, func(w write) bool {
		needless := w.check && guarded[w.key]
		guarded[w.key] = true
		return needless
	})
}

func (t *tx) transactionUnits() int64 {
	units := int64(0)
	for _, w := range t.writes {
		units += 2*w.units + w.index
	}
	return units
}

func (t *tx) input(table string) *dynamodb.TransactWriteItemsInput {
	input := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(t.id)}
	for i, w := range t.writes {
		// The first guard answers what it found: an idempotency record, or proof
		// that an earlier send of this commit succeeded.
		found := types.ReturnValuesOnConditionCheckFailureNone
		if i == 0 {
			found = types.ReturnValuesOnConditionCheckFailureAllOld
		}
		input.TransactItems = append(input.TransactItems, w.transactItem(table, found))
	}
	return input
}

func (w write) transactItem(table string, found types.ReturnValuesOnConditionCheckFailure) types.TransactWriteItem {
	condition, names, values := &w.guard.condition, w.guard.names, w.guard.values
	if w.guard.condition == "" {
		condition = nil
	}
	switch {
	case w.check:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &table, Key: w.key.attributes(), ReturnValuesOnConditionCheckFailure: found,
			ConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}
	case w.put == nil:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &table, Key: w.key.attributes(), ReturnValuesOnConditionCheckFailure: found,
			ConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}
	}
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &table, Item: w.put, ReturnValuesOnConditionCheckFailure: found,
		ConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}
