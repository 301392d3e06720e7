package dynamo

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/access"
	"regulars/shared/meter"
)

var _ access.BudgetStore = (*Store)(nil)

// countKept is how long the count of a window stays after its end.
const countKept = 10 * time.Minute

// AddTaken implements [access.BudgetStore]. It is no cost of the request that happens
// to ask.
func (s *Store) AddTaken(ctx context.Context, of access.Payer, window, requests, units int64, until time.Time) (sumRequests, sumUnits int64, err error) {
	number := func(n int64) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
	}
	var out dynamodb.UpdateItemOutput
	err = s.db.do(ctx, call{operation: opUpdateItem, out: &out, in: &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: budgetKey(of, window).attributes(),
		UpdateExpression:          aws.String("ADD r :r, w :w SET #ttl = :ttl"),
		ExpressionAttributeNames:  map[string]string{"#ttl": attrTTL},
		ExpressionAttributeValues: item{":r": number(requests), ":w": number(units), ":ttl": number(until.Add(countKept).Unix())},
		ReturnValues:              types.ReturnValueAllNew,
	}})
	if err != nil {
		return 0, 0, readError(meter.Without(ctx), "count what is taken of a budget", err)
	}
	r := reader{it: out.Attributes}
	return r.number("r"), r.number("w"), r.err
}
