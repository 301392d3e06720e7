package whole

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"regulars/functions/local/bucket"
	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
	"regulars/tests/runtimeapi"
)

// A deployment is the built binaries under a Runtime API each, on a seeded table
// and a queue that a test can look into.
type deployment struct {
	t         *testing.T
	queue     *fakeQueue
	files     *bucket.Server // of the bucket
	filesURL  string
	functions map[string]*runtimeapi.Function
}

func deploy(t *testing.T, names ...string) deployment {
	t.Helper()
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	table := dynamotest.Table(t)
	client.Seed(t, client.ServiceOn(t, dynamotest.Client(t), table), table)
	d := deployment{t: t, queue: newFakeQueue(t), functions: map[string]*runtimeapi.Function{}}
	if d.files, err = bucket.New(bucket.Options{Name: eventBucket, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.files.Close)
	files := httptest.NewServer(d.files)
	t.Cleanup(files.Close)
	d.filesURL = files.URL
	for _, name := range names {
		binary := filepath.Join(root, ".cache", "bin", name)
		if err := runtimeapi.Build(t.Context(), "regulars/functions/"+name+"/lambda", binary); err != nil {
			t.Fatal(err)
		}
		f, err := runtimeapi.Start(t.Context(), binary,
			"TABLE_NAME="+table, "AWS_ENDPOINT_URL_DYNAMODB="+dynamotest.Endpoint(t),
			"WORK_QUEUE_URL="+d.queue.url(), "AWS_ENDPOINT_URL_SQS="+d.queue.server.URL,
			"IMPORT_QUEUE_URL="+d.queue.imports.url(), "IMPORT_BUCKET="+eventBucket, "AWS_ENDPOINT_URL_S3="+d.filesURL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Kill)
		d.functions[name] = f
	}
	return d
}

// invoke sends an event to a function and reads its response into v.
func (d deployment) invoke(name string, event []byte, v any) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 25*time.Second)
	defer cancel()
	response, functionError, err := d.functions[name].Invoke(ctx, event)
	if err != nil || functionError != nil {
		d.t.Fatalf("%s: %v %s\n%s", name, err, functionError, d.functions[name].Log())
	}
	if err := json.Unmarshal(response, v); err != nil {
		d.t.Fatalf("%s answers %s: %v", name, response, err)
	}
}

