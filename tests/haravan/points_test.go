package haravan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/points"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// twoProcesses starts two processes on the club's table and returns the member as
// each of them sees it.
func (c *club) twoProcesses(t *testing.T, m member) [2]member {
	t.Helper()
	var seen [2]member
	for i := range seen {
		seen[i] = m
		seen[i].address = client.Start(t, c.table).Address
	}
	return seen
}

// given adds to an account in one of the ways there are: alone, with terms, as an item
// of a batch.
func given(t *testing.T, m member, n int) client.Answer {
	t.Helper()
	switch n % 8 {
	case 2:
		got := m.batch([]item{{Profile: json.Number(m.id), Action: "add", Value: n}})
		if got.Status == http.StatusOK {
			got.Status = int(results(t, got)[0]["status"].(float64))
		}
		return got
	case 6:
		return m.send(http.MethodPut, m.below("/points/add.json"), fmt.Sprintf(`{"point": {"value": %d, "expires_at": "%d-12-31"}}`, n, time.Now().Year()+1))
	}
	return m.add(n)
}

// TestProveHotAccount: 64 writers on one account, and on a wallet of it, through two
// processes: nothing is lost and nothing is done twice.
func TestProveHotAccount(t *testing.T) {
	c := newClub(t, stamps)
	ann := c.join()
	ann.add(1_000_000).Done(t)
	ben := c.join()
	seen := c.twoProcesses(t, ann)
	operations, writers := client.Size(2000), 64
	if !client.Proving() {
		writers = 16
	}
	var next, balance, done, more, skipped, stamped atomic.Int64
	began := time.Now()
	client.Together(writers, func(i int) bool {
		for {
			n := int(next.Add(1))
			if n > operations {
				return true
			}
			m := seen[n%2]
			var got client.Answer
			switch n % 4 {
			case 0:
				if n%8 == 4 { // held first, and spent in part
					hold := m.hold(`{"points": ` + strconv.Itoa(n) + `}`)
					if hold.Status == http.StatusOK {
						hold = m.end(holdOf(t, hold), "commit", `{"points": 4}`)
					}
					if got = hold; got.Status == http.StatusUnprocessableEntity { // as many as may be are open
						got.Status = http.StatusOK
						skipped.Add(1)
					} else {
						balance.Add(-4)
						more.Add(1)
					}
					break
				}
				if n%3 == 0 {
					got = m.transfer(ben, n)
				} else {
					got = m.subtract(n)
				}
				balance.Add(int64(-n))
			case 1: // a client that sends it three times
				key := strconv.Itoa(n)
				m.add(n, "Idempotency-Key", key)
				m.add(n, "Idempotency-Key", key)
				got = m.add(n, "Idempotency-Key", key)
				balance.Add(int64(n))
			default:
				if n%16 == 3 { // the wallet is an account of its own
					got = m.stamp("add", n)
					stamped.Add(int64(n))
					more.Add(-1)
					break
				}
				got = given(t, m, n)
				balance.Add(int64(n))
			}
			if got.Status != http.StatusOK {
				t.Errorf("operation %d = %v", n, got)
			}
			done.Add(1)
		}
	})
	took := time.Since(began)
	account := c.verified(ann)
	entries := int64(operations) + 1 + more.Load() - skipped.Load()
	if want := 1_000_000 + balance.Load(); account.Available != want || account.Version != entries || account.Held != 0 {
		t.Errorf("the account has %+v after %d entries, want %d points after %d", account.Figures, account.Version, want, entries)
	}
	if got := c.verifiedWallet(ann).Available; got != stamped.Load() {
		t.Errorf("the wallet has %d stamps, want %d", got, stamped.Load())
	}
	c.verified(ben)
	t.Logf("%d operations in %v: %.0f a second on one account", done.Load(), took, float64(done.Load())/took.Seconds())
}

