package privacy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"regulars/functions/altcraft"
	"regulars/functions/genesys"
	"regulars/functions/haravan"
	"regulars/functions/mojodex"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/privacy"
	"regulars/tests/client"
)

// aboutNobody are the routes that write and are about no customer, or leave nothing of one.
var aboutNobody = []string{
	"POST /api/v1.1/profiles/delete", "DELETE /profiles/{id}",
	"POST /metadata/profiles/extensions", "DELETE /metadata/profiles/extensions/{extension}",
	"POST /metadata/identification-keys", "DELETE /metadata/identification-keys/{key}",
	"PUT /task", "POST /task", "POST /check_expired_purchases",
	"PUT /product_category", "POST /product_category", "PUT /product", "POST /product", "PUT /product_task_association",
	"PUT /profile_category", "POST /profile_category", "PUT /profile", "POST /profile", "PUT /profile_task_association",
}

// A visit is a request by one of the routes.
type visit struct{ route, path, body string }

// creating are requests by each route that makes a customer, with its e-mail.
func creating() map[string]visit {
	return map[string]visit{
		"import@example.com":       {"POST /api/v1.1/profiles/import", "", `"email":"import@example.com","data":{"email":"import@example.com","phones":["+84909000001"],"CRM_ID":"crm-1"}`},
		"add@example.com":          {"POST /api/v1.1/profiles/add", "", `"data":{"email":"add@example.com","phones":["+84909000002"],"interests":["ski"]}`},
		"add-batch@example.com":    {"POST /api/v1.1/profiles/add_batch", "", `"data":[{"email":"add-batch@example.com","CRM_ID":"crm-2"}]`},
		"import-batch@example.com": {"POST /api/v1.1/profiles/import_batch", "", `"matching":"email","data":[{"email":"import-batch@example.com","phones":["+84909000003"]}]`},
		"quick@example.com":        {"POST " + altcraft.QuickImport, "", `"email":"quick@example.com","phone":"+84909000004"`},
		"genesys@example.com":      {"POST /profiles", "", `{"customer_id":"Brought-1","EmailAddress":["genesys@example.com"],"FirstName":"Gen","Phone":[{"prefix":"+1","PhoneNumber":"2125550118"}]}`},
	}
}

// changing are requests by each other route that writes to a customer, some of which are
// numbered by what was before.
func changing(id customer.ID, other customer.ID) []visit {
	loy, ucs := "/loy/profiles/"+id.Decimal(), "/profiles/"+id.Base36()
	profile := `"matching":"profile_id","profile_id":"` + id.Hex() + `"`
	sms := `"profile_id":"` + id.Hex() + `","resource_id":1,"channel":"sms","phone":"+84909000009"`
	return []visit{
		{"POST /api/v1.1/profiles/update", "", profile + `,"data":{"_city":"Hue","tags":["a"]}`},
		{"POST /api/v1.1/profiles/update_batch", "", `"matching":"email","data":[{"email":"import@example.com","_lname":"Lee"}]`},
		{"POST /api/v1.1/profiles/segstatic/add", "", profile + `,"segment_id":1`},
		{"POST /api/v1.1/profiles/segstatic/remove", "", profile + `,"segment_id":1`},
		{"POST /api/v1.1/subscriptions/set", "", sms},
		{"POST /api/v1.1/subscriptions/delete", "", sms},
		{"POST /api/v1.1/subscriptions/restore", "", sms},
		{"POST /api/v1.1/subscriptions/suspend_all", "", `"resource_id":1`},
		{"POST /api/v1.1/subscriptions/unsuspend_all", "", `"resource_id":1`},
		{"POST /profiles/{id}/extensions", ucs + "/extensions", `{"Phone": [{"prefix": "+1", "PhoneNumber": "2125550119"}, {"prefix": "+1", "PhoneNumber": "2125550120"}]}`},
		{"PUT /profiles/{id}/extensions/{extension}/by/unique", ucs + "/extensions/Phone/by/unique", `{"prefix": "+1", "PhoneNumber": "2125550119", "description": "home"}`},
		{"PUT /profiles/{id}/extensions/{extension}/delete/by/unique", ucs + "/extensions/Phone/delete/by/unique", `{"prefix": "+1", "PhoneNumber": "2125550120"}`},
		{"PUT /profiles/{id}", ucs, `{"FirstName": "Ann", "LastName": "Lee", "EmailAddress": ["import@example.com", "second@example.com"], "PhoneNumber": ["+84909000001"]}`},
		{"PUT /loy/profiles/{id}/points/add.json", loy + "/points/add.json", `{"point": {"value": 300, "reason": "welcome", "ref_id": "W-1"}}`},
		{"PUT /loy/profiles/{id}/points/subtract.json", loy + "/points/subtract.json", `{"point": {"value": 10, "reason": "gift"}}`},
		{"POST /loy/profiles/{id}/points/entries/{seq}/reverse.json", loy + "/points/entries/2/reverse.json", `{"reverse": {"value": 5}}`},
		{"POST /loy/profiles/{id}/points/holds.json", loy + "/points/holds.json", `{"hold": {"points": 20, "reason": "till"}}`},
		{"POST /loy/profiles/{id}/points/holds/{hold}/void.json", loy + "/points/holds/4/void.json", `{"void": {"reason": "left"}}`},
		{"POST /loy/profiles/{id}/points/holds.json", loy + "/points/holds.json", `{"hold": {"points": 20, "reason": "till"}}`},
		{"POST /loy/profiles/{id}/points/holds/{hold}/commit.json", loy + "/points/holds/6/commit.json", `{"commit": {}}`},
		{"POST /loy/profiles/{id}/points/transfer.json", loy + "/points/transfer.json", `{"transfer": {"to": ` + other.Decimal() + `, "value": 7, "reason": "birthday"}}`},
		{"POST /loy/profiles/{id}/orders.json", loy + "/orders.json", `{"order": {"id": "A-1", "total": 25000}}`},
		{"POST /loy/profiles/{id}/orders/{order}/return.json", loy + "/orders/A-1/return.json", `{"return": {"amount": 1000}}`},
		{"POST /loy/points/batch.json", "", `{"points": [{"profile_id": ` + id.Decimal() + `, "action": "add", "value": 4, "reason": "batch", "ref_id": "b-1"}]}`},
		{"PUT /manual_purchase", "", `{"datetime":"2024-02-14T11:53:58Z","user_id":"` + id.Hex() + `","product_pk":1,"custom_purchase_id":"P-77"}`},
		{"POST /manual_purchase", "", `{"datetime":"2024-02-14T11:54:58Z","purchase_pk":1}`},
		{"PUT /role", "", `{"datetime":"2024-02-14T11:53:58Z","user_id":"` + id.Hex() + `","profile_pk":1}`},
		{"POST /role", "", `{"datetime":"2024-02-14T11:54:58Z","role_pk":2}`},
		{"PUT /manual_purchase", "", `{"datetime":"2024-02-14T11:55:58Z","user_id":"` + id.Hex() + `","product_pk":1}`},
		{"POST /user_task_execution", "", `{"datetime":"2024-02-14T11:56:58Z","user_id":"` + id.Hex() + `","task_pk":1}`},
	}
}

