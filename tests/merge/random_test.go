package merge

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	domain "regulars/shared/merge"
	"regulars/shared/points"
	"regulars/tests/client"
)

// A life is what happens at random to customers, in all dialects.
type life struct {
	house
	random *rand.Rand
	ids    []customer.ID
	n      int         // of what happened
	done   map[int]int // how often each kind of thing was
	// records are numbers of records of an extension that were inserted for a customer,
	// orders those of its orders.
	records, orders map[customer.ID][]string
}

// newLife makes some customers, some of them with everything.
func newLife(t *testing.T, seed uint64) *life {
	t.Helper()
	l := &life{house: newHouse(t), random: rand.New(rand.NewPCG(seed, 16)), done: map[int]int{}, records: map[customer.ID][]string{}, orders: map[customer.ID][]string{}}
	if _, err := l.s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"rate_limit": map[string]any{"size": 0}}); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		if l.random.IntN(2) == 0 {
			l.ids = append(l.ids, l.plain(n))
		} else {
			l.ids = append(l.ids, l.full(n))
		}
	}
	l.product()
	return l
}

// happens lets n things happen, each to one of the customers. It fails the test where any
// of them ends otherwise than done or rejected.
func (l *life) happens(n int) {
	l.t.Helper()
	for range n {
		id := l.ids[l.random.IntN(len(l.ids))]
		l.n++
		kind := l.random.IntN(kindsOfThings)
		a := l.happensTo(id, kind)
		rejected, _ := a.Body["error"].(float64) // of Altcraft
		switch {
		case a.Status == 0 || a.Status >= 500:
			l.t.Errorf("thing %d to %s: %v", kind, id.Decimal(), a)
		case a.Status < 300 && rejected == 0:
			l.done[kind]++
		}
	}
}

// kindsOfThings is how many happensTo knows.
const kindsOfThings = 17

func (l *life) happensTo(id customer.ID, kind int) client.Answer {
	l.t.Helper()
	loy, ucs := "/loy/profiles/"+id.Decimal(), "/profiles/"+id.Base36()
	update := func(data map[string]any) client.Answer {
		return l.altcraft().Call("update", map[string]any{"matching": "profile_id", "profile_id": id.Hex(), "data": data})
	}
	value, some := l.random.IntN(500)+1, fmt.Sprint(l.random.IntN(4))
	switch kind {
	case 0:
		return update(map[string]any{"_city": "City " + some, "visits": client.Function("incr", 1)})
	case 1:
		return update(map[string]any{"tags": client.Function("add", []string{"tag " + some}), "interests": []any{"hats" + some}})
	case 2:
		return update(map[string]any{"phones": []string{"+4791000" + fmt.Sprintf("%04d", l.n), "+4790009999"}})
	case 3:
		return l.altcraft().Call("subscriptions/set", map[string]any{
			"profile_id": id.Hex(), "resource_id": 1 + l.random.IntN(2), "channel": "sms", "phone": "+4790009999", "status": l.random.IntN(7),
		})
	case 4:
		return l.altcraft().Call("profiles/segstatic/add", map[string]any{"matching": "profile_id", "profile_id": id.Hex(), "segment_id": 1 + l.random.IntN(2)})
	case 5:
		number := fmt.Sprint(7000 + l.n)
		l.records[id] = append(l.records[id], number)
		return l.ask("POST", ucs+"/extensions", map[string]any{"Phone": []any{map[string]any{"prefix": "+1", "PhoneNumber": number}}})
	case 6, 7:
		if len(l.records[id]) == 0 {
			return client.Answer{Status: 404}
		}
		path := ucs + "/extensions/Phone/by/unique"
		record := map[string]any{"prefix": "+1", "PhoneNumber": l.records[id][l.random.IntN(len(l.records[id]))], "description": "call " + some}
		if l.random.IntN(3) == 0 {
			delete(record, "description")
			path = ucs + "/extensions/Phone/delete/by/unique"
		}
		return l.ask("PUT", path, record)
	case 8:
		is := l.ask("GET", ucs, nil)
		is.Body["LastName"] = "Last " + some
		delete(is.Body, "customer_id")
		return l.ask("PUT", ucs, map[string]any{"LastName": is.Body["LastName"], "FirstName": is.Body["FirstName"], "EmailAddress": is.Body["EmailAddress"]})
	case 9:
		return l.ask("PUT", loy+"/points/add.json", map[string]any{"point": map[string]any{"value": value, "ref_id": fmt.Sprint("ref ", l.n)}}, "Idempotency-Key", fmt.Sprint("key ", l.n))
	case 10:
		return l.ask("PUT", loy+"/points/subtract.json", map[string]any{"point": map[string]any{"value": value}})
	case 11:
		order := fmt.Sprint(l.random.IntN(12))
		a := l.ask("POST", loy+"/orders.json", map[string]any{"order": map[string]any{"id": "order " + order, "total": 1000 * value}})
		if a.Status == 200 {
			l.orders[id] = append(l.orders[id], order)
		}
		return a
	case 12:
		if len(l.orders[id]) == 0 {
			return client.Answer{Status: 404}
		}
		return l.ask("POST", loy+"/orders/order%20"+l.orders[id][l.random.IntN(len(l.orders[id]))]+"/return.json", map[string]any{"return": map[string]any{"amount": 100 * value}})
	case 13:
		a := l.ask("POST", loy+"/points/holds.json", map[string]any{"hold": map[string]any{"points": value}})
		hold, _ := a.Body["hold"].(map[string]any)
		if a.Status != 200 || hold == nil {
			return a
		}
		end := []string{"void", "commit"}[l.random.IntN(2)] // an open one would reject a merge
		return l.ask("POST", fmt.Sprint(loy, "/points/holds/", hold["id"], "/", end, ".json"), map[string]any{end: map[string]any{}})
	case 14:
		return l.ask("PUT", "/manual_purchase", map[string]any{"profile_pk": 1, "user_id": id.Hex(), "custom_purchase_id": fmt.Sprint("purchase ", l.n)})
	case 15:
		return l.imported(fmt.Sprintf("email,_city,visits:incr,points.add,points.ref_id\n%[1]s,Town %[2]s,1,%[3]d,row %[4]d\nnobody,,,,\n%[1]s,,1,,\n",
			client.Email(slices.Index(l.ids, id)+1), some, value, l.n))
	default:
		return l.ask("POST", "/user_task_execution", map[string]any{"user_id": id.Hex(), "task_pk": 1})
	}
}