// TestProveLastPoints: of 64 simultaneous subtractions of the last 10 points one
// succeeds.
func TestProveLastPoints(t *testing.T) {
	c := newClub(t, nil)
	seen := c.twoProcesses(t, c.join())
	for round := range client.Size(20) {
		seen[0].add(10).Done(t)
		won := 0
		for _, got := range client.Together(64, func(i int) client.Answer { return seen[i%2].subtract(10) }) {
			switch got.Status {
			case http.StatusOK:
				won++
			case http.StatusUnprocessableEntity:
			default:
				t.Errorf("round %d: %v", round, got)
			}
		}
		if account := c.verified(seen[0]); won != 1 || account.Available != 0 {
			t.Fatalf("round %d: %d succeeded and %d points are left", round, won, account.Available)
		}
	}
}

// TestProveReversals: of reversals asked twice at the same time half are done.
func TestProveReversals(t *testing.T) {
	c := newClub(t, nil)
	seen := c.twoProcesses(t, c.join())
	n := client.Size(400) // tens
	for range n {
		seen[0].add(3).Done(t)
	}
	done, rejected := 0, 0
	for start := 0; start < n; start += 10 { // ten at a time, each twice
		for _, got := range client.Together(20, func(i int) client.Answer { return seen[i%2].reverse(start+i/2+1, "{}") }) {
			switch got.Status {
			case http.StatusOK:
				done++
			case http.StatusUnprocessableEntity:
				rejected++
			default:
				t.Errorf("reverse = %v", got)
			}
		}
	}
	if account := c.verified(seen[0]); done != n || rejected != n || account.Available != 0 {
		t.Errorf("%d done, %d refused, %d points left; want %d, %d and 0", done, rejected, account.Available, n, n)
	}
}

// TestRetriesCreditOnce: a client that repeats every PUT whose answer it did not
// get credits once, with a key or a reference, whatever got lost on the way.
func TestRetriesCreditOnce(t *testing.T) {
	c := newClub(t, map[string]any{"unique_ref_id": true})
	for name, send := range map[string]func(m member) client.Answer{
		"key": func(m member) client.Answer { return m.add(7, "Idempotency-Key", "k") },
		"reference": func(m member) client.Answer {
			return m.send(http.MethodPut, m.below("/points/add.json"), `{"point": {"value": 7, "ref_id": "order-1"}}`)
		},
		"order": func(m member) client.Answer { return m.order(`{"id": "order-1", "total": 7000}`) },
	} {
		t.Run(name, func(t *testing.T) {
			ann := c.join()
			m := c.with(ann, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
				if call.Operation == "TransactWriteItems" && call.N < 12 {
					return faults.LostAnswer // of each attempt of the SDK, too
				}
				return nil
			}})
			for range 4 {
				m.deadline = 2300 * time.Millisecond
				if got := send(m); got.Status == http.StatusOK {
					break // the client did get an answer
				}
			}
			got := send(ann).Done(t)
			if got.Figure("point_available") != 7 || got.Header.Get("Idempotency-Hit") != "true" {
				t.Errorf("the repeat = %v, want the first answer", got)
			}
			if account := c.verified(ann); account.Available != 7 || account.Version != 1 {
				t.Errorf("the account has %d points after %d entries, want 7 after 1", account.Available, account.Version)
			}
		})
	}
}

// TestLostThenHeld: an answer that got lost leaves open whether the change
// happened, and what is said of the next send, that it was throttled or that
// another transaction held an item, does not close it.
func TestLostThenHeld(t *testing.T) {
	c := newClub(t, nil)
	for lost, first := range map[string]faults.Fault{"answer": faults.LostAnswer, "500": faults.FailedAfter, "garbled": faults.Garbled} {
		for held, second := range map[string]faults.Fault{"throttled": faults.Throttled, "conflict": faults.Conflict} {
			t.Run(lost+", "+held, func(t *testing.T) {
				ann := c.join()
				ann.add(10).Done(t)
				sends := 0
				m := c.with(ann, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
					if call.Operation != "TransactWriteItems" {
						return nil
					}
					sends++
					return []faults.Fault{first, second, nil}[min(sends, 3)-1]
				}})
				if got := m.add(5).Done(t); got.Figure("point_available") != 15 {
					t.Errorf("add = %v, want 15 points", got)
				}
				if account := c.verified(ann); account.Available != 15 || account.Version != 2 {
					t.Errorf("the account has %d points after %d entries, want 15 after 2", account.Available, account.Version)
				}
			})
		}
	}
}