func event(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "events", file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wanted is what the body of the answer to each event of a route holds. They are
// played in this order.
var wanted = []struct {
	file   string
	status int
	body   string
}{
	{"altcraft-import.json", 200, `"created":true`},
	{"altcraft-import.json", 200, `"changed":false`},
	{"altcraft-update.json", 200, `"error":0`},
	{"altcraft-get.json", 200, `"subscriptions":[{`},
	{"altcraft-segstatic-add.json", 200, `"changed":true`},
	{"altcraft-get.json", 200, `"_segments":[1]`},
	{"altcraft-segstatic-remove.json", 200, `"changed":true`},
	{"altcraft-list.json", 200, `"email":"i.petrov@example.com"`},
	{"altcraft-databases-list.json", 200, `"id":5`},
	{"altcraft-databases-fields-get.json", 200, `"name":"CRM_ID"`},
	{"altcraft-resources-list.json", 200, `"total_count":1`},
	{"altcraft-resources-get.json", 200, `"dbs_ids":[5]`},
	{"altcraft-resources-fields-get.json", 200, `"name":"_device_type"`},
	{"altcraft-subscriptions-set.json", 200, `"error":404`}, // of a profile that there is not
	{"altcraft-subscriptions-get.json", 200, `"error":404`},
	{"altcraft-subscriptions-list.json", 200, `"error":404`},
	{"altcraft-subscriptions-delete.json", 200, `"error":404`},
	{"altcraft-subscriptions-restore.json", 200, `"error":404`},
	{"altcraft-jobs-get.json", 200, `"error":404`},
	{"altcraft-subscriptions-suspend-all.json", 200, `"updated":1}`},
	{"altcraft-subscriptions-unsuspend-all.json", 200, `"updated":1}`},

	{"mojodex-profile-category.json", 200, `{"profile_category_pk":1}`},
	{"mojodex-profile-category.json", 400, `already exists`},
	{"mojodex-product-category.json", 200, `{"product_category_pk":2}`},
	{"mojodex-profile.json", 200, `{"profile_pk":1}`},
	{"mojodex-product.json", 200, `{"product_pk":2}`},
	{"mojodex-profile-task-association.json", 200, `{"profile_task_association_pk":1}`},
	{"mojodex-product-task-association.json", 200, `{"product_task_association_pk":2}`},
	{"mojodex-role.json", 200, `{"role_pk":1}`},
	{"mojodex-manual-purchase.json", 200, `{"purchase_pk":2}`},
	{"mojodex-purchase.json", 200, `"product_name":"Seller"`},
	{"mojodex-task.json", 200, `"task_type":"instruct"`},
	{"mojodex-user-task.json", 200, `"task_pk":1`},
	{"mojodex-user-task-execution.json", 200, `"purchase_pk":2`},
	{"mojodex-check-expired-purchases.json", 200, `{"purchase_pks":[]}`},
	{"mojodex-welcome.json", 200, `Regulars: one store of customers`},
	{"mojodex-unknown.json", 404, `message`},

	{"altcraft-delete.json", 200, `"error":0`},
	{"altcraft-get.json", 200, `"error":404`},
	{"mojodex-user-task.json", 400, `does not exist`},

	{"altcraft-add.json", 200, `"created":true`},
	{"altcraft-add.json", 200, `"error":409`},
	{"altcraft-add-batch.json", 200, `"created":true,"changed":true},{"error":0`},
	{"altcraft-import-batch.json", 200, `"created":false,"changed":true}]`},
	{"altcraft-update-batch.json", 200, `"changed":true},{"error":404`},
	{"altcraft-quick-import.json", 200, `"created":true`},
	{"altcraft-unknown.json", 200, `"error":404`},
}

// wantedGenesys is the status and a part of the body for each event of that
// function, by the rest of its name.
var wantedGenesys = []struct {
	file   string
	status int
	body   string
}{
	{"create", 201, `{"customer_id":"0004Va58A92T0017"}`},
	{"create", 400, `_taken"`},
	{"query", 200, `"DOB":"1962-05-10"`},
	{"identify", 200, `[{"DOB":"1962-05-10"`},
	{"replace", 200, ``},
	{"insert", 200, ``},
	{"update-record", 204, ``},
	{"query", 200, `"description":"mobile"`},
	{"delete-record", 204, ``},
	{"core-schema", 200, `{"name":"DOB","type":"date"}`},
	{"create-extension", 201, ``},
	{"list-extensions", 200, `"name":"Address"`},
	{"query-extension", 200, `"length":64`},
	{"delete-extension", 204, ``},
	{"create-key", 201, ``},
	{"list-keys", 200, `"name":"NameKey"`},
	{"query-key", 200, `"state":"building"`},
	{"delete-key", 204, ``},
	{"delete", 200, ``},
	{"query", 404, `"not_found"`},
	{"unknown", 404, `"unknown_path"`},
}

// eventProfile is the profile that events of the Haravan dialect are about.
const eventProfile = "890810741324922"

// playHaravan plays the events of the Haravan dialect, about a profile that was
// imported through the other one.
func (d deployment) playHaravan() {
	d.t.Helper()
	var imported events.APIGatewayV2HTTPResponse
	d.invoke("altcraft", event(d.t, "altcraft-import.json"), &imported)
	var answer struct {
		ID string `json:"profile_id"`
	}
	if err := json.Unmarshal([]byte(imported.Body), &answer); err != nil {
		d.t.Fatal(err)
	}
	id, err := customer.ParseHex(answer.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, w := range []struct {
		file   string
		status int
		body   string
	}{
		{"haravan-list.json", 200, `{"profiles":[{"id":` + id.Decimal()},
		{"haravan-get.json", 200, `{"profile":{"id":` + id.Decimal()},
		{"haravan-tags.json", 200, `"tags":`},
		{"haravan-attributes.json", 200, `"attributes":[`},
		{"haravan-add.json", 200, `"point_available":10,`},
		{"haravan-entry.json", 200, `"reason":"Mini game quay số 11/11"`},
		{"haravan-subtract.json", 200, `"point_available":0,`},
		{"haravan-subtract.json", 422, `{"errors":{"point":[`},
		{"haravan-order.json", 200, `"point_available":250,`},
		{"haravan-return.json", 200, `"point_available":200,`},
		{"haravan-reverse.json", 200, `"point_available":195,`},
		{"haravan-entries.json", 200, `"seq":5`},
		{"haravan-schedule.json", 200, `"never_expires":`},
		{"haravan-hold.json", 200, `"point_available":175,`},
		{"haravan-holds.json", 200, `"state":"open"`},
		{"haravan-hold-commit.json", 200, `"committed":15,`},
		{"haravan-hold-void.json", 422, `{"errors":{"hold":[`},
		{"haravan-hold-get.json", 200, `"state":"committed"`},
		{"haravan-entries-csv.json", 200, "seq,kind,value"},
		{"haravan-wallets.json", 200, `{"wallets":[{"id":`},
		{"haravan-transfer.json", 422, `{"errors":{"to":["there is no such profile"]}}`},
		{"haravan-batch.json", 200, `{"result":[{"status":200,`},
		{"haravan-unknown.json", 404, `{"errors":"Not Found"}`},
	} {
		var response events.APIGatewayV2HTTPResponse
		d.invoke("haravan", bytes.ReplaceAll(event(d.t, w.file), []byte(eventProfile), []byte(id.Decimal())), &response)
		if response.StatusCode != w.status || !strings.Contains(response.Body, w.body) || response.Headers["X-Consumed-Capacity"] == "" {
			d.t.Errorf("%s: %d %v %s, want %d %s", w.file, response.StatusCode, response.Headers, response.Body, w.status, w.body)
		}
	}
	var deleted events.APIGatewayV2HTTPResponse
	d.invoke("altcraft", event(d.t, "altcraft-delete.json"), &deleted)
}

// The bucket and the import that events are about, and the version and the content of
// its file.
const (
	eventBucket  = "regulars-imports-123456789012"
	eventKey     = "imports/tenant=5/matching=email/customers.csv"
	eventVersion = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
	eventImport  = "7179a96039ffd9a77724a74d"
	eventFile    = "email,_fname\nann@example.com,Ann\nbob@@example.com,Bob\n"
)

// playImports plays the events of imports: of a file in the bucket, of its parts until
// there are none, and of the API.
func (d deployment) playImports() {
	d.t.Helper()
	put, err := http.NewRequestWithContext(d.t.Context(), http.MethodPut, d.filesURL+"/"+eventBucket+"/"+eventKey, strings.NewReader(eventFile))
	if err != nil {
		d.t.Fatal(err)
	}
	stored, err := http.DefaultClient.Do(put)
	if err != nil {
		d.t.Fatal(err)
	}
	stored.Body.Close()
	version := stored.Header.Get("X-Amz-Version-Id")
	sum := sha256.Sum256([]byte(eventBucket + "\x00" + eventKey + "\x00" + version))
	id := hex.EncodeToString(sum[:12])
	named := strings.NewReplacer(eventVersion, version, eventImport, id)
	play := func(file string) []byte { return []byte(named.Replace(string(event(d.t, file)))) }

	for _, file := range []string{"import-test.json", "import-file.json", "import-file.json", "import-part.json"} {
		var response events.SQSEventResponse
		d.invoke("imports", play(file), &response)
		if len(response.BatchItemFailures) != 0 {
			d.t.Errorf("%s: %+v, want nothing to come again", file, response)
		}
	}
	for begun := time.Now(); d.queue.imports.len() > 0 && time.Since(begun) < time.Minute; {
		for _, again := range d.workBy("imports", d.queue.imports.take()) {
			d.queue.imports.put(again)
			time.Sleep(100 * time.Millisecond)
		}
	}
	for _, w := range []struct {
		file   string
		status int
		body   string
	}{
		{"imports-list.json", 200, `"id":"` + id},
		{"imports-get.json", 200, `"state":"done","dry_run":false,"error":null`},
		{"imports-get.json", 200, `"created":1,"updated":0,"unchanged":0,"rejected":1,"rejected_by":{"bad_email":1}`},
		{"imports-cancel.json", 200, `"state":"done"`},
		{"imports-undo.json", 200, `{"plan":{"restored":0,"deleted":1,`},
		{"imports-unknown.json", 404, `"unknown_path"`},
	} {
		var response events.APIGatewayV2HTTPResponse
		d.invoke("imports", play(w.file), &response)
		if response.StatusCode != w.status || !strings.Contains(response.Body, w.body) || response.Headers["X-Consumed-Capacity"] == "" {
			d.t.Errorf("%s: %d %v %s, want %d %s", w.file, response.StatusCode, response.Headers, response.Body, w.status, w.body)
		}
	}
}

// TestBinaries plays every event to the binary that it is for.
func TestBinaries(t *testing.T) {
	d := deploy(t, "altcraft", "genesys", "haravan", "imports", "mojodex", "work", "admin")
	d.playHaravan()
	d.playImports()
	for _, w := range wantedGenesys {
		var response events.APIGatewayV2HTTPResponse
		d.invoke("genesys", event(t, "genesys-"+w.file+".json"), &response)
		if response.StatusCode != w.status || !strings.Contains(response.Body, w.body) || response.Headers["X-Consumed-Capacity"] == "" {
			t.Errorf("%s: %d %v %s, want %d %s", w.file, response.StatusCode, response.Headers, response.Body, w.status, w.body)
		}
	}
	if got := len(d.queue.bodies()); got != 3*8 {
		t.Errorf("%d messages, want those of three jobs of 8 parts", got)
	}
	for _, w := range wanted {
		function, _, _ := strings.Cut(w.file, "-")
		var response events.APIGatewayV2HTTPResponse
		d.invoke(function, event(t, w.file), &response)
		if response.StatusCode != w.status || !strings.Contains(response.Body, w.body) || response.Headers["X-Consumed-Capacity"] == "" {
			t.Errorf("%s: %d %v %s, want %s", w.file, response.StatusCode, response.Headers, response.Body, w.body)
		}
	}
	var tenants struct{ Tenants []struct{ Tenant int } }
	d.invoke("admin", event(t, "admin-list-tenants.json"), &tenants)
	if len(tenants.Tenants) != 1 || tenants.Tenants[0].Tenant != devserver.Tenant {
		t.Errorf("admin lists %+v", tenants)
	}
	for _, file := range []string{"work-part.json", "work-stalled.json", "work-upkeep.json"} {
		var response events.SQSEventResponse
		d.invoke("work", event(t, file), &response)
		if len(response.BatchItemFailures) != 0 {
			t.Errorf("%s: %+v, want nothing to come again", file, response)
		}
	}
	for name, f := range d.functions {
		f.Kill()
		if log := f.Log(); strings.Contains(log, devserver.DemoToken) || strings.Contains(log, "petrov") || strings.Contains(log, "banner") || strings.Contains(log, "790000") {
			t.Errorf("the log of %s holds what a client sent:\n%s", name, log)
		}
	}
}

// TestProveJobThroughTheQueue declares a match field through the admin binary,
// and lets the work binary do the job, message by message. Its parts may not
// start for 40 seconds; a tenth of the proof is that they do not.
func TestProveJobThroughTheQueue(t *testing.T) {
	d := deploy(t, "altcraft", "work", "admin")
	var imported events.APIGatewayV2HTTPResponse
	d.invoke("altcraft", event(t, "altcraft-import.json"), &imported)
	var declared struct {
		Job struct{ ID string }
	}
	d.invoke("admin", fmt.Appendf(nil, `{"action": "declare-match-field", "tenant": %d, "name": "card"}`, devserver.Tenant), &declared)
	if got := len(d.queue.bodies()); got != 8 {
		t.Fatalf("%d messages, want one for each of 8 parts", got)
	}
	deadline := time.Now()
	if client.Proving() {
		deadline = time.Now().Add(2 * time.Minute)
	}
	again := d.work(d.queue.bodies())
	for len(again) > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Second)
		again = d.work(again)
	}
	var job struct{ State string }
	d.invoke("admin", fmt.Appendf(nil, `{"action": "show-job", "tenant": %d, "job": %q}`, devserver.Tenant, declared.Job.ID), &job)
	want := map[bool]string{true: "done", false: "running"}[client.Proving()]
	if job.State != want || len(again) != map[string]int{"done": 0, "running": 8}[want] {
		t.Errorf("the job is %s with %d messages left, want %s", job.State, len(again), want)
	}
}

