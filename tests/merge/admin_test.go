package merge

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/admin"
	"regulars/shared/customer"
	"regulars/tests/client"
)

// act has the administrators' function do something.
func act(t *testing.T, s client.Scene, call map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", admin.Path, bytes.NewReader(body))
	r.Host = "localhost"
	r.Header.Set(admin.Header, "1")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: HTTP %d %s", call, w.Code, w.Body)
	}
	return answer
}

func code(answer map[string]any) any {
	e, _ := answer["error"].(map[string]any)
	return e["code"]
}

// Administrators see a plan, carry it out as it was shown, and undo it, with the rights
// that template.yaml gives their function.
func TestAdminActions(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	h := house{t: t, s: s.Server, table: s.Table}
	stays, goes := h.full(1), h.full(2)
	pair := func(action string, more ...any) map[string]any {
		call := map[string]any{"action": action, "tenant": 5, "stays": stays.Decimal(), "goes": goes.Decimal()}
		if action[:2] == "un" {
			delete(call, "stays")
		}
		for i := 0; i < len(more); i += 2 {
			call[more[i].(string)] = more[i+1]
		}
		return act(t, s, call)
	}
	before := h.items()
	shown := pair("merge-plan", "rules", map[string]any{"tags": "kept"})
	if shown["done"] != false || shown["plan"] == "" || len(list(shown["fields"])) < 5 || len(list(shown["purchases"])) != 1 {
		t.Errorf("merge-plan = %v", shown)
	}
	for name, tt := range map[string]struct {
		answer map[string]any
		want   string
	}{
		"another plan":         {pair("merge", "plan", "0123"), "plan_changed"},
		"no such field":        {pair("merge", "rules", map[string]any{"name": "kept"}), "bad_rule"},
		"no rule":              {pair("merge", "rules", map[string]any{"tags": 7}), "bad_parameter"},
		"no id":                {pair("merge", "goes", "x"), "bad_parameter"},
		"nobody":               {pair("merge", "goes", customer.ID(7).Decimal()), "merge_unknown"},
		"itself":               {pair("merge", "goes", stays.Decimal()), "merge_itself"},
		"no tenant":            {pair("merge", "tenant", 77), "tenant_unknown"},
		"another parameter":    {pair("merge", "with", "x"), "unknown_parameter"},
		"nothing to be undone": {pair("unmerge"), "not_merged"},
	} {
		if code(tt.answer) != tt.want {
			t.Errorf("%s: %v, want %s", name, tt.answer, tt.want)
		}
	}
	if diff := cmp.Diff(before, h.items()); diff != "" {
		t.Errorf("what was shown or rejected wrote (-before +after):\n%s", diff)
	}
	done := pair("merge", "rules", map[string]any{"tags": "kept"}, "plan", shown["plan"])
	if done["done"] != true || done["plan"] != shown["plan"] {
		t.Errorf("merge = %v, shown was %v", done, shown)
	}
	if again := pair("merge"); code(again) != "merged_already" {
		t.Errorf("merge twice = %v", again)
	}
	h.altcraft().Must("update", map[string]any{"matching": "profile_id", "profile_id": goes.Hex(), "data": map[string]any{"_city": "Oslo"}})
	back := pair("unmerge-plan")
	if changed := list(back["changed_since"]); len(changed) != 1 || changed[0] != "city" {
		t.Errorf("unmerge-plan = %v", back)
	}
	if a := pair("unmerge", "plan", back["plan"]); a["done"] != true {
		t.Errorf("unmerge = %v", a)
	}
	h.audit()
}