// TestKeyOfARepeatIsRemembered: a key whose request had been done before without
// it answers the same from then on, also when references may happen twice again.
func TestKeyOfARepeatIsRemembered(t *testing.T) {
	c := newClub(t, map[string]any{"unique_ref_id": true})
	ann := c.join()
	add := func(header ...string) client.Answer {
		return ann.send(http.MethodPut, ann.below("/points/add.json"), `{"point": {"value": 7, "ref_id": "r"}}`, header...)
	}
	add().Done(t)
	add("Idempotency-Key", "k").Done(t)
	ann.order(`{"id": "1", "total": 1000}`).Done(t)
	ann.order(`{"id": "1", "total": 1000}`, "Idempotency-Key", "o").Done(t)
	if got := ann.order(`{"id": "2", "total": 1000}`, "Idempotency-Key", "o"); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("another order under the key = %v, want refused", got)
	}
	if _, err := c.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"unique_ref_id": false}); err != nil {
		t.Fatal(err)
	}
	m := c.with(ann, &faults.Transport{})
	got := m.send(http.MethodPut, m.below("/points/add.json"), `{"point": {"value": 7, "ref_id": "r"}}`, "Idempotency-Key", "k").Done(t)
	if got.Figure("point_available") != 7 || got.Header.Get("Idempotency-Hit") != "true" {
		t.Errorf("again = %v, want the first answer", got)
	}
	if account := c.verified(ann); account.Version != 2 {
		t.Errorf("%d entries, want 2", account.Version)
	}
}

// TestContentionIsBusy: what could not be decided in time is busy, never rejected.
func TestContentionIsBusy(t *testing.T) {
	c := newClub(t, nil)
	ann := c.join()
	ann.add(10).Done(t)
	m := c.with(ann, &faults.Transport{Plan: func(call faults.Call) faults.Fault { return faults.Conflict }})
	m.deadline = 2300 * time.Millisecond
	for name, got := range map[string]client.Answer{"add": m.add(1), "subtract": m.subtract(1), "keyed": m.add(1, "Idempotency-Key", "k")} {
		if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "1" {
			t.Errorf("%s = %v %v, want 503 with Retry-After", name, got, got.Header)
		}
	}
	if account := c.verified(ann); account.Version != 1 {
		t.Errorf("%d entries, want 1", account.Version)
	}
}

