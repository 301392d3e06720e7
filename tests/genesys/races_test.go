package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// TestProveUniqueKeyHolds: of 64 simultaneous creates with one value of a unique
// key, through two processes that remember settings each, one succeeds.
func TestProveUniqueKeyHolds(t *testing.T) {
	t.Parallel()
	l, table := client.WorkingService(t)
	u := ucs{t: t, h: l}
	second := ucs{t: t, h: client.ServiceOn(t, dynamotest.Client(t), table)}
	keys := map[string]map[string]any{
		"CardKey": {"name": "CardKey", "attributes": []string{"Card", "LastName"}, "unique": true},
		"LineKey": {"name": "LineKey", "source": "Phone", "attributes": []string{"description"}, "unique": true},
	}
	for name, key := range keys {
		u.must("POST", "/metadata/identification-keys", key)
		client.Eventually(t, name, func() bool { return u.keyState(name) == "ready" })
	}
	time.Sleep(1100 * time.Millisecond) // what the other process remembers is over
	for round := range client.Size(20) {
		for name, profile := range map[string]map[string]any{
			"CardKey": {"Card": fmt.Sprint(round), "LastName": "Lee"},
			"LineKey": {"Phone": []any{map[string]any{"description": fmt.Sprint("line ", round)}}},
		} {
			created := 0
			for _, got := range client.Together(64, func(i int) said { return []ucs{u, second}[i%2].call("POST", "/profiles", profile) }) {
				switch {
				case got.status == 201:
					created++
				case got.status != 400 || !strings.Contains(got.text, name):
					t.Errorf("round %d: %v, want created or refused by %s", round, got, name)
				}
			}
			if created != 1 {
				t.Errorf("round %d: %d customers have one value of %s", round, created, name)
			}
		}
	}
}

// TestProveUniqueKeyDeclaredAgain: a unique key is declared, removed and declared
// again while two processes with remembered settings keep writing. Whenever it is
// ready no two customers have the same value; where it found some it failed.
func TestProveUniqueKeyDeclaredAgain(t *testing.T) {
	t.Parallel()
	l, table := client.WorkingService(t)
	w := &cardWriters{u: [2]ucs{{t: t, h: l}, {t: t, h: client.ServiceOn(t, dynamotest.Client(t), table)}}}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() { w.write(ctx, t, i) })
	}
	u := w.u[0]
	key := map[string]any{"name": "CardKey", "attributes": []string{"Card"}, "unique": true}
	became := map[string]int{}
	for range client.Size(30) {
		u.must("POST", "/metadata/identification-keys", key)
		client.Eventually(t, "the key", func() bool { return u.keyState("CardKey") != "building" })
		state := u.keyState("CardKey")
		became[state]++
		if state == "ready" {
			time.Sleep(1200 * time.Millisecond) // what both remember is over
			w.check(t)
		}
		u.must("DELETE", "/metadata/identification-keys/CardKey", nil)
	}
	cancel()
	group.Wait()
	t.Logf("the key became %v", became)

	// With nobody left every value is free, and given once.
	u.must("POST", "/metadata/identification-keys", key)
	client.Eventually(t, "the last key", func() bool { return u.keyState("CardKey") == "ready" })
	time.Sleep(1200 * time.Millisecond)
	for v := range cards {
		created := 0
		for _, got := range client.Together(8, func(i int) said { return w.u[i%2].call("POST", "/profiles", card(v)) }) {
			if got.status == 201 {
				created++
			}
		}
		if created != 1 {
			t.Errorf("card %d was given to %d customers", v, created)
		}
	}
	w.check(t)
}

// cards is how many values there are to fight for.
const cards = 12

func card(v int) map[string]any { return map[string]any{"Card": fmt.Sprint(v)} }

// cardWriters write through two processes. While pause is locked none of them does.
type cardWriters struct {
	u     [2]ucs
	pause sync.RWMutex
}

// write creates, changes and deletes customers, some of which live for a while.
func (w *cardWriters) write(ctx context.Context, t *testing.T, i int) {
	random := rand.New(rand.NewPCG(7, uint64(i)))
	u := w.u[i%2]
	var mine []string
	turn := func() {
		w.pause.RLock()
		defer w.pause.RUnlock()
		got := u.call("POST", "/profiles", card(random.IntN(cards)))
		if got.status == 201 {
			mine = append(mine, got.id())
		}
		put := said{status: 200}
		if len(mine) > 0 {
			put = u.call("PUT", "/profiles/"+mine[random.IntN(len(mine))], card(random.IntN(cards)))
		}
		for _, answer := range []said{got, put} {
			if answer.status > 201 && (answer.status != 400 || !strings.Contains(answer.text, "not_unique_key")) {
				t.Errorf("%v, want success or refused by the key", answer)
			}
		}
		if len(mine) > random.IntN(4) {
			u.must("DELETE", "/profiles/"+mine[0], nil)
			mine = mine[1:]
		}
	}
	for ctx.Err() == nil {
		turn()
	}
	for _, id := range mine {
		u.must("DELETE", "/profiles/"+id, nil)
	}
}

