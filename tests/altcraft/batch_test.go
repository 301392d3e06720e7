package altcraft

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/tests/client"
	"regulars/tests/faults"
)

func byEmail(items ...map[string]any) map[string]any {
	return map[string]any{"matching": "email", "data": items}
}

// crowd are n strangers with an e-mail and a phone each, and what more says.
func crowd(from, n int, more map[string]any) []map[string]any {
	items := make([]map[string]any, n)
	for i := range items {
		items[i] = map[string]any{"email": client.Email(from + i), "phones": []string{client.Phone(from + i)}}
		maps.Copy(items[i], more)
	}
	return items
}

// A batch with an item too many is rejected, and nothing of it is done.
func TestTooManyItems(t *testing.T) {
	s := newTestbed(t)
	before := client.Dump(t, s.Table)
	for _, method := range []string{"add_batch", "import_batch", "update_batch"} {
		items := make([]map[string]any, 10_001)
		for i := range items {
			items[i] = map[string]any{"email": client.Email(i)}
		}
		got := s.Clean.Call(method, byEmail(items...))
		if got.Status != http.StatusOK || got.Code() != 400 || !strings.Contains(got.String(), "10001") || !strings.Contains(got.String(), "10000") || !strings.Contains(got.String(), "bulk import") {
			t.Errorf("%s of 10,001 items = %.300v, want 400 that names the limit and the bulk import", method, got)
		}
		items = crowd(0, 2, map[string]any{"note": strings.Repeat("x", 2_500_000)})
		if got := s.Clean.Call(method, byEmail(items...)); got.Code() != 400 || !strings.Contains(got.String(), "5000000") || !strings.Contains(got.String(), "bulk import") {
			t.Errorf("%s of 5 MB = %.300v, want 400 that names the limit and the bulk import", method, got)
		}
	}
	if !slices.Equal(client.Dump(t, s.Table), before) {
		t.Error("a refused batch wrote")
	}
}

// randomItems are about few persons, whom they name by e-mail or phone, giving and
// taking these as they go.
func randomItems(random *rand.Rand, n int) []map[string]any {
	items := make([]map[string]any, n)
	for i := range items {
		item := map[string]any{"note": i}
		if random.IntN(3) > 0 {
			item["email"] = client.Email(random.IntN(4))
		}
		if random.IntN(3) > 0 {
			item["phones"] = []string{client.Phone(random.IntN(4)), client.Phone(random.IntN(4))}
		}
		if random.IntN(4) == 0 {
			item["subscriptions"] = []any{map[string]any{"channel": "email", "email": client.Email(random.IntN(4)), "resource_id": 1}}
		}
		if random.IntN(12) == 0 {
			item["_sex"] = "wrong"
		}
		item[fmt.Sprintf("mark_%d", i%3)] = i
		items[i] = item
	}
	return items
}

