// Package merge tests what becomes of customers that are merged and parted, in all
// dialects.
package merge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/devserver"
	"regulars/functions/local/table"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	domain "regulars/shared/merge"
	"regulars/shared/objects"
	"regulars/tests/client"
)

// A house is the whole service on a table of its own.
type house struct {
	t     testing.TB
	s     *devserver.Server
	table string
	files *objects.Memory // that are imported
}

func newHouse(t testing.TB) house {
	t.Helper()
	h := house{t: t, table: dynamotest.Table(t), files: objects.NewMemory()}
	h.s = devserver.New(devserver.Options{DB: dynamotest.Client(t), Table: h.table, Log: slog.New(slog.DiscardHandler), Bucket: h.files})
	if err := h.s.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"history_days": 30}); err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends a request of any dialect; the path says of which.
func (h house) ask(method, path string, body any, header ...string) client.Answer {
	h.t.Helper()
	var text []byte
	if body != nil {
		if members, ok := body.(map[string]any); ok && !strings.HasPrefix(path, "/loy/") && !strings.HasPrefix(path, "/profiles") && !strings.HasPrefix(path, "/api/") {
			members["datetime"] = nil
		}
		text, _ = json.Marshal(body)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(path, "/loy/"), strings.HasPrefix(path, "/imports"):
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	case strings.HasPrefix(path, "/profiles"):
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("x:"+devserver.DemoToken)))
	default:
		r.Header.Set("Authorization", devserver.DemoToken)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.s.ServeHTTP(w, r)
	a := client.Answer{Status: w.Code, Header: w.Header()}
	_ = json.Unmarshal(w.Body.Bytes(), &a.Body) // a list, or nothing, is no object
	return a
}

// must fails the test unless the request succeeds.
func (h house) must(method, path string, body any, header ...string) client.Answer {
	h.t.Helper()
	a := h.ask(method, path, body, header...)
	if a.Status >= 300 {
		h.t.Fatalf("%s %s %v = %v, want success", method, path, body, a)
	}
	return a
}

func (h house) altcraft() client.Altcraft { return client.Altcraft{T: h.t, Handler: h.s} }

// a customer with everything, made by all four dialects.
func (h house) full(n int) customer.ID {
	h.t.Helper()
	email := client.Email(n)
	id := h.plain(n)
	h.must("POST", "/profiles/"+id.Base36()+"/extensions", map[string]any{"Phone": []any{map[string]any{"prefix": "+47", "PhoneNumber": fmt.Sprint(900 + n)}}})
	h.must("PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", map[string]any{"point": map[string]any{"value": 100 * n, "ref_id": fmt.Sprint("gift ", n)}}, "Idempotency-Key", fmt.Sprint("gift", n))
	h.must("POST", "/loy/profiles/"+id.Decimal()+"/orders.json", order(n))
	h.must("PUT", "/manual_purchase", map[string]any{"profile_pk": h.product(), "user_email": email})
	return id
}

func order(n int) any {
	return map[string]any{"order": map[string]any{"id": fmt.Sprint("order ", n), "total": 5_000_000}}
}

// plain makes a customer in Altcraft.
func (h house) plain(n int) customer.ID {
	h.t.Helper()
	email := client.Email(n)
	a := h.altcraft().Must("import", map[string]any{"email": email, "data": map[string]any{
		"email": email, "_fname": fmt.Sprint("Name ", n), "phones": []any{fmt.Sprintf("+479000%04d", n), "+4790009999"},
		"CRM_ID": fmt.Sprint("crm", n), "interests": []any{"shoes", fmt.Sprint("hats", n)}, "visits": n,
		"subscriptions": []any{
			map[string]any{"resource_id": 1, "channel": "email", "email": email},
			map[string]any{"resource_id": 1, "channel": "sms", "phone": fmt.Sprintf("+479000%04d", n)},
		},
	}})
	id, err := customer.ParseHex(a.ID())
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// product is the number of a product, which is made once.
func (h house) product() int {
	h.t.Helper()
	if a := h.ask("PUT", "/product_category", map[string]any{"label": "sales", "displayed_data": []any{}, "emoji": "e", "implicit_goal": "sell", "visible": false}); a.Status == http.StatusOK {
		h.must("PUT", "/profile", map[string]any{"profile_label": "seller", "displayed_data": []any{map[string]any{"language_code": "en", "name": "Seller"}}, "profile_category_pk": 1})
		h.must("PUT", "/profile_task_association", map[string]any{"profile_pk": 1, "task_pk": 1})
	}
	return 1
}

func (h house) request(stays, goes customer.ID) domain.Request {
	h.t.Helper()
	settings, err := h.s.Registrar.Tenant(h.t.Context(), devserver.Tenant)
	if err != nil {
		h.t.Fatal(err)
	}
	return domain.Request{Settings: settings, Stays: stays, Goes: goes, By: "test"}
}

func (h house) merge(stays, goes customer.ID) domain.Plan {
	h.t.Helper()
	plan, err := h.s.Merges.Merge(h.t.Context(), h.request(stays, goes))
	if err != nil {
		h.t.Fatalf("merge: %v", err)
	}
	return plan
}

func (h house) unmerge(goes customer.ID) domain.Plan {
	h.t.Helper()
	plan, err := h.s.Merges.Unmerge(h.t.Context(), h.request(0, goes))
	if err != nil {
		h.t.Fatalf("unmerge: %v", err)
	}
	return plan
}

// items are those of the table that a merge may touch, by key. What says who wrote an
// item and when is left out, entries of ledgers and histories, which only grow, imports
// and jobs.
func (h house) items() map[string]map[string]any {
	h.t.Helper()
	all := map[string]map[string]any{}
	pages := dynamodb.NewScanPaginator(dynamotest.Client(h.t), &dynamodb.ScanInput{TableName: aws.String(h.table), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		for _, it := range page.Items {
			var row map[string]any
			if err := attributevalue.UnmarshalMap(it, &row); err != nil {
				h.t.Fatal(err)
			}
			pk, sk := row["pk"].(string), row["sk"].(string)
			begins := func(with string) bool { return strings.HasPrefix(pk, with) || strings.HasPrefix(sk, with) }
			if slices.ContainsFunc([]string{"Q#", "LEDGER#", "HISTORY#", "SEQ#", "R#", "B#", "J#"}, begins) {
				continue
			}
			for _, name := range []string{"c", "gsi2sk"} {
				delete(row, name)
			}
			switch sk {
			case "CUSTOMER":
				delete(row, "u")
				delete(row, "ex")
			case "ACCOUNT": // version, hash and time, the version within the shares, the level before
				for _, name := range []string{"u", "v", "h", "sh", "pl"} {
					delete(row, name)
				}
			case "PURCHASES":
				for _, held := range list(row["ac"]) {
					delete(held.(map[string]any), "w")
				}
			}
			all[pk+" "+sk] = row
		}
	}
	return all
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// audit fails the test where anything of the table does not fit.
func (h house) audit() {
	h.t.Helper()
	var flaws bytes.Buffer
	if err := table.Audit(h.t.Context(), h.s.Store, nil, &flaws); err != nil {
		h.t.Errorf("audit: %v\n%s", err, flaws.String())
	}
}
