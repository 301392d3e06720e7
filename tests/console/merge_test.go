package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/tests/client"
)

// person imports a customer and returns its id.
func (s shop) person(t *testing.T, email string, data map[string]any) customer.ID {
	t.Helper()
	data["email"] = email
	id, err := customer.ParseHex((client.Altcraft{T: t, Handler: s}).Must("import", map[string]any{"email": email, "data": data}).ID())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// twins imports a person twice, both times with points.
func (s shop) twins(t *testing.T) (first, second customer.ID) {
	t.Helper()
	first = s.person(t, "olga@example.com", map[string]any{"_fname": "Olga", "_city": "Riga", "phones": []any{herPhone}, "tags": []any{"tea"}, "shoe": "37"})
	second = s.person(t, "olga.b@example.com", map[string]any{"_fname": "Olga B.", "_city": "Tallinn", "phones": []any{herPhone}, "tags": []any{"vip"}, "shoe": "38"})
	for id, points := range map[customer.ID]string{first: "120", second: "45"} {
		s.api(t, "PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", `{"point": {"value": `+points+`, "reason": "Welcome"}}`)
	}
	return first, second
}

var planHash = regexp.MustCompile(`name="plan" value="([^"]*)"`)

// Pairs are found, compared side by side, merged, and parted again.
func TestMerging(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	first, second := s.twins(t)
	s.person(t, "alone@example.com", map[string]any{"_fname": "Alone"})
	client.Work(t, s.Server)
	v := signIn(t, s, devserver.DemoToken)
	card := "/console/customers/" + first.Decimal()

	if p := v.get("/console/duplicates"); p.code != http.StatusOK || !strings.Contains(p.body, "Look for duplicates") {
		t.Fatalf("duplicates = %d %s", p.code, p.body)
	}
	for range 2 { // two people at once start one job
		if p := v.post("/console/duplicates"); p.header.Get("Location") != "/console/duplicates?done=looking" {
			t.Fatalf("looking = %d %s", p.code, p.body)
		}
	}
	if p := v.get("/console/duplicates"); p.code != http.StatusOK || !strings.Contains(p.body, "Looking: ") && !strings.Contains(p.body, "The same phone") {
		t.Errorf("while it looks = %d %s", p.code, p.body)
	}
	compare := card + "/merge?goes=" + second.Decimal()
	client.Eventually(t, "the pair is found", func() bool {
		body := v.get("/console/duplicates").body
		return strings.Contains(body, `href="`+compare+`"`) && strings.Contains(body, "The same phone") && strings.Contains(body, "Pairs found: 1")
	})
	if p := v.get("/console/duplicates?page=2"); p.code != http.StatusOK || strings.Contains(p.body, compare) {
		t.Errorf("the second page = %d", p.code)
	}

	for sought, want := range map[string]string{"olga.b@example.com": compare, second.Hex(): compare} {
		if p := v.post(card+"/merge", "other", sought); p.header.Get("Location") != want {
			t.Errorf("the other by %s = %d %s", sought, p.code, p.body)
		}
	}
	for sought, want := range map[string]string{"olga@example.com": "This is the same customer", "nobody@example.com": "Nobody matches", "": "Fill this in"} {
		if p := v.post(card+"/merge", "other", sought); p.code/100 != 4 || !strings.Contains(p.body, want) || !strings.Contains(p.body, `id="in-other"`) {
			t.Errorf("the other by %q = %d %s", sought, p.code, p.body)
		}
	}

	p := v.get(compare)
	for name, tt := range map[string]struct {
		page
		want float64
	}{"a pair side by side": {p, 15}, "a page of one pair": {v.get("/console/duplicates"), 4}} {
		if got := readUnits(t, tt.page); got != tt.want {
			t.Errorf("%s reads %v units, want %v", name, got, tt.want)
		}
	}
	for _, want := range []string{"Riga", "Tallinn", "olga.b@example.com", "120 &#43; 45", ">165<", "365 days", `href="/console/customers/` + second.Decimal() + "/merge?goes=" + first.Decimal()} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the plan has no %s", want)
		}
	}
	becomes := regexp.MustCompile(`(?s)>City</th>.*?class="comes"[^>]*><div class="break">([^<]*)`)
	if m := becomes.FindStringSubmatch(p.body); m == nil || m[1] != "Riga" {
		t.Errorf("the city becomes %q", m)
	}
	chosen := []string{"goes", second.Decimal(), "rule.city", "other", "rule.tags", "kept"}
	p = v.post(card+"/merge", chosen...)
	if m := becomes.FindStringSubmatch(p.body); m == nil || m[1] != "Tallinn" {
		t.Errorf("by another rule the city becomes %q", m)
	}
	if p := v.post(card+"/merge", append(chosen, "rule.city", "union")...); p.code != http.StatusUnprocessableEntity {
		t.Errorf("a rule that a field cannot have = %d", p.code)
	}
	stale := append(chosen, "step", "do", "plan", planHash.FindStringSubmatch(p.body)[1])
	(client.Altcraft{T: t, Handler: s}).Must("update", map[string]any{"email": "olga@example.com", "data": map[string]any{"_region": "Vidzeme"}})
	if p := v.post(card+"/merge", append(chosen, "step", "do")...); p.code != http.StatusUnprocessableEntity {
		t.Errorf("a merge without a plan = %d", p.code)
	}
	p = v.post(card+"/merge", stale...)
	if p.code != http.StatusConflict || !strings.Contains(p.body, "has changed since this was shown") || !strings.Contains(p.body, "Vidzeme") {
		t.Errorf("a merge by an old plan = %d %s", p.code, p.body)
	}
	confirmed := append(chosen, "step", "do", "plan", planHash.FindStringSubmatch(p.body)[1])
	for range 2 { // a double click
		if p := v.post(card+"/merge", confirmed...); p.header.Get("Location") != card+"?done=merged" {
			t.Fatalf("merged = %d %s", p.code, p.body)
		}
	}
	body := v.get(card + "?done=merged").body
	for _, want := range []string{"Tallinn", "olga.b@example.com", ">165<", second.Decimal(), card + "/unmerge/" + second.Decimal()} {
		if !strings.Contains(body, want) {
			t.Errorf("the card has no %s", want)
		}
	}
	if p := v.get("/console/customers/" + second.Decimal()); p.header.Get("Location") != card {
		t.Errorf("the id that went leads to %d %s", p.code, p.header.Get("Location"))
	}
	if body := v.get("/console/duplicates").body; strings.Contains(body, compare) || !strings.Contains(body, ">Merged<") {
		t.Error("a pair that was merged is still to be decided")
	}
	if p := v.get(compare); p.code != http.StatusConflict || !strings.Contains(p.body, "merged already") {
		t.Errorf("merging again = %d", p.code)
	}

	undo := card + "/unmerge/" + second.Decimal()
	p = v.get(undo)
	if p.code != http.StatusOK || !strings.Contains(p.body, ">165<") || !strings.Contains(p.body, "120\n45") {
		t.Errorf("the plan of parting = %d %s", p.code, p.body)
	}
	key := regexp.MustCompile(`name="key" value="([^"]*)"`).FindStringSubmatch(p.body)[1]
	for range 2 {
		if p := v.post(undo, "step", "do", "key", key, "plan", planHash.FindStringSubmatch(p.body)[1]); p.header.Get("Location") != card+"?done=unmerged" {
			t.Fatalf("parted = %d %s", p.code, p.body)
		}
	}
	if body := v.get(card).body; !strings.Contains(body, "Riga") || !strings.Contains(body, ">120<") || strings.Contains(body, "/unmerge/") {
		t.Error("the customer is not what it was")
	}
	if p := v.get(undo); p.code != http.StatusConflict || !strings.Contains(p.body, "not merged into another") {
		t.Errorf("parting again = %d", p.code)
	}
}