// A batch ends as its items would one after another as single calls, with the same
// answer for each.
func TestProveBatchIsAsSingleCalls(t *testing.T) {
	t.Parallel()
	seed := uint64(20261129)
	if client.Proving() {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range client.Size(100) {
		batched, single := newTestbed(t).Clean, newTestbed(t).Clean
		for call, method := range []string{"import", "update", "import"} {
			matching := []string{"email", "phone", "email_phone", "email_profile"}[random.IntN(4)]
			items := randomItems(random, 1+random.IntN(20))
			got := batched.Must(method+"_batch", map[string]any{"matching": matching, "data": items}).Items()
			for i, item := range items {
				want := single.Call(method, map[string]any{"matching": matching, "data": item})
				if got[i].Code() != want.Code() || got[i].Body["created"] != want.Body["created"] || got[i].Body["changed"] != want.Body["changed"] {
					t.Fatalf("round %d, call %d, item %d %v by %s = %v, want %v as the single call", round, call, i, item, matching, got[i], want)
				}
			}
		}
		if got, want := people(batched), people(single); !slices.Equal(got, want) {
			t.Fatalf("round %d: the people are\n%s\nwant\n%s", round, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// people are those of randomItems as they are found, without ids and times.
func people(c client.Altcraft) []string {
	var found []string
	for n := range 4 {
		for _, search := range []map[string]any{{"matching": "email", "email": client.Email(n)}, {"matching": "phone", "phone": client.Phone(n)}} {
			got := c.Call("get", search)
			data := got.Data()
			for _, name := range []string{"id", "_createtime", "_xxh", "_xxm"} {
				delete(data, name)
			}
			subscriptions, _ := data["subscriptions"].([]any)
			for _, s := range subscriptions {
				delete(s.(map[string]any), "reg_info")
			}
			text, _ := json.Marshal(data)
			found = append(found, fmt.Sprintf("%v: %d %s", search, got.Code(), text))
		}
	}
	return found
}

// What was not reached in time has 503 in its place, the rest is done, and the
// whole may be sent again.
func TestBatchRunsOutOfTime(t *testing.T) {
	t.Parallel()
	const people = 8
	s := newTestbed(t)
	slow := client.FaultyDB(t, &faults.Transport{Plan: faults.Always(faults.Slow(50 * time.Millisecond))})
	c := client.Altcraft{T: t, Handler: client.ServiceOn(t, slow, s.Table), Deadline: 5 * time.Second}
	var items []map[string]any
	for i := range 20 * people {
		items = append(items, map[string]any{"email": client.Email(i % people), "phones": []string{client.Phone(i % people)}, "note": i})
	}
	first := c.Must("import_batch", byEmail(items...), "Idempotency-Key", "k")
	done := 0
	for i, item := range first.Items() {
		switch {
		case item.Code() == 0:
			done++
		case item.Code() != 503 || item.ID() != "":
			t.Errorf("item %d = %v, want done or 503", i, item)
		}
	}
	if done == 0 || done == len(items) {
		t.Fatalf("%d of %d items were done in time, want some", done, len(items))
	}
	again := s.Clean.Must("import_batch", byEmail(items...), "Idempotency-Key", "k")
	for i, item := range again.Items() {
		before := first.Items()[i]
		if item.Code() != 0 || before.Code() == 0 && (item.ID() != before.ID() || item.Body["created"] != before.Body["created"]) {
			t.Errorf("item %d again = %v, was %v", i, item, before)
		}
	}
	if again.Header.Get("Idempotency-Hit") != "" {
		t.Error("a batch that was not all repeated says so")
	}
	for n := range people {
		if got := s.Clean.Must("get", map[string]any{"email": client.Email(n)}).Data()["note"]; got != float64(19*people+n) {
			t.Errorf("note of %d = %v, want the last", n, got)
		}
	}
	if got := s.Clean.Must("import_batch", byEmail(items...), "Idempotency-Key", "k"); got.Header.Get("Idempotency-Hit") != "true" {
		t.Errorf("the third time = %v, want all repeated", got.Header)
	}
}

// mixed is a batch in which two items are about one person, one is rejected, and
// one changes nothing. It needs person n+1.
func mixed(n int) map[string]any {
	return byEmail(
		map[string]any{"email": client.Email(n), "phones": []string{client.Phone(n)}, "_fname": "Ada"},
		map[string]any{"email": client.Email(n + 1), "_city": "Paris"},
		map[string]any{"email": client.Email(n), "_city": "Paris"},
		map[string]any{"email": "wrong"},
		map[string]any{"email": client.Email(n + 1), "_city": "Paris"},
	)
}

// mixedAnswers are created, changed and error of the items of mixed.
var mixedAnswers = []string{"true true 0", "false true 0", "false true 0", "<nil> <nil> 400", "false false 0"}

func answersOf(a client.Answer) (answers []string) {
	for _, item := range a.Items() {
		answers = append(answers, fmt.Sprint(item.Body["created"], item.Body["changed"], item.Code()))
	}
	return answers
}

// Faults that pass, at each call in the middle of a batch, change no answer.
func TestProveFaultsInBatches(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(client.PassingFaults)) {
		fault := client.PassingFaults[name]
		first, each := 0, 1 // of the calls
		if !client.Proving() {
			first, each = i%8, 8
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestbed(t)
			for _, row := range client.InARow() {
				for at, calls := first, first+1; at < calls; at += each {
					s.N += 2
					s.Clean.Must("import", client.Person(s.N+1, nil))
					h, transport := client.WarmOn(t, s.Table, faults.At(at, row, fault))
					c := client.Altcraft{T: t, Handler: h, Deadline: time.Minute}
					got := c.Must("import_batch", mixed(s.N), "Idempotency-Key", fmt.Sprint(s.N))
					if !slices.Equal(answersOf(got), mixedAnswers) {
						t.Errorf("%d times at call %d: %v", row, at, got)
					}
					data := s.Clean.Must("get", map[string]any{"email": client.Email(s.N)}).Data()
					if data["_city"] != "Paris" || data["_fname"] != "Ada" || data["id"] != got.Items()[0].ID() {
						t.Errorf("%d times at call %d: the person is %v", row, at, data)
					}
					calls = min(len(transport.Calls()), 25) // retries are calls, too
				}
			}
		})
	}
}

// Faults that stay end in busy or in a fault, item by item: what an item says is
// so, and what is sent again is done once.
func TestProveFaultsThatStayInBatches(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(client.StayingFaults)) {
		fault := client.StayingFaults[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestbed(t)
			for at := range 10 {
				if !client.Proving() && at%3 != i%3 {
					continue
				}
				s.N += 2
				s.Clean.Must("import", client.Person(s.N+1, nil))
				h, _ := client.WarmOn(t, s.Table, faults.From(at, fault))
				c := client.Altcraft{T: t, Handler: h, Deadline: 3300 * time.Millisecond}
				key := fmt.Sprint(s.N)
				got := c.Call("import_batch", mixed(s.N), "Idempotency-Key", key)
				if got.Code() != 0 && got.Status != got.Code() || got.Code() == 0 && len(got.Items()) != len(mixedAnswers) {
					t.Errorf("from call %d on: %v, want a result or HTTP 503 or 500", at, got)
				}
				for i, answer := range answersOf(got) {
					if answer != mixedAnswers[i] && answer != "<nil> <nil> 503" && answer != "<nil> <nil> 500" {
						t.Errorf("from call %d on: item %d is %s, want %s, 503 or 500", at, i, answer, mixedAnswers[i])
					}
				}
				again := s.Clean.Must("import_batch", mixed(s.N), "Idempotency-Key", key)
				if !slices.Equal(answersOf(again), mixedAnswers) {
					t.Errorf("after faults from call %d on (%v) the same again = %v", at, got, again)
				}
			}
		})
	}
}

// A fault inside of an item is logged like any other, and nothing that the client
// sent with it.
func TestFaultsInBatchesAreLogged(t *testing.T) {
	s := newTestbed(t)
	var log bytes.Buffer
	wrong := client.FaultyDB(t, &faults.Transport{Plan: faults.Always(faults.Cancelled("ValidationError"))})
	l := devserver.New(devserver.Options{DB: wrong, Table: s.Table, Log: slog.New(slog.NewTextHandler(&log, nil))})
	got := client.Altcraft{T: t, Handler: l}.Must("add_batch", map[string]any{"data": crowd(0, 12, nil)})
	for i, item := range got.Items() {
		if item.Code() != 500 || item.ID() != "" {
			t.Errorf("item %d = %v, want 500", i, item)
		}
	}
	text := log.String()
	if n := strings.Count(text, "level=ERROR msg=fault"); n != 11 || !strings.Contains(text, "2 more faults") {
		t.Errorf("%d faults in the log, want 10 and how many more:\n%s", n, text)
	}
	for _, secret := range []string{"@example", "+79", devserver.DemoToken} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %s:\n%s", secret, text)
		}
	}
}

