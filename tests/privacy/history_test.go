package privacy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/history"
	"regulars/shared/jobs"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// The history of a person has each change by whichever way once, says who made it, and
// leads to what the person is. Page by page it is the same.
func personsHistory(t *testing.T, w *world) {
	for _, r := range []struct{ method, path, body string }{
		{"PUT", "/profiles/" + w.id.Base36() + "/extensions/Phone/by/unique", `{"prefix": "+1", "PhoneNumber": "2125550119", "description": "at home"}`},
		{"PUT", "/profiles/" + w.id.Base36(), `{"FirstName": "Ann", "LastName": "Leigh", "EmailAddress": ["ann@example.com", "leigh@example.com"]}`},
		{"POST", "/api/v1.1/subscriptions/suspend_all", `{"token":"reg_local_demo","db_id":5}`},
		{"POST", "/api/v1.1/profiles/update", `{"token":"reg_local_demo","db_id":5,"email":"ann@example.com","data":{"_city":"Hoi An","loyalty_status":"disabled"}}`},
	} {
		if code, body := w.send(r.method, r.path, r.body, ""); code >= 300 || strings.Contains(body, `"error":4`) {
			t.Fatalf("%s %s = %d %s", r.method, r.path, code, body)
		}
	}
	client.CheckHistory(t, w.Server, w.id, w.former, w.other)

	own, formers := client.History(t, w.Server, w.id), client.History(t, w.Server, w.former)
	want := []string{
		"POST /api/v1.1/profiles/import", "POST /api/v1.1/profiles/import_batch", "POST /api/v1.1/profiles/update", "POST /api/v1.1/subscriptions/suspend_all",
		"POST /profiles/{id}/extensions", "PUT /manual_purchase", "PUT /profiles/{id}", "PUT /profiles/{id}/extensions/{extension}/by/unique",
		"merge", "part import-rows",
	}
	if diff := cmp.Diff(want, client.Authors(own)); diff != "" {
		t.Errorf("changes are made by (-want +got):\n%s", diff)
	}
	for _, c := range own {
		byToken, byJob := c.Token == "demo" && len(c.TokenID) == 8, c.Job != ""
		switch {
		case c.Request == "":
			t.Errorf("%s has no request", c.Action)
		case c.Action == "merge" && (c.By != "clerk" || byToken), c.Action == "part import-rows" && (c.Import == "" || !byJob || byToken):
			t.Errorf("%s was made by %+v", c.Action, c.Author)
		case c.Action != "merge" && c.Action != "part import-rows" && !byToken:
			t.Errorf("%s was made by %+v", c.Action, c.Author)
		}
	}

	all := slices.Concat(own, formers)
	slices.SortFunc(all, func(a, b history.Change) int {
		return strings.Compare(b.Place()+b.Of.Base36(), a.Place()+a.Of.Base36())
	})
	for _, limit := range []int{1, 2, 3, 100} {
		var got []string
		for call := map[string]any{"action": "customer-history", "tenant": 5, "profile": w.former.Decimal(), "limit": limit}; ; {
			text, _ := json.Marshal(call)
			page := w.admin(string(text))
			changes, _ := page["changes"].([]any)
			if len(changes) > limit || page["profile"] != w.id.Decimal() || page["history_days"] != 30.0 {
				t.Fatalf("page of %d = %v", limit, page)
			}
			for _, c := range changes {
				change := c.(map[string]any)
				got = append(got, fmt.Sprint(change["change"], " of ", change["of_merged"]))
			}
			if page["next"] == nil {
				break
			}
			call["before"] = page["next"]
		}
		var ids []string
		for _, c := range all {
			of := "<nil>"
			if c.Of == w.former {
				of = c.Of.Decimal()
			}
			ids = append(ids, c.ID+" of "+of)
		}
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("by pages of %d (-want +got):\n%s", limit, diff)
		}
	}
}

// What fields were and became ends by itself, in the table as well; who changed which
// fields stays.
func TestValuesEnd(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"history_days":30}}`)
	id := w.person("ann", "+84909000001")
	for name, row := range w.Items(t) {
		if !strings.Contains(name, "HISTORY#") {
			continue
		}
		ends, hasTTL := row["ttl"].(float64)
		if text := fmt.Sprint(row["b"]); hasTTL != strings.HasSuffix(name, "#VALUES") || !hasTTL && strings.Contains(text, "ann@example") {
			t.Errorf("%s = %v", name, row)
		}
		if left := time.Until(time.Unix(int64(ends), 0)); hasTTL && (left < 29*24*time.Hour || left > 31*24*time.Hour) {
			t.Errorf("values end after %v", left)
		}
	}
	for _, tt := range []struct {
		days   int
		values bool
	}{{29, true}, {31, false}} {
		store := dynamo.New(w.DB, w.Table, func() time.Time { return time.Now().AddDate(0, 0, tt.days) })
		changes, _, err := store.Changes(t.Context(), 5, id, "", 10)
		if err != nil || len(changes) != 1 {
			t.Fatalf("after %d days: %v, %v", tt.days, changes, err)
		}
		if c := changes[0]; !c.Created || len(c.Fields) < 5 || c.Token != "demo" || (len(c.Values) > 0) != tt.values {
			t.Errorf("after %d days: %+v", tt.days, c)
		}
	}
}

// Whatever fails at whichever call, the history tells what happened, and nothing else.
func TestHistoryUnderFaults(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"history_days":30}}`)
	id := w.person("ann", "+84909000001")
	update := map[string]any{"email": "ann@example.com", "data": map[string]any{"visits": client.Function("incr", 1), "_city": "Hue"}}
	h, transport := client.WarmOn(t, w.Table, faults.None)
	client.Altcraft{T: t, Handler: h}.Must("update", update)
	calls := transport.Calls()
	done, played := 1, 0
	for what, plan := range client.OneIn(11, client.PassingAt(calls, client.InARow()...)) {
		transport.Begin(plan)
		if a := (client.Altcraft{T: t, Handler: h}).Call("update", update); a.Code() != 0 {
			t.Errorf("%s: %v", what, a)
			continue
		}
		done, played = done+1, played+1
	}
	transport.Begin(faults.None)
	if n := client.CheckHistory(t, w.Server, id); n != done+1 || played == 0 {
		t.Errorf("%d changes, want one and %d of %d updates under faults", n, done, played)
	}
}