// visit sends a request and fails the test unless it succeeds.
func (w *world) visit(v visit, key string) {
	w.t.Helper()
	method, path, _ := strings.Cut(v.route, " ")
	if v.path != "" {
		path = v.path
	}
	body := v.body
	if strings.HasPrefix(path, "/api/") {
		body = `{"token":"reg_local_demo","db_id":5,` + body + `}`
	}
	code, answer := w.send(method, path, body, key)
	var altcraft struct{ Error json.Number }
	_ = json.Unmarshal([]byte(answer), &altcraft)
	if code >= 300 || strings.HasPrefix(path, "/api/") && altcraft.Error != "0" || strings.Contains(answer, `"error":{`) || strings.Contains(answer, `"errors"`) {
		w.t.Fatalf("%s with %s = %d %s", v.route, body, code, answer)
	}
}

// A customer that was made by whichever route, and whom each other route has written to,
// is in the export with each item of its collections and each that leads to it. A new
// route must be added here.
func TestEveryRouteIsExported(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"unique_ref_id":true,"history_days":30,"rate_limit":{"size":0}}}`)
	w.product()
	visited := map[string]bool{}
	ids := map[string]customer.ID{}
	for email, v := range creating() {
		w.visit(v, "key of "+email)
		visited[v.route] = true
		a := client.Altcraft{T: t, Handler: w.Server}.Must("get", map[string]any{"email": email})
		id, err := customer.ParseHex(a.Data()["id"].(string))
		if err != nil {
			t.Fatal(err)
		}
		ids[email] = id
	}
	first := ids["import@example.com"]
	for i, v := range changing(first, ids["add@example.com"]) {
		key := ""
		if i%2 == 0 {
			key = fmt.Sprint("key ", i)
		}
		w.visit(v, key)
		visited[v.route] = true
	}

	for _, route := range writing() {
		known := visited[route]
		for _, nobody := range aboutNobody {
			known = known || route == nobody
		}
		if !known {
			t.Errorf("nobody is written to by %s", route)
		}
	}
	items := w.Items(t)
	for email, id := range ids {
		inTable := map[string]int{}
		for name, row := range items {
			text, _ := json.Marshal(row)
			own := strings.HasPrefix(name, "C#5#"+id.Base36())
			if !own && !bytes.Contains(text, []byte(id.Base36())) && !bytes.Contains(text, []byte(id.Hex())) && !bytes.Contains(text, []byte(id.Decimal())) {
				continue
			}
			pk, sk, _ := strings.Cut(name, " ")
			top, _, _ := strings.Cut(pk, "#")
			begin, _, _ := strings.Cut(sk, "#")
			if top == "J" || top == "C" && !own { // a walk's place; the other half of a transfer
				continue
			}
			inTable[top+" "+begin]++
		}
		export := w.admin(`{"action":"export-customer","tenant":5,"profile":"` + id.Decimal() + `"}`)
		exported, _ := export["items"].(map[string]any)
		for kind, n := range inTable {
			if exported[kind] != float64(n) {
				t.Errorf("%s: %v items %q are exported, want %d", email, exported[kind], kind, n)
			}
			known, _ := privacy.KindOf(kind)
			if shown, _ := export[known.Member].([]any); len(shown) != n {
				t.Errorf("%s: the document has %d %s, want %d", email, len(shown), known.Member, n)
			}
		}
	}
	client.CheckHistory(t, w.Server, first, ids["genesys@example.com"], ids["quick@example.com"])
}

// writing are the routes of all dialects that write.
func writing() (all []string) {
	add := func(method, path string, scope access.Scope) {
		if method != "GET" && scope != access.AltRead && scope != access.UCSRead {
			all = append(all, method+" "+path)
		}
	}
	for _, r := range altcraft.Routes {
		add(r.Method, r.Path, r.Scope)
	}
	for _, r := range genesys.Routes {
		add(r.Method, r.Path, r.Scope)
	}
	for _, r := range haravan.Routes {
		add(r.Method, r.Path, r.Scope)
	}
	for _, r := range mojodex.Routes {
		add(r.Method, r.Path, r.Scope)
	}
	return all
}
