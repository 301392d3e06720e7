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
)

// A recorder keeps the transactions with customers that were carried out.
type recorder struct {
	mu   sync.Mutex
	sent []sentWrite
}

type sentWrite struct {
	header http.Header
	body   []byte
}

// RoundTrip implements [http.RoundTripper].
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(request.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
		return http.DefaultTransport.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err == nil && answer.StatusCode == http.StatusOK && bytes.Contains(body, []byte(`"CUSTOMER"`)) {
		r.mu.Lock()
		r.sent = append(r.sent, sentWrite{request.Header.Clone(), body})
		r.mu.Unlock()
	}
	return answer, err
}

// BenchmarkImportBesideRaw imports a file into DynamoDB Local, and then sends the very
// same transactions to another table, as many at a time. The ratio is the rate of the
// import to that of its bare writes. What is measured has been done once before it:
// DynamoDB Local compiles itself while it works.
func BenchmarkImportBesideRaw(b *testing.B) {
	const workers = 4
	importBesideRaw(b, min(b.N, 1000), workers)
	ours, bare := importBesideRaw(b, b.N, workers)
	b.ReportMetric(float64(b.N)/ours.Seconds(), "rows/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "of-raw")
}

func importBesideRaw(b *testing.B, rows, workers int) (ours, bare time.Duration) {
	b.Helper()
	var file strings.Builder
	file.WriteString("email,_fname,_lname,_city,phones,visits\n")
	for n := range rows {
		fmt.Fprintf(&file, "p%d@example.com,Ann %d,Smith,Rome,+7900%07d,%d\n", n, n, n, n%7)
	}
	e := newEngine(b, nil)
	r := &recorder{}
	e.open(b, r, e.bucket)
	e.service.RangeBytes = int64(max(1, file.Len()/workers))
	e.service.RangeBytes = int64(max(1, file.Len()/workers))
	e.service.GroupBytes = e.service.RangeBytes / 4
	event := e.upload("imports/tenant=5/a.csv", file.String(), nil)
	b.ResetTimer()
	began := time.Now()
	if err := e.service.Receive(b.Context(), event); err != nil {
		b.Fatal(err)
	}
	e.work(b, workers)
	ours = time.Since(began)
	if p := e.latest(b); p.Tally.Created != int64(rows) {
		b.Fatalf("import = %s %+v", p.State, p.Tally)
	}
	return ours, raw(b, r.sent, workers)
}

// elsewhere is a transaction for another table. The part of the job is put there
// whatever there was: what had put it before was no transaction.
func elsewhere(b *testing.B, body []byte, table string) []byte {
	var write struct {
		ClientRequestToken string
		TransactItems      []map[string]map[string]any
	}
	if err := json.Unmarshal(body, &write); err != nil {
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

// raw sends the writes of an import to a table of their own, those of each part in
// their sequence, and says how long that takes.
func raw(b *testing.B, sent []sentWrite, workers int) time.Duration {
	b.Helper()
	table, endpoint := dynamotest.Table(b), dynamotest.Endpoint(b)
	for i, write := range sent {
		sent[i].body = elsewhere(b, write.body, table)
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