// Two equal batches at once, through two processes, make each customer once; under
// a key each item is done once.
func TestProveEqualBatches(t *testing.T) {
	processes := client.StartTwo(t)
	for round := range client.Size(30) {
		from := 1000 * round
		items := crowd(from, 100, nil)
		items = append(items, items[:50]...)
		for _, header := range []string{"", fmt.Sprint("k", round)} {
			body := byEmail(items...)
			if header != "" { // a phone alone, so that an add made twice would show
				body = map[string]any{"data": []map[string]any{{"phones": []string{client.Phone(from + 500)}}, {"phones": []string{client.Phone(from + 501)}}}}
			}
			got := client.Together(2, func(i int) client.Answer {
				if header == "" {
					return processes[i].Post(t, "import_batch", body)
				}
				return processes[i].Post(t, "add_batch", body, "Idempotency-Key", header)
			})
			a, b := got[0].Items(), got[1].Items()
			if got[0].Code() != 0 || got[1].Code() != 0 || len(a) != len(b) {
				t.Fatalf("round %d: %v and %v", round, got[0], got[1])
			}
			created := map[string]int{}
			for i := range a {
				if a[i].Code() != 0 || b[i].Code() != 0 || a[i].ID() != b[i].ID() {
					t.Fatalf("round %d, item %d: %v and %v, want one customer", round, i, a[i], b[i])
				}
				for _, item := range []client.Answer{a[i], b[i]} {
					if item.Body["created"] == true {
						created[item.ID()]++
					}
				}
			}
			for id, n := range created {
				if want := map[bool]int{true: 1, false: 2}[header == ""]; n != want {
					t.Errorf("round %d: %s was created %d times, want %d", round, id, n, want)
				}
			}
			if want := map[bool]int{true: 100, false: 2}[header == ""]; len(created) != want {
				t.Errorf("round %d: %d customers, want %d", round, len(created), want)
			}
		}
	}
}