// What a merge would show of others is shown by the scopes of the token.
func TestMergingByScopes(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	first, second := s.twins(t)
	compare := "/console/customers/" + first.Decimal() + "/merge?goes=" + second.Decimal()
	for _, tt := range []struct {
		scopes []access.Scope
		code   int
		points bool
	}{
		{[]access.Scope{access.AltRead, access.AltWrite}, http.StatusForbidden, false},
		{[]access.Scope{access.CustomersMerge}, http.StatusForbidden, false},
		{[]access.Scope{access.CustomersMerge, access.AltRead}, http.StatusOK, false},
		{[]access.Scope{access.CustomersMerge, access.LoyRead}, http.StatusOK, true},
	} {
		secret, _ := s.token(t, tt.scopes...)
		v := signIn(t, s, secret)
		if p := v.get(compare); p.code != tt.code || strings.Contains(p.body, "165") != tt.points {
			t.Errorf("with %v = %d, points %t", tt.scopes, p.code, strings.Contains(p.body, "165"))
		}
		may := tt.code == http.StatusOK
		if p := v.get("/console/customers/" + first.Decimal()); strings.Contains(p.body, "/merge") != may && p.code == http.StatusOK {
			t.Errorf("with %v the card offers a merge: %t", tt.scopes, !may)
		}
	}
}

