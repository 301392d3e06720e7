package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
)

// A subject is what is measured: a handler, and the table that it uses.
type subject struct {
	ctx   context.Context
	h     http.Handler
	db    *dynamodb.Client
	table string
}

// An operation is done in two ways.
type operation struct {
	name string
	ways func(subject) (ours, raw way)
}

// operations do the same in two ways: through the handler, and by the DynamoDB
// calls that the handler makes.
var operations = []operation{
	{"import, creates", create}, {"import, updates", update}, {"get", get}, {"points add", add}, {"points subtract", subtract},
}

// created is the number of the customer that was created last.
var created = 0

func create(s subject) (ours, raw way) {
	return func() { created++; s.call("import", importBody(created, "Paris")) },
		func() { created++; s.get(keysOf(created)[0], "KEY"); s.rawCreate(created) }
}

func update(s subject) (ours, raw way) {
	id := s.known()
	n := 0
	city := func() string { n++; return "Town " + strconv.Itoa(n) }
	return func() { s.call("import", importBody(0, city())) }, func() { s.rawUpdate(id, city()) }
}

func get(s subject) (ours, raw way) {
	id := s.known()
	return func() { s.call("get", getBody()) },
		func() { s.getBoth(id) }
}

func add(s subject) (ours, raw way) {
	id, m := s.known(), s.account("raw-add")
	return func() { s.point(id, "add") }, func() { m.rawPoint(1) }
}

func subtract(s subject) (ours, raw way) {
	id, m := s.known(), s.account("raw-subtract")
	s.put(bearer, "/loy/profiles/"+id.Decimal()+"/points/add.json", `{"point": {"value": 1000000}}`)
	return func() { s.point(id, "subtract") }, func() { m.rawPoint(-1) }
}

// known makes sure that customer 0 is there, and returns its id.
func (s subject) known() customer.ID {
	answer := s.call("import", importBody(0, "Paris"))
	var said struct {
		ID string `json:"profile_id"`
	}
	check(json.Unmarshal(answer, &said))
	id, err := customer.ParseHex(said.ID)
	check(err)
	return id
}

// call posts to the handler, without a socket.
func (s subject) call(method, body string) []byte {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, "/api/v1.1/profiles/"+method, strings.NewReader(body))
	check(err)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"error":0`)) {
		log.Fatalf("%s: %d %s", method, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// bearer opens the Haravan dialect.
const bearer = "Bearer reg_local_demo"

// point adds or subtracts a point.
func (s subject) point(id customer.ID, what string) {
	s.put(bearer, "/loy/profiles/"+id.Decimal()+"/points/"+what+".json", `{"point": {"value": 1, "reason": "Mini game", "ref_id": ""}}`)
}

// put puts a body to the handler, without a socket.
func (s subject) put(authorization, path, body string) {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPut, path, strings.NewReader(body))
	check(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		log.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
}

func email(n int) string { return "n" + strconv.Itoa(n) + "@example.com" }

func getBody() string {
	return fmt.Sprintf(`{"token": "reg_local_demo", "db_id": 5, "email": %q}`, email(0))
}

// importBody is put together by hand, so that this costs next to nothing.
func importBody(n int, city string) string {
	return `{"token": "reg_local_demo", "db_id": 5, "matching": "email", "email": "` + email(n) + `", "data": ` + profile(n, city) + `}`
}

func profile(n int, city string) string {
	address, number := `"`+email(n)+`"`, strconv.Itoa(n)
	phone := `"+79` + strings.Repeat("0", 8-len(number)) + number + `"`
	return `{"email": ` + address +
		`, "_fname": "Ivan", "_lname": "Petrov", "_sex": "male", "_bdate": "1990-01-15T12:00:00Z", "_city": "` + city +
		`", "phones": [` + phone + `], "subscriptions": [{"channel": "email", "email": ` + address + `, "resource_id": 1},
		{"channel": "sms", "phone": ` + phone + `, "resource_id": 1},
		{"channel": "push", "provider": "Firefox", "resource_id": 1, "subscription_id": "token-` + number + `"}]}`
}

