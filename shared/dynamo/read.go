package dynamo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/errs"
	"regulars/shared/meter"
)

// A Store keeps the domain's things in one table. It is safe for concurrent use.
type Store struct {
	db    *caller
	table string
	now   func() time.Time
}

// New makes a store on a table.
func New(db *dynamodb.Client, table string, now func() time.Time) *Store {
	return &Store{db: newCaller(db), table: table, now: now}
}

// maxBatch is how many items one BatchGetItem may ask for.
const maxBatch = 100

// get reads items strongly: one with GetItem, several in batches. What does not
// exist is not in the result.
func (s *Store) get(ctx context.Context, doing string, keys ...key) (map[key]item, error) {
	if len(keys) == 1 {
		it, err := s.getOne(ctx, doing, keys[0])
		if err != nil || it == nil {
			return nil, err
		}
		return map[key]item{keys[0]: it}, nil
	}
	found := make(map[key]item, len(keys))
	for start := 0; start < len(keys); start += maxBatch {
		batch := keys[start:min(start+maxBatch, len(keys))]
		if err := s.getBatch(ctx, doing, batch, found, true); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// getOne reads one item strongly; nil where there is none.
func (s *Store) getOne(ctx context.Context, doing string, k key) (item, error) {
	var out dynamodb.GetItemOutput
	err := s.db.do(ctx, call{operation: opGetItem, out: &out, in: &dynamodb.GetItemInput{
		TableName: &s.table, Key: k.attributes(), ConsistentRead: aws.Bool(true),
	}})
	meter.From(ctx).Add(1, 0, 0)
	if err != nil {
		return nil, readError(ctx, doing, err)
	}
	meter.From(ctx).Add(0, halfReadUnits(sizeOf(out.Item)), 0)
	return out.Item, checkSchema(out.Item)
}

// getBatch adds the items of one batch to found, as they are now or, at half the
// price, perhaps were a moment ago. What an answer leaves out is asked for again.
func (s *Store) getBatch(ctx context.Context, doing string, keys []key, found map[key]item, strong bool) error {
	patience := errs.NewPatience(ctx)
	for n := 0; len(keys) > 0; n++ {
		rest, unprocessed, err := s.getSome(ctx, doing, keys, 1, found, strong)
		if err != nil {
			return err
		}
		if unprocessed && (patience.Ends(len(rest) == len(keys)) || !errs.Pause(ctx, n)) {
			return &errs.Unavailable{Err: fmt.Errorf("%s: %d keys were left unprocessed", doing, len(rest))}
		}
		keys = rest
	}
	return nil
}

// getFirst is getBatch for the first of the keys: for as many as one answer is
// decoded of, and for least of them at the least. It returns the others.
func (s *Store) getFirst(ctx context.Context, doing string, keys []key, least int, found map[key]item, strong bool) ([]key, error) {
	patience := errs.NewPatience(ctx)
	for n := 0; ; n++ {
		rest, _, err := s.getSome(ctx, doing, keys, least, found, strong)
		if err != nil || len(rest) == 0 {
			return nil, err
		}
		if read := slices.Index(keys, rest[0]); read >= least {
			for _, k := range keys[read:] {
				delete(found, k) // some behind the first that was left out may be there
			}
			return keys[read:], nil
		}
		if patience.Ends(len(rest) == len(keys)) || !errs.Pause(ctx, n) {
			return nil, &errs.Unavailable{Err: fmt.Errorf("%s: %d keys were left unprocessed", doing, len(rest))}
		}
	}
}

// getSome makes one call for up to [maxBatch] items, and adds to found what it
// answers. The rest, in the order of keys, are those that the table left unprocessed
// and those that a large answer has behind the first ones (see [portion]), of which
// least are decoded however large they are.
func (s *Store) getSome(ctx context.Context, doing string, keys []key, least int, found map[key]item, strong bool) (rest []key, unprocessed bool, err error) {
	ask := types.KeysAndAttributes{ConsistentRead: &strong, Keys: make([]item, len(keys))}
	for i, k := range keys {
		ask.Keys[i] = k.attributes()
	}
	decoded := portion{order: keys, least: least}
	var out dynamodb.BatchGetItemOutput
	err = s.db.do(ctx, call{operation: opBatchGetItem, out: &out, look: decoded.look, in: &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{s.table: ask},
	}})
	meter.From(ctx).Add(1, 0, 0)
	if err != nil {
		return nil, false, readError(ctx, doing, err)
	}
	left := decoded.left
	for _, k := range out.UnprocessedKeys[s.table].Keys {
		left, unprocessed = append(left, keyOf(k)), true
	}
	items := out.Responses[s.table]
	units := decoded.units + 2*int64(len(keys)-len(left)-len(items)) // those that are not there
	for _, it := range items {
		if err := checkSchema(it); err != nil {
			return nil, false, fmt.Errorf("%s: %w", doing, err)
		}
		units += halfReadUnits(sizeOf(it))
		found[keyOf(it)] = it
	}
	if !strong {
		units /= 2
	}
	meter.From(ctx).Add(0, units, 0)
	if unprocessed {
		meter.From(ctx).Throttled()
	}
	for _, k := range keys {
		if slices.Contains(left, k) {
			rest = append(rest, k)
		}
	}
	return rest, unprocessed, nil
}

func (k key) attributes() item {
	return item{
		attrPK: &types.AttributeValueMemberS{Value: k.PK},
		attrSK: &types.AttributeValueMemberS{Value: k.SK},
	}
}

func keyOf(it item) key { return key{text(it, attrPK), text(it, attrSK)} }

// text returns a text attribute, empty where there is none.
func text(it item, name string) string {
	if s, ok := it[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
