package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/table"
	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/merge"
	"regulars/shared/points"
	"regulars/tests/client"
)

// traces are what tells of the person, wherever it is.
var traces = []string{
	"ann@example", "ann-maria@example", "push-token-ann", "crm-ann", "sub-ann", "2125550119", "84909000001", "84909000003",
	"welcome", "W-1", "birthday", "coffee", "c-1", "from before", "Secret", "77 66 55", "till",
}

// After an erasing nothing in the table or in any version of what imports left tells of the
// person, the audit of the whole table is content, and others are as they were.
func TestErase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := `{"action":"erase-customer","by":"officer","tenant":5,"profile":"` + w.id.Decimal() + `"`
	planned := w.admin(call + `,"plan":true}`)
	if planned["state"] != "planned" || len(w.about()) == 0 {
		t.Fatalf("plan = %v", planned)
	}
	export := w.exported()
	if export["items_sha256"] != planned["items_sha256"] {
		t.Errorf("export and plan list other items: %v, %v", export["items"], planned["items"])
	}
	if erasing := w.admin(call + "}"); erasing["state"] != "erasing" || erasing["job"] == nil {
		t.Fatalf("erase = %v", erasing)
	}
	var certificate map[string]any
	client.Eventually(t, "the erasing", func() bool {
		certificate = w.admin(call + "}")
		return certificate["state"] == "erased"
	})
	if certificate["by"] != "officer" || certificate["ended"] == nil || certificate["items_sha256"] != planned["items_sha256"] ||
		certificate["rows_of_imports"] == nil || fmt.Sprint(certificate["uploads_that_stay"]) != "[imports/tenant=5/more.jsonl imports/tenant=5/people.csv]" &&
		fmt.Sprint(certificate["uploads_that_stay"]) != "[imports/tenant=5/people.csv imports/tenant=5/more.jsonl]" {
		t.Errorf("certificate = %v", certificate)
	}

	kept := map[string]bool{"C CUSTOMER": true, "C ACCOUNT": true, "C LEDGER": true, "C REVERSED": true, "C WALLET": true, "E ERASED": true}
	for name, row := range w.about() {
		pk, sk, _ := strings.Cut(name, " ")
		top, _, _ := strings.Cut(pk, "#")
		begin, _, _ := strings.Cut(sk, "#")
		if !kept[top+" "+begin] && top != "J" && !strings.HasPrefix(pk, "C#5#"+w.other.Base36()) {
			t.Errorf("%s is left: %v", name, row)
		}
	}
	for name, row := range w.Items(t) {
		if strings.HasPrefix(name, "C#5#"+w.other.Base36()) {
			continue // the transfer that it got says what for
		}
		text, _ := json.Marshal(row)
		for _, trace := range traces {
			if bytes.Contains(text, []byte(trace)) || strings.Contains(name, trace) {
				t.Errorf("%s tells %q: %s", name, trace, text)
			}
		}
	}
	zoe := false
	for key, versions := range w.Files.Versions() {
		for _, body := range versions {
			zoe = zoe || strings.HasPrefix(key, "results/") && bytes.Contains(body, []byte("zoe@"))
			for _, trace := range append(traces, w.id.Hex(), w.id.Decimal()) {
				if bytes.Contains(body, []byte(trace)) && !strings.HasPrefix(key, "imports/") {
					t.Errorf("%s tells %q: %s", key, trace, body)
				}
			}
		}
	}
	if !zoe {
		t.Error("rejected rows of others are gone, too")
	}
	var found bytes.Buffer
	if err := table.Audit(t.Context(), w.Store, nil, &found); err != nil {
		t.Errorf("audit: %v\n%s", err, found.String())
	}

	if again := w.admin(call + "}"); fmt.Sprint(again) != fmt.Sprint(certificate) {
		t.Errorf("again = %v, want the certificate", again)
	}
	if a := w.admin(`{"action":"export-customer","tenant":5,"profile":"` + w.id.Decimal() + `"}`); fmt.Sprint(a["error"]) == "<nil>" {
		t.Errorf("export of who was erased = %v", a)
	}
	// A client that repeats the request by which the person came does not bring it back.
	a := client.Altcraft{T: t, Handler: w.Server}.Call("import", map[string]any{"email": "ann@example.com", "data": map[string]any{"email": "ann@example.com"}}, "Idempotency-Key", "import-ann")
	if a.Code() == 0 {
		t.Errorf("the repeated request was carried out: %v", a)
	}
	if code, body := w.send("POST", "/loy/profiles/"+w.other.Decimal()+"/orders.json", `{"order": {"id": "A-1", "total": 25000}}`, ""); code != 422 {
		t.Errorf("the erased customer's order became another's: %d %s", code, body)
	}
}

// A killer ends whoever works at one of its calls.
type killer struct {
	next  http.RoundTripper
	calls atomic.Int64
	at    int64
	kill  context.CancelFunc
}

