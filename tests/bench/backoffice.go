package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// backoffice are operations of the Mojodex dialect. What answers from memory does
// not know their calls.
var backoffice = []operation{{"PUT /profile", newProfile}, {"PUT /manual_purchase", assignment}}

func newProfile(s subject) (ours, raw way) {
	s.ask("/profile_category", `{"datetime": 1, "label": "`+unique()+`", "displayed_data": [], "emoji": "e", "implicit_goal": "g", "visible": false}`)
	return func() { s.ask("/profile", profileBody()) }, s.rawProfile
}

func assignment(s subject) (ours, raw way) {
	id := s.known()
	s.ask("/profile", profileBody())
	body := `{"datetime": 1, "user_id": "` + id.Hex() + `", "profile_pk": 1, "custom_purchase_id": "string"}`
	s.ask("/manual_purchase", body)
	last := 0
	return func() { s.ask("/manual_purchase", body) }, func() { last = s.rawAssignment(id.Base36(), last) }
}

func unique() string { return strconv.FormatInt(time.Now().UnixNano(), 10) }

func profileBody() string {
	return `{"datetime": 1, "profile_label": "` + unique() + `", "displayed_data": [{"language_code": "en", "name": "Seller"}], "profile_category_pk": 1}`
}

// ask puts a body to the handler of the Mojodex dialect.
func (s subject) ask(path, body string) { s.put("reg_local_demo", path, body) }

// The calls alone bear commits like those of the handler, and keys of the same
// length in a catalog of their own.

const rawCommit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func rawNumber(prefix string, n int) string { return fmt.Sprintf("%s#%010d", prefix, n) }

func (s subject) getAll(keys ...[2]string) {
	ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, k := range keys {
		ask.Keys = append(ask.Keys, map[string]types.AttributeValue{"pk": text(k[0]), "sk": text(k[1])})
	}
	_, err := s.db.BatchGetItem(s.ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.table: ask}})
	check(err)
}

func (s subject) rawDraw(counter, sequence string) int {
	out, err := s.db.UpdateItem(s.ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: map[string]types.AttributeValue{"pk": text("T#6"), "sk": text(counter)},
		UpdateExpression: aws.String("ADD #0 :0"), ExpressionAttributeNames: map[string]string{"#0": sequence},
		ExpressionAttributeValues: map[string]types.AttributeValue{":0": number(1)}, ReturnValues: types.ReturnValueUpdatedNew,
	})
	check(err)
	n, err := strconv.Atoi(out.Attributes[sequence].(*types.AttributeValueMemberN).Value)
	check(err)
	return n
}

func (s subject) rawPut(it map[string]types.AttributeValue, condition string, values map[string]types.AttributeValue) types.TransactWriteItem {
	name := "pk"
	if values != nil {
		name = "c"
	}
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &s.table, Item: it, ConditionExpression: &condition,
		ExpressionAttributeNames: map[string]string{"#0": name}, ExpressionAttributeValues: values,
	}}
}

func (s subject) transact(items ...types.TransactWriteItem) {
	_, err := s.db.TransactWriteItems(s.ctx, &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(unique()), TransactItems: items})
	check(err)
}

const absent = "attribute_not_exists (#0)"

func (s subject) rawProfile() {
	label := "LABEL#PRODUCT#" + unique()
	s.getAll([2]string{"T#6", label}, [2]string{"T#5", "CATEGORY#0000000001"})
	n := s.rawDraw("SEQ#CATALOG", "product")
	s.transact(
		s.rawPut(map[string]types.AttributeValue{
			"pk": text("T#6"), "sk": text(rawNumber("PRODUCT", n)), "c": text(rawCommit), "b": text(label[14:]), "k": number(1), "f": &types.AttributeValueMemberBOOL{Value: true},
			"t": list(object(map[string]types.AttributeValue{"l": text("en"), "n": text("Seller")})),
		}, absent, nil),
		s.rawPut(map[string]types.AttributeValue{"pk": text("T#6"), "sk": text(label), "c": text(rawCommit), "n": number(n)}, absent, nil),
	)
}

// rawAssignment gives a customer a product, and ends the purchase before.
func (s subject) rawAssignment(id string, last int) int {
	pk, raw := "C#5#"+id, "C#6#"+id
	s.getAll([2]string{pk, "CUSTOMER"}, [2]string{pk, "PURCHASES"}, [2]string{"T#5", "PRODUCT#0000000001"})
	n := s.rawDraw("SEQ#PURCHASE", "purchase")
	held := map[string]types.AttributeValue{"p": number(1), "d": number(1795000000000000)}
	purchase := func(n int, ended bool) map[string]types.AttributeValue {
		it := map[string]types.AttributeValue{"pk": text(raw), "sk": text(rawNumber("PURCHASE", n)), "c": text(rawCommit), "p": held["p"], "d": held["d"]}
		if ended {
			it["e"] = held["d"]
			return it
		}
		it["gsi1pk"], it["gsi1sk"] = text("P#6#1#3"), text("2026-11-22#"+id+"#"+rawNumber("", n)[1:])
		return it
	}
	written := map[string]types.AttributeValue{":0": text(rawCommit)}
	const same = "attribute_not_exists (#0) OR #0 = :0"
	items := []types.TransactWriteItem{
		s.rawPut(map[string]types.AttributeValue{"pk": text(raw), "sk": text("PURCHASES"), "c": text(rawCommit), "ac": list(object(map[string]types.AttributeValue{
			"n": number(n), "p": held["p"], "d": held["d"], "w": text(rawCommit),
		}))}, same, written),
		s.rawPut(purchase(n, false), absent, nil),
		s.rawPut(map[string]types.AttributeValue{"pk": text("T#6"), "sk": text(rawNumber("PURCHASE", n)), "c": text(rawCommit), "i": text(id)}, absent, nil),
	}
	if last > 0 {
		items = append(items, s.rawPut(purchase(last, true), same, written))
	}
	items = append(items, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &s.table, Key: map[string]types.AttributeValue{"pk": text(pk), "sk": text("CUSTOMER")}, ConditionExpression: aws.String("attribute_exists (#0)"),
		ExpressionAttributeNames: map[string]string{"#0": "pk"},
	}})
	s.transact(items...)
	return n
}
