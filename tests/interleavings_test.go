package tests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/faults"
)

// between makes a service on s's table in which somebody acts, once, before the
// n-th call (from 0) of an operation of the table.
func (s *stage) between(operation string, n int, somebody func()) caller {
	return s.once(operation, n, faults.Before(somebody))
}

// once is a service in which the n-th call of an operation meets a fault.
func (s *stage) once(operation string, n int, fault faults.Fault) caller {
	s.t.Helper()
	seen := 0
	plan := func(faults.Call) faults.Fault {
		if seen++; seen == n+1 {
			return fault
		}
		return nil
	}
	h, _ := warmOn(s.t, s.table, faults.Plan(plan).Of(operation))
	return caller{t: s.t, h: h, deadline: time.Minute}
}

// reads and writes of an import by phone that changes a city: the key, the
// customer, the put.
var moments = []struct {
	name, operation string
	n               int
}{
	{"before the key is read", "GetItem", 0},
	{"before the customer is read", "GetItem", 1},
	{"before the write", "PutItem", 0},
}

func byPhone(n int, data map[string]any) map[string]any {
	return map[string]any{"matching": "phone", "phone": phone(n), "data": data}
}

func TestKeyReleasedAndTakenAgain(t *testing.T) {
	s := newStage(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			ada := s.clean.must("import", person(n, nil)).id()
			var ben string
			c := s.between(moment.operation, moment.n, func() {
				s.clean.must("update", map[string]any{"email": email(n), "data": map[string]any{"phones": []string{phone(n + 1)}}})
				ben = s.clean.must("import", map[string]any{"email": email(n + 2), "data": map[string]any{"phones": []string{phone(n)}}}).id()
			})
			got := c.must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			if got.id() != ben || got.body["created"] != false {
				t.Errorf("import by the phone that went from %s to %s = %v", ada, ben, got)
			}
			if city := s.clean.must("get", map[string]any{"email": email(n)}).data()["_city"]; city != nil {
				t.Errorf("the former owner lives in %v", city)
			}
		})
	}
}

func TestValueGivenAway(t *testing.T) {
	s := newStage(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			ada := s.clean.must("import", person(n, nil)).id()
			c := s.between(moment.operation, moment.n, func() {
				s.clean.must("update", map[string]any{"email": email(n), "data": map[string]any{"phones": []string{phone(n + 1)}}})
			})
			got := c.must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			if got.id() == ada || got.body["created"] != true {
				t.Errorf("import by a phone that %s gave away = %v, want another profile", ada, got)
			}
		})
	}
}

func TestForeignWriteInBetween(t *testing.T) {
	s := newStage(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			s.clean.must("import", person(n, nil))
			c := s.between(moment.operation, moment.n, func() {
				s.clean.must("update", byPhone(n, map[string]any{"_fname": "Ada"}))
			})
			c.must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			got := s.clean.must("get", map[string]any{"email": email(n)}).data()
			if got["_fname"] != "Ada" || got["_city"] != "Paris" {
				t.Errorf("both writes came to %v %v", got["_fname"], got["_city"])
			}
		})
	}
}

func TestCustomerDeletedInBetween(t *testing.T) {
	s := newStage(t)
	for i, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			n := 10 * i
			ada := s.clean.must("import", person(n, nil)).id()
			remove := func() { s.clean.must("delete", map[string]any{"email": email(n)}) }
			got := s.between(moment.operation, moment.n, remove).must("import", byPhone(n, map[string]any{"_city": "Paris"}))
			if got.id() == ada || got.body["created"] != true {
				t.Errorf("import by the phone of a deleted profile = %v, want another profile than %s", got, ada)
			}
			s.clean.must("import", person(n+1, nil))
			gone := func() { s.clean.must("delete", map[string]any{"email": email(n + 1)}) }
			if got := s.between(moment.operation, moment.n, gone).call("update", byPhone(n+1, map[string]any{"_city": "Paris"})); got.code() != 404 {
				t.Errorf("update of a deleted profile = %v, want 404", got)
			}
		})
	}
}