// work sends messages to the work binary and returns those that come again.
func (d deployment) work(bodies []string) (again []string) {
	d.t.Helper()
	return d.workBy("work", bodies)
}

// workBy sends messages to a binary and returns those that come again.
func (d deployment) workBy(name string, bodies []string) (again []string) {
	d.t.Helper()
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{
			MessageId: fmt.Sprint(i), ReceiptHandle: fmt.Sprint("receipt-", i), Body: body, EventSource: "aws:sqs",
		})
	}
	text, err := json.Marshal(batch)
	if err != nil {
		d.t.Fatal(err)
	}
	var response events.SQSEventResponse
	d.invoke(name, text, &response)
	for _, failure := range response.BatchItemFailures {
		var i int
		if _, err := fmt.Sscan(failure.ItemIdentifier, &i); err != nil {
			d.t.Fatal(err)
		}
		again = append(again, bodies[i])
	}
	return again
}

// A fakeQueue takes messages as SQS does, and those of a second queue of that server.
type fakeQueue struct {
	server  *httptest.Server
	name    string
	imports *fakeQueue
	mutex   sync.Mutex
	sent    []string
}

func newFakeQueue(t *testing.T) *fakeQueue {
	q := &fakeQueue{name: "work", imports: &fakeQueue{name: "imports"}}
	q.server = httptest.NewServer(q)
	q.imports.server = q.server
	t.Cleanup(q.server.Close)
	return q
}

