package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"regulars/functions/admin"
	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/tests/client"
)

// A world is the whole service, with the worker that does jobs, and one person of whom
// every dialect has written something.
type world struct {
	client.Scene
	t *testing.T
	// id is that of the person, former that of one who was merged into it, other somebody
	// else's.
	id, former, other customer.ID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"unique_ref_id":true,"history_days":30,"wallets":{"1":{"code":"stamps","name":"Stamps"}}}}`)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Work(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	w.id, w.other = w.person("ann", "+84909000001"), w.person("bob", "+84909000002")
	w.merge("ann maria", "+84909000003")
	w.everything()
	return w
}

// person imports somebody under an idempotency key.
func (w *world) person(name, phone string) customer.ID {
	w.t.Helper()
	a := client.Altcraft{T: w.t, Handler: w.Server}.Must("import", map[string]any{"email": name + "@example.com", "data": map[string]any{
		"email": name + "@example.com", "phones": []string{phone}, "_fname": name, "CRM_ID": "crm-" + name, "interests": []string{"ski", "sun"},
		"subscriptions": []any{
			map[string]any{"channel": "push", "provider": "Firefox", "subscription_id": "push-token-" + name, "resource_id": 1},
			map[string]any{"channel": "email", "email": name + "@example.com", "resource_id": 1, "custom_fields": map[string]any{"CRM_ID": "sub-" + name}},
		},
	}}, "Idempotency-Key", "import-"+name)
	id, err := customer.ParseHex(a.ID())
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// merge makes another profile of the person, with points, and merges it into the first.
func (w *world) merge(name, phone string) {
	w.t.Helper()
	w.former = w.person(strings.ReplaceAll(name, " ", "-"), phone)
	if code, body := w.send("PUT", "/loy/profiles/"+w.former.Decimal()+"/points/add.json", `{"point": {"value": 9, "reason": "from before"}}`, ""); code != 200 {
		w.t.Fatalf("points of who goes: %d %s", code, body)
	}
	if a := w.admin(`{"action":"merge","by":"clerk","tenant":5,"stays":"` + w.id.Decimal() + `","goes":"` + w.former.Decimal() + `"}`); a["done"] != true {
		w.t.Fatalf("merge = %v", a)
	}
}

// everything writes something of every kind about the person.
func (w *world) everything() {
	w.t.Helper()
	w.product()
	points := "/loy/profiles/" + w.id.Decimal()
	for _, r := range []struct{ method, path, body, key string }{
		{"POST", "/api/v1.1/profiles/import_batch", `{"token":"reg_local_demo","db_id":5,"matching":"email","data":[{"email":"ann@example.com","_lname":"Lee"}]}`, "batch"},
		{"POST", "/profiles/" + w.id.Base36() + "/extensions", `{"Phone": [{"PhoneType": 2, "prefix": "+1", "PhoneNumber": "2125550119"}]}`, "extension"},
		{"PUT", points + "/points/add.json", `{"point": {"value": 300, "reason": "welcome", "ref_id": "W-1"}}`, "add"},
		{"PUT", points + "/points/subtract.json", `{"point": {"value": 10, "reason": "gift"}}`, ""},
		{"POST", points + "/points/entries/3/reverse.json", `{"reverse": {"value": 5}}`, ""},
		{"POST", points + "/orders.json", `{"order": {"id": "A-1", "total": 25000}}`, ""},
		{"POST", points + "/points/holds.json", `{"hold": {"points": 20, "reason": "till"}}`, "hold"},
		{"POST", points + "/points/holds/6/void.json", `{"void": {"reason": "left"}}`, ""},
		{"POST", points + "/points/transfer.json", `{"transfer": {"to": ` + w.other.Decimal() + `, "value": 7, "reason": "birthday"}}`, ""},
		{"PUT", points + "/points/add.json?wallet=stamps", `{"point": {"value": 3, "reason": "coffee", "ref_id": "c-1"}}`, "stamps"},
		{"PUT", "/manual_purchase", `{"datetime":"2024-02-14T11:53:58Z","user_id":"` + w.id.Hex() + `","profile_pk":1,"custom_purchase_id":"P-77"}`, "purchase"},
		{"PUT", "/manual_purchase", `{"datetime":"2024-02-14T11:54:58Z","user_id":"` + w.id.Hex() + `","profile_pk":1,"custom_purchase_id":"P-78"}`, ""},
	} {
		w.must(r.method, r.path, r.body, r.key)
	}
	if a := w.admin(`{"action":"separate","by":"clerk","tenant":5,"profile":"` + w.id.Decimal() + `","other":"` + w.other.Decimal() + `"}`); len(a["separate_from"].([]any)) != 1 {
		w.t.Fatalf("separate = %v", a)
	}
	done := w.drop("people.csv", "email,_fname,phones,points.add\nann@example.com,Ann,,5\nbob@example.com,Bob,,\nzoe@example.com,Zoe,not a phone,\nann@example.com,Ann,+84 909 000 001 77 66 55 44 33,\n")
	more := w.drop("more.jsonl", `{"email":"ann@example.com","_city":"Hue"}`+"\n"+`{"email":"ann@example.com","phones":["nonsense"],"_lname":"\u0041nn Secret"}`+"\n"+`{"email":"zoe@example.com","phones":["nonsense"]}`+"\n")
	client.Eventually(w.t, "the imports", func() bool { return done() && more() })
}

// product makes a product with a task.
func (w *world) product() {
	w.t.Helper()
	for _, r := range []struct{ method, path, body, key string }{
		{"PUT", "/product_category", `{"datetime":"2024-02-14T10:46:15Z","label":"sales","displayed_data":[{"language_code":"en","name_for_user":"Sales","description_for_user":"d"}],"emoji":"x","implicit_goal":"g","visible":true}`, ""},
		{"PUT", "/profile", `{"datetime":"2024-02-14T10:53:06Z","profile_label":"seller","displayed_data":[{"language_code":"en","name":"Seller"}],"profile_category_pk":1}`, ""},
		{"PUT", "/profile_task_association", `{"datetime":"2024-02-14T11:00:00Z","profile_pk":1,"task_pk":1}`, ""},
	} {
		w.must(r.method, r.path, r.body, r.key)
	}
}

// must fails the test unless the request succeeds.
func (w *world) must(method, path, body, key string) {
	w.t.Helper()
	if code, answer := w.send(method, path, body, key); code >= 300 || strings.Contains(answer, `"error":{`) {
		w.t.Fatalf("%s %s = %d %s", method, path, code, answer)
	}
}

func (w *world) send(method, path, body, key string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	switch {
	case strings.HasPrefix(path, "/loy"):
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	case strings.HasPrefix(path, "/profiles"), strings.HasPrefix(path, "/metadata"):
		r.SetBasicAuth("any", devserver.DemoToken)
	default:
		r.Header.Set("Authorization", devserver.DemoToken)
	}
	answer := httptest.NewRecorder()
	w.Server.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

// drop uploads a file and returns what says whether it is imported.
func (w *world) drop(name, content string) (done func() bool) {
	w.t.Helper()
	key := "imports/tenant=5/" + name
	client.Drop(w.t, w.Server, w.Files, key, content, nil)
	return func() bool {
		r := httptest.NewRequest("GET", "/imports", nil)
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
		answer := httptest.NewRecorder()
		w.Server.ServeHTTP(answer, r)
		var list struct{ Imports []struct{ Key, State string } }
		if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
			w.t.Fatal(err)
		}
		for _, im := range list.Imports {
			if im.Key == key {
				return im.State == "done"
			}
		}
		return false
	}
}

// admin carries out an action and returns its answer.
func (w *world) admin(call string) map[string]any {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, admin.Path, strings.NewReader(call))
	r.Host = "localhost:3000"
	r.Header.Set(admin.Header, "1")
	answer := httptest.NewRecorder()
	w.Server.ServeHTTP(answer, r)
	var body map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || answer.Code != http.StatusOK {
		w.t.Fatalf("%s = %d %s", call, answer.Code, answer.Body)
	}
	return body
}

// about are the items of the whole table that are in the person's collections, or have
// its ids anywhere.
func (w *world) about() map[string]map[string]any {
	found := map[string]map[string]any{}
	for name, row := range w.Items(w.t) {
		text, _ := json.Marshal(row)
		for _, id := range []customer.ID{w.id, w.former} {
			mentions := bytes.Contains(text, []byte(id.Base36())) || bytes.Contains(text, []byte(id.Hex())) || bytes.Contains(text, []byte(id.Decimal()))
			if strings.HasPrefix(name, "C#5#"+id.Base36()) || mentions {
				found[name] = row
			}
		}
	}
	return found
}