// imported imports a file. The answer is its import.
func (l *life) imported(file string) client.Answer {
	l.t.Helper()
	key := fmt.Sprintf("imports/tenant=5/matching=email/%d.csv", l.n)
	client.Drop(l.t, l.s, l.files, key, file, nil)
	var a client.Answer
	client.Eventually(l.t, "the import of "+key, func() bool {
		a = l.must("GET", "/imports?limit=1", nil)
		newest, _ := list(a.Body["imports"])[0].(map[string]any)
		a.Body = newest
		return newest["key"] == key && newest["state"] == "done"
	})
	if a.Figure("rejected") != 1 || a.Figure("updated") != 2 {
		l.t.Errorf("import = %v", a)
	}
	return a
}

// figures are those of all customers together.
func (l *life) figures() (sum points.Figures) {
	l.t.Helper()
	for _, id := range l.ids {
		p, err := l.s.Store.Profile(l.t.Context(), devserver.Tenant, id)
		if err != nil {
			l.t.Fatal(err)
		}
		f := p.Account.Figures
		sum = points.Figures{
			Available: sum.Available + f.Available, Used: sum.Used + f.Used, Incoming: sum.Incoming + f.Incoming, Ranking: sum.Ranking + f.Ranking,
			Spent: sum.Spent + f.Spent, Orders: sum.Orders + f.Orders, Held: sum.Held + f.Held,
		}
	}
	return sum
}

// mergeBy merges two customers by a rule for records that cannot be there together.
func (l *life) mergeBy(stays, goes customer.ID) {
	l.t.Helper()
	r := l.request(stays, goes)
	r.Rules = domain.Rules{"extension.Phone": []domain.Rule{domain.Kept, domain.Other}[l.random.IntN(2)]}
	if _, err := l.s.Merges.Merge(l.t.Context(), r); err != nil {
		l.t.Fatalf("merge: %v", err)
	}
}