// TestProvePointsFaults plays each passing fault at each call of each change. The
// answer is the one without faults, and it is done once.
func TestProvePointsFaults(t *testing.T) {
	c := newClub(t, nil)
	ben := c.join()
	for name, do := range map[string]func(m member) client.Answer{
		"transfer":       func(m member) client.Answer { return m.transfer(ben, 2, "Idempotency-Key", "k") },
		"first add":      func(m member) client.Answer { return m.add(5) },
		"add with a key": func(m member) client.Answer { return m.add(5, "Idempotency-Key", "k") },
		"subtract":       func(m member) client.Answer { return m.subtract(4) },
		"reverse":        func(m member) client.Answer { return m.reverse(1, `{"value": 4}`) },
		"hold":           func(m member) client.Answer { return m.hold(`{"points": 4}`) },
		"commit":         func(m member) client.Answer { return m.end(2, "commit", `{"points": 3}`, "Idempotency-Key", "k") },
		"void":           func(m member) client.Answer { return m.end(2, "void", `{}`, "Idempotency-Key", "k") },
		"order": func(m member) client.Answer {
			return m.order(`{"id": "` + m.id + `", "total": 9000, "points_used": 2}`)
		},
		"order with a key": func(m member) client.Answer {
			return m.order(`{"id": "`+m.id+`", "total": 9000}`, "Idempotency-Key", "k")
		},
	} {
		play := func(plan func(faults.Call) faults.Fault) (client.Answer, []faults.Call, points.Account) {
			m := c.join()
			if name != "first add" {
				m.add(10).Done(t)
			}
			if name == "commit" || name == "void" {
				m.hold(`{"points": 4}`).Done(t)
			}
			transport := &faults.Transport{Plan: plan}
			through := c.with(m, transport)
			warm := len(transport.Calls())
			got := do(through)
			return got, transport.Calls()[warm:], c.verified(m)
		}
		plain, calls, want := play(nil)
		if plain.Status != http.StatusOK {
			t.Fatalf("%s = %v", name, plain)
		}
		for at := range calls {
			for i, fault := range slices.Sorted(maps.Keys(client.PassingFaults)) {
				for _, times := range client.InARow() {
					if !client.Proving() && (i+at)%4 != 0 {
						continue
					}
					got, _, account := play(func(call faults.Call) faults.Fault {
						if call.N >= at && call.N < at+times {
							return client.PassingFaults[fault]
						}
						return nil
					})
					if got.Status != http.StatusOK || available(got) != available(plain) {
						t.Errorf("%s, %s %d times at call %d = %v, want %v", name, fault, times, at, got, plain)
					}
					if account.Figures != want.Figures || account.Version != want.Version {
						t.Errorf("%s, %s %d times at call %d came to %+v, want %+v", name, fault, times, at, account, want)
					}
				}
			}
		}
	}
}

// available are the points that an answer shows, of the profile or beside a hold.
func available(a client.Answer) any {
	if profile, ok := a.Body["profile"].(map[string]any); ok {
		return profile["point_available"]
	}
	return a.Body["point_available"]
}

// TestDisabledOrDeletedMeanwhile: who is disabled or deleted between the calls of a
// change spends nothing, whether there is an account already or not.
func TestDisabledOrDeletedMeanwhile(t *testing.T) {
	c := newClub(t, nil)
	altcraft := client.Altcraft{T: t, Handler: c.Server}
	for _, opened := range []bool{true, false} {
		for _, at := range []string{"Query", "TransactWriteItems"} {
			t.Run(fmt.Sprintf("account %t, before %s", opened, at), func(t *testing.T) {
				between := func(m member, somebody func()) member {
					did := false
					return c.with(m, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
						if call.Operation != at || did {
							return nil
						}
						did = true
						return faults.Before(somebody)
					}})
				}
				ann := c.join()
				if opened {
					ann.add(10).Done(t)
				}
				address := client.Email(c.n)
				disable := func() {
					altcraft.Must("update", map[string]any{"email": address, "data": map[string]any{"loyalty_status": "disabled"}})
				}
				got := between(ann, disable).order(`{"id": "` + ann.id + `", "total": 1000, "points_used": 0}`).Done(t)
				if got.Body["status"] != "disabled" {
					t.Errorf("the order of a profile that was disabled meanwhile = %v", got)
				}
				if got := ann.subtract(1); got.Status != http.StatusUnprocessableEntity {
					t.Errorf("subtract = %v, want refused", got)
				}
				before := c.verified(ann).Version
				remove := func() { altcraft.Must("delete", map[string]any{"email": address}) }
				if got := between(ann, remove).add(1); got.Status != http.StatusNotFound {
					t.Errorf("add to a profile that is deleted meanwhile = %v, want 404", got)
				}
				if got := c.verified(ann).Version; got != before {
					t.Errorf("%d entries, want %d", got, before)
				}

				ben := c.join()
				if opened {
					ben.add(10).Done(t)
				}
				address = client.Email(c.n)
				if got := between(ben, remove).add(1); got.Status != http.StatusNotFound {
					t.Errorf("add to a new profile that is deleted meanwhile = %v, want 404", got)
				}
			})
		}
	}
}

