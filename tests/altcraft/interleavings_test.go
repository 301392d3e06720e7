package altcraft

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// between makes a service on s's table in which somebody acts, once, before the
// n-th call (from 0) of an operation of the table.
func (s testbed) between(operation string, n int, somebody func()) client.Altcraft {
	return s.once(operation, n, faults.Before(somebody))
}

// once is a service in which the n-th call of an operation meets a fault.
func (s testbed) once(operation string, n int, fault faults.Fault) client.Altcraft {
	s.T.Helper()
	h, _ := client.WarmOn(s.T, s.Table, nth(n, fault).Of(operation))
	return client.Altcraft{T: s.T, Handler: h, Deadline: time.Minute}
}

// nth is a fault of the n-th call, from 0.
func nth(n int, fault faults.Fault) faults.Plan {
	seen := 0
	return func(faults.Call) faults.Fault {
		if seen++; seen == n+1 {
			return fault
		}
		return nil
	}
}

// at makes a service on s's table in which somebody acts, once, at a moment of an import by
// the phone of person n, who is there.
func (s testbed) at(m moment, n int, somebody func()) client.Altcraft {
	s.T.Helper()
	h, transport := client.WarmOn(s.T, s.Table, nil)
	c := client.Altcraft{T: s.T, Handler: h, Deadline: time.Minute}
	if m.remembered {
		c.Must("get", byPhone(n, nil))
	}
	acted := false
	s.T.Cleanup(func() {
		if !acted {
			s.T.Errorf("%s: nobody acted", m.name)
		}
	})
	transport.Begin(nth(m.n, m.fault(func() { acted = true; somebody() })).Of(m.operation))
	return c
}

// A moment is before the n-th call of an operation, or between the reads of one. Where the
// owner of the phone is remembered, the key and the customer are read by one call.
type moment struct {
	name, operation string
	n               int
	remembered      bool
	fault           func(somebody func()) faults.Fault
}

// reads and writes of an import by phone that changes a city: the key, the customer, the
// put.
var moments = []moment{
	{"before the key is read", "GetItem", 0, false, faults.Before},
	{"before the customer is read", "GetItem", 1, false, faults.Before},
	{"before the write", "PutItem", 0, false, faults.Before},
	{"before both are read", "BatchGetItem", 0, true, faults.Before},
	{"between the key and the customer", "BatchGetItem", 0, true, halves(false)},
	{"between the customer and the key", "BatchGetItem", 0, true, halves(true)},
	{"before the write, the owner remembered", "PutItem", 0, true, faults.Before},
}

// halves lets somebody act between a key and a customer that are read by one call.
func halves(customerFirst bool) func(func()) faults.Fault {
	return func(somebody func()) faults.Fault { return faults.Halves(1, customerFirst, somebody) }
}

func byPhone(n int, data map[string]any) map[string]any {
	return map[string]any{"matching": "phone", "phone": client.Phone(n), "data": data}
}

func TestKeyReleasedAndTakenAgain(t *testing.T) {
	s := newTestbed(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			ada := s.Clean.Must("import", client.Person(n, nil)).ID()
			var ben string
			c := s.at(moment, n, func() {
				s.Clean.Must("update", map[string]any{"email": client.Email(n), "data": map[string]any{"phones": []string{client.Phone(n + 1)}}})
				ben = s.Clean.Must("import", map[string]any{"email": client.Email(n + 2), "data": map[string]any{"phones": []string{client.Phone(n)}}}).ID()
			})
			got := c.Must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			if got.ID() != ben || got.Body["created"] != false {
				t.Errorf("import by the phone that went from %s to %s = %v", ada, ben, got)
			}
			if city := s.Clean.Must("get", map[string]any{"email": client.Email(n)}).Data()["_city"]; city != nil {
				t.Errorf("the former owner lives in %v", city)
			}
		})
	}
}