func (k *killer) call() error {
	if k.calls.Add(1) == k.at {
		k.kill()
		return context.Canceled
	}
	return nil
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := k.next.RoundTrip(r) // what was sent happened, and nobody learned of it
	if killed := k.call(); killed != nil {
		return nil, killed
	}
	return answer, err
}

// Killed at any call, an erasing is taken up again and ends with nothing left. In make
// prove it is killed at each call.
func TestProveErasingIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	step := 9
	if client.Proving() {
		step = 1
	}
	const most = 40 // persons, so calls at which it is killed
	w := &world{Scene: client.NewScene(t), t: t}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Work(ctx) }()
	defer func() { cancel(); <-ended }()
	file := "email,_fname,phones\n"
	persons := most
	if step == 1 {
		persons = 9 * most
	}
	for n := range persons {
		file += fmt.Sprintf("p%d@example.com,P%d,\np%d@example.com,,nonsense\n", n, n, n)
	}
	done := w.drop("crowd.csv", file)
	client.Eventually(t, "the import", done)

	erased := map[string]string{} // e-mail addresses, and when the erasing was killed
	ids := map[customer.ID]string{}
	for n, at := 0, 1; ; n, at = n+1, at+step {
		if n == persons {
			t.Fatalf("an erasing takes over %d calls", at)
		}
		email := fmt.Sprintf("p%d@example.com", n)
		a := client.Altcraft{T: t, Handler: w.Server}.Must("get", map[string]any{"email": email})
		id, err := customer.ParseHex(a.Data()["id"].(string))
		if err != nil {
			t.Fatal(err)
		}
		w.send("PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", `{"point": {"value": 3, "reason": "to `+email+`"}}`, "add-"+email)
		erased[email] = fmt.Sprintf("killed at call %d", at)
		ids[id] = email
		if w.eraseKilled(id, at) < int64(at) {
			break
		}
	}
	w.nothingTells(erased)
	for key, versions := range w.Files.Versions() {
		if strings.HasPrefix(key, "imports/") {
			continue
		}
		for _, body := range versions {
			for id, email := range ids {
				if bytes.Contains(body, []byte(","+email)) || bytes.Contains(body, []byte("\n"+email)) || bytes.Contains(body, []byte(id.Decimal())) {
					t.Errorf("%s: %s tells of it", erased[email], key)
				}
			}
		}
	}
	if err := table.Audit(t.Context(), w.Store, nil, io.Discard); err != nil {
		t.Error(err)
	}
}

// nothingTells demands that no item tells of who was erased: e-mail addresses, and what
// happened meanwhile. The table is read once for all of them.
func (w *world) nothingTells(erased map[string]string) {
	w.t.Helper()
	for name, row := range w.Items(w.t) {
		text, _ := json.Marshal(row)
		for email, what := range erased {
			if bytes.Contains(text, []byte(`"`+email)) || bytes.Contains(text, []byte(" "+email)) || strings.HasSuffix(name, "#"+email+" KEY") {
				w.t.Errorf("%s: %s is left: %s", what, name, text)
			}
		}
	}
}

// eraseKilled erases a customer, by a process that is killed at one of its calls and by the
// next one. It returns how many calls the first made.
func (w *world) eraseKilled(id customer.ID, at int) int64 {
	w.t.Helper()
	var ref jobs.Ref
	var first int64
	for round := range 3 {
		ctx, kill := context.WithCancel(w.t.Context())
		k := &killer{next: http.DefaultTransport, at: int64(at), kill: kill}
		if round > 0 {
			k.at = 0
		}
		w.Files.Fail(func(string, string) error { return k.call() })
		options := w.DB.Options()
		options.HTTPClient = &http.Client{Transport: k}
		store := dynamo.New(dynamodb.New(options), w.Table, time.Now)
		customers, ledgers, registrar := customer.NewService(store, time.Now), points.NewService(store, time.Now), access.NewAdminService(store, time.Now)
		upkeep := kinds.NewUpkeep(store, registrar, catalog.NewService(store, customers, time.Now), ledgers, merge.NewService(customers, store, time.Now))
		known := kinds.Erasing(upkeep, ledgers, store, imports.Records{Store: store, Bucket: w.Files}, customers, time.Now)
		if round == 0 {
			job, err := jobs.NewService(w.Store, nobody{}, time.Now, 0).StartErase(ctx, 5, id, "test")
			if err != nil {
				w.t.Fatal(err)
			}
			ref = jobs.Ref{Tenant: 5, Job: job.ID}
		}
		_, _ = jobs.NewWorker(store, known, time.Now).Process(ctx, ref)
		kill()
		w.Files.Fail(nil)
		if round == 0 {
			first = k.calls.Load()
		}
		e, err := w.Store.Erasure(w.t.Context(), 5, id)
		if err != nil {
			w.t.Fatal(err)
		}
		if !e.Ended.IsZero() && len(e.Keys) == 0 && round > 0 {
			return first
		}
	}
	w.t.Fatalf("killed at call %d: it did not end", at)
	return 0
}

// nobody is a queue from which nobody takes: the test does the parts.
type nobody struct{}

func (nobody) Send(context.Context, []jobs.Ref, time.Duration) error { return nil }
