package client

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
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
	"regulars/shared/objects"
	"regulars/tests/rights"
)

// A Scene is the whole service on a table of its own, with the local tenant, and
// two more that [NewTokens] makes.
type Scene struct {
	*devserver.Server
	DB    *dynamodb.Client
	Table string
	// Files is the bucket that files are imported from.
	Files *objects.Memory
	// seen is what the table held when [Scene.Check] read it last, nil once
	// something may have been written since.
	seen *map[string]map[string]any
}

// limitedDB makes a client by which each function may do what template.yaml allows it.
func limitedDB(t testing.TB) *dynamodb.Client {
	return dynamodb.New(dynamotest.Client(t).Options(), func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: rights.Transport{Next: connections}}
	})
}

var connections = &http.Transport{MaxIdleConnsPerHost: 100}

// Main runs the tests of a dialect. Where all of them ran, each right that
// template.yaml gives to the function must have been used by one, but for those named.
func Main(m *testing.M, function string, but ...string) (code int) {
	code = m.Run()
	if code != 0 || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" {
		return code
	}
	unused, err := rights.Unused(function)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, right := range unused {
		if !slices.Contains(but, right) {
			fmt.Fprintf(os.Stderr, "template.yaml allows functions/%s what no test of it needs: %s\n", function, right)
			code = 1
		}
	}
	return code
}

// NewScene makes a seeded service on a table of its own. Each change is made to its
// options.
func NewScene(t *testing.T, changes ...func(o *devserver.Options)) Scene {
	t.Helper()
	s := Scene{DB: limitedDB(t), Table: dynamotest.Table(t), Files: objects.NewMemory(), seen: new(map[string]map[string]any)}
	options := devserver.Options{
		DB: s.DB, Table: s.Table, Log: slog.New(slog.DiscardHandler), Around: rights.Around, Bucket: s.Files,
	}
	for _, change := range changes {
		change(&options)
	}
	s.Server = devserver.New(options)
	Seed(t, s.Server, s.Table)
	return s
}

// The tenants beside the local one.
const (
	OtherTenant    = 6  // with all defaults
	DeclaredTenant = 7  // whose fields and resources must be declared
	ClubTenant     = 8  // whose points have a program of their own
	BusyTenant     = 9  // whose requests are limited to three
	RuledTenant    = 10 // whose orders earn by rules beside the base
)

// NewTokens makes further tenants and tokens, and returns the secrets by the names
// that conversations have for them.
func NewTokens(t *testing.T, s Scene) map[string]string {
	t.Helper()
	others.in(t, s.Table, func() { secrets = makeTokens(t, s) })
	return maps.Clone(secrets)
}

// others are the tenants and tokens beside those of the seed, and secrets are what
// opens them.
var (
	others  beginning
	secrets map[string]string
)

