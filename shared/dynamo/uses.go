package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/access"
	"regulars/shared/meter"
)

var _ access.UseStore = (*Store)(nil)

// attrLastUse is the hour of a token's last use, in hours since 1970 UTC.
const attrLastUse = "u"

// SaveUse implements [access.UseStore]. It is no cost of the request beside which it is done.
func (s *Store) SaveUse(ctx context.Context, hash access.Hash, at time.Time) error {
	err := s.db.do(meter.Without(ctx), call{operation: opUpdateItem, out: new(dynamodb.UpdateItemOutput), in: &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: useKey(hash).attributes(),
		UpdateExpression:          aws.String("SET #u = :u"),
		ConditionExpression:       aws.String("attribute_not_exists(#u) OR #u < :u"),
		ExpressionAttributeNames:  map[string]string{"#u": attrLastUse},
		ExpressionAttributeValues: item{":u": &types.AttributeValueMemberN{Value: strconv.FormatInt(hoursOf(at), 10)}},
	}})
	var there *types.ConditionalCheckFailedException
	if err != nil && !errors.As(err, &there) {
		return readError(meter.Without(ctx), "save use of token", err)
	}
	return nil
}

// LastUses implements [access.Store].
func (s *Store) LastUses(ctx context.Context, hashes []access.Hash) (map[access.Hash]time.Time, error) {
	keys := make([]key, len(hashes))
	for i, hash := range hashes {
		keys[i] = useKey(hash)
	}
	found, err := s.get(meter.Without(ctx), "read uses of tokens", keys...)
	if err != nil {
		return nil, err
	}
	uses := make(map[access.Hash]time.Time, len(found))
	for i, hash := range hashes {
		it, ok := found[keys[i]]
		if !ok {
			continue
		}
		r := reader{it: it}
		uses[hash] = time.Unix(r.number(attrLastUse)*int64(time.Hour/time.Second), 0).UTC()
		if r.err != nil {
			return nil, fmt.Errorf("use of token %s: %w", hash.Short(), r.err)
		}
	}
	return uses, nil
}

func hoursOf(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }
