package altcraft

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mathrand "math/rand/v2"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// populate makes n customers of the local tenant, without e-mails and phones, that
// were created in the milliseconds before now. It returns their ids, ascending.
func populate(t *testing.T, l *devserver.Server, n int) []customer.ID {
	t.Helper()
	const makers = 4
	now := time.Now()
	ids := make([]customer.ID, n)
	var group sync.WaitGroup
	for maker := range makers {
		group.Go(func() {
			for i := maker; i < n; i += makers {
				ids[i] = customer.NewID(now.Add(time.Duration(i-n)*time.Millisecond), mathrand.Uint64())
				made := customer.Customer{ID: ids[i], Changed: now.UTC(), FirstName: fmt.Sprint("n", i), Custom: map[string]any{"even": i%2 == 0}}
				err := l.Store.Commit(t.Context(), customer.Commit{
					ID: rand.Text(), Tenant: devserver.Tenant, Before: customer.Record{Customer: customer.Customer{ID: ids[i]}}, After: made,
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return ids
}

// walk lists page by page and returns the ids in the order in which they were met.
// meanwhile is called before each page.
func walk(c client.Altcraft, body map[string]any, meanwhile func()) []string {
	c.T.Helper()
	var met []string
	asked := map[string]any{"fields": []string{"_id"}}
	for name, v := range body {
		asked[name] = v
	}
	for {
		meanwhile()
		page := c.Must("list", asked)
		for _, profile := range page.Body["data"].([]any) {
			met = append(met, profile.(map[string]any)["id"].(string))
		}
		next, more := page.Body["next_from_id"].(string)
		if !more {
			return met
		}
		if last, _ := asked["from_id"].(string); next <= last {
			c.T.Fatalf("from %q the list goes on at %q, want further on", last, next)
		}
		asked["from_id"] = next
	}
}

// TestProveWalk walks over many customers while others are made, changed and
// deleted: each that stays is met once, and nobody twice.
func TestProveWalk(t *testing.T) {
	l := client.NewService(t)
	c := client.Altcraft{T: t, Handler: l}
	ids := populate(t, l, client.Size(10_000))
	var staying, going []string
	for i, id := range ids {
		if i%10 == 7 {
			going = append(going, id.Hex())
		} else {
			staying = append(staying, id.Hex())
		}
	}

	for name, query := range map[string]map[string]any{"all": {}, "those with a field": {"even": map[string]any{"$exists": true}}} {
		t.Run(name, func(t *testing.T) {
			stop := make(chan struct{})
			var writers sync.WaitGroup
			for writer := range 3 {
				writers.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						default:
						}
						id := staying[(n*37+writer)%len(staying)]
						switch {
						case writer == 0:
							c.Must("import", map[string]any{"email": fmt.Sprintf("%s-%d@example.com", strings.ReplaceAll(name, " ", "-"), n), "data": map[string]any{}})
						case writer == 1:
							c.Must("update", map[string]any{"profile_id": id, "data": map[string]any{"_city": fmt.Sprint(n)}})
						case n < len(going):
							c.Call("delete", map[string]any{"matching": "profile_id", "profile_id": going[n]})
						default:
							return
						}
					}
				})
			}
			met := walk(c, map[string]any{"limit": 250, "query": query}, func() {})
			close(stop)
			writers.Wait()

			if !slices.IsSorted(met) || len(slices.Compact(slices.Clone(met))) != len(met) {
				t.Errorf("%d were met, not in order or some of them twice", len(met))
			}
			missed := 0
			for _, id := range staying {
				if _, was := slices.BinarySearch(met, id); !was {
					missed++
				}
			}
			if missed > 0 {
				t.Errorf("%d of %d that stayed were not met", missed, len(staying))
			}
			t.Logf("met %d, of whom %d were there from the beginning to the end", len(met), len(staying))
		})
	}
}

// TestListCosts demands the figures of docs/performance.md.
func TestListCosts(t *testing.T) {
	l := client.NewService(t)
	c := client.Altcraft{T: t, Handler: l}
	populate(t, l, 120)
	c.Call("list", nil) // remembers token and settings
	steps := []struct {
		name string
		body map[string]any
		want string
	}{
		{"a list of 50", map[string]any{"limit": 50}, "rt=2;r=54;w=0"},
		{"a list of 100", map[string]any{"limit": 100}, "rt=2;r=104;w=0"},
		{"all 120, in two pieces", map[string]any{}, "rt=4;r=128;w=0"},
		{"whom a query means, of all", map[string]any{"query": map[string]any{"_fname": "n7"}, "limit": 50}, "rt=4;r=128;w=0"},
		{"nobody", map[string]any{"from_id": customer.NewID(time.Now(), 1<<12-1).Hex()}, "rt=1;r=4;w=0"},
		{"nobody, from a time that is to come", map[string]any{"from_id": strings.Repeat("0", 10) + "1ffffffffffffe"}, "rt=0;r=0;w=0"},
	}
	for _, step := range steps {
		got := c.Must("list", step.body)
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want {
			t.Errorf("%s consumed %s, want %s", step.name, use, step.want)
		}
	}
	c.Must("import", map[string]any{"email": client.Email(1), "data": map[string]any{}})
	client.AwaitNewHour(t, 20*time.Second)
	// its owner is remembered: a round trip fewer than docs/costs.md has at first
	for _, step := range []struct{ method, want string }{
		{"profiles/segstatic/add", "rt=2;r=2;w=1"}, {"profiles/segstatic/add", "rt=1;r=2;w=0"}, {"profiles/segstatic/remove", "rt=2;r=2;w=1"},
	} {
		got := c.Must(step.method, map[string]any{"email": client.Email(1), "segment_id": 1})
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want {
			t.Errorf("%s consumed %s, want %s", step.method, use, step.want)
		}
	}
}

// TestListFaults: faults that pass are not seen, and a table that is throttled for
// good is busy.
func TestListFaults(t *testing.T) {
	db, table := dynamotest.Client(t), dynamotest.Table(t)
	l := client.ServiceOn(t, db, table)
	client.Seed(t, l, table)
	populate(t, l, 30)
	want := client.Altcraft{T: t, Handler: l}.Must("list", map[string]any{"limit": 20}).String()
	for _, operation := range []string{"Query", "BatchGetItem"} {
		for name, fault := range map[string]faults.Fault{"throttled": faults.Throttled, "lost": faults.LostAnswer} {
			t.Run(operation+" "+name, func(t *testing.T) {
				var hits atomic.Int64
				once := client.FaultyDB(t, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
					if call.Operation != operation || hits.Add(1) > 4 { // the client itself tries three times
						return nil
					}
					return fault
				}})
				c := client.Altcraft{T: t, Handler: client.ServiceOn(t, once, table)}
				if got := c.Must("list", map[string]any{"limit": 20}).String(); got != want || hits.Load() < 4 {
					t.Errorf("list = %.200s (after %d faults), want %.200s", got, hits.Load(), want)
				}
			})
		}
	}
	never := client.FaultyDB(t, &faults.Transport{Plan: faults.Always(faults.Throttled).Of("Query")})
	c := client.Altcraft{T: t, Handler: client.ServiceOn(t, never, table), Deadline: 2300 * time.Millisecond}
	if got := c.Call("list", nil); got.Status != 503 || got.Header.Get("Retry-After") == "" {
		t.Errorf("a list that is throttled for good = %v, want busy", got)
	}
}

// TestSegmentsAtOnce: of simultaneous changes of one profile's segments each is
// done.
func TestSegmentsAtOnce(t *testing.T) {
	l := client.NewService(t)
	const n = 24
	segments := map[string]any{}
	for i := range n {
		segments[fmt.Sprint(i+1)] = map[string]any{"name": fmt.Sprint("Segment ", i+1)}
	}
	if _, err := l.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"segments": segments}); err != nil {
		t.Fatal(err)
	}
	c := client.Altcraft{T: t, Handler: l}
	c.Must("import", map[string]any{"email": client.Email(1), "data": map[string]any{}, "add_to_segments": []int{1, 2, 3, 4, 5, 6}})
	client.Together(n, func(i int) client.Answer {
		if i < 6 {
			return c.Must("profiles/segstatic/remove", map[string]any{"email": client.Email(1), "segment_id": i + 1})
		}
		return c.Must([]string{"profiles/segstatic/add", "import"}[i%2], map[string]any{
			"email": client.Email(1), "segment_id": i + 1, "add_to_segments": []int{i + 1}, "data": map[string]any{},
		})
	})
	var want []any
	for i := 6; i < n; i++ {
		want = append(want, float64(i+1))
	}
	got, _ := c.Must("get", map[string]any{"email": client.Email(1)}).Data()["_segments"].([]any)
	if !slices.Equal(got, want) {
		t.Errorf("_segments = %v, want %v", got, want)
	}
}