func TestValueGivenAway(t *testing.T) {
	s := newTestbed(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			ada := s.Clean.Must("import", client.Person(n, nil)).ID()
			c := s.at(moment, n, func() {
				s.Clean.Must("update", map[string]any{"email": client.Email(n), "data": map[string]any{"phones": []string{client.Phone(n + 1)}}})
			})
			got := c.Must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			if got.ID() == ada || got.Body["created"] != true {
				t.Errorf("import by a phone that %s gave away = %v, want another profile", ada, got)
			}
		})
	}
}

func TestForeignWriteInBetween(t *testing.T) {
	s := newTestbed(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			s.Clean.Must("import", client.Person(n, nil))
			c := s.at(moment, n, func() {
				s.Clean.Must("update", byPhone(n, map[string]any{"_fname": "Ada"}))
			})
			c.Must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			got := s.Clean.Must("get", map[string]any{"email": client.Email(n)}).Data()
			if got["_fname"] != "Ada" || got["_city"] != "Paris" {
				t.Errorf("both writes came to %v %v", got["_fname"], got["_city"])
			}
		})
	}
}

func TestCustomerDeletedInBetween(t *testing.T) {
	s := newTestbed(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			ada := s.Clean.Must("import", client.Person(n, nil)).ID()
			remove := func() { s.Clean.Must("delete", map[string]any{"email": client.Email(n)}) }
			got := s.at(moment, n, remove).Must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			if got.ID() == ada || got.Body["created"] != true {
				t.Errorf("import by the phone of a deleted profile = %v, want another profile than %s", got, ada)
			}
			s.Clean.Must("import", client.Person(n+1, nil))
			gone := func() { s.Clean.Must("delete", map[string]any{"email": client.Email(n + 1)}) }
			if got := s.at(moment, n+1, gone).Call("update", byPhone(n+1, map[string]any{"_city": "Paris"})); got.Code() != 404 {
				t.Errorf("update of a deleted profile = %v, want 404", got)
			}
		})
	}
}

// TestRepeatedWriteAndForeignWrite: the SDK repeats a write whose answer was lost
// after somebody else wrote, too.
func TestRepeatedWriteAndForeignWrite(t *testing.T) {
	s := newTestbed(t)
	foreign := func(n int) func() {
		return func() { s.Clean.Must("update", byPhone(n, map[string]any{"_fname": "Ada"})) }
	}
	t.Run("put", func(t *testing.T) {
		s.Clean.Must("import", client.Person(1, nil))
		s.once("PutItem", 0, faults.LostThen(foreign(1))).Must("import", byPhone(1, map[string]any{"_city": "Paris"}))
		if got := s.Clean.Must("get", byPhone(1, nil)).Data(); got["_fname"] != "Ada" || got["_city"] != "Paris" {
			t.Errorf("both writes came to %v %v", got["_fname"], got["_city"])
		}
	})
	t.Run("count", func(t *testing.T) {
		count := byPhone(3, map[string]any{"visits": client.Function("incr", 1)})
		s.Clean.Must("import", client.Person(3, nil))
		s.once("TransactWriteItems", 0, faults.LostThen(func() { s.Clean.Must("update", count) })).Must("update", count)
		if got := s.Clean.Must("get", byPhone(3, nil)).Data()["visits"]; got != float64(2) {
			t.Errorf("two counts came to %v", got)
		}
	})
	t.Run("refused the second time", func(t *testing.T) {
		s.Clean.Must("import", client.Person(4, nil))
		spoil := func() { s.Clean.Must("update", byPhone(4, map[string]any{"likes": 7})) }
		add := byPhone(4, map[string]any{"likes": client.Function("add", []string{"ski"}), "_city": "Paris"})
		s.once("TransactWriteItems", 0, faults.LostThen(spoil)).Must("update", add)
		if got := s.Clean.Must("get", byPhone(4, nil)).Data(); got["likes"] != float64(7) || got["_city"] != "Paris" {
			t.Errorf("both writes came to %v %v", got["likes"], got["_city"])
		}
	})
	t.Run("transaction", func(t *testing.T) {
		got := s.once("TransactWriteItems", 0, faults.LostThen(foreign(2))).Must("import", client.Person(2, nil))
		if got.Body["created"] != true {
			t.Errorf("import = %v, want created", got)
		}
		if got := s.Clean.Must("get", byPhone(2, nil)).Data(); got["_fname"] != "Ada" {
			t.Errorf("the foreign write came to %v", got["_fname"])
		}
	})
}

// TestKeyOverflows: nobody is rejected because a phone has too many owners.
func TestKeyOverflows(t *testing.T) {
	s := newTestbed(t)
	owner := func(n int) map[string]any {
		return map[string]any{"email": client.Email(n), "data": map[string]any{"phones": []string{client.Phone(0)}}}
	}
	for n := range 100 {
		s.Clean.Must("import", owner(n))
	}
	c := s.between("TransactWriteItems", 0, func() { s.Clean.Must("import", owner(100)) })
	if got := c.Must("import", owner(101)); got.Body["created"] != true {
		t.Errorf("import with a phone that turns crowded = %v, want created", got)
	}
	got := s.Clean.Call("get", byPhone(0, nil))
	if got.Code() != 409 || !strings.Contains(got.String(), "crowded") {
		t.Errorf("get by a crowded phone = %v, want 409 that says so", got)
	}
	s.Clean.Must("import", owner(102))
	s.Clean.Must("delete", map[string]any{"email": client.Email(7)})
	if got := s.Clean.Call("get", byPhone(0, nil)); got.Code() != 409 {
		t.Errorf("a crowded phone leads to %v after a deletion, want 409 for good", got)
	}
}

// TestIdempotentRepeatAfterLostAnswer: the repeat gives the first answer, even when it
// would be rejected by now.
func TestIdempotentRepeatAfterLostAnswer(t *testing.T) {
	s := newTestbed(t)
	ada := s.Clean.Must("import", client.Person(1, nil)).ID()
	body := map[string]any{"email": client.Email(1), "data": map[string]any{"email": client.Email(2)}}
	lost := client.FaultyDB(t, &faults.Transport{Plan: faults.Always(faults.LostAnswer).Of("TransactWriteItems")})
	c := client.Altcraft{T: t, Handler: client.ServiceOn(t, lost, s.Table), Deadline: 2300 * time.Millisecond}
	if got := c.Call("update", body, "Idempotency-Key", "k"); got.Status != 503 {
		t.Fatalf("update whose answers are all lost = %v, want busy", got)
	}
	// By now nobody has the first address, and somebody else the second.
	s.Clean.Must("update", map[string]any{"email": client.Email(2), "data": map[string]any{"email": client.Email(3)}})
	s.Clean.Must("import", map[string]any{"email": client.Email(2), "data": map[string]any{}})
	if got := s.Clean.Call("update", body); got.Code() != 404 {
		t.Fatalf("the request without a key = %v, want 404", got)
	}

	got := s.Clean.Must("update", body, "Idempotency-Key", "k")
	if got.ID() != ada || got.Body["changed"] != true || got.Header.Get("Idempotency-Hit") != "true" {
		t.Errorf("the repeat = %v, want the first answer about %s", got, ada)
	}
	if got := s.Clean.Must("get", map[string]any{"email": client.Email(3)}); got.Data()["id"] != ada {
		t.Errorf("the repeat wrote: %v", got)
	}
	other := map[string]any{"email": client.Email(1), "data": map[string]any{"email": client.Email(4)}}
	if got := s.Clean.Call("update", other, "Idempotency-Key", "k"); got.Code() != 409 {
		t.Errorf("another request under the same key = %v, want 409", got)
	}
}

