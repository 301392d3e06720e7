package imports_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/imports"
)

// A recorder keeps the transactions with customers that were carried out, and reads of
// many keys or customers.
type recorder struct {
	mu   sync.Mutex
	sent []sentCall
}

type sentCall struct {
	header http.Header
	body   []byte
}

func (c sentCall) writes() bool {
	return strings.HasSuffix(c.header.Get("X-Amz-Target"), ".TransactWriteItems")
}

// RoundTrip implements [http.RoundTripper].
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	target := request.Header.Get("X-Amz-Target")
	if !strings.HasSuffix(target, ".TransactWriteItems") && !strings.HasSuffix(target, ".BatchGetItem") {
		return http.DefaultTransport.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := http.DefaultTransport.RoundTrip(request)
	call := sentCall{request.Header.Clone(), body}
	if err == nil && answer.StatusCode == http.StatusOK && (bytes.Contains(body, []byte(`"CUSTOMER"`)) || !call.writes()) {
		r.mu.Lock()
		r.sent = append(r.sent, call)
		r.mu.Unlock()
	}
	return answer, err
}

// BenchmarkImportBesideRaw imports files into DynamoDB Local, and after each sends the
// very same transactions to another table, and to a third one these with the reads of
// keys and customers, as many at a time. The ratios are the rate of the import to those of
// its bare writes and of its bare calls, each the median of the blocks: others use the
// machine, too. What is measured has been done once before it: DynamoDB Local compiles
// itself while it works.
func BenchmarkImportBesideRaw(b *testing.B) {
	const workers, blocks = 4, 7
	rows := (b.N + blocks - 1) / blocks
	importBesideRaw(b, rows, workers)
	var rates, ofWrites, ofCalls []float64
	for range blocks {
		ours, writes, calls := importBesideRaw(b, rows, workers)
		rates = append(rates, float64(rows)/ours.Seconds())
		ofWrites = append(ofWrites, writes.Seconds()/ours.Seconds())
		ofCalls = append(ofCalls, calls.Seconds()/ours.Seconds())
	}
	b.ReportMetric(median(rates), "rows/s")
	b.ReportMetric(median(ofWrites), "of-writes")
	b.ReportMetric(median(ofCalls), "of-calls")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// BenchmarkUndo undoes an import that has created customers: a row is an operation.
func BenchmarkUndo(b *testing.B) {
	const workers = 4
	e := newEngine(b, nil)
	file := createsOf(b.N)
	e.service.RangeBytes = int64(max(1, len(file)/workers))
	e.service.GroupBytes = e.service.RangeBytes / 2
	p := e.drop(b, "imports/tenant=5/a.csv", file, nil)
	b.ResetTimer()
	if _, err := e.service.Undo(b.Context(), tenant, p.ID); err != nil {
		b.Fatal(err)
	}
	e.work(b, workers)
	b.StopTimer()
	if p = e.latest(b); p.State != imports.Undone || p.Taken.Deleted != int64(b.N) {
		b.Fatalf("undone = %s %+v", p.State, p.Taken)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// createsOf is a file whose rows create so many customers with e-mail and phone.
func createsOf(rows int) string {
	var file strings.Builder
	file.WriteString("email,_fname,_lname,_city,phones,visits\n")
	for n := range rows {
		fmt.Fprintf(&file, "p%d@example.com,Ann %d,Smith,Rome,+7900%07d,%d\n", n, n, n, n%7)
	}
	return file.String()
}

func importBesideRaw(b *testing.B, rows, workers int) (ours, writes, calls time.Duration) {
	b.Helper()
	file := createsOf(rows)
	e := newEngine(b, nil)
	r := &recorder{}
	e.open(b, r, e.bucket)
	e.service.RangeBytes = int64(max(1, len(file)/workers))
	e.service.GroupBytes = e.service.RangeBytes / 2
	event := e.upload("imports/tenant=5/a.csv", file, nil)
	began := time.Now()
	if err := e.service.Receive(b.Context(), event); err != nil {
		b.Fatal(err)
	}
	e.work(b, workers)
	ours = time.Since(began)
	if p := e.latest(b); p.Tally.Created != int64(rows) {
		b.Fatalf("import = %s %+v", p.State, p.Tally)
	}
	bare := slices.DeleteFunc(slices.Clone(r.sent), func(c sentCall) bool { return !c.writes() })
	return ours, raw(b, bare, workers), raw(b, r.sent, workers)
}

// elsewhere is a call for another table. The part of the job is put there whatever there
// was: what had put it before was no transaction.
func elsewhere(b *testing.B, call sentCall, table string) []byte {
	if !call.writes() {
		var read struct{ RequestItems map[string]any }
		if err := json.Unmarshal(call.body, &read); err != nil {
			b.Fatal(err)
		}
		there := map[string]any{}
		for _, asked := range read.RequestItems { // of the one table
			there[table] = asked
		}
		changed, err := json.Marshal(map[string]any{"RequestItems": there})
		if err != nil {
			b.Fatal(err)
		}
		return changed
	}
	var write struct {
		ClientRequestToken string
		TransactItems      []map[string]map[string]any
	}
	if err := json.Unmarshal(call.body, &write); err != nil {
		b.Fatal(err)
	}
	write.ClientRequestToken = rand.Text()
	for _, each := range write.TransactItems {
		for _, action := range each {
			action["TableName"] = table
			it, _ := action["Item"].(map[string]any)
			if pk := fmt.Sprint(it["pk"]); strings.HasPrefix(pk, "map[S:J#") {
				delete(action, "ConditionExpression")
				delete(action, "ExpressionAttributeNames")
				delete(action, "ExpressionAttributeValues")
			}
		}
	}
	changed, err := json.Marshal(write)
	if err != nil {
		b.Fatal(err)
	}
	return changed
}

// raw sends the calls of an import to a table of their own, those of each part in
// their sequence, and says how long that takes.
func raw(b *testing.B, calls []sentCall, workers int) time.Duration {
	b.Helper()
	table, endpoint := dynamotest.Table(b), dynamotest.Endpoint(b)
	sent := make([]sentCall, len(calls))
	for i, call := range calls {
		sent[i] = sentCall{call.header.Clone(), elsewhere(b, call, table)}
	}
	var mu sync.Mutex
	client := &http.Client{}
	began := time.Now()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				mu.Lock()
				if len(sent) == 0 {
					mu.Unlock()
					return
				}
				next := sent[0]
				sent = slices.Delete(sent, 0, 1)
				mu.Unlock()
				request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, endpoint, bytes.NewReader(next.body))
				if err != nil {
					b.Error(err)
					return
				}
				request.Header = next.header
				request.Header.Del("Content-Length")
				answer, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				said, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					b.Errorf("%s: %s", answer.Status, said)
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(began)
}
