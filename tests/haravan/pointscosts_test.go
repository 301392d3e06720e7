package haravan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/idempotency"
	"regulars/shared/meter"
	"regulars/shared/points"
	"regulars/tests/client"
)

// TestPointsCosts demands the figures of docs/costs.md.
func TestPointsCosts(t *testing.T) {
	c := newClub(t, map[string]any{"earning": map[string]any{"expires_after_days": 365}})
	ann := c.join()
	ann.profile()                          // remembers token and settings
	client.AwaitNewHour(t, 30*time.Second) // a change in the next hour moves index entries
	var ben member                         // who joins once the list was read
	put := func(path, body string, header ...string) func() client.Answer {
		return func() client.Answer { return ann.send(http.MethodPut, ann.below(path), body, header...) }
	}
	steps := []struct {
		name string
		do   func() client.Answer
		want string
	}{
		{"first add: checks the customer, places in two indexes", put("/points/add.json", `{"point": {"value": 100}}`), "rt=2;r=1;w=8"},
		{"add", put("/points/add.json", `{"point": {"value": 100}}`), "rt=2;r=1;w=4"},
		{"subtract", put("/points/subtract.json", `{"point": {"value": 1, "reason": "Dùng điểm"}}`), "rt=2;r=1;w=4"},
		{"add with a reference", put("/points/add.json", `{"point": {"value": 100, "ref_id": "1"}}`), "rt=2;r=1;w=5"},
		{"add with a key", put("/points/add.json", `{"point": {"value": 100}}`, "Idempotency-Key", "a"), "rt=2;r=1;w=6"},
		{"again: the guard of the key answers", put("/points/add.json", `{"point": {"value": 100}}`, "Idempotency-Key", "a"), "rt=2;r=1;w=6"},
		{"refused", put("/points/subtract.json", `{"point": {"value": 9999}}`), "rt=1;r=1;w=0"},
		{"refused, with a key", put("/points/subtract.json", `{"point": {"value": 9999}}`, "Idempotency-Key", "b"), "rt=2;r=2;w=0"},
		{"dry run", put("/points/add.json?dry_run=true", `{"point": {"value": 100}}`), "rt=1;r=1;w=0"},
		{"dry run, with a key", put("/points/add.json?dry_run=true", `{"point": {"value": 100}}`, "Idempotency-Key", "d"), "rt=2;r=2;w=0"},
		{"order by proposed settings", func() client.Answer {
			return ann.send(http.MethodPost, ann.below("/orders.json?dry_run=true"), `{"order": {"id": "0", "total": 9000}, "settings": {"earning": {"rules": {"double": {"bonus_percent": 100}}}}}`)
		}, "rt=1;r=1;w=0"},
		{"reverse", func() client.Answer { return ann.reverse(2, "{}") }, "rt=3;r=3;w=6"},
		{"order", func() client.Answer { return ann.order(`{"id": "1", "total": 9000}`) }, "rt=3;r=2;w=9"},
		{"hold, which moves the account to the hour of its end", func() client.Answer { return ann.hold(`{"points": 10, "expires_in": 60}`) }, "rt=2;r=1;w=6"},
		{"hold that ends later", func() client.Answer { return ann.hold(`{"points": 10, "expires_in": 600}`) }, "rt=2;r=1;w=4"},
		{"commit", func() client.Answer { return ann.end(9, "commit", `{"points": 5}`) }, "rt=3;r=3;w=6"},
		{"the hold", func() client.Answer { return ann.send(http.MethodGet, ann.below("/points/holds/9.json"), "") }, "rt=2;r=3;w=0"},
		{"void of the last, which moves it back", func() client.Answer { return ann.end(8, "void", `{}`) }, "rt=3;r=3;w=8"},
		{"order again", func() client.Answer { return ann.order(`{"id": "1", "total": 9000}`) }, "rt=2;r=2;w=0"},
		{"order again, with a new key", func() client.Answer { return ann.order(`{"id": "1", "total": 9000}`, "Idempotency-Key", "c") }, "rt=4;r=3;w=4"},
		{"order again, with this key", func() client.Answer { return ann.order(`{"id": "1", "total": 9000}`, "Idempotency-Key", "c") }, "rt=3;r=3;w=0"},
		{"profile", func() client.Answer { return ann.send(http.MethodGet, ann.below(".json"), "") }, "rt=1;r=1;w=0"},
		{"statement", func() client.Answer { return ann.send(http.MethodGet, ann.below("/points/entries.json"), "") }, "rt=3;r=3;w=0"},
		{"look-up by reference", func() client.Answer { return ann.send(http.MethodGet, ann.below("/points/entries.json?ref_id=1"), "") }, "rt=3;r=5.5;w=0"},
		{"schedule", func() client.Answer { return ann.send(http.MethodGet, ann.below("/points/schedule.json"), "") }, "rt=1;r=1;w=0"},
		{"figures of today", func() client.Answer {
			return ann.send(http.MethodGet, ann.below(".json?as_of="+time.Now().UTC().Format(time.RFC3339Nano)), "")
		}, "rt=2;r=2;w=0"},
		{"list of whose points expire, of one", func() client.Answer { return ann.send(http.MethodGet, "/loy/profiles.json?expiring_within=400", "") }, "rt=2;r=5;w=0"},
		{"list of one", func() client.Answer { return ann.send(http.MethodGet, "/loy/profiles.json", "") }, "rt=2;r=5;w=0"},
		{"transfer", func() client.Answer {
			ben = c.join()
			ben.add(5).Done(t)
			return ann.transfer(ben, 5)
		}, "rt=3;r=2;w=8"},
		{"transfer with a key", func() client.Answer { return ann.transfer(ben, 5, "Idempotency-Key", "t") }, "rt=3;r=2;w=10"},
		{"batch of an add and a subtract", func() client.Answer {
			return ann.batch([]item{{json.Number(ann.id), "add", 5}, {json.Number(ann.id), "subtract", 5}})
		}, "rt=4;r=2;w=8"},
		{"batch of an add and a subtract, with a key", func() client.Answer {
			return ann.batch([]item{{json.Number(ann.id), "add", 5}, {json.Number(ann.id), "subtract", 5}}, "Idempotency-Key", "b")
		}, "rt=5;r=2;w=14"},
	}
	for _, step := range steps {
		got := step.do()
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want || got.Status >= 500 {
			t.Errorf("%s consumed %s, want %s: %v", step.name, use, step.want, got)
		}
	}
}

