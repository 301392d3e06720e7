package dynamo

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/customer"
	"regulars/shared/meter"
)

// A canned table answers every call with the same body.
type canned string

func (c canned) Do(*http.Request) (*http.Response, error) {
	return answer{http.StatusOK, string(c)}.response(), nil
}

func (c canned) store() *Store { return storeOn(c) }

// storeOn is a store whose calls client answers.
func storeOn(client dynamodb.HTTPClient) *Store {
	db := dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	return New(db, "regulars", time.Now)
}

// rawCustomer is a customer as the table sends it, with so many objects of one member
// in a custom field.
func rawCustomer(id customer.ID, objects int) string {
	return fmt.Sprintf(`{"pk":{"S":%q},"sk":{"S":"CUSTOMER"},"c":{"S":"a"},"u":{"N":"1"},"cf":{"M":{"L":{"L":[%s]}}}}`,
		customerKey(5, id).PK, strings.TrimSuffix(strings.Repeat(`{"M":{"a":{"N":"0"}}},`, objects), ","))
}

func rawAnswer(unprocessed string, items ...string) canned {
	return canned(`{"UnprocessedKeys":` + unprocessed + `,"Responses":{"regulars":[` + strings.Join(items, ",") + `]}}`)
}

func customerIDs(n int) []customer.ID {
	ids := make([]customer.ID, n)
	for i := range ids {
		ids[i] = customer.ID(i + 1)
	}
	return ids
}

// An answer of twenty customers of 36,000 objects each would be 600 MB when it is
// decoded. The table answers them in any order.
func TestLargeAnswersAreDecodedInPart(t *testing.T) {
	ids := customerIDs(20)
	var items []string
	for _, id := range slices.Backward(ids) {
		items = append(items, rawCustomer(id, 36_000))
	}
	store := rawAnswer("{}", items...).store()
	items = nil
	ctx, m := meter.With(t.Context())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	records, read, err := store.FirstCustomers(ctx, 5, ids)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if read < 1 || read > 3 || len(records) != read || records[ids[0]].Absent() {
		t.Errorf("%d customers were read, %d of them decoded, want the first one to three", read, len(records))
	}
	const most = 160 << 20 // the answer is 17 MB, the copy of the decoded part and its garbage the rest
	if used := after.TotalAlloc - before.TotalAlloc; used > most {
		t.Errorf("%d MB were allocated, want %d at most", used>>20, most>>20)
	}
	if got := m.Use(); got.Trips != 1 || got.Read < 20*100 {
		t.Errorf("use = %v, want one trip, and the units of all that was answered", got)
	}
}

func TestSmallAnswersAreDecodedWhole(t *testing.T) {
	ids := customerIDs(100)
	var items []string
	for _, id := range ids {
		items = append(items, rawCustomer(id, 200))
	}
	records, read, err := rawAnswer("{}", items...).store().FirstCustomers(t.Context(), 5, ids)
	if err != nil || read != len(ids) || len(records) != len(ids) {
		t.Errorf("FirstCustomers() read %d, %d of them there, %v, want %d", read, len(records), err, len(ids))
	}
}

// A page ends before the first customer that the table left unprocessed.
func TestUnprocessedEndsAPage(t *testing.T) {
	ids := customerIDs(4)
	unprocessed := fmt.Sprintf(`{"regulars":{"ConsistentRead":true,"Keys":[{"pk":{"S":%q},"sk":{"S":"CUSTOMER"}}]}}`, customerKey(5, ids[2]).PK)
	records, read, err := rawAnswer(unprocessed, rawCustomer(ids[3], 1), rawCustomer(ids[0], 1)).store().FirstCustomers(t.Context(), 5, ids)
	if err != nil || read != 2 || len(records) != 1 || records[ids[0]].Absent() {
		t.Errorf("FirstCustomers() read %d: %v, %v, want two, of whom the first is there", read, records, err)
	}
}

func TestWeigh(t *testing.T) {
	const (
		plain  = `{"sk":{"S":"KEY"},"n":{"N":"1"},"pk":{"S":"K#5#email#a"}}`
		tricky = ` { "x" : {"M":{"pk":{"S":"no"},"sk":{"L":[{"S":"no"}]}}}, "pk":{"S":"K#5#f1#\"}]{[\\\u00e9"}, "sk":{"S":"KEY"}, "t":{"S":"\\"} }`
	)
	body := []byte(`{"ConsumedCapacity":[{"TableName":"t","CapacityUnits":1}],"Responses":{"t":[` + plain + `,` + tricky + `]},
		"UnprocessedKeys":{"t":{"Keys":[{"pk":{"S":"K#5#email#b"},"sk":{"S":"KEY"}}]}}}`)
	items := weigh(body)
	if len(items) != 2 {
		t.Fatalf("weigh() = %d items, want 2", len(items))
	}
	for i, want := range []rawItem{
		{key: key{"K#5#email#a", "KEY"}, weight: len(plain) + 4*weightOfObject},
		{key: key{"K#5#f1#\"}]{[\\é", "KEY"}, weight: len(strings.TrimSpace(tricky)) + 10*weightOfObject},
	} {
		text := []string{plain, strings.TrimSpace(tricky)}[i]
		got := items[i]
		if got.key != want.key || got.weight != want.weight || !bytes.Equal(body[got.start:got.end], []byte(text)) {
			t.Errorf("item %d = %v %q, weight %d, want %v %q, weight %d", i, got.key, body[got.start:got.end], got.weight, want.key, text, want.weight)
		}
	}
	for _, broken := range []string{``, `{`, `{"Responses":{"t":[{"pk":{"S":"x`, `]]]]`, `"\`, `{"Responses":{"t":[{}`} {
		weigh([]byte(broken)) // does not panic; the SDK says what is wrong
	}
}

func FuzzWeigh(f *testing.F) {
	f.Add(`{"Responses":{"t":[{"pk":{"S":"a"},"sk":{"S":"b"}}]}}`)
	f.Add(`{"Responses":{"t":[{"pk":{"S":"\"\\`)
	f.Fuzz(func(t *testing.T, body string) {
		p := portion{least: 1}
		if kept := p.take([]byte(body)); len(kept) > len(body) {
			t.Errorf("take(%q) = %q, which is longer", body, kept)
		}
	})
}