// TestRepeatedWriteAndForeignWrite: the SDK repeats a write whose answer was lost
// after somebody else wrote, too.
func TestRepeatedWriteAndForeignWrite(t *testing.T) {
	s := newStage(t)
	foreign := func(n int) func() {
		return func() { s.clean.must("update", byPhone(n, map[string]any{"_fname": "Ada"})) }
	}
	t.Run("put", func(t *testing.T) {
		s.clean.must("import", person(1, nil))
		s.once("PutItem", 0, faults.LostThen(foreign(1))).must("import", byPhone(1, map[string]any{"_city": "Paris"}))
		if got := s.clean.must("get", byPhone(1, nil)).data(); got["_fname"] != "Ada" || got["_city"] != "Paris" {
			t.Errorf("both writes came to %v %v", got["_fname"], got["_city"])
		}
	})
	t.Run("count", func(t *testing.T) {
		count := byPhone(3, map[string]any{"visits": function("incr", 1)})
		s.clean.must("import", person(3, nil))
		s.once("TransactWriteItems", 0, faults.LostThen(func() { s.clean.must("update", count) })).must("update", count)
		if got := s.clean.must("get", byPhone(3, nil)).data()["visits"]; got != float64(2) {
			t.Errorf("two counts came to %v", got)
		}
	})
	t.Run("refused the second time", func(t *testing.T) {
		s.clean.must("import", person(4, nil))
		spoil := func() { s.clean.must("update", byPhone(4, map[string]any{"likes": 7})) }
		add := byPhone(4, map[string]any{"likes": function("add", []string{"ski"}), "_city": "Paris"})
		s.once("TransactWriteItems", 0, faults.LostThen(spoil)).must("update", add)
		if got := s.clean.must("get", byPhone(4, nil)).data(); got["likes"] != float64(7) || got["_city"] != "Paris" {
			t.Errorf("both writes came to %v %v", got["likes"], got["_city"])
		}
	})
	t.Run("transaction", func(t *testing.T) {
		got := s.once("TransactWriteItems", 0, faults.LostThen(foreign(2))).must("import", person(2, nil))
		if got.body["created"] != true {
			t.Errorf("import = %v, want created", got)
		}
		if got := s.clean.must("get", byPhone(2, nil)).data(); got["_fname"] != "Ada" {
			t.Errorf("the foreign write came to %v", got["_fname"])
		}
	})
}

// TestKeyTurnsCrowded: nobody is refused because a phone has too many owners.
func TestKeyTurnsCrowded(t *testing.T) {
	s := newStage(t)
	owner := func(n int) map[string]any {
		return map[string]any{"email": email(n), "data": map[string]any{"phones": []string{phone(0)}}}
	}
	for n := range 100 {
		s.clean.must("import", owner(n))
	}
	c := s.between("TransactWriteItems", 0, func() { s.clean.must("import", owner(100)) })
	if got := c.must("import", owner(101)); got.body["created"] != true {
		t.Errorf("import with a phone that turns crowded = %v, want created", got)
	}
	got := s.clean.call("get", byPhone(0, nil))
	if got.code() != 409 || !strings.Contains(got.String(), "crowded") {
		t.Errorf("get by a crowded phone = %v, want 409 that says so", got)
	}
	s.clean.must("import", owner(102))
	s.clean.must("delete", map[string]any{"email": email(7)})
	if got := s.clean.call("get", byPhone(0, nil)); got.code() != 409 {
		t.Errorf("a crowded phone leads to %v after a deletion, want 409 for good", got)
	}
}

// TestKeyedRepeatAfterLostAnswer: the repeat gives the first answer, even when it
// would be refused by now.
func TestKeyedRepeatAfterLostAnswer(t *testing.T) {
	s := newStage(t)
	ada := s.clean.must("import", person(1, nil)).id()
	body := map[string]any{"email": email(1), "data": map[string]any{"email": email(2)}}
	lost := faulty(t, &faults.Transport{Plan: faults.Always(faults.LostAnswer).Of("TransactWriteItems")})
	c := caller{t: t, h: laptopOn(t, lost, s.table), deadline: 2300 * time.Millisecond}
	if got := c.call("update", body, "Idempotency-Key", "k"); got.status != 503 {
		t.Fatalf("update whose answers are all lost = %v, want busy", got)
	}
	// By now nobody has the first address, and somebody else the second.
	s.clean.must("update", map[string]any{"email": email(2), "data": map[string]any{"email": email(3)}})
	s.clean.must("import", map[string]any{"email": email(2), "data": map[string]any{}})
	if got := s.clean.call("update", body); got.code() != 404 {
		t.Fatalf("the request without a key = %v, want 404", got)
	}

	got := s.clean.must("update", body, "Idempotency-Key", "k")
	if got.id() != ada || got.body["changed"] != true || got.header.Get("Idempotency-Hit") != "true" {
		t.Errorf("the repeat = %v, want the first answer about %s", got, ada)
	}
	if got := s.clean.must("get", map[string]any{"email": email(3)}); got.data()["id"] != ada {
		t.Errorf("the repeat wrote: %v", got)
	}
	other := map[string]any{"email": email(1), "data": map[string]any{"email": email(4)}}
	if got := s.clean.call("update", other, "Idempotency-Key", "k"); got.code() != 409 {
		t.Errorf("another request under the same key = %v, want 409", got)
	}
}

