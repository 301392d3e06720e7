package client

import (
	"context"
	"reflect"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
)

// A beginning is what many tables have in common. The service writes it once, into the
// first; the others get copies of the items, which takes a few requests instead of a
// hundred.
type beginning struct {
	mu    sync.Mutex
	made  bool
	items []map[string]types.AttributeValue
}

// seed is what [devserver.Server.Seed] writes.
var seed beginning

// Seed makes the local tenant of a service whose table is empty.
func Seed(t testing.TB, l *devserver.Server, table string) {
	t.Helper()
	seed.in(t, table, func() {
		if err := l.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// in writes the beginning into a table; write writes it for the first time.
func (b *beginning) in(t testing.TB, table string, write func()) {
	t.Helper()
	db := dynamotest.Client(t)
	b.mu.Lock()
	made := b.made
	if !made {
		defer b.mu.Unlock()
		before := itemsOf(t, db, table)
		write()
		for key, item := range itemsOf(t, db, table) {
			if !reflect.DeepEqual(item, before[key]) {
				b.items = append(b.items, item)
			}
		}
		b.made = true
		return
	}
	b.mu.Unlock()
	const most = 25 // items of a request
	for at := 0; at < len(b.items); at += most {
		var puts []types.WriteRequest
		for _, item := range b.items[at:min(at+most, len(b.items))] {
			puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		for puts != nil {
			answer, err := db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: puts}})
			if err != nil {
				t.Fatal(err)
			}
			puts = answer.UnprocessedItems[table]
		}
	}
}

// itemsOf are all items of a table by their keys.
func itemsOf(t testing.TB, db *dynamodb.Client, table string) map[string]map[string]types.AttributeValue {
	t.Helper()
	all := map[string]map[string]types.AttributeValue{}
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String(table), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			pk, _ := item["pk"].(*types.AttributeValueMemberS)
			sk, _ := item["sk"].(*types.AttributeValueMemberS)
			all[pk.Value+" "+sk.Value] = item
		}
	}
	return all
}