// TestAccountOpenedMeanwhile: a customer that is disabled or deleted while its
// account is opened takes the account along.
func TestAccountOpenedMeanwhile(t *testing.T) {
	c := newClub(t, nil)
	for name, change := range map[string]func(a client.Altcraft, address string){
		"disabled": func(a client.Altcraft, address string) {
			a.Must("update", map[string]any{"email": address, "data": map[string]any{"loyalty_status": "disabled"}})
		},
		"deleted": func(a client.Altcraft, address string) { a.Must("delete", map[string]any{"email": address}) },
	} {
		t.Run(name, func(t *testing.T) {
			ann := c.join()
			address := client.Email(c.n)
			opened := false
			transport := &faults.Transport{Plan: func(call faults.Call) faults.Fault {
				if call.Operation != "TransactWriteItems" || opened {
					return nil
				}
				opened = true
				return faults.Before(func() { ann.add(10).Done(t) })
			}}
			change(client.Altcraft{T: t, Handler: client.ServiceOn(t, client.FaultyDB(t, transport), c.table)}, address)
			if got := ann.subtract(1); got.Status == http.StatusOK {
				t.Errorf("subtract from a profile that is %s = %v, want refused", name, got)
			}
			if account := c.verified(ann); account.Available != 10 || account.Disabled == account.Deleted {
				t.Errorf("the account is %+v", account)
			}
		})
	}
}

// TestDeletionErasesTexts: the ledger of a deleted customer loses its texts and
// salts, and still proves the account.
func TestDeletionErasesTexts(t *testing.T) {
	c := newClub(t, map[string]any{"unique_ref_id": true})
	ann := c.join()
	for n := range 170 { // more than one step
		ann.send(http.MethodPut, ann.below("/points/add.json"), fmt.Sprintf(`{"point": {"value": 2, "reason": "secret", "ref_id": "ref %d"}}`, n)).Done(t)
	}
	ann.order(`{"id": "secret order", "total": 5000}`, "Idempotency-Key", "k").Done(t)
	ann.reverse(1, "{}").Done(t)
	hold := holdOf(t, ann.hold(`{"points": 2, "reason": "secret", "ref_id": "secret"}`).Done(t))
	ann.end(hold, "void", `{"reason": "secret"}`).Done(t)
	before := c.verified(ann)
	client.Altcraft{T: t, Handler: c.Server}.Must("delete", map[string]any{"email": client.Email(c.n)})

	service := points.NewService(c.Store, time.Now)
	settled, err := service.SettleDue(t.Context(), devserver.Tenant, c.rules())
	if err != nil || settled.Changed != 1 {
		t.Fatalf("SettleDue() = %+v, %v, want one changed", settled, err)
	}
	if after := c.verified(ann); after.Head != before.Head || after.Figures != before.Figures || after.Erased != before.Version {
		t.Errorf("the account is %+v, want %+v, erased", after, before)
	}
	id, _ := customer.ParseDecimal(ann.id)
	entries, err := c.Store.Entries(t.Context(), devserver.Tenant, id, 1, 1000, 1000)
	if err != nil || len(entries) != 174 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if !e.Erased() || e.Text != (points.Text{}) {
			t.Fatalf("entry %d says %+v still", e.Seq, e.Text)
		}
	}
	if order, err := c.Store.Order(t.Context(), devserver.Tenant, id, "secret order"); err != nil || !order.Absent() {
		t.Errorf("the order is %+v, %v", order, err)
	}
	if ends, err := c.Store.HoldEnds(t.Context(), devserver.Tenant, id, 0, 10); err != nil || len(ends) != 0 {
		t.Errorf("the ends of holds are %+v, %v, want none", ends, err)
	}
	if settled, err := service.SettleDue(t.Context(), devserver.Tenant, c.rules()); err != nil || settled.Seen != 0 {
		t.Errorf("SettleDue() again = %+v, %v, want nothing due", settled, err)
	}
}