// A batch consumes what its items do, and shares the reads of their keys.
func TestCostOfBatches(t *testing.T) {
	c := client.Altcraft{T: t, Handler: client.NewService(t)}
	c.Call("get", map[string]any{"email": client.Email(0)})
	client.AwaitNewHour(t, 20*time.Second)
	create := byEmail(crowd(0, 20, nil)...)
	update := byEmail(crowd(0, 20, map[string]any{"_city": "Paris"})...)
	for _, step := range []struct {
		name, method string
		body         map[string]any
		header       []string
		want         string
	}{
		{name: "20 created", method: "import_batch", body: create, want: "rt=21;r=20;w=160"},
		{name: "20 that change nothing", method: "import_batch", body: create, want: "rt=21;r=40;w=0"},
		{name: "20 updated", method: "update_batch", body: update, want: "rt=41;r=40;w=20"},
		{name: "20 found by phone, with an e-mail", method: "import_batch", body: map[string]any{"matching": "phone", "data": crowd(0, 20, nil)}, want: "rt=21;r=60;w=0"},
		{name: "20 not added, since their e-mails are taken", method: "add_batch", body: map[string]any{"data": crowd(0, 20, nil)}, want: "rt=1;r=20;w=0"},
		{name: "keyed, 20 added", method: "add_batch", body: map[string]any{"data": crowd(20, 20, nil)}, header: []string{"Idempotency-Key", "k"}, want: "rt=22;r=20;w=222"},
	} {
		got := c.Must(step.method, step.body, step.header...)
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want {
			t.Errorf("%s consumed %s, want %s", step.name, use, step.want)
		}
	}
}

// What a batch came to under its key is answered again even where it would be
// rejected as a whole by now.
func TestBatchRepeatedAfterItsFieldIsGone(t *testing.T) {
	l := client.NewService(t)
	c := client.Altcraft{T: t, Handler: l}
	body := map[string]any{"matching": "custom", "field_name": "CRM_ID", "data": []map[string]any{{"CRM_ID": 1}, {"CRM_ID": 2}, {"CRM_ID": 1}}}
	first := c.Must("import_batch", body, "Idempotency-Key", "k")
	if _, err := l.Registrar.RemoveMatchField(t.Context(), devserver.Tenant, "CRM_ID", customer.OfCustomer); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // what is remembered of the settings is over
	if got := c.Call("import_batch", body); got.Code() != 400 {
		t.Errorf("without the key = %v, want 400", got)
	}
	if got := c.Call("import_batch", body, "Idempotency-Key", "other"); got.Code() != 400 {
		t.Errorf("under another key = %v, want 400", got)
	}
	again := c.Must("import_batch", body, "Idempotency-Key", "k")
	if first.String() != again.String() || again.Header.Get("Idempotency-Hit") != "true" {
		t.Errorf("again = %v %v, want %v", again, again.Header, first)
	}
}