// mergeAndBack merges two customers and parts them again; both are as they were, item by
// item, and all together have the points that they had.
func (l *life) mergeAndBack(what string, stays, goes customer.ID) {
	l.t.Helper()
	before, sum := l.items(), l.figures()
	l.mergeBy(stays, goes)
	if merged := l.figures(); merged != sum {
		l.t.Errorf("%s: merged they have %+v, want %+v", what, merged, sum)
	}
	l.unmerge(goes)
	if parted := l.figures(); parted != sum {
		l.t.Errorf("%s: parted they have %+v, want %+v", what, parted, sum)
	}
	after := l.items()
	for name, row := range after { // one that the merge opened stays, without points: it has a ledger
		if _, was := before[name]; !was && strings.HasSuffix(name, " ACCOUNT") && slices.Equal(slices.Sorted(maps.Keys(row)), []string{"gsi2pk", "n", "pk", "sk"}) {
			delete(after, name)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		l.t.Errorf("%s: merged and unmerged (-before +after):\n%s", what, diff)
	}
}

// Whatever happened to customers before, while they were merged, and after that: a merge
// that is undone at once leaves both as they were, item by item; no merge and no unmerge
// changes what all have together; and the history of each leads to what it is.
func TestRandomHistories(t *testing.T) { randomHistories(t, 2, 25) }

func TestProveRandomHistories(t *testing.T) {
	if client.Proving() {
		randomHistories(t, 40, 60)
	}
}

func randomHistories(t *testing.T, lives, things int) {
	t.Parallel()
	for seed := range lives {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l := newLife(t, uint64(1000*things+seed))
			client.Work(t, l.s) // which imports
			l.happens(things)
			pair := l.random.Perm(len(l.ids))
			stays, goes := l.ids[pair[0]], l.ids[pair[1]]
			l.mergeAndBack("before", stays, goes)
			l.mergeAndBack("in the other direction", goes, stays)

			l.mergeBy(stays, goes)
			l.happens(things)
			l.audit()
			sum := l.figures()
			l.unmerge(goes)
			if parted := l.figures(); parted != sum {
				t.Errorf("parted they have %+v, want %+v", parted, sum)
			}
			l.audit()
			l.happens(things)
			l.mergeAndBack("after", stays, goes)
			l.audit()
			least := kindsOfThings / 2
			if things > 50 {
				least = kindsOfThings - 2
			}
			if len(l.done) < least {
				t.Errorf("things of %d kinds only were done: %v", len(l.done), l.done)
			}
			if n := client.CheckHistory(t, l.s, l.ids...); n < things/3 {
				t.Errorf("%d changes in %d histories", n, len(l.ids))
			}
		})
	}
}

// While two customers are merged and parted each id and each value of theirs is answered
// for by one customer at any moment, in all dialects.
func TestOneAnswersAtAnyMoment(t *testing.T) { oneAnswers(t, 3) }

func TestProveOneAnswersAtAnyMoment(t *testing.T) {
	if client.Proving() {
		oneAnswers(t, 100)
	}
}

func oneAnswers(t *testing.T, rounds int) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"rate_limit": map[string]any{"size": 0}}); err != nil {
		t.Fatal(err)
	}
	stays, goes := h.full(1), h.full(2)
	list := func(path string) func() (client.Answer, any) {
		return func() (client.Answer, any) {
			a := h.ask("GET", path, nil)
			profiles := list(a.Body["profiles"])
			if len(profiles) != 1 {
				return a, len(profiles)
			}
			return a, profiles[0].(map[string]any)["id"]
		}
	}
	asks := map[string]func() (client.Answer, any){
		"Altcraft, by e-mail": func() (client.Answer, any) {
			a := h.altcraft().Call("get", map[string]any{"email": client.Email(2)})
			return a, a.Data()["id"]
		},
		"Altcraft, by id": func() (client.Answer, any) {
			a := h.altcraft().Call("get", map[string]any{"matching": "profile_id", "profile_id": goes.Hex()})
			return a, a.Data()["id"]
		},
		"Altcraft, by a match field": func() (client.Answer, any) {
			a := h.altcraft().Call("get", map[string]any{"matching": "custom", "field_name": "CRM_ID", "field_value": "crm1"})
			return a, a.Data()["id"]
		},
		"Genesys, by id": func() (client.Answer, any) {
			a := h.ask("GET", "/profiles/"+goes.Base36(), nil)
			return a, a.Body["customer_id"]
		},
		"Haravan, by id": func() (client.Answer, any) {
			a := h.ask("GET", "/loy/profiles/"+goes.Decimal()+".json", nil)
			return a, profile(a)["id"]
		},
		"Haravan, by e-mail": list("/loy/profiles.json?email=" + client.Email(2)),
		"Mojodex, by id": func() (client.Answer, any) {
			return h.ask("GET", "/purchase?user_id="+goes.Hex(), nil), stays.Hex()
		},
	}
	allowed := []any{stays.Hex(), goes.Hex(), stays.Base36(), goes.Base36(), float64(stays), float64(goes)}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for name, ask := range asks {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					if n == 0 {
						t.Errorf("%s: never asked", name)
					}
					return
				default:
				}
				if a, id := ask(); a.Status != 200 || !slices.Contains(allowed, id) || strings.HasPrefix(name, "Altcraft") && a.Code() != 0 {
					t.Errorf("%s: %v is answered for: %v", name, id, a)
					return
				}
			}
		})
	}
	for range rounds {
		h.merge(stays, goes)
		h.unmerge(goes)
	}
	close(stop)
	group.Wait()
	h.audit()
}

