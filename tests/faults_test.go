package tests

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/faults"
)

// An operation is one request about the persons n and n+1, what has to be there
// before it, and what must be so after it.
type operation struct {
	name   string
	before []map[string]any // imports
	method string
	body   map[string]any
	keyed  bool
	// ofLast: the body gets the id of the profile imported last.
	ofLast bool
	// after reports what is wrong once the request was carried out on id.
	after func(c caller, id string) string
}

func email(n int) string { return fmt.Sprintf("p%d@example.com", n) }
func phone(n int) string { return fmt.Sprintf("+79%08d", n) }

// person is an import of somebody with an e-mail, a phone, a push token and more.
func person(n int, more map[string]any) map[string]any {
	data := map[string]any{
		"email": email(n), "phones": []string{phone(n)},
		"subscriptions": []any{map[string]any{
			"channel": "push", "provider": "Firefox", "subscription_id": fmt.Sprintf("token-%d", n), "resource_id": 1,
		}},
	}
	for name, v := range more {
		data[name] = v
	}
	return map[string]any{"email": data["email"], "data": data}
}

// isPerson demands that all keys of person n lead to id, and field is want.
func isPerson(n int, field string, want any) func(caller, string) string {
	return func(c caller, id string) string {
		for _, search := range []map[string]any{
			{"matching": "email", "email": email(n)},
			{"matching": "phone", "phone": phone(n)},
			{"matching": "push_sub", "provider": "Firefox", "subscription_id": fmt.Sprintf("token-%d", n)},
		} {
			got := c.call("get", search)
			if got.code() != 0 || id != "" && got.data()["id"] != id {
				return fmt.Sprintf("get %v = %v, want the profile %s", search, got, id)
			}
			if field != "" && got.data()[field] != want {
				return fmt.Sprintf("%s = %v, want %v", field, got.data()[field], want)
			}
		}
		return ""
	}
}

// leadsTo demands an error of a get.
func leadsTo(code int, search map[string]any) func(caller, string) string {
	return func(c caller, id string) string {
		got := c.call("get", search)
		if got.code() != code || code == 409 && !strings.Contains(got.String(), id) {
			return fmt.Sprintf("get %v = %v, want error %d", search, got, code)
		}
		return ""
	}
}

func operations(n int) []operation {
	return []operation{
		{name: "create", method: "import", body: person(n, nil), after: isPerson(n, "", nil)},
		{name: "create with a key", method: "import", body: person(n, nil), keyed: true, after: isPerson(n, "", nil)},
		{
			name: "create with a shared phone", method: "import", body: person(n, nil),
			before: []map[string]any{{"matching": "phone", "phone": phone(n), "data": map[string]any{"email": email(n + 1)}}},
			after:  leadsTo(409, map[string]any{"matching": "phone", "phone": phone(n)}),
		},
		{
			name: "plain update", method: "update", body: person(n, map[string]any{"_city": "Paris"}),
			before: []map[string]any{person(n, nil)}, after: isPerson(n, "_city", "Paris"),
		},
		{
			name: "update with a key", method: "update", body: person(n, map[string]any{"_city": "Paris"}), keyed: true,
			before: []map[string]any{person(n, nil)}, after: isPerson(n, "_city", "Paris"),
		},
		{
			name: "count", method: "update", body: map[string]any{"email": email(n), "data": map[string]any{"visits": function("incr", 1)}},
			before: []map[string]any{person(n, map[string]any{"visits": 1})}, after: isPerson(n, "visits", float64(2)),
		},
		{
			name: "count with a key", method: "update", body: map[string]any{"email": email(n), "data": map[string]any{"visits": function("incr", 1)}}, keyed: true,
			before: []map[string]any{person(n, map[string]any{"visits": 1})}, after: isPerson(n, "visits", float64(2)),
		},
		{
			name: "no change", method: "import", body: person(n, nil),
			before: []map[string]any{person(n, nil)}, after: isPerson(n, "", nil),
		},
		{
			name: "e-mail change", method: "import",
			body:   map[string]any{"email": email(n + 1), "data": map[string]any{"email": email(n)}},
			before: []map[string]any{{"email": email(n + 1), "data": person(n, map[string]any{"email": email(n + 1)})["data"]}},
			after: func(c caller, id string) string {
				return isPerson(n, "", nil)(c, id) + leadsTo(404, map[string]any{"email": email(n + 1)})(c, id)
			},
		},
		{
			name: "delete", method: "delete", body: map[string]any{"email": email(n)},
			before: []map[string]any{person(n, nil)},
			after:  leadsTo(404, map[string]any{"matching": "phone", "phone": phone(n)}),
		},
		{
			name: "new subscription", method: "subscriptions/set", ofLast: true,
			body:   map[string]any{"resource_id": 2, "channel": "sms", "phone": phone(n + 1)},
			before: []map[string]any{person(n, nil)},
			after: func(c caller, id string) string {
				return isPerson(n, "", nil)(c, id) + leadsTo(0, map[string]any{"matching": "phone_sub", "phone": phone(n + 1)})(c, id)
			},
		},
	}
}