// TestSixtyLotsFitTheFirstKB: lots are packed, so that what points cost does not
// grow with them.
func TestSixtyLotsFitTheFirstKB(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(clock.Load(), 0).UTC() }
	clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix())
	c := newClub(t, map[string]any{"earning": map[string]any{"expires_after_days": 365}})
	ann := c.join()
	id, _ := customer.ParseDecimal(ann.id)
	service := points.NewService(dynamo.New(dynamotest.Client(t), c.table, now), now)
	r := points.Request{
		Tenant: devserver.Tenant, ID: id, Rules: c.rules(), Actor: "demo 12345678",
		Show: func(points.Profile) ([]byte, error) { return []byte("{}"), nil },
	}
	for day := range 60 {
		clock.Add(86400)
		ctx, m := meter.With(t.Context())
		if _, err := service.Add(ctx, r, int64(1_000_000+day), "Mini game", ""); err != nil {
			t.Fatal(err)
		}
		// The hour of the change moves: two entries of an index.
		if use := m.Use(); day > 0 && use.Write != 6 {
			t.Fatalf("an add to %d lots consumed %v, want w=6", day, use)
		}
	}
	for name, step := range map[string]struct {
		do   func(ctx context.Context) (points.Result, error)
		want float64
	}{
		"add":      {func(ctx context.Context) (points.Result, error) { return service.Add(ctx, r, 5, "Mini game", "") }, 4},
		"subtract": {func(ctx context.Context) (points.Result, error) { return service.Subtract(ctx, r, 5, "Mini game", "") }, 4},
		"add with a key": {func(ctx context.Context) (points.Result, error) {
			keyed := r
			keyed.IdempotencyKey = &idempotency.Key{Value: "k", Fingerprint: "m"}
			return service.Add(ctx, keyed, 5, "Mini game", "")
		}, 6},
	} {
		ctx, m := meter.With(t.Context())
		if _, err := step.do(ctx); err != nil {
			t.Fatal(err)
		}
		if use := m.Use(); float64(use.Write) != step.want || use.Trips != 2 || use.Read != 1 {
			t.Errorf("%s to an account with 60 lots consumed %v, want rt=2;r=1;w=%v", name, use, step.want)
		}
	}
	if account := c.verified(ann); len(account.Lots) != 60 {
		t.Errorf("%d lots, want 60", len(account.Lots))
	}
}