// TestKeyedCountAfterLostAnswer: a count whose answer was lost, and that was sent
// again, counts once, whatever others counted in between, even where it would be
// refused by now.
func TestKeyedCountAfterLostAnswer(t *testing.T) {
	s := newStage(t)
	lost := faulty(t, &faults.Transport{Plan: faults.Always(faults.LostAnswer).Of("TransactWriteItems")})
	c := caller{t: t, h: laptopOn(t, lost, s.table), deadline: 2300 * time.Millisecond}
	count := func(n int) map[string]any { return byPhone(n, map[string]any{"visits": function("incr", 5)}) }
	for n, meanwhile := range map[int]map[string]any{1: {"visits": function("incr", 1)}, 2: {"visits": "many"}} {
		s.clean.must("import", person(n, nil))
		key := []string{"Idempotency-Key", fmt.Sprint(n)}
		if got := c.call("update", count(n), key...); got.status != 503 {
			t.Fatalf("count whose answers are all lost = %v, want busy", got)
		}
		s.clean.must("update", byPhone(n, meanwhile))
		if got := s.clean.must("update", count(n), key...); got.header.Get("Idempotency-Hit") != "true" || got.body["changed"] != true {
			t.Errorf("the repeat = %v, want the first answer", got)
		}
	}
	if got := s.clean.must("get", byPhone(1, nil)).data()["visits"]; got != float64(6) {
		t.Errorf("counts by 5 and by 1 came to %v", got)
	}
	if got := s.clean.must("get", byPhone(2, nil)).data()["visits"]; got != "many" {
		t.Errorf("visits = %v, want what was written last", got)
	}
}

// TestProveCountedOnce: of many counts under one key one counts.
func TestProveCountedOnce(t *testing.T) {
	s := newStage(t)
	second := caller{t: t, h: laptopOn(t, dynamotest.Client(t), s.table)}
	writers := size(64)
	for round := range size(20) {
		s.clean.must("import", person(round, nil))
		for _, got := range together(writers, func(i int) answered {
			c := []caller{s.clean, second}[i%2]
			return c.must("update", byPhone(round, map[string]any{"visits": function("incr", 1)}), "Idempotency-Key", fmt.Sprint(round))
		}) {
			if got.body["changed"] != true {
				t.Fatalf("round %d: %v, want the answer of the first", round, got)
			}
		}
		if got := s.clean.must("get", byPhone(round, nil)).data()["visits"]; got != float64(1) {
			t.Errorf("round %d: %d requests under one key counted %v", round, writers, got)
		}
	}
}

// TestRefusalIsNotRemembered: what was refused may be sent again.
func TestRefusalIsNotRemembered(t *testing.T) {
	s := newStage(t)
	body := map[string]any{"email": email(1), "data": map[string]any{"_city": "Paris"}}
	if got := s.clean.call("update", body, "Idempotency-Key", "k"); got.code() != 404 {
		t.Fatalf("update = %v, want 404", got)
	}
	s.clean.must("import", person(1, nil))
	if got := s.clean.must("update", body, "Idempotency-Key", "k"); got.header.Get("Idempotency-Hit") != "" || got.body["changed"] != true {
		t.Errorf("update = %v %v, want done for the first time", got, got.header)
	}
}

// TestProveSimultaneousRepeats: of many requests under one key one is carried out.
func TestProveSimultaneousRepeats(t *testing.T) {
	s := newStage(t)
	second := caller{t: t, h: laptopOn(t, dynamotest.Client(t), s.table)}
	for round := range size(20) {
		hits := 0
		for _, got := range together(64, func(i int) answered {
			c := []caller{s.clean, second}[i%2]
			return c.must("import", person(round, map[string]any{"_city": "Paris"}), "Idempotency-Key", fmt.Sprint(round))
		}) {
			if got.body["created"] != true {
				t.Fatalf("round %d: %v, want the answer of the first", round, got)
			}
			if got.header.Get("Idempotency-Hit") == "true" {
				hits++
			}
		}
		if hits != 63 {
			t.Errorf("round %d: %d answers from memory, want 63", round, hits)
		}
	}
}
