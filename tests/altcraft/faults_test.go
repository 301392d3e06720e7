package altcraft

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/tests/client"
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
	after func(c client.Altcraft, id string) string
}

// isPerson demands that all keys of person n lead to id, and field is want.
func isPerson(n int, field string, want any) func(client.Altcraft, string) string {
	return func(c client.Altcraft, id string) string {
		for _, search := range []map[string]any{
			{"matching": "email", "email": client.Email(n)},
			{"matching": "phone", "phone": client.Phone(n)},
			{"matching": "push_sub", "provider": "Firefox", "subscription_id": fmt.Sprintf("token-%d", n)},
		} {
			got := c.Call("get", search)
			if got.Code() != 0 || id != "" && got.Data()["id"] != id {
				return fmt.Sprintf("get %v = %v, want the profile %s", search, got, id)
			}
			if field != "" && got.Data()[field] != want {
				return fmt.Sprintf("%s = %v, want %v", field, got.Data()[field], want)
			}
		}
		return ""
	}
}

// leadsTo demands an error of a get.
func leadsTo(code int, search map[string]any) func(client.Altcraft, string) string {
	return func(c client.Altcraft, id string) string {
		got := c.Call("get", search)
		if got.Code() != code || code == 409 && !strings.Contains(got.String(), id) {
			return fmt.Sprintf("get %v = %v, want error %d", search, got, code)
		}
		return ""
	}
}

func operations(n int) []operation {
	return []operation{
		{name: "create", method: "import", body: client.Person(n, nil), after: isPerson(n, "", nil)},
		{name: "create with a key", method: "import", body: client.Person(n, nil), keyed: true, after: isPerson(n, "", nil)},
		{
			name: "create with a shared phone", method: "import", body: client.Person(n, nil),
			before: []map[string]any{{"matching": "phone", "phone": client.Phone(n), "data": map[string]any{"email": client.Email(n + 1)}}},
			after:  leadsTo(409, map[string]any{"matching": "phone", "phone": client.Phone(n)}),
		},
		{
			name: "plain update", method: "update", body: client.Person(n, map[string]any{"_city": "Paris"}),
			before: []map[string]any{client.Person(n, nil)}, after: isPerson(n, "_city", "Paris"),
		},
		{
			name: "update with a key", method: "update", body: client.Person(n, map[string]any{"_city": "Paris"}), keyed: true,
			before: []map[string]any{client.Person(n, nil)}, after: isPerson(n, "_city", "Paris"),
		},
		{
			name: "count", method: "update", body: map[string]any{"email": client.Email(n), "data": map[string]any{"visits": client.Function("incr", 1)}},
			before: []map[string]any{client.Person(n, map[string]any{"visits": 1})}, after: isPerson(n, "visits", float64(2)),
		},
		{
			name: "count with a key", method: "update", body: map[string]any{"email": client.Email(n), "data": map[string]any{"visits": client.Function("incr", 1)}}, keyed: true,
			before: []map[string]any{client.Person(n, map[string]any{"visits": 1})}, after: isPerson(n, "visits", float64(2)),
		},
		{
			name: "no change", method: "import", body: client.Person(n, nil),
			before: []map[string]any{client.Person(n, nil)}, after: isPerson(n, "", nil),
		},
		{
			name: "e-mail change", method: "import",
			body:   map[string]any{"email": client.Email(n + 1), "data": map[string]any{"email": client.Email(n)}},
			before: []map[string]any{{"email": client.Email(n + 1), "data": client.Person(n, map[string]any{"email": client.Email(n + 1)})["data"]}},
			after: func(c client.Altcraft, id string) string {
				return isPerson(n, "", nil)(c, id) + leadsTo(404, map[string]any{"email": client.Email(n + 1)})(c, id)
			},
		},
		{
			name: "delete", method: "delete", body: map[string]any{"email": client.Email(n)},
			before: []map[string]any{client.Person(n, nil)},
			after:  leadsTo(404, map[string]any{"matching": "phone", "phone": client.Phone(n)}),
		},
		{
			name: "new subscription", method: "subscriptions/set", ofLast: true,
			body:   map[string]any{"resource_id": 2, "channel": "sms", "phone": client.Phone(n + 1)},
			before: []map[string]any{client.Person(n, nil)},
			after: func(c client.Altcraft, id string) string {
				return isPerson(n, "", nil)(c, id) + leadsTo(0, map[string]any{"matching": "phone_sub", "phone": client.Phone(n + 1)})(c, id)
			},
		},
	}
}