func makeTokens(t *testing.T, s Scene) map[string]string {
	t.Helper()
	make := func(tenant int, settings map[string]any) {
		if _, err := s.Registrar.CreateTenant(t.Context(), tenant, "Other shop", settings); err != nil {
			t.Fatal(err)
		}
	}
	make(OtherTenant, nil)
	make(DeclaredTenant, map[string]any{
		"fields": "declared", "resources": "declared",
		"declared_fields": map[string]any{
			"note": Field("string"), "visits": Field("int"), "height": Field("float"), "vip": Field("bool"),
			"since": Field("date"), "host": Field("ip"), "release": Field("version"), "hobbies": Field("tags"),
			"card": Field("object"), "pets": Field("arr_object"),
			"size": map[string]any{"type": "enum", "options": []any{"S", "M", "4"}},
		},
		"declared_resources": map[string]any{
			"1": map[string]any{"name": "News"},
			"2": map[string]any{"name": "Alerts", "channels": []any{"sms", "push"}},
		},
	})
	make(ClubTenant, map[string]any{
		"levels": map[string]any{
			"11": map[string]any{"name": "Member", "from": 0}, "12": map[string]any{"name": "Gold", "from": 1000},
		},
		"earning": map[string]any{
			"money_per_point": 10_000, "rounding": "nearest", "percent_of_level": map[string]any{"12": 200},
			"usable_after_hours": 24, "expires_after_days": 30,
		},
		"campaigns": map[string]any{
			"BDAY": map[string]any{"name": "Birthday", "expires_after_days": 90}, "NY": map[string]any{"name": "New year", "usable_after_hours": 240, "expires_after_days": 0},
		},
		"own_terms":               map[string]any{"max_usable_after_hours": 720, "max_expires_after_days": 3660},
		"money_per_ranking_point": 1000, "unique_ref_id": true, "subtract_counts_as_used": true, "negative_on_reversal": true,
		"rate_limit": map[string]any{"size": 0},
	})
	make(RuledTenant, map[string]any{
		"wallets": map[string]any{
			"1": map[string]any{"code": "stamps", "name": "Stamps", "expires_after_days": 365},
			"2": map[string]any{"code": "cash", "name": "Cash", "overdraft": 50},
		},
		"levels": map[string]any{"1": map[string]any{"name": "Member", "from": 0}, "2": map[string]any{"name": "Gold", "from": 5000}},
		"earning": map[string]any{
			"offset_minutes": 420,
			"rules": map[string]any{
				"double day": map[string]any{"bonus_percent": 100, "from": "2026-11-11T00:00:00+07:00", "until": "2026-11-12T00:00:00+07:00"},
				"gold":       map[string]any{"bonus_percent": 50, "levels": []any{2}},
				"shoes":      map[string]any{"bonus_percent": 200, "categories": []any{"shoes"}, "skus": []any{"LACES"}},
				"tuesday":    map[string]any{"bonus_percent": 10, "weekdays": []any{"tuesday"}},
			},
		},
	})
	make(BusyTenant, map[string]any{"rate_limit": map[string]any{"size": 3, "leak": 1}})

	cast := map[string]string{}
	for name, token := range map[string]access.Token{
		"revoked":  {Tenants: []int{devserver.Tenant}},
		"reader":   {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltRead}},
		"writer":   {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltWrite}},
		"deleter":  {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.AltDelete}},
		"loyal":    {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.LoyRead, access.LoyWrite}},
		"other":    {Tenants: []int{OtherTenant}},
		"both":     {Tenants: []int{devserver.Tenant, OtherTenant}},
		"declared": {Tenants: []int{DeclaredTenant}},
		"club":     {Tenants: []int{ClubTenant}},
		"busy":     {Tenants: []int{BusyTenant}},
		"ruled":    {Tenants: []int{RuledTenant}},
		"watcher":  {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.ImportsRead}},
		"runner":   {Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.ImportsRun}},
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
	// CreateToken makes none that has expired already.
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

func Field(kind string) map[string]any { return map[string]any{"type": kind} }

// ServeHTTP implements [http.Handler].
func (s Scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	*s.seen = nil
	s.Server.ServeHTTP(w, r)
}

// Check has h, which is the scene's service, serve a request. Where mayWrite says
// that the answer promises that nothing was done, the table must be as it was. It
// is read once where the request before changed nothing: between the requests
// nobody writes.
func (s Scene) Check(t *testing.T, h http.Handler, w http.ResponseWriter, r *http.Request, mayWrite func(*httptest.ResponseRecorder) bool) {
	t.Helper()
	before := *s.seen
	if before == nil {
		before = s.Items(t)
	}
	*s.seen = nil
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	if mayWrite(answer) {
		return
	}
	after := s.Items(t)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("%s %s answered %d %.300s and wrote (-before +after):\n%s", r.Method, r.URL.Path, answer.Code, answer.Body, diff)
	}
	*s.seen = after
}

// Items are all items of the table by key, but for the counts of budgets, which any
// request may write. The service itself never scans.
func (s Scene) Items(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	pages := dynamodb.NewScanPaginator(s.DB, &dynamodb.ScanInput{TableName: aws.String(s.Table), ConsistentRead: aws.Bool(true)})
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
			if !strings.HasPrefix(pk, "Q#") {
				all[pk+" "+sk] = row
			}
		}
	}
	return all
}
