package haravan

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/meter"
	"regulars/shared/points"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// met are the faults that one in eight of the calls meets.
var met = []faults.Fault{
	faults.Throttled, faults.Conflict, faults.InProgress, faults.LostRequest, faults.LostAnswer, faults.FailedAfter, faults.Garbled,
}

// TestProveChangesTogether: 16 writers in one process and one in another add to an account,
// subtract from it and undo that, each now and then again under the same key, while calls
// fail: the entries prove the account, each answer is what the entry says, and each change
// was made once.
func TestProveChangesTogether(t *testing.T) {
	for _, ledger := range []struct {
		name   string
		wallet int
		unique bool
	}{{"points", 0, false}, {"wallet, references once", 1, true}} {
		t.Run(ledger.name, func(t *testing.T) { changeTogether(t, ledger.wallet, ledger.unique) })
	}
}

func changeTogether(t *testing.T, wallet int, unique bool) {
	c := newClub(t, stamps)
	owner, err := customer.ParseDecimal(c.join().id)
	if err != nil {
		t.Fatal(err)
	}
	id := points.LedgerOf(owner, wallet)
	rules := c.rules()
	rules.UniqueRefID = unique
	var calls, failed atomic.Int64
	transport := &faults.Transport{Plan: func(faults.Call) faults.Fault {
		calls.Add(1)
		if rand.IntN(8) > 0 {
			return nil
		}
		failed.Add(1)
		return met[rand.IntN(len(met))]
	}}
	together := points.NewService(dynamo.New(client.FaultyDB(t, transport), c.table, time.Now), time.Now)
	other := points.NewService(c.Store, time.Now)

	var mutex sync.Mutex
	answers := map[string]string{} // by key; each is of one entry
	changes, rejected := 0, 0
	n := client.Size(1600) / 16
	client.Together(17, func(writer int) bool {
		service := together
		if writer == 16 {
			service = other
		}
		for i := range n {
			key := fmt.Sprintf("%d-%d", writer, i)
			ask := func() (string, error) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				ctx, _ = meter.With(ctx)
				r := points.Request{
					Tenant: devserver.Tenant, ID: id, Rules: rules, Actor: key, IdempotencyKey: &idempotency.Key{Value: key, Fingerprint: "same"},
					Show: func(p points.Profile) ([]byte, error) {
						return json.Marshal([]any{p.Account.Version, p.Account.Figures})
					},
				}
				var got points.Result
				var err error
				switch {
				case i%8 == 3: // one that was made before, perhaps of another writer
					got, err = service.Reverse(ctx, r, int64(1+i), 1, "")
				case i%3 == 2:
					got, err = service.Subtract(ctx, r, int64(1+i%7), "", key)
				default:
					got, err = service.Add(ctx, r, int64(1+i%5), "", key)
				}
				return string(got.Answer), err
			}
			times := 1
			if (writer+i)%4 == 0 {
				times = 3
			}
			came := client.Together(times, func(int) string {
				answer, err := ask()
				if _, isClient := errs.AsClient(err); isClient {
					return "rejected"
				}
				if err != nil {
					t.Errorf("change %s: %v", key, err)
				}
				return answer
			})
			slices.Sort(came)
			mutex.Lock()
			came = slices.DeleteFunc(came, func(s string) bool { return s == "rejected" }) // one of them may have come too early
			if changes++; len(came) == 0 {
				rejected++
			} else if answers[key] = came[0]; came[0] != came[len(came)-1] {
				t.Errorf("change %s was answered %v", key, came)
			}
			mutex.Unlock()
		}
		return true
	})
	report, err := other.Verify(t.Context(), devserver.Tenant, id)
	if err != nil || report.Mismatch != nil || report.Entries != report.Account.Version {
		t.Fatalf("verify = %+v %v, %v", report, report.Mismatch, err)
	}
	entries, err := c.Store.Entries(t.Context(), devserver.Tenant, id, 1, points.Max, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, e := range entries {
		answer, _ := json.Marshal([]any{e.Seq, e.Balance})
		if said[e.Actor] != "" {
			t.Errorf("change %s was made twice", e.Actor)
		}
		said[e.Actor] = string(answer)
	}
	for key, answer := range answers {
		if said[key] != answer {
			t.Errorf("change %s was answered %s, its entry says %s", key, answer, said[key])
		}
	}
	if len(said) != len(answers) || rejected == changes {
		t.Errorf("%d entries, %d changes were answered, %d rejected", len(said), len(answers), rejected)
	}
	t.Logf("%d changes, %d of them rejected, in %d calls with %d faults", changes, rejected, calls.Load(), failed.Load())
}

// TestChangesTogetherCost: five additions that wait for one take a read and a transaction,
// an entry each, on the points and on a wallet, whose customer is checked once.
func TestChangesTogetherCost(t *testing.T) {
	c := newClub(t, stamps)
	for wallet, want := range []string{"rt=4;r=2;w=16", "rt=4;r=4;w=20"} { // 4 and 2+2*5; a wallet's changes check the customer, at 2
		t.Run(fmt.Sprint("wallet ", wallet), func(t *testing.T) {
			owner, err := customer.ParseDecimal(c.join().id)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			meet(t, c, points.LedgerOf(owner, wallet)) // opens the account
			for range 20 {                             // those that come late do not meet the others
				if got = meet(t, c, points.LedgerOf(owner, wallet)); got == want {
					break
				}
			}
			if got != want {
				t.Errorf("six additions, of which five waited, consumed %s, want %s", got, want)
			}
		})
	}
}

// meet adds points to an account, and again five times while that is under way. It returns
// what all of them consumed.
func meet(t *testing.T, c *club, id customer.ID) string {
	t.Helper()
	var service *points.Service
	var group sync.WaitGroup
	var used meter.Meter
	add := func() {
		ctx, m := meter.With(t.Context())
		_, err := service.Add(ctx, points.Request{
			Tenant: devserver.Tenant, ID: id, Rules: c.rules(), Show: func(points.Profile) ([]byte, error) { return []byte("{}"), nil },
		}, 1, "", "")
		if err != nil {
			t.Error(err)
		}
		use := m.Use()
		used.Add(use.Trips, int64(2*use.Read), use.Write)
	}
	var once sync.Once
	transport := &faults.Transport{Plan: func(call faults.Call) (fault faults.Fault) {
		if call.Operation == "TransactWriteItems" {
			once.Do(func() {
				fault = faults.Before(func() {
					for range 5 {
						group.Go(add)
					}
					time.Sleep(50 * time.Millisecond)
				})
			})
		}
		return fault
	}}
	service = points.NewService(dynamo.New(client.FaultyDB(t, transport), c.table, time.Now), time.Now)
	add()
	group.Wait()
	return used.Use().String()
}
