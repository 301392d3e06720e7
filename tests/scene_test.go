package tests_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/openapi"
)

// A scene is the whole service on a table of its own, with the local tenant, and
// two more that [newCast] makes.
type scene struct {
	*devserver.Laptop
	db    *dynamodb.Client
	table string
}

func newScene(t *testing.T) scene {
	t.Helper()
	s := scene{db: dynamotest.Client(t), table: dynamotest.Table(t)}
	s.Laptop = devserver.New(devserver.Options{DB: s.db, Table: s.table, Log: slog.New(slog.DiscardHandler)})
	if err := s.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// The tenants beside the local one.
const (
	otherTenant    = 6 // with all defaults
	declaredTenant = 7 // whose fields and resources must be declared
	clubTenant     = 8 // whose points have a program of their own
	busyTenant     = 9 // whose requests are limited to three
)

// newCast makes further tenants and tokens, and returns the secrets by the names
// that conversations have for them.
func newCast(t *testing.T, s scene) map[string]string {
	t.Helper()
	make := func(tenant int, settings map[string]any) {
		if _, err := s.Registrar.CreateTenant(t.Context(), tenant, "Other shop", settings); err != nil {
			t.Fatal(err)
		}
	}
	make(otherTenant, nil)
	make(declaredTenant, map[string]any{
		"fields": "declared", "resources": "declared",
		"declared_fields": map[string]any{
			"note": field("string"), "visits": field("int"), "height": field("float"), "vip": field("bool"),
			"since": field("date"), "host": field("ip"), "release": field("version"), "hobbies": field("tags"),
			"card": field("object"), "pets": field("arr_object"),
			"size": map[string]any{"type": "enum", "options": []any{"S", "M", "4"}},
		},
		"declared_resources": map[string]any{
			"1": map[string]any{"name": "News"},
			"2": map[string]any{"name": "Alerts", "channels": []any{"sms", "push"}},
		},
	})
	make(clubTenant, map[string]any{
		"levels": map[string]any{
			"11": map[string]any{"name": "Member", "from": 0}, "12": map[string]any{"name": "Gold", "from": 1000},
		},
		"earning": map[string]any{
			"money_per_point": 10_000, "rounding": "nearest", "percent_of_level": map[string]any{"12": 200},
			"usable_after_hours": 24, "expires_after_days": 30,
		},
		"money_per_ranking_point": 1000, "unique_ref_id": true, "subtract_counts_as_used": true, "negative_on_reversal": true,
		"rate_limit": map[string]any{"size": 0},
	})
	make(busyTenant, map[string]any{"rate_limit": map[string]any{"size": 3, "leak": 1}})

	cast := map[string]string{}
	for name, token := range map[string]access.Token{
		"revoked":  {Tenants: []int{devserver.Tenant}},
		"reader":   {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltRead}},
		"writer":   {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltWrite}},
		"deleter":  {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltDelete}},
		"loyal":    {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.LoyRead, access.LoyWrite}},
		"other":    {Tenants: []int{otherTenant}},
		"both":     {Tenants: []int{devserver.Tenant, otherTenant}},
		"declared": {Tenants: []int{declaredTenant}},
		"club":     {Tenants: []int{clubTenant}},
		"busy":     {Tenants: []int{busyTenant}},
		"viewer":   {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.LoyRead}},
	} {
		token.Name = name
		if token.Scopes == nil {
			token.Scopes = access.Scopes
		}
		secret, _, err := s.Registrar.CreateToken(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		cast[name] = secret
	}
	if _, err := s.Registrar.RevokeToken(t.Context(), access.HashOf(cast["revoked"])); err != nil {
		t.Fatal(err)
	}
	// A job that nobody works on, since a scene has no worker.
	job, err := s.Jobs.StartMatchField(t.Context(), devserver.Tenant, customer.MatchField{Name: "legacy", Of: customer.OfCustomer, Number: 1000, State: customer.FieldBuilding})
	if err != nil {
		t.Fatal(err)
	}
	cast["job"] = job.ID
	// The registrar makes none that has expired already.
	cast["expired"] = "reg_live_expired"
	yesterday := time.Now().Add(-24 * time.Hour)
	token := access.Token{
		Hash: access.HashOf(cast["expired"]), Name: "expired", Tenants: []int{devserver.Tenant}, Scopes: access.Scopes,
		Created: yesterday, Expires: yesterday.Add(time.Hour),
	}
	if err := s.Store.SaveToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	return cast
}

