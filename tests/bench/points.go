package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An account is one that the calls alone read and write.
type account struct {
	subject
	pk      string
	version int
	points  int
}

// account makes one, with a customer beside it.
func (s subject) account(name string) *account {
	a := &account{subject: s, pk: "C#5#" + name, points: 1_000_000}
	a.version = int(time.Now().UnixMilli() % 1e11) // its entries are all new
	person := customerItem(0, "Paris")
	person["pk"] = text(a.pk)
	_, err := s.db.PutItem(s.ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: person})
	check(err)
	_, err = s.db.PutItem(s.ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: a.item()})
	check(err)
	return a
}

func (a *account) item() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": text(a.pk), "sk": text("ACCOUNT"), "gsi2pk": text("U#5#0"), "gsi2sk": text("2026-11-22T10#" + a.pk),
		"c": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "n": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "v": number(a.version),
		"fa": number(a.points), "u": number(1795000000000000), "h": binary(32), "lt": binary(9),
	}
}

func binary(n int) types.AttributeValue {
	return &types.AttributeValueMemberB{Value: bytes.Repeat([]byte{7}, n)}
}

// rawPoint reads customer and account and writes the account with an entry, as the
// handler does.
func (a *account) rawPoint(n int) {
	_, err := a.db.Query(a.ctx, &dynamodb.QueryInput{
		TableName: &a.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:   aws.String("(#0 = :0) AND (#1 BETWEEN :1 AND :2)"),
		ExpressionAttributeNames: map[string]string{"#0": "pk", "#1": "sk"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":0": text(a.pk), ":1": text("ACCOUNT"), ":2": text("CUSTOMER"),
		},
	})
	check(err)
	a.version++
	a.points += n
	entry := map[string]types.AttributeValue{
		"pk": text(a.pk), "sk": text(fmt.Sprintf("LEDGER#%012d", a.version)), "c": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		"k": text("subtract"), "fa": number(n), "ba": number(a.points), "u": number(1795000000000000), "e": number(1 << 31),
		"rs": text("Mini game"), "ac": text("demo 771fa4f5"), "s": binary(16), "d": binary(32), "h": binary(32),
	}
	_, err = a.db.TransactWriteItems(a.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &a.table, Item: a.item(), ConditionExpression: aws.String("#0 = :0"), ExpressionAttributeNames: map[string]string{"#0": "c"},
			ExpressionAttributeValues:           map[string]types.AttributeValue{":0": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ")},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		{Put: &types.Put{
			TableName: &a.table, Item: entry, ConditionExpression: aws.String("attribute_not_exists(#0)"),
			ExpressionAttributeNames: map[string]string{"#0": "pk"},
		}},
	}})
	check(err)
}