// TestProveSettlingReadsTheDue: of many accounts 100 are due, and settling reads
// in proportion to these.
func TestProveSettlingReadsTheDue(t *testing.T) {
	accounts, due := 1000, 20
	if client.Proving() {
		accounts, due = 100_000, 100
	}
	c := newClub(t, map[string]any{"earning": map[string]any{"expires_after_days": 30}})
	long := func() time.Time { return time.Now().Add(-60 * 24 * time.Hour) } // ago
	expired := c.template(long)
	fresh := c.template(time.Now)
	c.fill(accounts-due, func(int) []map[string]types.AttributeValue { return fresh })
	c.fill(due-1, func(int) []map[string]types.AttributeValue { return expired }) // and the template itself
	ctx, m := meter.With(t.Context())
	service := points.NewService(c.Store, time.Now)
	settled, err := service.SettleDue(ctx, devserver.Tenant, c.rules())
	if err != nil || settled.Seen != due || settled.Changed != due {
		t.Fatalf("SettleDue() = %+v, %v, want %d changed", settled, err, due)
	}
	// Two calls and a unit for each, a call and half a unit for each shard.
	use := m.Use()
	if use.Read > float64(due+16) || use.Trips > int64(2*due+2*customer.Shards) {
		t.Errorf("settling %d of %d accounts consumed %v", due, accounts, use)
	}
	t.Logf("settling %d of %d accounts consumed %v", due, accounts, use)
	if settled, err := service.SettleDue(t.Context(), devserver.Tenant, c.rules()); err != nil || settled.Seen != 0 {
		t.Errorf("SettleDue() again = %+v, %v, want nothing", settled, err)
	}
}

// template makes a customer that was given points at some time, and returns all
// items about it.
func (c *club) template(now func() time.Time) []map[string]types.AttributeValue {
	c.t.Helper()
	m := c.join()
	id, _ := customer.ParseDecimal(m.id)
	service := points.NewService(dynamo.New(dynamotest.Client(c.t), c.table, now), now)
	_, err := service.Add(c.t.Context(), points.Request{
		Tenant: devserver.Tenant, ID: id, Rules: c.rules(), Show: func(points.Profile) ([]byte, error) { return []byte("{}"), nil },
	}, 5, "", "")
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := dynamotest.Client(c.t).Query(c.t.Context(), &dynamodb.QueryInput{
		TableName: &c.table, KeyConditionExpression: aws.String("pk = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberS{Value: "C#5#" + id.Base36()}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return out.Items
}

// fill puts copies of templates into the table, each about a customer of its own.
// It goes past the service, which would take hours.
func (c *club) fill(n int, template func(n int) []map[string]types.AttributeValue) {
	c.t.Helper()
	db := dynamotest.Client(c.t)
	const batch = 8 // of three items
	starts := make(chan int)
	go func() {
		defer close(starts)
		for start := 0; start < n; start += batch {
			starts <- start
		}
	}()
	base := c.filled.Add(int64(n)) - int64(n)
	client.Together(4, func(int) error {
		for start := range starts {
			var requests []types.WriteRequest
			for i := start; i < min(start+batch, n); i++ {
				id := customer.NewID(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(base+int64(i))*time.Millisecond), uint64(i)*7)
				for _, it := range template(i) {
					requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: about(it, id)}})
				}
			}
			for len(requests) > 0 {
				out, err := db.BatchWriteItem(c.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.table: requests}})
				if err != nil {
					c.t.Error(err)
					return err
				}
				requests = out.UnprocessedItems[c.table]
			}
		}
		return nil
	})
}

// about is a copy of an item that is about another customer, also in the indexes.
func about(it map[string]types.AttributeValue, id customer.ID) map[string]types.AttributeValue {
	pk := it["pk"].(*types.AttributeValueMemberS).Value
	was := pk[strings.LastIndex(pk, "#")+1:]
	it = maps.Clone(it)
	for name, v := range it {
		s, isText := v.(*types.AttributeValueMemberS)
		if !isText {
			continue
		}
		text := strings.ReplaceAll(s.Value, was, id.Base36())
		if strings.HasSuffix(name, "pk") && name != "pk" {
			text = fmt.Sprintf("%s%d", text[:len(text)-1], id%customer.Shards)
		}
		it[name] = &types.AttributeValueMemberS{Value: text}
	}
	return it
}
