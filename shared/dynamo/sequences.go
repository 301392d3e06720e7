package dynamo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/catalog"
	"regulars/shared/meter"
)

// Numbers implements [catalog.Store]. Counters alone are written without a guard:
// adding needs none, and what is added twice is only lost.
func (s *Store) Numbers(ctx context.Context, tenant int, count map[catalog.Sequence]int) (map[catalog.Sequence]int, error) {
	first := make(map[catalog.Sequence]int, len(count))
	byItem := map[key]map[catalog.Sequence]int{}
	for sequence, n := range count {
		k := sequenceKey(tenant, sequence)
		if byItem[k] == nil {
			byItem[k] = map[catalog.Sequence]int{}
		}
		byItem[k][sequence] = n
	}
	for k, counts := range byItem {
		if err := s.draw(ctx, k, counts, first); err != nil {
			return nil, err
		}
	}
	return first, nil
}

// draw adds to the counters of one item.
func (s *Store) draw(ctx context.Context, k key, count, first map[catalog.Sequence]int) error {
	const doing = "draw numbers"
	names, values, adds := map[string]string{}, item{}, []string{}
	for sequence, n := range count {
		place := strconv.Itoa(len(adds))
		names["#"+place] = string(sequence)
		values[":"+place] = &types.AttributeValueMemberN{Value: strconv.Itoa(n)}
		adds = append(adds, "#"+place+" :"+place)
	}
	var out dynamodb.UpdateItemOutput
	err := s.db.do(ctx, call{operation: opUpdateItem, out: &out, in: &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: k.attributes(), UpdateExpression: aws.String("ADD " + strings.Join(adds, ", ")),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValues: types.ReturnValueUpdatedNew,
	}})
	meter.From(ctx).Add(1, 0, 1)
	if err != nil {
		return readError(ctx, doing, err) // numbers that were drawn and got lost are no harm
	}
	r := reader{it: out.Attributes}
	for sequence, n := range count {
		last := int(r.number(string(sequence)))
		if last < n && r.err == nil {
			r.err = fmt.Errorf("%s: %s is at %d after %d were drawn", doing, sequence, last, n)
		}
		first[sequence] = last - n + 1
	}
	return r.err
}
