package imports_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/imports"
	"regulars/tests/imports/generate"
)

type item = map[string]types.AttributeValue

// items are those of the table by key, without imports and jobs.
func (e *engine) items(t *testing.T) map[string]item {
	t.Helper()
	all := map[string]item{}
	var from item
	for {
		page, err := dynamotest.Client(t).Scan(t.Context(), &dynamodb.ScanInput{
			TableName: &e.table, ExclusiveStartKey: from, ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			pk := it["pk"].(*types.AttributeValueMemberS).Value
			if !strings.HasPrefix(pk, "B#") && !strings.HasPrefix(pk, "J#") {
				all[pk+" "+it["sk"].(*types.AttributeValueMemberS).Value] = it
			}
		}
		if from = page.LastEvaluatedKey; from == nil {
			return all
		}
	}
}

// Undoing leaves the table as it was before the import, item by item: but for when
// and by which commit an item was written, for ledgers, which only grow, and for the
// tombstones of customers that the import had created.
func TestUndoLeavesTheTableAsItWas(t *testing.T) {
	t.Parallel()
	undone(t, 120)
}

func TestProveUndoLeavesTheTableAsItWas(t *testing.T) {
	if os.Getenv("PROVE") == "" {
		t.Skip("PROVE=1 runs it")
	}
	t.Parallel()
	undone(t, 5000)
}

func undone(t *testing.T, rows int) {
	t.Helper()
	e := newEngine(t, map[string]any{"country": "84"})
	var first, second bytes.Buffer
	made, err := generate.Write(&first, generate.Options{Rows: rows, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	e.drop(t, "imports/tenant=5/first.csv", first.String(), nil)
	before := e.items(t)

	// The same people again and others, with functions and points.
	if _, err := generate.Write(&second, generate.Options{Rows: rows, Seed: 2, Functions: true, Before: made.Customers}); err != nil {
		t.Fatal(err)
	}
	p := e.drop(t, "imports/tenant=5/second.csv", second.String(), nil)
	if p.State != imports.Done || p.Tally.Created == 0 || p.Tally.Updated == 0 {
		t.Fatalf("import = %s %+v", p.State, p.Tally)
	}
	if len(e.items(t)) <= len(before) {
		t.Fatal("the import has left nothing")
	}
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	e.work(t, 4)
	if p = e.latest(t); p.State != imports.Undone || p.Taken.Kept != 0 || p.Taken.Deleted != p.Final.Created {
		t.Errorf("undone = %s %+v", p.State, p.Taken)
	}
	after := e.items(t)
	for key, was := range before {
		if diff := cmp.Diff(unstamped(was), unstamped(after[key]), cmp.AllowUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberBOOL{}, types.AttributeValueMemberB{}, types.AttributeValueMemberNULL{})); diff != "" {
			t.Errorf("%s (-before +after):\n%s", key, diff)
		}
		delete(after, key)
	}
	for key, it := range after {
		_, sk, _ := strings.Cut(key, " ")
		_, deleted := it["x"]
		ledger := sk == "ACCOUNT" || strings.HasPrefix(sk, "LEDGER#") || strings.HasPrefix(sk, "REVERSED#")
		if !ledger && !(sk == "CUSTOMER" && deleted) {
			t.Errorf("%s is left: %v", key, it)
		}
	}
}

// A counter counts requests to the table, and how many are under way at a time.
type counter struct{ all, underWay, most atomic.Int64 }

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.all.Add(1)
	if n := c.underWay.Add(1); n > c.most.Load() {
		c.most.Store(n)
	}
	defer c.underWay.Add(-1)
	return http.DefaultTransport.RoundTrip(r)
}

// Undoing reads many keys and customers at a time, and accounts side by side: 200 customers
// with two keys each are deleted by some fourteen transactions, each of which takes seven
// requests besides the accounts.
func TestUndoReadsManyAtATime(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	requests := &counter{}
	e.open(t, requests, e.bucket)
	e.service.RangeBytes, e.service.GroupBytes = 2_000_000, 2_000_000
	const rows = 200
	var file strings.Builder
	fmt.Fprintln(&file, "email,_fname,phones")
	for n := range rows {
		fmt.Fprintf(&file, "u%04d@example.com,Ann,+7900000%04d\n", n, n)
	}
	p := e.drop(t, "imports/tenant=5/many.csv", file.String(), nil)
	before := requests.all.Load()
	requests.most.Store(0)
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	e.work(t, 1)
	asked, most := requests.all.Load()-before, requests.most.Load()
	t.Logf("%d requests to import %d rows, %d to undo that, up to %d at a time", before, rows, asked, most)
	if p = e.latest(t); p.State != imports.Undone || p.Taken.Deleted != rows {
		t.Fatalf("undone = %s %+v", p.State, p.Taken)
	}
	if asked > 2*rows || most < 4 {
		t.Errorf("%d requests to undo %d rows, up to %d at a time", asked, rows, most)
	}
}

// unstamped is an item without what says when and by which commit it was written.
func unstamped(it item) item {
	it = maps.Clone(it)
	for _, name := range []string{"c", "u", "gsi2pk", "gsi2sk"} {
		delete(it, name)
	}
	return it
}

// The same file again, without functions and points, writes nothing but the import's
// own records.
func TestSameFileAgainWritesNothing(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"country": "84"})
	var file bytes.Buffer
	want, err := generate.Write(&file, generate.Options{Rows: 100, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	e.drop(t, "imports/tenant=5/a.csv", file.String(), nil)
	last := lastRows(t, file.Bytes(), want)
	e.drop(t, "imports/tenant=5/b.csv", last, nil)
	before := e.items(t)
	p := e.drop(t, "imports/tenant=5/b.csv", last, nil)
	if p.State != imports.Done || p.Tally.Unchanged != p.Tally.Rows() || p.Tally.Units != 0 {
		t.Errorf("again = %s %+v", p.State, p.Tally)
	}
	if after := e.items(t); len(after) != len(before) || changed(before, after) != 0 {
		t.Errorf("%d items changed", changed(before, after))
	}
}

// changed is how many items were written between.
func changed(before, after map[string]item) (n int) {
	for key, it := range after {
		was, _ := before[key]["c"].(*types.AttributeValueMemberS)
		is, _ := it["c"].(*types.AttributeValueMemberS)
		if was == nil || is == nil || was.Value != is.Value {
			if was != nil || is != nil {
				n++
			}
		}
	}
	return n
}

// lastRows is a file of one row for each customer, as the last of its rows left it.
func lastRows(t *testing.T, _ []byte, want generate.Expected) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("email,_fname\n")
	for _, c := range want.Customers {
		b.WriteString(`"` + c.Email + `","` + strings.ReplaceAll(c.FirstName, `"`, `""`) + "\"\n")
	}
	return b.String()
}
