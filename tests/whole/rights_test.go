package whole_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/admin"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
	"regulars/tests/rights"
)

// What no function but the administrators' may write, and what none may do at all.
func TestRightsAreFew(t *testing.T) {
	t.Parallel()
	granted, err := rights.Granted()
	if err != nil {
		t.Fatal(err)
	}
	for function := range dialects {
		if len(granted[function]) == 0 {
			t.Errorf("functions/%s has no rights", function)
		}
	}
	for function, grants := range granted {
		for _, g := range grants {
			write := !slices.Contains([]string{"GetItem", "BatchGetItem", "Query"}, g.Action)
			switch {
			case g.Action == "Scan" || strings.Contains(g.Action, "*") || g.Keys == "*":
				t.Errorf("functions/%s may %v", function, g)
			case write && g.Keys == "TOKEN#*" && function != "admin" && function != "console": // which replaces and revokes them
				t.Errorf("functions/%s may write tokens", function)
			case write && g.Keys == "T#*" && (function == "altcraft" || function == "haravan"):
				t.Errorf("functions/%s may write settings", function)
			}
		}
	}
}

// A function that calls for more than it may is told so: else the tests that play by
// these rights would show nothing.
func TestRightsAreEnforced(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	db := dynamodb.New(dynamotest.Client(t).Options(), func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: rights.Transport{Next: http.DefaultTransport}}
	})
	put := func(function, pk string) error {
		_, err := db.PutItem(rights.As(t.Context(), function), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: "X"},
		}})
		return err
	}
	for _, tt := range []struct {
		function, pk string
		allowed      bool
	}{
		{"altcraft", "C#5#A", true}, {"altcraft", "K#5#email#a/b@example.com", true}, {"altcraft", "T#5", false}, {"altcraft", "TOKEN#1", false},
		{"haravan", "K#5#email#a", false}, {"mojodex", "T#5", true}, {"work", "TOKEN#1", false}, {"admin", "TOKEN#1", true}, {"admin", "C#5#A", true}, {"admin", "R#5#A", false},
		{"nobody", "C#5#A", false},
	} {
		if err := put(tt.function, tt.pk); (err == nil) != tt.allowed {
			t.Errorf("%s puts %s: %v, want allowed %t", tt.function, tt.pk, err, tt.allowed)
		}
	}
}

// Each action of the administrators' function gets by with its rights.
func TestAdminRights(t *testing.T) {
	t.Parallel()
	s, _ := client.WorkingService(t)
	id := importOne(t, s)
	second, err := customer.ParseHex((client.Altcraft{T: t, Handler: s}).Must("import", client.Person(2, nil)).ID())
	if err != nil {
		t.Fatal(err)
	}
	other := second.Decimal()
	for _, call := range []string{
		`{"action":"list-tenants"}`, `{"action":"create-tenant","tenant":77,"name":"Shop"}`, `{"action":"show-tenant","tenant":77}`,
		`{"action":"change-settings","tenant":77,"settings":{"country":"84"}}`, `{"action":"declare-field","tenant":77,"name":"a","type":"int"}`,
		`{"action":"create-token","tenant":77,"name":"t","scopes":"alt.read"}`, `{"action":"list-tokens","tenant":77}`,
		`{"action":"declare-match-field","tenant":77,"name":"card"}`, `{"action":"remove-match-field","tenant":77,"name":"card"}`,
		`{"action":"rekey-contacts","tenant":77}`, `{"action":"claim-orders","tenant":77}`, `{"action":"find-duplicates","tenant":77}`, `{"action":"list-jobs","tenant":77}`,
		`{"action":"verify-points","tenant":5,"profile":"` + id + `"}`, `{"action":"export-customer","tenant":5,"profile":"` + id + `"}`,
		`{"action":"separate","tenant":5,"profile":"` + id + `","other":"` + other + `"}`, `{"action":"unseparate","tenant":5,"profile":"` + id + `","other":"` + other + `"}`,
		`{"action":"erase-customer","tenant":5,"profile":"` + id + `"}`,
	} {
		r := httptest.NewRequest(http.MethodPost, admin.Path, bytes.NewReader([]byte(call)))
		r.Host = "localhost:3000"
		r.Header.Set(admin.Header, "1")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"error"`) {
			t.Errorf("%s = %d %s", call, w.Code, w.Body)
		}
	}
}

// importOne imports a customer and returns its number.
func importOne(t *testing.T, h http.Handler) string {
	t.Helper()
	(client.Altcraft{T: t, Handler: h}).Must("import", client.Person(1, nil))
	r := httptest.NewRequest("GET", "/loy/profiles.json?limit=1&fields=id", nil)
	r.Header.Set("Authorization", "Bearer reg_local_demo")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return regexp.MustCompile(`[0-9]+`).FindString(w.Body.String())
}
