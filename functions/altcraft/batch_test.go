package altcraft

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/value"
)

// A city is a table in which everybody is known by the phone +7900nnnnnnn, and
// which forgets what is written.
type city struct {
	blank
	onCommit func()
}

func (city) Keys(_ context.Context, _ int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	read := map[customer.Key]customer.KeyRecord{}
	for _, key := range keys {
		if n, err := strconv.Atoi(strings.TrimPrefix(key.Value, "+7900")); err == nil && key.Kind == customer.KindPhone {
			owners := customer.Owners{Roles: map[customer.ID]customer.Roles{customer.ID(n + 1): customer.Secondary}}
			read[key] = customer.KeyRecord{Owners: owners, Rev: customer.Rev{Commit: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Bytes: 100}}
		}
	}
	return read, nil
}

func (city) Customers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	read := map[customer.ID]customer.Record{}
	for _, id := range ids {
		c := customer.Customer{ID: id, Phones: []string{fmt.Sprintf("+7900%07d", id-1)}, Changed: noon, FirstName: strings.Repeat("x", 1000)}
		read[id] = customer.Record{Customer: c, Rev: customer.Rev{Commit: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Bytes: 1200}}
	}
	return read, nil
}

func (c city) Commit(context.Context, customer.Commit) error {
	c.onCommit()
	return nil
}

// manyProfiles is a batch of about as many bytes as a body may have.
func manyProfiles(n int) string {
	var b strings.Builder
	b.WriteString(`{"token": "open", "db_id": 5, "matching": "phone", "data": [`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"phones": ["+7900%07d"], "email": "customer%d@example.com", "_fname": "Ivan", "_lname": "Petrov-Vodkin", "_sex": 1, "_bdate": "1990-01-15T12:00:00Z",`+
			`"_city": "Nizhny Novgorod", "_regdate": "2024-05-06T07:08:09Z", "CRM_ID": "%d", "LOYALTY_SCORE": %d, "segment": "gold", "_vendor": "form #30, spring", "_regip": "8.8.8.8", "subscriptions": [`+
			`{"channel": "email", "email": "customer%d@example.com", "resource_id": 1}, {"channel": "sms", "phone": "+7900%07d", "resource_id": 1}]}`, i, i, i, i, i, i)
	}
	b.WriteString(`]}`)
	return b.String()
}

// A batch as large as it may be takes no more than 64 MB beside its body, the
// garbage aside, and its answer fits Lambda.
func TestBatchMemory(t *testing.T) {
	const limit = 64 << 20
	body := manyProfiles(maxItems)
	if len(body) < 9*maxBody/10 || len(body) > maxBody {
		t.Fatalf("the body has %d bytes, want nearly %d", len(body), maxBody)
	}
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var most, commits int64
	var one sync.Mutex // while one looks at the heap, the others wait and make no garbage
	h := handlerOn(city{onCommit: func() {
		one.Lock()
		defer one.Unlock()
		if commits++; commits%1000 == 1 {
			most = max(most, live())
		}
	}})
	before := live()
	r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import_batch", strings.NewReader(body))
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if n := strings.Count(w.Body.String(), `"error":0`); n != maxItems+1 {
		t.Fatalf("%d successes, want %d: %.300s", n, maxItems+1, w.Body)
	}
	grew := most - before
	t.Logf("a body of %d bytes: the heap grew by %d, the answer has %d bytes", len(body), grew, w.Body.Len())
	if grew > limit {
		t.Errorf("the heap grew by %d bytes, want %d at most", grew, limit)
	}
}

// However long what there is to say of each item, the answer fits an answer of
// Lambda as an event, in which it is escaped once more.
func TestBatchAnswerFits(t *testing.T) {
	const limit = 6 << 20
	name := strings.Repeat("n", 255)
	body := `{"token": "open", "db_id": 5, "data": [` + strings.Repeat(`{"`+name+`": {"action": "`+name[:150]+`"}, "email": "a@x.com"},`, maxItems-1) + `{}]}`
	if len(body) > maxBody {
		t.Fatalf("the body has %d bytes", len(body))
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/add_batch", strings.NewReader(body))
	w := httptest.NewRecorder()
	handlerOn(blank{}).ServeHTTP(w, r)
	event, err := json.Marshal(w.Body.String())
	if err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	if len(event) > limit {
		t.Errorf("the answer has %d bytes in an event, want %d at most", len(event), limit)
	}
	var said struct {
		Result []struct {
			Error int
			Text  string `json:"error_text"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || len(said.Result) != maxItems {
		t.Fatalf("%d results, error %v", len(said.Result), err)
	}
	for i, item := range said.Result[:maxItems-1] {
		if item.Error != 400 || len(item.Text) > maxItemText+3 || len(item.Text) < maxItemText {
			t.Fatalf("item %d: %d with a text of %d bytes", i, item.Error, len(item.Text))
		}
	}
}