// What the calls alone write is what the handler writes, under keys of the same
// length.

func customerPK(n int) string { return fmt.Sprintf("C#5#%016d", n) }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func number(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}
func object(m map[string]types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: m}
}
func list(v ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: v}
}

func customerItem(n int, city string) map[string]types.AttributeValue {
	subscription := func(channel, contact string) types.AttributeValue {
		return object(map[string]types.AttributeValue{"r": number(1), "h": text(channel), "t": text(contact), "d": number(1795000000)})
	}
	phone := fmt.Sprintf("+79%08d", n)
	shard := fmt.Sprint("#5#", n%8)
	return map[string]types.AttributeValue{
		"pk": text(customerPK(n)), "sk": text("CUSTOMER"),
		"gsi1pk": text("L" + shard), "gsi1sk": text(fmt.Sprintf("%016d", n)),
		"gsi2pk": text("U" + shard), "gsi2sk": text(fmt.Sprintf("2026-11-22T10#%016d", n)),
		"c": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "u": number(1795000000000000),
		"em": list(text(email(n))), "ph": list(text(phone)), "fn": text("Ivan"), "ln": text("Petrov"),
		"bd": text("1990-01-15T12:00:00Z"), "sx": text("male"), "ci": text(city),
		"sb": list(subscription("email", email(n)), subscription("sms", phone), subscription("push", fmt.Sprintf("token-%d", n))),
	}
}

func keyItem(pk string, n int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": text(pk), "sk": text("KEY"), "c": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		"o": object(map[string]types.AttributeValue{fmt.Sprintf("%016d", n): number(5)}),
	}
}

// keysOf are the keys of customer n as the calls alone know it.
func keysOf(n int) []string {
	return []string{"K#5#email#raw" + email(n), fmt.Sprintf("K#5#phone#raw+79%08d", n), fmt.Sprintf("K#5#push#rawFirefox/token-%d", n)}
}

func (s subject) get(pk, sk string) {
	_, err := s.db.GetItem(s.ctx, &dynamodb.GetItemInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"pk": text(pk), "sk": text(sk)},
	})
	check(err)
}

// getBoth reads the key and the customer 0 as a service does that remembers the owner.
func (s subject) getBoth(id customer.ID) {
	ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true), Keys: []map[string]types.AttributeValue{
		{"pk": text("K#5#email#" + email(0)), "sk": text("KEY")}, {"pk": text("C#5#" + id.Base36()), "sk": text("CUSTOMER")},
	}}
	_, err := s.db.BatchGetItem(s.ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.table: ask}})
	check(err)
}

// rawCreate writes customer n and its keys.
func (s subject) rawCreate(n int) {
	put := func(item map[string]types.AttributeValue, found types.ReturnValuesOnConditionCheckFailure) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &s.table, Item: item, ConditionExpression: aws.String("attribute_not_exists(#0)"),
			ExpressionAttributeNames: map[string]string{"#0": "pk"}, ReturnValuesOnConditionCheckFailure: found,
		}}
	}
	items := []types.TransactWriteItem{put(customerItem(n, "Paris"), types.ReturnValuesOnConditionCheckFailureAllOld)}
	for _, pk := range keysOf(n) {
		items = append(items, put(keyItem(pk, n), types.ReturnValuesOnConditionCheckFailureNone))
	}
	_, err := s.db.TransactWriteItems(s.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	check(err)
}

// rawUpdate reads customer 0 as the handler does, and writes one that is like it.
func (s subject) rawUpdate(id customer.ID, city string) {
	s.getBoth(id)
	_, err := s.db.PutItem(s.ctx, &dynamodb.PutItemInput{
		TableName: &s.table, Item: customerItem(0, city),
		ConditionExpression:       aws.String("attribute_not_exists(#0) OR #0 = :0"),
		ExpressionAttributeNames:  map[string]string{"#0": "c"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":0": text("ABCDEFGHIJKLMNOPQRSTUVWXYZ")},
	})
	check(err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