// check demands, while nobody writes, that each card finds one customer at most.
func (w *cardWriters) check(t *testing.T) {
	t.Helper()
	w.pause.Lock()
	defer w.pause.Unlock()
	for v := range cards {
		if found := w.u[v%2].must("GET", fmt.Sprintf("/profiles?Card=%d", v), nil).list(); len(found) > 1 {
			t.Errorf("card %d is that of %v", v, found)
		}
	}
}

// TestProveNoHalfIsRead: whoever reads a profile with its extension sees both as
// one write left them, while others replace both, insert and write through the
// other dialect.
func TestProveNoHalfIsRead(t *testing.T) {
	l, table := client.WorkingService(t)
	u := ucs{t: t, h: l}
	second := ucs{t: t, h: client.ServiceOn(t, dynamotest.Client(t), table)}
	// DynamoDB Local answers a Query at one moment; one that is cut into pages of
	// an item it does not.
	torn := dynamodb.New(dynamotest.Client(t).Options(), func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: itemByItem{}} })
	readers := []ucs{{t: t, h: client.ServiceOn(t, torn, table)}, second}
	alt := client.Altcraft{T: t, Handler: l}
	both := func(n int) map[string]any {
		return map[string]any{"EmailAddress": "ann@example.com", "LastName": fmt.Sprint(n), "Phone": []any{
			map[string]any{"prefix": "a", "PhoneNumber": fmt.Sprint(n)}, map[string]any{"prefix": "b", "PhoneNumber": fmt.Sprint(n)},
		}}
	}
	id := u.must("POST", "/profiles", both(0)).id()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var seen atomic.Int64
	for r := range 4 {
		group.Go(func() {
			reader := readers[r%2]
			for ctx.Err() == nil {
				path := "/profiles/" + id + "?extensions=Phone"
				if r >= 2 {
					path = "/profiles?EmailAddress=ann@example.com&include_profile=yes&extensions=Phone"
				}
				got := reader.must("GET", path, nil)
				profile := got.object()
				if profile == nil {
					profile = got.list()[0]
				}
				for _, record := range profile["Phone"].([]any) {
					if record.(map[string]any)["PhoneNumber"] != profile["LastName"] {
						t.Errorf("half of a write was read: %v", got)
					}
				}
				seen.Add(1)
			}
		})
	}
	client.Together(3, func(w int) bool {
		for n := range client.Size(400) {
			switch w {
			case 0, 1:
				[]ucs{u, second}[w].must("PUT", "/profiles/"+id, both(2*n+w))
			case 2:
				alt.Must("update", map[string]any{"email": "ann@example.com", "data": map[string]any{"_city": fmt.Sprint(n)}})
			}
		}
		return true
	})
	cancel()
	group.Wait()
	t.Logf("%d reads", seen.Load())
}

// itemByItem makes every Query of a customer's collection one of single items.
type itemByItem struct{}

// RoundTrip implements [http.RoundTripper].
func (itemByItem) RoundTrip(r *http.Request) (*http.Response, error) {
	var query map[string]any
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Query") && json.Unmarshal(body, &query) == nil && query["IndexName"] == nil {
		query["Limit"] = 1
		if body, err = json.Marshal(query); err != nil {
			return nil, err
		}
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return http.DefaultTransport.RoundTrip(r)
}

