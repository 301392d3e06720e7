package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/errs"
	"regulars/shared/meter"
)

// A Store keeps the domain's things in one table. It is safe for concurrent use.
type Store struct {
	db    *dynamodb.Client
	table string
	now   func() time.Time
}

// New makes a store on a table.
func New(db *dynamodb.Client, table string, now func() time.Time) *Store {
	return &Store{db: db, table: table, now: now}
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
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: k.attributes(), ConsistentRead: aws.Bool(true),
	})
	meter.From(ctx).Add(1, 0, 0)
	if err != nil {
		return nil, readError(doing, err)
	}
	meter.From(ctx).Add(0, halfReadUnits(sizeOf(out.Item)), 0)
	return out.Item, nil
}

// getBatch adds the items of one batch to found, as they are now or, at half the
// price, perhaps were a moment ago. The table may leave some unprocessed; they are
// asked for until it has processed all.
func (s *Store) getBatch(ctx context.Context, doing string, keys []key, found map[key]item, strong bool) error {
	ask := types.KeysAndAttributes{ConsistentRead: &strong}
	for _, k := range keys {
		ask.Keys = append(ask.Keys, k.attributes())
	}
	for n := 0; len(ask.Keys) > 0; n++ {
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{s.table: ask},
		})
		meter.From(ctx).Add(1, 0, 0)
		if err != nil {
			return readError(doing, err)
		}
		rest := out.UnprocessedKeys[s.table]
		items := out.Responses[s.table]
		units := 2 * int64(len(ask.Keys)-len(rest.Keys)-len(items)) // those that are not there
		for _, it := range items {
			units += halfReadUnits(sizeOf(it))
			found[keyOf(it)] = it
		}
		if !strong {
			units /= 2
		}
		meter.From(ctx).Add(0, units, 0)
		if ask.Keys = rest.Keys; len(ask.Keys) > 0 && !errs.Pause(ctx, n) {
			return &errs.Unavailable{}
		}
	}
	return nil
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