// TestIdempotentCountAfterLostAnswer: a count whose answer was lost, and that was sent
// again, counts once, whatever others counted in between, even where it would be
// rejected by now.
func TestIdempotentCountAfterLostAnswer(t *testing.T) {
	s := newTestbed(t)
	lost := client.FaultyDB(t, &faults.Transport{Plan: faults.Always(faults.LostAnswer).Of("TransactWriteItems")})
	c := client.Altcraft{T: t, Handler: client.ServiceOn(t, lost, s.Table), Deadline: 2300 * time.Millisecond}
	count := func(n int) map[string]any { return byPhone(n, map[string]any{"visits": client.Function("incr", 5)}) }
	for n, meanwhile := range map[int]map[string]any{1: {"visits": client.Function("incr", 1)}, 2: {"visits": "many"}} {
		s.Clean.Must("import", client.Person(n, nil))
		key := []string{"Idempotency-Key", fmt.Sprint(n)}
		if got := c.Call("update", count(n), key...); got.Status != 503 {
			t.Fatalf("count whose answers are all lost = %v, want busy", got)
		}
		s.Clean.Must("update", byPhone(n, meanwhile))
		if got := s.Clean.Must("update", count(n), key...); got.Header.Get("Idempotency-Hit") != "true" || got.Body["changed"] != true {
			t.Errorf("the repeat = %v, want the first answer", got)
		}
	}
	if got := s.Clean.Must("get", byPhone(1, nil)).Data()["visits"]; got != float64(6) {
		t.Errorf("counts by 5 and by 1 came to %v", got)
	}
	if got := s.Clean.Must("get", byPhone(2, nil)).Data()["visits"]; got != "many" {
		t.Errorf("visits = %v, want what was written last", got)
	}
}

// TestProveCountedOnce: of many counts under one key one counts.
func TestProveCountedOnce(t *testing.T) {
	s := newTestbed(t)
	second := client.Altcraft{T: t, Handler: client.ServiceOn(t, dynamotest.Client(t), s.Table)}
	writers := max(6, client.Size(64))
	for round := range client.Size(20) {
		s.Clean.Must("import", client.Person(round, nil))
		for _, got := range client.Together(writers, func(i int) client.Answer {
			c := []client.Altcraft{s.Clean, second}[i%2]
			return c.Must("update", byPhone(round, map[string]any{"visits": client.Function("incr", 1)}), "Idempotency-Key", fmt.Sprint(round))
		}) {
			if got.Body["changed"] != true {
				t.Fatalf("round %d: %v, want the answer of the first", round, got)
			}
		}
		if got := s.Clean.Must("get", byPhone(round, nil)).Data()["visits"]; got != float64(1) {
			t.Errorf("round %d: %d requests under one key counted %v", round, writers, got)
		}
	}
}

// TestRejectionIsNotStored: what was rejected may be sent again.
func TestRejectionIsNotStored(t *testing.T) {
	s := newTestbed(t)
	body := map[string]any{"email": client.Email(1), "data": map[string]any{"_city": "Paris"}}
	if got := s.Clean.Call("update", body, "Idempotency-Key", "k"); got.Code() != 404 {
		t.Fatalf("update = %v, want 404", got)
	}
	s.Clean.Must("import", client.Person(1, nil))
	if got := s.Clean.Must("update", body, "Idempotency-Key", "k"); got.Header.Get("Idempotency-Hit") != "" || got.Body["changed"] != true {
		t.Errorf("update = %v %v, want done for the first time", got, got.Header)
	}
}

// TestProveSimultaneousRepeats: of many requests under one key one is carried out.
func TestProveSimultaneousRepeats(t *testing.T) {
	s := newTestbed(t)
	second := client.Altcraft{T: t, Handler: client.ServiceOn(t, dynamotest.Client(t), s.Table)}
	for round := range client.Size(20) {
		hits := 0
		for _, got := range client.Together(64, func(i int) client.Answer {
			c := []client.Altcraft{s.Clean, second}[i%2]
			return c.Must("import", client.Person(round, map[string]any{"_city": "Paris"}), "Idempotency-Key", fmt.Sprint(round))
		}) {
			if got.Body["created"] != true {
				t.Fatalf("round %d: %v, want the answer of the first", round, got)
			}
			if got.Header.Get("Idempotency-Hit") == "true" {
				hits++
			}
		}
		if hits != 63 {
			t.Errorf("round %d: %d answers from memory, want 63", round, hits)
		}
	}
}