func field(kind string) map[string]any { return map[string]any{"type": kind} }

// A witness is the service, watched: an answer that says that nothing was done
// must leave the table as it was.
type witness struct {
	scene
	t *testing.T
}

// readsOnly are the methods that write nothing.
var readsOnly = regexp.MustCompile(`/(get|list|fields_get)/?$`)

// ServeHTTP implements [http.Handler].
func (s witness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	before := s.items(s.t)
	recorder := httptest.NewRecorder()
	s.documented().ServeHTTP(recorder, r)
	maps.Copy(w.Header(), recorder.Header())
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())

	answer, err := verdictOf(recorder.Body.Bytes())
	if err != nil {
		s.t.Errorf("%s %s: the body is neither JSON nor XML with a verdict: %v\n%s", r.Method, r.URL.Path, err, recorder.Body)
	}
	keyed := r.Header.Get("Idempotency-Key") != "" && recorder.Header().Get("Idempotency-Hit") == ""
	unchanged := answer.Changed != nil && !*answer.Changed && !keyed
	if answer.refused() || unchanged || readsOnly.MatchString(r.URL.Path) {
		if diff := cmp.Diff(before, s.items(s.t)); diff != "" {
			s.t.Errorf("%s %s answered %.300s and wrote (-before +after):\n%s", r.Method, r.URL.Path, recorder.Body, diff)
		}
	}
}

// documented is the service, of which the OpenAPI document must allow what it is
// asked and answers.
func (s witness) documented() http.Handler {
	document, err := altcraftDocument()
	if err != nil {
		s.t.Fatal(err)
	}
	refused := func(status int, body []byte) bool {
		v, err := verdictOf(body)
		return status != http.StatusOK || err != nil || v.refused()
	}
	return document.Watch(s.Laptop, refused, func(err error) { s.t.Error(err) })
}

// altcraftDocument is the one document that all conversations are held against.
var altcraftDocument = sync.OnceValues(func() (*openapi.Document, error) { return openapi.Load("../docs/openapi/altcraft.yaml") })

// A verdict is what an answer of the Altcraft API says of a request, in JSON or
// XML.
type verdict struct {
	Error   *int  `json:"error" xml:"error"`
	Changed *bool `json:"changed" xml:"changed"`
}

func verdictOf(body []byte) (v verdict, err error) {
	read := json.Unmarshal
	if bytes.HasPrefix(body, []byte("<")) {
		read = xml.Unmarshal
	}
	if err = read(body, &v); err == nil && v.Error == nil {
		err = errors.New("error is missing")
	}
	return v, err
}

// refused reports whether nothing was done.
func (v verdict) refused() bool { return v.Error == nil || *v.Error != 0 }

// items are all items of the table by key. The service itself never scans.
func (s scene) items(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	pages := dynamodb.NewScanPaginator(s.db, &dynamodb.ScanInput{TableName: aws.String(s.table), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			var row map[string]any
			if err := attributevalue.UnmarshalMap(it, &row); err != nil {
				t.Fatal(err)
			}
			pk, _ := row["pk"].(string)
			sk, _ := row["sk"].(string)
			all[pk+" "+sk] = row
		}
	}
	return all
}

// post sends a body to a method of the Altcraft API.
func post(t *testing.T, h http.Handler, method string, body []byte) (*http.Response, answer) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1.1/"+method, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, text)
	}
	return w.Result(), a
}

// An answer of the Altcraft API.
type answer struct {
	Error   int    `json:"error"`
	Text    string `json:"error_text"`
	ID      string `json:"profile_id"`
	Created bool   `json:"created"`
	Changed bool   `json:"changed"`
	Data    map[string]any
}