// A pair that is not the same person is suggested no more and not merged, until that is
// taken back, here or on the card.
func TestSeparating(t *testing.T) {
	t.Parallel()
	s := shop{Scene: client.NewScene(t)}
	first, second := s.twins(t)
	client.Work(t, s.Server)
	v := signIn(t, s, devserver.DemoToken)
	card, other := "/console/customers/"+first.Decimal(), "/console/customers/"+second.Decimal()
	look := func(want string) {
		t.Helper()
		v.post("/console/duplicates")
		client.Eventually(t, want, func() bool { return strings.Contains(v.get("/console/duplicates").body, want) })
	}
	separate, undo := card+"/separate/"+second.Decimal(), card+"/unseparate/"+second.Decimal()
	look(`href="` + separate + `"`)
	planned, done := v.does(separate)
	if !strings.Contains(planned.body, "Olga B.") || done.header.Get("Location") != "/console/duplicates?done=separate" {
		t.Errorf("separated = %s, leads to %s", planned.body, done.header.Get("Location"))
	}
	if done := v.post(separate, "step", "do"); done.code != http.StatusSeeOther {
		t.Errorf("separated twice = %d", done.code)
	}
	if body := v.get("/console/duplicates").body; !strings.Contains(body, undo) || strings.Contains(body, separate) || !strings.Contains(body, "Not the same person") {
		t.Errorf("the pair that was decided shows as %s", body)
	}
	for _, tt := range [][2]string{{card, second.Decimal()}, {other, first.Decimal()}} {
		if body := v.get(tt[0]).body; !strings.Contains(body, "Not the same person as") || !strings.Contains(body, tt[0]+"/unseparate/"+tt[1]) || !strings.Contains(body, "demo 771fa4f5") {
			t.Errorf("the card %s does not say it", tt[0])
		}
	}
	if p := v.get(card + "/merge?goes=" + second.Decimal()); p.code != http.StatusConflict || !strings.Contains(p.body, "not the same person") {
		t.Errorf("the merge of who was separated = %d %s", p.code, p.body)
	}
	look("No pairs were found")
	if _, done := v.does(undo); done.header.Get("Location") != card+"?done=unseparate" || strings.Contains(v.get(card).body, "Not the same person as") {
		t.Errorf("taken back leads to %s", done.header.Get("Location"))
	}
	look(`href="` + separate + `"`)
	for _, wrong := range []string{card + "/separate/x", card + "/separate/1", "/console/customers/1/separate/" + first.Decimal()} {
		if p := v.get(wrong); p.code != http.StatusNotFound {
			t.Errorf("%s = %d", wrong, p.code)
		}
	}
	if p := v.post(card+"/separate/"+first.Decimal(), "step", "do"); p.code != http.StatusUnprocessableEntity {
		t.Errorf("separated from itself = %d", p.code)
	}
	secret, _ := s.token(t, access.AltRead, access.AltWrite)
	if p := signIn(t, s, secret).post(separate, "step", "do"); p.code != http.StatusForbidden {
		t.Errorf("separated without the scope = %d", p.code)
	}
}