// TestEntriesAreNotReplaced: where the number of the next entry is taken, nothing is
// written over it, whatever the account says.
func TestEntriesAreNotReplaced(t *testing.T) {
	c := newClub(t, nil)
	ann := c.join()
	ann.add(5).Done(t)
	id, _ := customer.ParseDecimal(ann.id)
	taken := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "C#5#" + id.Base36()}, "sk": &types.AttributeValueMemberS{Value: "LEDGER#000000000002"},
	}
	if _, err := dynamotest.Client(t).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: taken}); err != nil {
		t.Fatal(err)
	}
	ann.deadline = 2100 * time.Millisecond
	if got := ann.add(5); got.Status != http.StatusServiceUnavailable {
		t.Errorf("add = %v, want 503", got)
	}
	ann.deadline = 0
	if got := ann.profile()["point_available"]; got != 5.0 {
		t.Errorf("%v points, want 5", got)
	}
}

// TestWhatHappensOnceIsNotReplaced: orders, references, reversals and requests have
// a guard of their own, besides that of the account.
func TestWhatHappensOnceIsNotReplaced(t *testing.T) {
	c := newClub(t, map[string]any{"unique_ref_id": true})
	for prefix, do := range map[string]func(m member) client.Answer{
		"ORDER#":    func(m member) client.Answer { return m.order(`{"id": "1", "total": 5000}`) },
		"REVERSED#": func(m member) client.Answer { return m.reverse(1, `{"value": 1}`) },
		"HOLD#":     func(m member) client.Answer { return m.end(2, "void", `{}`) },
		"REQUEST#":  func(m member) client.Answer { return m.add(5, "Idempotency-Key", "k") },
		"REF#": func(m member) client.Answer {
			return m.send(http.MethodPut, m.below("/points/add.json"), `{"point": {"value": 5, "ref_id": "r"}}`)
		},
	} {
		t.Run(prefix, func(t *testing.T) {
			ann, ben := c.join(), c.join()
			ann.add(5).Done(t)
			ben.add(5).Done(t)
			entries := int64(1)
			if prefix == "HOLD#" {
				ann.hold(`{"points": 2}`).Done(t)
				ben.hold(`{"points": 2}`).Done(t)
				entries = 2
			}
			do(ann).Done(t)
			taken := c.keyBelow(ann, prefix)
			taken["pk"] = c.keyBelow(ben, "ACCOUNT")["pk"]
			m := c.with(ben, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
				if call.Operation != "TransactWriteItems" {
					return nil
				}
				return faults.Before(func() {
					if _, err := dynamotest.Client(t).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: taken}); err != nil {
						t.Error(err)
					}
				})
			}})
			m.deadline = 2100 * time.Millisecond
			if got := do(m); got.Status == http.StatusOK {
				t.Errorf("answer = %v, want none", got)
			}
			if account := c.verified(ben); account.Version != entries {
				t.Errorf("%d entries, want %d", account.Version, entries)
			}
		})
	}
}

// keyBelow is the key of the member's first item whose sort key begins so.
func (c *club) keyBelow(m member, prefix string) map[string]types.AttributeValue {
	c.t.Helper()
	id, _ := customer.ParseDecimal(m.id)
	out, err := dynamotest.Client(c.t).Query(c.t.Context(), &dynamodb.QueryInput{
		TableName: &c.table, KeyConditionExpression: aws.String("pk = :c and begins_with(sk, :p)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":c": &types.AttributeValueMemberS{Value: "C#5#" + id.Base36()}, ":p": &types.AttributeValueMemberS{Value: prefix},
		},
	})
	if err != nil || len(out.Items) == 0 {
		c.t.Fatalf("no %s: %v", prefix, err)
	}
	return map[string]types.AttributeValue{"pk": out.Items[0]["pk"], "sk": out.Items[0]["sk"]}
}