func TestUnwrap(t *testing.T) {
	wrapped := `{"data": {"_fname": "Ada"}}`
	declared := aCall(t, `{}`)
	declared.Settings.DeclaredFields = map[string]access.FieldType{"data": {Type: "object"}}
	tests := []struct {
		name       string
		call       *call
		item, want string
	}{
		{"wrapped", aCall(t, `{}`), wrapped, `{"_fname": "Ada"}`},
		{"wrapped once", aCall(t, `{}`), `{"data": {"data": {}}}`, `{"data": {}}`},
		{"something beside it", aCall(t, `{}`), `{"data": {}, "email": "ada@x.com"}`, `{"data": {}, "email": "ada@x.com"}`},
		{"no object", aCall(t, `{}`), `{"data": [1]}`, `{"data": [1]}`},
		{"a declared field", declared, wrapped, wrapped},
		{"nothing", aCall(t, `{}`), `{}`, `{}`},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(profile(value.Members(parse(t, tt.want))), profile(value.Members(parse(t, tt.item))).unwrap(tt.call.Settings)); diff != "" {
			t.Errorf("%s: unwrap() (-want +got):\n%s", tt.name, diff)
		}
	}
}

// What an item gives is known before it is applied, and where it cannot be, of
// which kind it is.
func TestWhatItemsGive(t *testing.T) {
	c := aCall(t, `{"matching": "phone", "data": [
		{"phones": ["+79991234567"], "email": "Ada@x.com", "CRM_ID": 7, "interests": ["ski"],
			"subscriptions": [{"channel": "sms", "resource_id": 1, "phone": "+79991234568", "custom_fields": {"CRM_ID": "9"}}]},
		{"phones": ["+79991234567"], "CRM_ID": {"action": "incr", "value": 1}},
		{"phones": ["+79991234567"], "visits": {"action": "incr", "value": 1}, "subscriptions": [{"channel": "sms", "resource_id": 1, "phone": "+79991234568", "custom_fields": {"CRM_ID": {"action": "incr", "value": 1}}}]}]}`)
	items, err := c.readBatch(batch{search: true, create: true}, c.body["data"].([]any))
	if err != nil {
		t.Fatal(err)
	}
	want := []customer.Lookup{
		{Key: customer.EmailKey("ada@x.com"), Roles: customer.Primary},
		{Key: customer.Key{Kind: "f1", Value: "7"}, Roles: customer.InCustom},
		{Key: customer.Key{Kind: "f2", Value: "ski"}, Roles: customer.InCustom},
		{Key: customer.Key{Kind: "f3", Value: "9"}, Roles: customer.InCustom},
		{Key: customer.PhoneKey("+79991234567"), Roles: customer.Secondary},
		{Key: customer.PhoneKey("+79991234568"), Roles: customer.InSubscription},
	}
	if diff := cmp.Diff(want, items[0].Gives); diff != "" {
		t.Errorf("gives (-want +got):\n%s", diff)
	}
	var kinds [][]customer.Kind
	for _, item := range items {
		if item.Rejected != nil {
			t.Errorf("an item is refused: %v", item.Rejected)
		}
		kinds = append(kinds, slices.Clip(item.GivesAny))
	}
	if diff := cmp.Diff([][]customer.Kind{nil, {"f1"}, {"f3"}}, kinds); diff != "" {
		t.Errorf("gives any (-want +got):\n%s", diff)
	}
}
