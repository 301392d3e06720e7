package mojodex

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// A testCase is one request of the backoffice: what is to be there before it, and how
// it looks after it.
type testCase struct {
	name string
	// prepare makes what the n-th play is about.
	prepare func(o office, n int) testCaseOf
}

type testCaseOf struct {
	method, path string
	body         map[string]any
	// user is whom it is about, or empty.
	user string
	// look tells how things are, the same for each n.
	look func(o office) string
}

// The catalog of a stage: category 1; a profile with tasks 1 and 2, a trial with
// task 3, and a product for one run of task 4.
func stock(o office) {
	o.must("PUT", "/profile_category", categoryBody("sales"))
	o.must("PUT", "/profile", profileBody("seller", 1))
	o.must("PUT", "/product", productBody("trial", 1, true, 30, nil))
	o.must("PUT", "/product", productBody("once", 1, false, nil, 1))
	for _, link := range [][2]int{{1, 1}, {1, 2}, {2, 3}, {3, 4}} {
		o.must("PUT", "/product_task_association", linkBody(link[0], link[1]))
	}
}

func ofUser(user string, method, path string, body map[string]any) testCaseOf {
	return testCaseOf{method, path, body, user, func(o office) string { return o.has(user) }}
}

var testCases = []testCase{
	{"first assignment", func(o office, n int) testCaseOf {
		user := o.user(n)
		return ofUser(user, "PUT", "/manual_purchase", map[string]any{"user_email": client.Email(n), "profile_pk": 1})
	}},
	{"next assignment", func(o office, n int) testCaseOf {
		user := o.user(n)
		o.must("PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1})
		return ofUser(user, "PUT", "/manual_purchase", map[string]any{"user_id": user, "product_pk": 2})
	}},
	{"end", func(o office, n int) testCaseOf {
		user := o.user(n)
		role := o.must("PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1})
		return ofUser(user, "POST", "/role", map[string]any{"role_pk": role})
	}},
	{"last run", func(o office, n int) testCaseOf {
		user := o.user(n)
		o.must("PUT", "/manual_purchase", map[string]any{"user_id": user, "product_pk": 3, "custom_purchase_id": "x"})
		return ofUser(user, "POST", "/user_task_execution", map[string]any{"user_id": user, "task_pk": 4})
	}},
	{"a task that came later", func(o office, n int) testCaseOf {
		user := o.user(n)
		profile := o.must("PUT", "/profile", profileBody(fmt.Sprint("later ", n), 1))
		o.must("PUT", "/role", map[string]any{"user_id": user, "profile_pk": profile})
		o.must("PUT", "/product_task_association", linkBody(profile, 5))
		d := ofUser(user, "GET", "/user_task?user_id="+user, nil)
		d.look = func(o office) string { return strings.ReplaceAll(o.has(user), fmt.Sprint("later ", n), "later") }
		return d
	}},
	{"new profile", func(o office, n int) testCaseOf {
		label := fmt.Sprint("new ", n)
		return testCaseOf{"PUT", "/profile", profileBody(label, 1), "", func(o office) string { return bearers(o, label) }}
	}},
	{"new category", func(o office, n int) testCaseOf {
		label := fmt.Sprint("new ", n)
		return testCaseOf{"PUT", "/profile_category", categoryBody(label), "", func(o office) string {
			// Its label is taken, or not.
			return fmt.Sprint(o.ask("POST", "/profile_category", map[string]any{"profile_category_pk": 1, "label": label, "emoji": nil}).Body["error"] ==
				"Error while updating profile category: update_product_category:: Product category label "+label+" already exists")
		}}
	}},
	{"association", func(o office, n int) testCaseOf {
		label := fmt.Sprint("linked ", n)
		profile := o.must("PUT", "/profile", profileBody(label, 1))
		return testCaseOf{"PUT", "/profile_task_association", map[string]any{"profile_pk": profile, "task_pk": 1}, "", func(o office) string { return bearers(o, label) }}
	}},
	{"another label", func(o office, n int) testCaseOf {
		before, after := fmt.Sprint("old ", n), fmt.Sprint("renamed ", n)
		profile := o.must("PUT", "/profile", profileBody(before, 1))
		return testCaseOf{"POST", "/profile", map[string]any{"profile_pk": profile, "label": after, "product_stripe_id": after}, "", func(o office) string {
			return bearers(o, before) + bearers(o, after)
		}}
	}},
}

// bearers are the tasks of the products that bear a label.
func bearers(o office, label string) string {
	var said string
	for _, p := range o.ask("GET", "/profile", nil).Body["profiles"].([]any) {
		if p := p.(map[string]any); p["profile_label"] == label {
			said += fmt.Sprint("one with ", p["tasks"], p["product_stripe_id"] != nil, "; ")
		}
	}
	return said
}

// A backstage is a table on which test cases are played, each about new things.
type backstage struct {
	t     *testing.T
	table string
	clean office
	n     int
}

func newBackstage(t *testing.T) *backstage {
	t.Helper()
	s := client.NewStage(t)
	b := &backstage{t: t, table: s.Table, clean: office{t: t, h: s.Clean.Handler}}
	stock(b.clean)
	return b
}

// A done testCase is what one play came to.
type done struct {
	answer        client.Answer
	calls         []faults.Call
	before, after string
}

// play plays a testCase within a deadline; plan says what becomes of its calls.
func (s *backstage) play(d testCase, deadline time.Duration, plan faults.Plan) done {
	s.t.Helper()
	s.n++
	of := d.prepare(s.clean, s.n)
	h, transport := client.WarmOn(s.t, s.table, plan)
	o := office{t: s.t, h: h, deadline: deadline}
	var run done
	if of.method != http.MethodGet { // looking would do it
		run.before = of.look(s.clean)
	}
	run.answer = o.ask(of.method, of.path, of.body)
	run.calls = transport.Calls()
	run.after = of.look(s.clean)
	if of.user != "" {
		s.agree(of.user)
	}
	return run
}

// agree demands that a user's purchases and the account of them say the same.
func (s *backstage) agree(user string) {
	s.t.Helper()
	id, err := customer.ParseHex(user)
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := dynamotest.Client(s.t).Query(s.t.Context(), &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: "C#5#" + id.Base36()}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	active, listed := 0, 0
	for _, it := range out.Items {
		sk := it["sk"].(*types.AttributeValueMemberS).Value
		if list, ok := it["ac"].(*types.AttributeValueMemberL); ok {
			listed = len(list.Value)
		}
		if strings.HasPrefix(sk, "PURCHASE#") && it["e"] == nil {
			active++
			if it["gsi1pk"] == nil {
				s.t.Errorf("user %s: %s is active and in no list", user, sk)
			}
		}
	}
	if active != listed {
		s.t.Errorf("user %s has %d active purchases, and the account says %d", user, active, listed)
	}
}

// TestProveBackofficeFaults plays each fault at each call of each test case. The answer
// must be a success, and all of it must be so.
func TestProveBackofficeFaults(t *testing.T) {
	const times = 4 // more than the SDK cures by itself
	for _, d := range testCases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := newBackstage(t)
			plain := s.play(d, time.Minute, faults.None)
			for what, plan := range client.OneIn(9, client.PassingAt(plain.calls, times)) {
				run := s.play(d, time.Minute, plan)
				if run.answer.Status != http.StatusOK || run.after != plain.after {
					t.Errorf("%s: %v, and things are %q, want %q", what, run.answer, run.after, plain.after)
				}
			}
		})
	}
}

// TestProveBackofficeFaultsThatStay: what stays ends in busy, and a mistake of ours
// in a fault, never in a rejection; all of the request is done then, or nothing.
func TestProveBackofficeFaultsThatStay(t *testing.T) {
	for _, d := range testCases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := newBackstage(t)
			plain := s.play(d, time.Minute, faults.None)
			for what, plan := range client.OneIn(5, client.StayingFrom(plain.calls)) {
				run := s.play(d, 2300*time.Millisecond, plan)
				whole := run.after == plain.after || run.after == run.before
				switch status := run.answer.Status; {
				case status == http.StatusOK && run.after == plain.after:
				case status == http.StatusServiceUnavailable && run.answer.Header.Get("Retry-After") != "" && whole:
				case status == http.StatusInternalServerError && whole:
				default:
					t.Errorf("%s: %v, and things are %q", what, run.answer, run.after)
				}
			}
		})
	}
}
