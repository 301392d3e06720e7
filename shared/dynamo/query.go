package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/meter"
)

// newQuery asks the table strongly, or an index where one is named. A limit of 0
// is none.
func newQuery(index string, condition expression.KeyConditionBuilder, ascending bool, limit int) (*dynamodb.QueryInput, error) {
	query, err := expression.NewBuilder().WithKeyCondition(condition).Build()
	if err != nil {
		return nil, err
	}
	input := &dynamodb.QueryInput{
		KeyConditionExpression: query.KeyCondition(), ExpressionAttributeNames: query.Names(),
		ExpressionAttributeValues: query.Values(), ScanIndexForward: &ascending, ConsistentRead: aws.Bool(index == ""),
	}
	if index != "" {
		input.IndexName = &index
	}
	if limit > 0 {
		input.Limit = aws.Int32(int32(limit))
	}
	return input, nil
}

// within are the items of a partition with sort keys from one to another.
func within(pkName, pk, skName, from, to string) expression.KeyConditionBuilder {
	return expression.Key(pkName).Equal(expression.Value(pk)).
		And(expression.Key(skName).Between(expression.Value(from), expression.Value(to)))
}

// query makes one call and counts it. It asks the table of the store.
func (s *Store) query(ctx context.Context, doing string, input *dynamodb.QueryInput) ([]item, error) {
	meter.From(ctx).Add(1, 0, 0)
	return s.queryBeside(ctx, doing, input)
}

// queryBeside is query for calls that are made side by side: who makes them
// counts the round trip. A page that ends before its limit is read on: DynamoDB Local
// counts whole items towards the 1 MB of a page, of an index of keys, too.
func (s *Store) queryBeside(ctx context.Context, doing string, input *dynamodb.QueryInput) ([]item, error) {
	out, err := s.queryPage(ctx, doing, input)
	if err != nil {
		return nil, err
	}
	items := out.Items
	for limit := int(aws.ToInt32(input.Limit)); len(out.LastEvaluatedKey) > 0 && len(items) < limit; items = append(items, out.Items...) {
		meter.From(ctx).Add(1, 0, 0)
		input.ExclusiveStartKey, input.Limit = out.LastEvaluatedKey, aws.Int32(int32(limit-len(items))) // #nosec G115 -- below a limit
		if out, err = s.queryPage(ctx, doing, input); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// queryAll makes as many calls as it takes, up to limit items; 0 is all of them.
func (s *Store) queryAll(ctx context.Context, doing, index string, condition expression.KeyConditionBuilder, limit int) ([]item, error) {
	input, err := newQuery(index, condition, true, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	var items []item
	for {
		meter.From(ctx).Add(1, 0, 0)
		out, err := s.queryPage(ctx, doing, input)
		if err != nil {
			return nil, err
		}
		items = append(items, out.Items...)
		if len(out.LastEvaluatedKey) == 0 || limit > 0 && len(items) >= limit {
			return items, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// queryPage makes one call and counts its units.
func (s *Store) queryPage(ctx context.Context, doing string, input *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	input.TableName = &s.table
	out := new(dynamodb.QueryOutput)
	if err := s.db.do(ctx, call{operation: opQuery, in: input, out: out}); err != nil {
		return nil, readError(ctx, doing, err)
	}
	units := halfReadUnits(sizeOfAll(out.Items))
	if !aws.ToBool(input.ConsistentRead) {
		units /= 2
	}
	meter.From(ctx).Add(0, units, 0)
	for _, it := range out.Items {
		if err := checkSchema(it); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
	}
	return out, nil
}

func sizeOfAll(items []item) int {
	n := 0
	for _, it := range items {
		n += sizeOf(it)
	}
	return n
}