// TestProveBothDialectsAtOnce: updates through Altcraft, extension writes and
// replacements of one customer at the same time. Every field that no replacement
// covers has its last writer's value, and no record is lost.
func TestProveBothDialectsAtOnce(t *testing.T) {
	l, table := client.WorkingService(t)
	second := client.ServiceOn(t, dynamotest.Client(t), table)
	u := [2]ucs{{t: t, h: l}, {t: t, h: second}}
	alt := [2]client.Altcraft{{T: t, Handler: l}, {T: t, Handler: second}}
	for round := range client.Size(20) {
		address := fmt.Sprintf("ann%d@example.com", round)
		id := u[0].must("POST", "/profiles", map[string]any{"EmailAddress": address}).id()
		path := "/profiles/" + id
		const each = 8
		client.Together(32, func(i int) bool {
			me, n := i%2, i/4
			switch i % 4 {
			case 0: // a field that this dialect does not show, so no replacement covers it
				for k := range each {
					alt[me].Must("update", map[string]any{"email": address, "data": map[string]any{fmt.Sprintf("pet_%d", n): map[string]any{"k": k}}})
				}
			case 1: // records of one's own
				for k := range each {
					record := map[string]any{"prefix": fmt.Sprint(n), "PhoneNumber": "1", "PhoneType": k}
					u[me].must("POST", path+"/extensions", map[string]any{"Phone": []any{record}})
				}
				u[me].must("PUT", path+"/extensions/Phone/by/unique", map[string]any{"prefix": fmt.Sprint(n), "PhoneNumber": "1", "description": "kept"})
			case 2: // records that come and go
				for k := range each / 2 {
					record := map[string]any{"prefix": fmt.Sprint("t", n), "PhoneNumber": fmt.Sprint(k)}
					u[me].must("POST", path+"/extensions", map[string]any{"Phone": []any{record}})
					u[me].must("PUT", path+"/extensions/Phone/delete/by/unique", record)
				}
			case 3: // replacements
				for k := range each {
					u[me].must("PUT", path, map[string]any{"EmailAddress": address, "LastName": fmt.Sprint(n, "-", k)})
				}
			}
			return true
		})
		data := alt[0].Must("get", map[string]any{"email": address}).Data()
		shown := u[1].must("GET", path+"?extensions=Phone", nil).object()
		for n := range 8 {
			if pet, _ := data[fmt.Sprintf("pet_%d", n)].(map[string]any); pet["k"] != float64(each-1) {
				t.Errorf("round %d: pet_%d = %v, want the last writer's %d", round, n, pet, each-1)
			}
		}
		list := shown["Phone"].([]any)
		if len(list) != 8 {
			t.Errorf("round %d: %d records, want 8: %v", round, len(list), list)
		}
		for _, r := range list {
			if record := r.(map[string]any); record["PhoneType"] != float64(each-1) || record["description"] != "kept" {
				t.Errorf("round %d: record %v, want its last state", round, record)
			}
		}
		if name, _ := shown["LastName"].(string); !strings.HasSuffix(name, fmt.Sprint("-", each-1)) {
			t.Errorf("round %d: LastName = %q, want that of a last replacement", round, name)
		}
		for n := range 8 {
			found := u[0].must("GET", fmt.Sprintf("/profiles?Phone.PhoneNumber=1&Phone.prefix=%d&EmailAddress=%s", n, address), nil).list()
			if len(found) != 1 || found[0]["customer_id"] != id {
				t.Errorf("round %d: record %d finds %v", round, n, found)
			}
		}
	}
}

// A model is what a customer should be, as both dialects show it.
type model struct {
	core   map[string]any            // what a replacement covers
	hidden map[string]any            // what it does not
	phone  map[string]map[string]any // records by prefix
}

// TestProveBothDialectsInTurns interleaves both dialects through all write
// operations in an order that a seed draws, and holds each state against a model.
func TestProveBothDialectsInTurns(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 20261122} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := client.NewService(t)
			playTurns(t, ucs{t: t, h: l}, client.Altcraft{T: t, Handler: l}, rand.New(rand.NewPCG(seed, seed)), client.Size(1500))
		})
	}
}

