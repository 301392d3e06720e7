package genesys

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

// A ucsOperation is one request of the Genesys dialect about customer n, and what
// must be so after it. Where the path has $id the customer is made before.
type ucsOperation struct {
	name, method, path string
	body               func(n int) any
	// after is what a query with Phone shows, "" where nobody is there.
	after func(n int) string
}

func hero(n int, name string, numbers ...string) map[string]any {
	list := []any{}
	for _, number := range numbers {
		list = append(list, map[string]any{"PhoneNumber": fmt.Sprint(number, "-", n), "prefix": "p"})
	}
	return map[string]any{"customer_id": fmt.Sprint("h", n), "EmailAddress": client.Email(n), "FirstName": name, "Phone": list}
}

// shownHero is a hero as it is shown.
func shownHero(name string, numbers ...string) func(int) string {
	return func(n int) string {
		list := []string{}
		for _, number := range numbers {
			list = append(list, fmt.Sprintf(`{"PhoneNumber":"%s-%d","prefix":"p"}`, number, n))
		}
		return fmt.Sprintf(`{"EmailAddress":%q,"FirstName":%q,"Phone":[%s],"customer_id":"h%d"}`, client.Email(n), name, strings.Join(list, ","), n)
	}
}

var ucsOperations = []ucsOperation{
	{"create", "POST", "/profiles", func(n int) any { return hero(n, "A", "1", "2") }, shownHero("A", "1", "2")},
	{"replace", "PUT", "/profiles/$id", func(n int) any { return hero(n, "B", "2", "3") }, shownHero("B", "2", "3")},
	{"replace without records", "PUT", "/profiles/$id", func(n int) any { b := hero(n, "B"); delete(b, "Phone"); return b }, shownHero("B", "1")},
	{"insert", "POST", "/profiles/$id/extensions", func(n int) any { return map[string]any{"Phone": hero(n, "", "1", "2")["Phone"]} }, shownHero("A", "1", "2")},
	{"delete record", "PUT", "/profiles/$id/extensions/Phone/delete/by/unique", func(n int) any { return hero(n, "", "1")["Phone"].([]any)[0] }, shownHero("A")},
	{"delete", "DELETE", "/profiles/$id", nil, func(int) string { return "" }},
	{"query", "GET", "/profiles/$id?extensions=Phone", nil, shownHero("A", "1")},
}

// playedWithFaults are the operations that faults are tried on: all in make prove.
func playedWithFaults() []ucsOperation {
	if client.Proving() {
		return ucsOperations
	}
	return ucsOperations[:2]
}

// A ucsStage is a table on which these operations are played.
type ucsStage struct {
	t     *testing.T
	table string
	clean ucs
	n     int
}

// A ucsPlay is an operation that was played once, about customer n.
type ucsPlay struct {
	ucsOperation
	n      int
	answer said
	calls  []faults.Call
	before []string
}

func newUCSStage(t *testing.T) *ucsStage {
	t.Helper()
	s := client.NewStage(t)
	return &ucsStage{t: t, table: s.Table, clean: ucs{t: t, h: s.Clean.Handler}}
}

func (s *ucsStage) play(op ucsOperation, deadline time.Duration, plan faults.Plan) ucsPlay {
	s.t.Helper()
	s.n++
	if op.method != "POST" || op.path != "/profiles" {
		s.clean.must("POST", "/profiles", hero(s.n, "A", "1"))
	}
	h, transport := client.WarmOn(s.t, s.table, plan)
	u := ucs{t: s.t, h: h, deadline: deadline}
	run := ucsPlay{ucsOperation: op, n: s.n, before: client.Dump(s.t, s.table)}
	var body any
	if op.body != nil {
		body = op.body(s.n)
	}
	run.answer = u.call(op.method, replaceID(op.path, fmt.Sprint("h", s.n)), body)
	run.calls = transport.Calls()
	return run
}

// problem is what is wrong after the operation was carried out: the customer, or
// what leads to it.
func (p ucsPlay) problem(u ucs) string {
	got, want := u.call("GET", fmt.Sprintf("/profiles/h%d?extensions=Phone", p.n), nil), p.after(p.n)
	if want == "" && got.status != 404 || want != "" && got.text != want {
		return fmt.Sprintf("it shows %v, want %s", got, want)
	}
	for _, number := range []string{"1", "2", "3"} {
		there := strings.Contains(want, fmt.Sprintf(`"%s-%d"`, number, p.n))
		found := u.call("GET", fmt.Sprintf("/profiles?Phone.PhoneNumber=%s-%d", number, p.n), nil)
		if len(found.list()) != 1 && there || len(found.list()) != 0 && !there {
			return fmt.Sprintf("number %s finds %v, want there: %t", number, found, there)
		}
	}
	return ""
}

// TestProveUCSFaults plays each fault at each call of each operation. The answer
// must be the one without faults, and what it says must be so.
func TestProveUCSFaults(t *testing.T) {
	for _, op := range playedWithFaults() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newUCSStage(t)
			plain := s.play(op, time.Minute, faults.None)
			if problem := plain.problem(s.clean); plain.answer.status >= 300 || problem != "" {
				t.Fatalf("without faults: %v %s", plain.answer, problem)
			}
			for what, plan := range client.OneIn(5, client.PassingAt(plain.calls, client.InARow()...)) {
				run := s.play(op, time.Minute, plan)
				if problem := run.problem(s.clean); run.answer.status != plain.answer.status || problem != "" {
					t.Errorf("%s: %v %s", what, run.answer, problem)
				}
			}
		})
	}
}

// TestProveUCSFaultsThatStay: what stays ends in busy or a fault, never in a
// rejection; all of the request is done then, or nothing.
func TestProveUCSFaultsThatStay(t *testing.T) {
	for _, op := range playedWithFaults() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s := newUCSStage(t)
			for what, plan := range client.OneIn(3, client.StayingFrom(s.play(op, time.Minute, faults.None).calls)) {
				run := s.play(op, 2300*time.Millisecond, plan)
				switch status := run.answer.status; {
				case status < 300, status == http.StatusInternalServerError:
				case status == http.StatusServiceUnavailable && run.answer.header.Get("Retry-After") != "":
				default:
					t.Errorf("%s: %v, want success, busy or a fault", what, run.answer)
				}
				done := run.problem(s.clean)
				if done != "" && (run.answer.status < 300 || !slices.Equal(client.Dump(s.t, s.table), run.before)) {
					t.Errorf("%s: %v, and %s", what, run.answer, done)
				}
			}
		})
	}
}