// A mortal's process ends at one of its calls: before the call is sent, or after it was
// carried out.
type mortal struct {
	calls atomic.Int64
	at    int64
	after bool
	end   context.CancelFunc
}

func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.calls.Add(1) != m.at {
		return http.DefaultTransport.RoundTrip(r)
	}
	if m.after {
		if answer, err := http.DefaultTransport.RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
	}
	m.end()
	return nil, context.Canceled
}

// Killed at any call, a merge or an unmerge has been carried out as a whole, or not at
// all: item by item the table is as one of the two leaves it.
func TestKilledAtAnyCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.full(1), h.full(2)
	state := func() map[string]map[string]any {
		all := h.items()
		for name, row := range all { // which say when it was
			if strings.Contains(name, "MERGE") {
				delete(row, "b")
				delete(row, "ttl")
			}
		}
		return all
	}
	act := func(s *devserver.Server, ctx context.Context, merging bool) error {
		r := h.request(stays, goes)
		if merging {
			_, err := s.Merges.Merge(ctx, r)
			return err
		}
		r.Stays = 0
		_, err := s.Merges.Unmerge(ctx, r)
		return err
	}
	parted := state()
	h.merge(stays, goes)
	merged := state()
	h.unmerge(goes)
	done := map[bool]int{}
	for _, merging := range []bool{true, false} {
		// killed acts with a process that ends at a call; 0: at none.
		killed := func(at int64, after bool) (calls int64) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := &mortal{at: at, after: after, end: cancel}
			options := dynamotest.Client(t).Options()
			options.HTTPClient = &http.Client{Transport: m}
			err := act(client.ServiceOn(t, dynamodb.New(options), h.table), ctx, merging)
			is := state()
			carriedOut := cmp.Equal(is, map[bool]map[string]map[string]any{true: merged, false: parted}[merging])
			if !carriedOut && !cmp.Equal(is, map[bool]map[string]map[string]any{true: parted, false: merged}[merging]) || (err == nil) != (at == 0) {
				t.Errorf("merging %t, killed at call %d (sent: %t): %v; (-parted +is):\n%s", merging, at, after, err, cmp.Diff(parted, is))
			}
			if !carriedOut { // the next process does it
				if err := act(h.s, t.Context(), merging); err != nil {
					t.Errorf("after call %d: %v", at, err)
				}
			} else if at > 0 {
				done[merging]++
			}
			if err := act(h.s, t.Context(), !merging); err != nil {
				t.Fatal(err)
			}
			return m.calls.Load()
		}
		calls := killed(0, false)
		for at := int64(1); at <= calls; at++ {
			if at == 1 || at == calls || client.Proving() {
				killed(at, false)
				killed(at, true)
			}
		}
		if merging { // what is undone next
			h.merge(stays, goes)
		}
	}
	if done[true] == 0 || done[false] == 0 {
		t.Errorf("of those that were killed %d merges and %d unmerges were carried out", done[true], done[false])
	}
	h.audit()
}
