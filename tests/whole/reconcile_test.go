package whole_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/devserver"
	"regulars/functions/work"
	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/metrics"
	"regulars/shared/partqueue"
	"regulars/shared/points"
	"regulars/tests/client"
)

// A shop has one customer with contacts, records, points and a purchase, on a table of
// its own.
type shop struct {
	db    *dynamodb.Client
	table string
	store *dynamo.Store
	id    customer.ID
	it    *kinds.Reconciliation
	rules customer.Rules
}

func newShop(t *testing.T) shop {
	t.Helper()
	s := shop{db: dynamotest.Client(t), table: dynamotest.Table(t)}
	service := client.ServiceOn(t, s.db, s.table)
	if err := service.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.id, s.store = furnish(t, service), dynamo.New(s.db, s.table, time.Now)
	registrar := access.NewAdminService(s.store, time.Now)
	s.it = kinds.NewReconciliation(customer.NewService(s.store, time.Now), points.NewService(s.store, time.Now), s.store, s.store, registrar)
	settings, err := registrar.Tenant(t.Context(), devserver.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	s.rules = settings.CustomerRules()
	return s
}

// furnish makes a customer with something of everything.
func furnish(t *testing.T, h http.Handler) customer.ID {
	t.Helper()
	a := (client.Altcraft{T: t, Handler: h}).Must("import", client.Person(1, map[string]any{"CRM_ID": "7001", "interests": []string{"ski"}}))
	id, err := customer.ParseHex(a.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ method, path, body string }{
		{"POST", "/profiles/" + id.Base36() + "/extensions", `{"Phone": [{"PhoneType": 2, "prefix": "+1", "PhoneNumber": "2125550119"}]}`},
		{"PUT", "/loy/profiles/" + id.Decimal() + "/points/add.json", `{"point": {"value": 30, "reason": "welcome"}}`},
		{"POST", "/loy/profiles/" + id.Decimal() + "/orders.json", `{"order": {"id": "A-1", "total": 25000}}`},
	} {
		if code, body := send(h, r.method, r.path, r.body); code >= 300 {
			t.Fatalf("%s %s = %d %s", r.method, r.path, code, body)
		}
	}
	return id
}

func send(h http.Handler, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(path, "/loy"):
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	case strings.HasPrefix(path, "/profiles"):
		r.SetBasicAuth("any", devserver.DemoToken)
	default:
		r.Header.Set("Authorization", devserver.DemoToken)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// damages are what somebody does to the table behind the service, by the begin of the
// keys of the items: each is found, and named by these words.
var damages = []struct {
	name, pk, sk string
	change       func(it map[string]types.AttributeValue) // nil: it is deleted
	want         string
}{
	{"a match key is gone", "K#5#email#", "KEY", nil, "a match key of the kind email"},
	{"a match key names nobody", "K#5#phone#", "KEY", func(it map[string]types.AttributeValue) { delete(it, "o") }, "a match key of the kind phone"},
	{"the value of a match field is gone", "K#5#f", "KEY", nil, "a match key of the kind f"},
	{"an identification value is gone", "C#5#", "IDENT#", nil, "identification key"},
	{"an entry is gone", "C#5#", "LEDGER#000000000001", nil, "entry 1 of the ledger of wallet 0"},
	{"a balance is another", "C#5#", "ACCOUNT", func(it map[string]types.AttributeValue) { it["fa"] = &types.AttributeValueMemberN{Value: "99"} }, "of the ledger of wallet 0: the figures"},
}

// damage changes all items whose keys begin so.
func (s shop) damage(t *testing.T, pk, sk string, change func(map[string]types.AttributeValue)) {
	t.Helper()
	changed := 0
	pages := dynamodb.NewScanPaginator(s.db, &dynamodb.ScanInput{TableName: &s.table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			if !strings.HasPrefix(it["pk"].(*types.AttributeValueMemberS).Value, pk) || !strings.HasPrefix(it["sk"].(*types.AttributeValueMemberS).Value, sk) {
				continue
			}
			changed++
			if change == nil {
				_, err = s.db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &s.table, Key: map[string]types.AttributeValue{"pk": it["pk"], "sk": it["sk"]}})
			} else {
				change(it)
				_, err = s.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &s.table, Item: it})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if changed == 0 {
		t.Fatalf("there is no item %s %s", pk, sk)
	}
}

func TestReconciliationFindsDamage(t *testing.T) {
	t.Parallel()
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			if flaws, err := s.it.Flaws(t.Context(), s.rules, s.id); err != nil || len(flaws) > 0 {
				t.Fatalf("before: %v, %v", flaws, err)
			}
			s.damage(t, d.pk, d.sk, d.change)
			flaws, err := s.it.Flaws(t.Context(), s.rules, s.id)
			if err != nil || !strings.Contains(strings.Join(flaws, "\n"), d.want) {
				t.Errorf("flaws = %v, %v, want %q", flaws, err, d.want)
			}
			if strings.Contains(strings.Join(flaws, "\n"), "example.com") {
				t.Errorf("flaws show contacts: %v", flaws)
			}
		})
	}
}

// collected is a queue that a test plays.
type collected struct{ refs []jobs.Ref }

func (c *collected) Send(_ context.Context, refs []jobs.Ref, _ time.Duration) error {
	c.refs = append(c.refs, refs...)
	return nil
}

// The upkeep starts the reconciliation once a day; its parts are done by the work
// function, which counts the flaws that an alarm watches.
func TestReconcileCountsFlaws(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	registrar := access.NewAdminService(s.store, time.Now)
	if _, err := registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"verify_days": 1}); err != nil {
		t.Fatal(err)
	}
	s.damage(t, "K#5#email#", "KEY", nil)
	customers := customer.NewService(s.store, time.Now)
	upkeep := kinds.NewUpkeep(s.store, registrar, catalog.NewService(s.store, customers, time.Now)).WithReconciliation(s.it)
	queue := new(collected)
	service := jobs.NewService(s.store, queue, time.Now, 0)
	var lines bytes.Buffer
	function := work.NewFunction(jobs.NewWorker(s.store, upkeep.Kinds(), time.Now), service, upkeep, nil,
		partqueue.Observer{Metrics: metrics.New(&lines, "Regulars", "work", time.Now)})
	for range 2 {
		if _, err := function.Handle(t.Context(), []byte(`{"detail-type":"Upkeep"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if len(queue.refs) != customer.Shards {
		t.Fatalf("%d parts were started, want %d once", len(queue.refs), customer.Shards)
	}
	for _, ref := range queue.refs {
		if _, err := function.Handle(t.Context(), []byte(`{"Records":[{"messageId":"1","body":"`+ref.String()+`"}]}`)); err != nil {
			t.Fatal(err)
		}
	}
	if got := keysOf(t, lines.Bytes()); got["Flaws "] != 1 || got["Reconciled "] != 1 {
		t.Errorf("metrics = %v", got)
	}
	shown, err := service.Show(t.Context(), devserver.Tenant, queue.refs[0].Job)
	if err != nil || shown.State != jobs.Done || shown.Seen != 1 || len(shown.Findings) != 1 || shown.Findings[0].Customer != s.id {
		t.Errorf("job = %+v, %v", shown, err)
	}
	if _, err := function.Handle(t.Context(), []byte(`{"detail-type":"Upkeep"}`)); err != nil || len(queue.refs) != customer.Shards {
		t.Errorf("on the same day it was started again: %v, %v", queue.refs, err)
	}
}