// A change whose values are too many for an item is told without them.
func TestValuesTooLarge(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"history_days":30}}`)
	id := w.person("ann", "+84909000001")
	for round := range 2 { // what it was and becomes takes 560 KB of text that does not compress well
		data := map[string]any{}
		for n := range 70 {
			data[fmt.Sprint("long", n)] = noise(round*100+n, 4000)
		}
		client.Altcraft{T: t, Handler: w.Server}.Must("update", map[string]any{"email": "ann@example.com", "data": data})
	}
	changes := client.History(t, w.Server, id)
	if first := changes[1]; first.TooLarge || len(first.Values) != 70 {
		t.Errorf("70 fields of 4 KB: %d values", len(first.Values))
	}
	if last := changes[2]; !last.TooLarge || len(last.Values) > 0 || len(last.Fields) != 70 {
		t.Errorf("70 fields that were and become 4 KB: too large %t, %d values, %d fields", last.TooLarge, len(last.Values), len(last.Fields))
	}
}

// noise is a text of so many characters that does not compress well.
func noise(seed, length int) string {
	random := uint64(seed)*2654435761 + 1
	text := make([]byte, length)
	for i := range text {
		random = random*6364136223846793005 + 1442695040888963407
		text[i] = byte('!' + (random>>33)%90)
	}
	return string(text)
}

// A job names itself in the history, and one by which an extension is removed is told.
func TestJobsInHistory(t *testing.T) {
	t.Parallel()
	s, name := client.WorkingService(t)
	w := &world{Scene: client.Scene{Server: s, Table: name}, t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"history_days":30}}`)
	id := w.person("ann", "+84909000001")
	w.send("POST", "/profiles/"+id.Base36()+"/extensions", `{"Phone": [{"prefix": "+1", "PhoneNumber": "2125550119"}]}`, "")
	for _, path := range []string{"/metadata/identification-keys/PhoneKey", "/metadata/profiles/extensions/Phone"} {
		client.Eventually(t, "DELETE "+path, func() bool { code, _ := w.send("DELETE", path, "", ""); return code < 300 })
	}
	var last history.Change
	client.Eventually(t, "the removal", func() bool {
		changes := client.History(t, s, id)
		last = changes[len(changes)-1]
		return last.Job != ""
	})
	if last.Action != "part "+jobs.ExtensionRemove || !slices.ContainsFunc(last.Fields, func(f string) bool { return strings.HasPrefix(f, "extension.") }) {
		t.Errorf("the removal of an extension is told as %+v", last)
	}
	client.CheckHistory(t, s, id)
}

// Who asks wrongly is told so.
func TestHistoryRejects(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	id := w.person("ann", "+84909000001")
	if a := w.admin(`{"action":"customer-history","tenant":5,"profile":"` + id.Decimal() + `"}`); a["history_days"] != 0.0 || fmt.Sprint(a["changes"]) != "[]" {
		t.Errorf("where none is kept: %v", a)
	}
	gone := w.person("bob", "+84909000002")
	client.Altcraft{T: t, Handler: w.Server}.Must("delete", map[string]any{"email": "bob@example.com"})
	about := `"tenant":5,"profile":"` + id.Decimal() + `"`
	for call, want := range map[string]string{
		`"tenant":5`:               "missing_parameter profile",
		`"tenant":5,"profile":"x"`: "bad_parameter profile",
		`"tenant":5,"profile":"` + customer.ID(7).Decimal() + `"`: "profile_unknown profile",
		`"tenant":5,"profile":"` + gone.Decimal() + `"`:           "profile_unknown profile",
		`"tenant":77,"profile":"` + id.Decimal() + `"`:            "tenant_unknown tenant",
		about + `,"limit":0`:                                      "bad_limit limit",
		about + `,"limit":101`:                                    "bad_limit limit",
		about + `,"before":"yesterday"`:                           "bad_place before",
		about + `,"after":"x"`:                                    "unknown_parameter after",
	} {
		rejected, _ := w.admin(`{"action":"customer-history",` + call + `}`)["error"].(map[string]any)
		if got := fmt.Sprint(rejected["code"], " ", rejected["field"]); got != want {
			t.Errorf("%s = %v, want %s", call, rejected, want)
		}
	}
}