func (q *fakeQueue) url() string { return q.server.URL + "/123456789012/" + q.name }

func (q *fakeQueue) bodies() []string {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return append([]string(nil), q.sent...)
}

func (q *fakeQueue) len() int { return len(q.bodies()) }

// take takes all messages out.
func (q *fakeQueue) take() []string {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	all := q.sent
	q.sent = nil
	return all
}

func (q *fakeQueue) put(body string) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.sent = append(q.sent, body)
}

// ServeHTTP implements [http.Handler].
func (q *fakeQueue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessageBatch" {
		fmt.Fprint(w, "{}") // ChangeMessageVisibility
		return
	}
	var batch struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []struct{ ID, MessageBody string }
	}
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if q.imports != nil && batch.QueueURL == q.imports.url() {
		q = q.imports
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	var taken []string
	for _, e := range batch.Entries {
		q.sent = append(q.sent, e.MessageBody)
		sum := md5.Sum([]byte(e.MessageBody))
		taken = append(taken, fmt.Sprintf(`{"Id": %q, "MessageId": %q, "MD5OfMessageBody": %q}`, e.ID, e.ID, hex.EncodeToString(sum[:])))
	}
	fmt.Fprintf(w, `{"Successful": [%s], "Failed": []}`, strings.Join(taken, ","))
}