// A stage is a table on which operations are played, each about new persons.
type stage struct {
	t     *testing.T
	table string
	clean caller
	n     int
}

func newStage(t *testing.T) *stage {
	t.Helper()
	table := dynamotest.Table(t)
	l := laptopOn(t, dynamotest.Client(t), table)
	if err := l.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &stage{t: t, table: table, clean: caller{t: t, h: l}}
}

// A played is an operation that was played once.
type played struct {
	operation
	answer answered
	calls  []faults.Call
	before []string // the table before it
}

// play plays operation i within a deadline; plan says what becomes of its calls.
func (s *stage) play(i int, deadline time.Duration, plan faults.Plan) played {
	s.t.Helper()
	s.n += 2
	op := operations(s.n)[i]
	for _, body := range op.before {
		imported := s.clean.must("import", body)
		if op.ofLast {
			op.body["profile_id"] = imported.id()
		}
	}
	h, transport := warmOn(s.t, s.table, plan)
	c := caller{t: s.t, h: h, deadline: deadline}
	run := played{operation: op, before: dump(s.t, s.table)}
	var header []string
	if op.keyed {
		header = []string{"Idempotency-Key", fmt.Sprint(s.n)}
	}
	run.answer = c.call(op.method, op.body, header...)
	run.calls = transport.Calls()
	return run
}

// TestProveFaults plays each fault at each call of each operation. The answer
// must be the one without faults, and what it says must be so.
func TestProveFaults(t *testing.T) {
	for i, op := range operations(0) {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			plain := s.play(i, time.Minute, faults.None)
			for what, plan := range passingAt(plain.calls, inARow()...) {
				run := s.play(i, time.Minute, plan)
				if problem := run.problem(s.clean) + run.differs(plain); problem != "" {
					t.Errorf("%s: %s", what, problem)
				}
			}
		})
	}
}

// problem is what is wrong after a success.
func (p played) problem(c caller) string {
	if p.answer.status != http.StatusOK || p.answer.code() != 0 {
		return fmt.Sprintf("%v, want success", p.answer)
	}
	return p.after(c, p.answer.id())
}

// differs is how the answer is unlike that of another play of the operation.
func (p played) differs(q played) string {
	for _, member := range []string{"created", "changed"} {
		if p.answer.body[member] != q.answer.body[member] {
			return fmt.Sprintf("%v, want %s as in %v", p.answer, member, q.answer)
		}
	}
	return ""
}

// TestProveFaultsThatStay: what stays ends in busy, and a mistake of ours in a
// fault, never in a refusal; all of the request is done then, or nothing.
func TestProveFaultsThatStay(t *testing.T) {
	for i, op := range operations(0) {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for what, plan := range stayingFrom(s.play(i, time.Minute, faults.None).calls) {
				run := s.play(i, 2300*time.Millisecond, plan)
				if problem := s.undecided(run); problem != "" {
					t.Errorf("%s: %s", what, problem)
				}
			}
		})
	}
}

// undecided is what is wrong after a fault that stayed.
func (s *stage) undecided(run played) string {
	switch a := run.answer; {
	case a.status == http.StatusOK && a.code() == 0:
		return run.problem(s.clean) // the fault did not concern it
	case a.status == http.StatusServiceUnavailable && a.code() == 503 && a.header.Get("Retry-After") != "":
	case a.status == http.StatusInternalServerError && a.code() == 500:
	default:
		return fmt.Sprintf("%v, want success, busy or a fault", a)
	}
	if slices.Equal(dump(s.t, s.table), run.before) {
		return ""
	}
	return run.after(s.clean, "")
}
