package imports_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"regulars/functions/imports"
	"regulars/functions/local/bucket"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	domain "regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/partqueue"
)

// A notebook is Imports that writes down what it receives, and fails for some keys.
type notebook struct {
	imports.Imports
	mu       sync.Mutex
	received []domain.Event
	fail     string
}

func (n *notebook) Receive(_ context.Context, e domain.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != "" && strings.Contains(e.Key, n.fail) {
		return errors.New("busy")
	}
	n.received = append(n.received, e)
	return nil
}

// Return implements [partqueue.Returner].
func (n *notebook) Return(context.Context, string, time.Duration) error { return nil }

// queue makes the queue of a function that knows no job.
func queue(t *testing.T, n *notebook) *imports.Queue {
	t.Helper()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	return imports.NewQueue(n, partqueue.NewMessages(jobs.NewWorker(store, nil, time.Now), n, partqueue.Observer{}))
}

// messages are an event with a message for each body, named m0, m1 and so on.
func messages(bodies ...string) (e events.SQSEvent) {
	for i, body := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: fmt.Sprint("m", i), Body: body, EventSource: "aws:sqs"})
	}
	return e
}

// upload is the body of a message about a file.
func upload(t *testing.T, key string) string {
	t.Helper()
	e, err := bucket.Event("imports", key, "v1", "etag", 7, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return e.Records[0].Body
}

// Each message is handled by itself: what cannot be understood, or not now, comes
// again, and keeps nothing else from being done.
func TestMessagesFailAlone(t *testing.T) {
	t.Parallel()
	n := &notebook{fail: "later"}
	q := queue(t, n)
	const part = "5/20200101T000000Z-ABCDEFGH/0" // of a job that is not there
	deleted := strings.Replace(upload(t, "imports/tenant=5/gone.csv"), "ObjectCreated:Put", "ObjectRemoved:Delete", 1)
	got, err := q.Handle(t.Context(), messages(
		upload(t, "imports/tenant=5/Gäste + 100%.csv"), "hello", part, "{}", `{"Records": [{"s3": 7}]}`,
		upload(t, "imports/tenant=5/later.csv"), `{"Service": "Amazon S3", "Event": "s3:TestEvent"}`, deleted,
		upload(t, "results/tenant=5/summary.json"), upload(t, "imports/tenant=5/b.csv"),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []events.SQSBatchItemFailure{{ItemIdentifier: "m1"}, {ItemIdentifier: "m3"}, {ItemIdentifier: "m4"}, {ItemIdentifier: "m5"}}
	if diff := cmp.Diff(want, got.BatchItemFailures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	var keys []string
	for _, e := range n.received {
		keys = append(keys, e.Key)
		if e.Bucket != "imports" || e.Version != "v1" || e.Sequencer != "V1" || e.Size != 7 {
			t.Errorf("received %+v", e)
		}
	}
	if len(keys) != 2 || !strings.Contains(strings.Join(keys, "\n"), "imports/tenant=5/Gäste + 100%.csv") || !strings.Contains(strings.Join(keys, "\n"), "imports/tenant=5/b.csv") {
		t.Errorf("received %q", keys)
	}
}

// The answer to a batch in which all went well must be an empty list.
func TestResponseForm(t *testing.T) {
	t.Parallel()
	got, err := queue(t, &notebook{}).Handle(t.Context(), messages(upload(t, "imports/tenant=5/a.csv")))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(got); err != nil || string(text) != `{"batchItemFailures":[]}` {
		t.Errorf("answer = %s, %v", text, err)
	}
}

// The function tells events of its queues from those of the API.
func TestFunctionTellsEventsApart(t *testing.T) {
	t.Parallel()
	n := &notebook{}
	asked := 0
	function := imports.Function(queue(t, n), func(_ context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		asked++
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusTeapot, Body: e.RawPath}, nil
	})
	for _, file := range []string{"import-file.json", "import-test.json", "import-part.json", "imports-get.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "events", file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := function(t.Context(), text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		answer, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if ofAPI := strings.Contains(string(answer), "418"); ofAPI != strings.HasPrefix(file, "imports-") {
			t.Errorf("%s answers %s", file, answer)
		}
	}
	if asked != 1 || len(n.received) != 1 || n.received[0].Key != "imports/tenant=5/matching=email/customers.csv" {
		t.Errorf("the API was asked %d times, received %+v", asked, n.received)
	}
	for _, event := range []string{"", "{", `{"Records": 7}`, `{"Records": []}`, "[]"} {
		if got, err := function(t.Context(), json.RawMessage(event)); err == nil {
			t.Errorf("%q answers %v, want an error", event, got)
		}
	}
}