// TestVerifyNamesTheFlaw: whatever is altered in the table, the first entry that
// does not fit is named.
func TestVerifyNamesTheFlaw(t *testing.T) {
	c := newClub(t, nil)
	db := dynamotest.Client(t)
	number := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
	tests := []struct {
		name, sk, attribute string               // no attribute: the item goes
		value               types.AttributeValue // nil: the attribute goes
		seq                 int64
	}{
		{"a change", "LEDGER#000000000002", "fa", number(99), 2},
		{"a balance", "LEDGER#000000000003", "ba", number(99), 3},
		{"a reason", "LEDGER#000000000002", "rs", &types.AttributeValueMemberS{Value: "other"}, 2},
		{"a salt that is gone", "LEDGER#000000000002", "s", nil, 2},
		{"a kind", "LEDGER#000000000001", "k", &types.AttributeValueMemberS{Value: "subtract"}, 1},
		{"a time", "LEDGER#000000000002", "u", number(1), 2},
		{"a hash", "LEDGER#000000000002", "h", &types.AttributeValueMemberB{Value: make([]byte, 32)}, 2},
		{"an entry that is gone", "LEDGER#000000000002", "", nil, 2},
		{"the last entry is gone", "LEDGER#000000000003", "", nil, 3},
		{"the account's balance", "ACCOUNT", "fa", number(99), 4},
		{"the account's version", "ACCOUNT", "v", number(2), 3},
		{"the account's lots", "ACCOUNT", "lt", &types.AttributeValueMemberB{Value: []byte{2, 2}}, 4},
		{"what a hold set aside", "LEDGER#000000000003", "fh", number(1), 3},
		{"when a hold ends", "LEDGER#000000000003", "hu", number(1), 3},
		{"the account's holds", "ACCOUNT", "hd", nil, 4},
		{"what the account holds", "ACCOUNT", "fh", number(1), 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := c.join()
			for range 2 {
				m.add(5).Done(t)
			}
			m.hold(`{"points": 2}`).Done(t)
			id, _ := customer.ParseDecimal(m.id)
			key := map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: "C#5#" + id.Base36()}, "sk": &types.AttributeValueMemberS{Value: tt.sk},
			}
			var err error
			switch {
			case tt.attribute == "":
				_, err = db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &c.table, Key: key})
			case tt.value == nil:
				_, err = db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
					TableName: &c.table, Key: key, UpdateExpression: aws.String("REMOVE #a"),
					ExpressionAttributeNames: map[string]string{"#a": tt.attribute},
				})
			default:
				_, err = db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
					TableName: &c.table, Key: key, UpdateExpression: aws.String("SET #a = :v"),
					ExpressionAttributeNames: map[string]string{"#a": tt.attribute}, ExpressionAttributeValues: map[string]types.AttributeValue{":v": tt.value},
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			report, err := points.NewService(c.Store, time.Now).Verify(t.Context(), devserver.Tenant, id)
			if err != nil || report.Mismatch == nil || report.Mismatch.Seq != tt.seq {
				t.Errorf("Verify() = %+v %v, want a flaw at %d", report.Mismatch, err, tt.seq)
			}
		})
	}
	if _, err := points.NewService(c.Store, time.Now).Verify(t.Context(), devserver.Tenant, 4096); !errors.Is(err, points.ErrNotFound) {
		t.Errorf("Verify() of nobody = %v", err)
	}
}

// One order that is sent for eight profiles at once earns for one of them.
func TestOrderBelongsToOneProfile(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	members := make([]member, 8)
	for i := range members {
		members[i] = c.join()
	}
	for _, order := range []string{"A1", "A2", "A3"} {
		var all sync.WaitGroup
		answers := make([]client.Answer, 2*len(members))
		for i := range answers {
			all.Go(func() { answers[i] = members[i%len(members)].order(`{"id": "` + order + `", "total": 5000}`) })
		}
		all.Wait()
		paid := map[int]bool{}
		for i, a := range answers {
			switch a.Status {
			case http.StatusOK:
				paid[i%len(members)] = true
			case http.StatusUnprocessableEntity:
			default:
				t.Errorf("%s: %v", order, a)
			}
		}
		if len(paid) != 1 {
			t.Errorf("%s earned for %d profiles", order, len(paid))
		}
	}
	total := 0.0
	for _, m := range members {
		c.verified(m)
		total += m.profile()["point_available"].(float64)
	}
	if total != 15 {
		t.Errorf("%v points were earned, want 15", total)
	}
}