// A testbed is a stage on which the operations are played.
type testbed struct{ *client.Stage }

func newTestbed(t *testing.T) testbed {
	t.Helper()
	return testbed{client.NewStage(t)}
}

// A played is an operation that was played once.
type played struct {
	operation
	answer client.Answer
	calls  []faults.Call
	before []string // the table before it
}

// play plays operation i within a deadline; plan says what becomes of its calls.
func (s testbed) play(i int, deadline time.Duration, plan faults.Plan) played {
	s.T.Helper()
	s.N += 2
	op := operations(s.N)[i]
	for _, body := range op.before {
		imported := s.Clean.Must("import", body)
		if op.ofLast {
			op.body["profile_id"] = imported.ID()
		}
	}
	h, transport := client.WarmOn(s.T, s.Table, plan)
	c := client.Altcraft{T: s.T, Handler: h, Deadline: deadline}
	run := played{operation: op, before: client.Dump(s.T, s.Table)}
	var header []string
	if op.keyed {
		header = []string{"Idempotency-Key", fmt.Sprint(s.N)}
	}
	run.answer = c.Call(op.method, op.body, header...)
	run.calls = transport.Calls()
	return run
}

// TestProveFaults plays each fault at each call of each operation. The answer
// must be the one without faults, and what it says must be so.
func TestProveFaults(t *testing.T) {
	for i, op := range operations(0) {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newTestbed(t)
			plain := s.play(i, time.Minute, faults.None)
			for what, plan := range client.OneIn(11, client.PassingAt(plain.calls, client.InARow()...)) {
				run := s.play(i, time.Minute, plan)
				if problem := run.problem(s.Clean) + run.differs(plain); problem != "" {
					t.Errorf("%s: %s", what, problem)
				}
			}
		})
	}
}

// problem is what is wrong after a success.
func (p played) problem(c client.Altcraft) string {
	if p.answer.Status != http.StatusOK || p.answer.Code() != 0 {
		return fmt.Sprintf("%v, want success", p.answer)
	}
	return p.after(c, p.answer.ID())
}

// differs is how the answer is unlike that of another play of the operation.
func (p played) differs(q played) string {
	for _, member := range []string{"created", "changed"} {
		if p.answer.Body[member] != q.answer.Body[member] {
			return fmt.Sprintf("%v, want %s as in %v", p.answer, member, q.answer)
		}
	}
	return ""
}

// TestProveFaultsThatStay: what stays ends in busy, and a mistake of ours in a
// fault, never in a rejection; all of the request is done then, or nothing.
func TestProveFaultsThatStay(t *testing.T) {
	for i, op := range operations(0) {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newTestbed(t)
			for what, plan := range client.OneIn(7, client.StayingFrom(s.play(i, time.Minute, faults.None).calls)) {
				run := s.play(i, 2300*time.Millisecond, plan)
				if problem := s.undecided(run); problem != "" {
					t.Errorf("%s: %s", what, problem)
				}
			}
		})
	}
}

// undecided is what is wrong after a fault that stayed.
func (s testbed) undecided(run played) string {
	switch a := run.answer; {
	case a.Status == http.StatusOK && a.Code() == 0:
		return run.problem(s.Clean) // the fault did not concern it
	case a.Status == http.StatusServiceUnavailable && a.Code() == 503 && a.Header.Get("Retry-After") != "":
	case a.Status == http.StatusInternalServerError && a.Code() == 500:
	default:
		return fmt.Sprintf("%v, want success, busy or a fault", a)
	}
	if slices.Equal(client.Dump(s.T, s.Table), run.before) {
		return ""
	}
	return run.after(s.Clean, "")
}