func playTurns(t *testing.T, u ucs, alt client.Altcraft, random *rand.Rand, turns int) {
	customers := map[string]*model{} // by address
	ids := map[string]string{}
	pick := func() string {
		addresses := slices.Sorted(maps.Keys(customers))
		return addresses[random.IntN(len(addresses))]
	}
	for turn := range turns {
		n := fmt.Sprint(turn)
		prefix := fmt.Sprint("p", random.IntN(5))
		switch op := random.IntN(9); {
		case len(customers) < 2 || op == 0: // create
			address := "c" + n + "@example.com"
			m := &model{core: map[string]any{"EmailAddress": address, "FirstName": n}, hidden: map[string]any{}, phone: map[string]map[string]any{}}
			if turn%2 == 0 {
				m.phone[prefix] = map[string]any{"prefix": prefix, "PhoneNumber": "1", "description": n}
				ids[address] = u.must("POST", "/profiles", map[string]any{"EmailAddress": address, "FirstName": n, "Phone": []any{m.phone[prefix]}}).id()
			} else {
				alt.Must("import", map[string]any{"email": address, "data": map[string]any{"_fname": n}})
				found := u.must("GET", "/profiles?EmailAddress="+address, nil).list()
				ids[address] = found[0]["customer_id"].(string)
			}
			customers[address] = m
		case op == 1: // replace
			address := pick()
			m := customers[address]
			m.core = map[string]any{"EmailAddress": address, "LastName": n}
			body := maps.Clone(m.core)
			if random.IntN(2) == 0 {
				m.phone = map[string]map[string]any{prefix: {"prefix": prefix, "PhoneNumber": "1", "PhoneType": float64(turn)}}
				body["Phone"] = []any{m.phone[prefix]}
			}
			u.must("PUT", "/profiles/"+ids[address], body)
		case op == 2: // Altcraft: what a replacement covers
			address := pick()
			customers[address].core["Shoe"] = float64(turn)
			alt.Must("update", map[string]any{"email": address, "data": map[string]any{"Shoe": turn}})
		case op == 3: // Altcraft: what it does not
			address := pick()
			customers[address].hidden["_city"] = n
			alt.Must("update", map[string]any{"email": address, "data": map[string]any{"_city": n}})
		case op == 4 || op == 5: // insert
			address := pick()
			record := map[string]any{"prefix": prefix, "PhoneNumber": "1", "description": n}
			customers[address].phone[prefix] = record
			u.must("POST", "/profiles/"+ids[address]+"/extensions", map[string]any{"Phone": []any{record}})
		case op == 6: // update by unique
			address := pick()
			got := u.call("PUT", "/profiles/"+ids[address]+"/extensions/Phone/by/unique", map[string]any{"prefix": prefix, "PhoneNumber": "1", "PhoneType": turn})
			if record, ok := customers[address].phone[prefix]; ok {
				record["PhoneType"] = float64(turn)
			}
			if _, ok := customers[address].phone[prefix]; ok != (got.status == 204) || !ok && got.status != 404 {
				t.Fatalf("turn %d: update of record %s = %v, there: %t", turn, prefix, got, ok)
			}
		case op == 7: // delete by unique
			address := pick()
			got := u.call("PUT", "/profiles/"+ids[address]+"/extensions/Phone/delete/by/unique", map[string]any{"prefix": prefix, "PhoneNumber": "1"})
			if _, ok := customers[address].phone[prefix]; ok != (got.status == 204) || !ok && got.status != 404 {
				t.Fatalf("turn %d: delete of record %s = %v, there: %t", turn, prefix, got, ok)
			}
			delete(customers[address].phone, prefix)
		case op == 8 && turn%4 == 0: // delete
			address := pick()
			if turn%8 == 0 {
				u.must("DELETE", "/profiles/"+ids[address], nil)
			} else {
				alt.Must("delete", map[string]any{"email": address})
			}
			if got := u.call("GET", "/profiles/"+ids[address], nil); got.status != 404 {
				t.Fatalf("turn %d: a deleted profile = %v", turn, got)
			}
			delete(customers, address)
		}
		if len(customers) > 0 {
			address := pick()
			customers[address].check(t, turn, u, alt, address, ids[address])
		}
	}
	// The index leads to all and only those who have a record.
	want := 0
	for _, m := range customers {
		if len(m.phone) > 0 {
			want++
		}
	}
	if got := len(u.must("GET", "/profiles?Phone.PhoneNumber=1", nil).list()); got != want {
		t.Errorf("the number finds %d customers, want %d", got, want)
	}
}

// check holds both dialects' answers against the model.
func (m *model) check(t *testing.T, turn int, u ucs, alt client.Altcraft, address, id string) {
	t.Helper()
	shown := u.must("GET", "/profiles/"+id+"?extensions=Phone", nil).object()
	phone, _ := shown["Phone"].([]any)
	if len(phone) != len(m.phone) {
		t.Fatalf("turn %d: %s has the records %v, want %v", turn, address, phone, m.phone)
	}
	for _, r := range phone {
		record := r.(map[string]any)
		if want := m.phone[record["prefix"].(string)]; !maps.Equal(record, want) {
			t.Fatalf("turn %d: %s has the record %v, want %v", turn, address, record, want)
		}
	}
	delete(shown, "Phone")
	delete(shown, "customer_id")
	if !maps.Equal(shown, m.core) {
		t.Fatalf("turn %d: %s is %v, want %v", turn, address, shown, m.core)
	}
	data := alt.Must("get", map[string]any{"email": address}).Data()
	for name, want := range m.hidden {
		if data[name] != want {
			t.Fatalf("turn %d: %s of %s is %v, want %v", turn, name, address, data[name], want)
		}
	}
}
