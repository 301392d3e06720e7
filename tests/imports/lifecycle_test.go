package imports_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"regulars/functions/imports/rows"
	"regulars/shared/customer"
	"regulars/shared/imports"
)

// What options and rows are wrong is in the summary, by the code of the error.
func TestOptionsAndRows(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	people := "email,_fname\na@example.com,Ann\n"
	folder := "imports/tenant=5/"
	tests := []struct {
		name, key, content string
		metadata           map[string]string
		state              imports.State
		why                string // the error of the file
		rejected           string // the code of a row that is rejected
	}{
		{name: "NUL", key: folder + "g.csv", content: people + "b\x00@example.com,Bea\n", state: imports.Done, rejected: "bad_cell"},
		{name: "not UTF-8", key: folder + "h.csv", content: people + "b@example.com,B\xe9a\n", state: imports.Done, rejected: "bad_cell"},
		{name: "code page", key: folder + "charset=windows-1252/i.csv", content: people + "b@example.com,B\xe9a\n", state: imports.Done},
		{name: "unknown charset", key: folder + "charset=klingon/i.csv", content: people, state: imports.Failed, why: "bad_file/charset"},
		{name: "odd key", key: folder + "Ünï+ code/../my file (1).csv", content: people, state: imports.Done},
		{name: "unknown option", key: folder + "matchin=email/o.csv", content: people, state: imports.Failed, why: "bad_option/unknown"},
		{name: "unknown matching", key: folder + "matching=name/p.csv", content: people, state: imports.Failed, why: "bad_matching"},
		{name: "no mapping", key: folder + "mapping=none.json/q.csv", content: people, state: imports.Failed, why: "bad_option/no_mapping"},
		{name: "wrong metadata", key: folder + "r.csv", content: people, metadata: map[string]string{"dry-run": "maybe"}, state: imports.Failed, why: "bad_option/bool"},
		{name: "impossible date", key: folder + "t.csv", content: "email,_bdate\na@example.com,13/13/2020\n", state: imports.Done, rejected: "bad_date"},
		{name: "phone of a spreadsheet", key: folder + "u.csv", content: "email,phones\na@example.com,9.19E+10\n", state: imports.Done, rejected: "bad_phone"},
		{name: "blank match value", key: folder + "v.csv", content: "email,_fname\n\u200b ,Ann\n", state: imports.Done, rejected: "bad_email"},
	}
	for _, tt := range tests {
		p := e.drop(t, tt.key, tt.content, tt.metadata)
		why := ""
		if p.Trouble != nil {
			why = p.Trouble.ID()
		}
		if p.Key != tt.key || p.State != tt.state || !strings.HasPrefix(why, tt.why) || tt.why == "" && why != "" {
			t.Errorf("%s: %s is %s, %q; want %s, %q", tt.name, p.Key, p.State, why, tt.state, tt.why)
			continue
		}
		if got := p.Tally.Rejected[tt.rejected]; tt.rejected != "" && got != 1 || tt.rejected == "" && p.Tally.Rejections() != 0 {
			t.Errorf("%s: rejected %v, want %s", tt.name, p.Tally.Rejected, tt.rejected)
		}
		if s := e.summary(t, p); s.State != tt.state || s.Error != why || why != "" && s.ErrorText == "" {
			t.Errorf("%s: summary %+v", tt.name, s)
		}
	}
}

func TestUnknownTenantHasASummary(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	for _, key := range []string{"imports/tenant=77/a.csv", "imports/a.csv", "imports/tenant=x/a.csv", "imports/tenant=5/tenant=6/a.csv"} {
		event := e.upload(key, "email\na@example.com\n", nil)
		if err := e.service.Receive(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	found, err := e.bucket.List(t.Context(), "results/rejected/")
	if err != nil || len(found) != 4 {
		t.Fatalf("summaries: %v, %v", found, err)
	}
	var s imports.Summary
	if err := json.Unmarshal([]byte(e.read(t, found[0].Key)), &s); err != nil || s.Error == "" || s.ErrorText == "" {
		t.Errorf("summary = %+v, %v", s, err)
	}
}

func TestEventsComeTwiceAndLate(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	first := e.upload("imports/tenant=5/a.csv", "email,visits:incr\na@example.com,1\n", nil)
	second := e.upload("imports/tenant=5/a.csv", "email,visits:incr\na@example.com,10\n", nil)
	for _, event := range []imports.Event{second, second, first, first, second} {
		if err := e.service.Receive(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	e.work(t, 4)
	e.work(t, 4)
	if visits := fmt.Sprint(e.find(t, "a@example.com").Custom["visits"]); visits != "10" {
		t.Errorf("visits = %s, want those of the second version alone", visits)
	}
	list, err := e.service.List(t.Context(), tenant, "", 10)
	if err != nil || len(list) != 2 || list[0].State != imports.Superseded || list[1].State != imports.Done {
		t.Errorf("list = %+v, %v", list, err)
	}
}

func TestFileIsGone(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	event := e.upload("imports/tenant=5/a.csv", "email\na@example.com\n", nil)
	if err := e.bucket.Delete(t.Context(), event.Key); err != nil {
		t.Fatal(err)
	}
	event.Version = "no such version"
	if err := e.service.Receive(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if p := e.latest(t); p.State != imports.Failed || p.Trouble.ID() != "bad_file/gone" {
		t.Errorf("import = %s, %v", p.State, p.Trouble)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	p := e.drop(t, "imports/tenant=5/dry-run=true/a.csv", "email,points.add\na@example.com,5\nb@example.com,1\nnobody,1\na@example.com,2\n", nil)
	if p.State != imports.Done || p.Tally.Created != 2 || p.Tally.Updated != 1 || p.Tally.Rejections() != 1 {
		t.Errorf("dry run = %s %+v", p.State, p.Tally)
	}
	if s := e.summary(t, p); !s.DryRun || s.Units == 0 || s.Dollars == 0 || len(s.FirstRejected) != 1 {
		t.Errorf("summary = %+v", s)
	}
	settings, _ := e.registrar.Tenant(t.Context(), tenant)
	_, err := e.customers.Find(t.Context(), settings.CustomerRules(), customer.Search{
		Any: []customer.Lookup{{Key: customer.EmailKey("a@example.com"), Roles: customer.Anywhere}},
	})
	if !isClient(err) {
		t.Errorf("a is there: %v", err)
	}
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); !isClient(err) {
		t.Errorf("a dry run is undone: %v", err)
	}
}

func TestStopAfter(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	var file strings.Builder
	file.WriteString("email\n")
	for n := range 400 {
		fmt.Fprintf(&file, "nobody %d\n", n)
	}
	p := e.drop(t, "imports/tenant=5/stop-after=10/a.csv", file.String(), nil)
	if p.State != imports.Stopped || p.Tally.Rejections() < 10 || p.Tally.Rejections() == 400 {
		t.Errorf("import = %s %+v", p.State, p.Tally)
	}
	if s := e.summary(t, p); s.State != imports.Stopped || s.Rejected != p.Tally.Rejections() {
		t.Errorf("summary = %+v", s)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	event := e.upload("imports/tenant=5/a.csv", "email\na@example.com\n", nil)
	if err := e.service.Receive(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	p := e.latest(t)
	for range 2 {
		if p, err := e.service.Cancel(t.Context(), tenant, p.ID); err != nil || p.State != imports.Cancelled {
			t.Errorf("cancelled = %s, %v", p.State, err)
		}
	}
	e.work(t, 2)
	if s := e.summary(t, e.latest(t)); s.State != imports.Cancelled || s.Rows != 0 {
		t.Errorf("summary = %+v", s)
	}
}

// Extensions, subscriptions, orders and many rows about one customer.
func TestRowsOfAllKinds(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"earning": map[string]any{"money_per_point": 10}})
	file := "email,tags,subscriptions.0.resource_id,subscriptions.0.channel,subscriptions.0.email,order.id,order.total,order.paid_at\n" +
		"a@example.com,red|blue,1,email,a@example.com,A-1,1000,2026-01-02\n" +
		"b@example.com,,,,,A-1,1000,2026-01-02\n" +
		"a@example.com,,,,,A-1,1000,2026-01-02\n"
	p := e.drop(t, "imports/tenant=5/a.csv", file, nil)
	a := e.find(t, "a@example.com")
	profile, err := e.ledger.Profile(t.Context(), tenant, a.ID)
	if err != nil || profile.Account.Available != 100 || profile.Account.Orders != 1 {
		t.Errorf("account = %+v, %v", profile.Account, err)
	}
	if len(a.Tags) != 2 || len(a.Subscriptions) != 1 || p.Tally.Rejections() != 1 || p.Tally.Created != 1 || p.Tally.Unchanged != 1 {
		t.Errorf("a = %+v; %+v", a, p.Tally)
	}
	var many strings.Builder
	many.WriteString("email,visits:incr,points.add\n")
	for range 300 {
		many.WriteString("hot@example.com,1,1\n")
	}
	e.drop(t, "imports/tenant=5/b.csv", many.String(), nil)
	hot := e.find(t, "hot@example.com")
	profile, err = e.ledger.Profile(t.Context(), tenant, hot.ID)
	if err != nil || fmt.Sprint(hot.Custom["visits"]) != "300" || profile.Account.Available != 300 {
		t.Errorf("hot = %+v, %d points, %v", hot.Custom, profile.Account.Available, err)
	}
	if report, err := e.ledger.Verify(t.Context(), tenant, hot.ID); err != nil || report.Mismatch != nil {
		t.Errorf("verify: %+v, %v", report.Mismatch, err)
	}
}

// Many rejected rows are in several files, each of which can be dropped.
func TestManyRejectedRows(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.service.ReportBytes = 3000
	var file strings.Builder
	file.WriteString("email\n")
	for n := range 60 {
		fmt.Fprintf(&file, "nobody %d\n", n)
	}
	p := e.drop(t, "imports/tenant=5/a.csv", file.String(), nil)
	rows := 0
	for _, key := range p.Results[1:] {
		rows += strings.Count(e.read(t, key), "nobody ")
	}
	if len(p.Results) < 4 || rows != 60 || p.Results[1] == p.Results[2] {
		t.Errorf("%d rows in %q", rows, p.Results)
	}
}

// The rejected rows of many steps are gathered as they go: the report reads few objects.
func TestRejectedRowsOfManySteps(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.service.RangeBytes, e.service.GroupBytes = 1<<20, 1<<20
	var reads atomic.Int64
	e.bucket.Fail(func(op, key string) error {
		if op == "get" && strings.HasPrefix(key, "journal/") {
			reads.Add(1)
		}
		return nil
	})
	var file, want strings.Builder
	file.WriteString("email,_fname\n")
	for n := range 400 {
		fmt.Fprintf(&file, "nobody %d,%s\n", n, strings.Repeat("x", 200))
		fmt.Fprintf(&want, "nobody %d\n", n)
	}
	p := e.drop(t, "imports/tenant=5/a.csv", file.String(), nil)
	var got strings.Builder
	for line := range strings.Lines(e.read(t, p.Results[1])) {
		if email, _, _ := strings.Cut(line, ","); strings.HasPrefix(email, "nobody ") {
			got.WriteString(email + "\n")
		}
	}
	if got.String() != want.String() || reads.Load() < 2 || reads.Load() > 8 {
		t.Errorf("%d rows of 400, %d reads of the journal", strings.Count(got.String(), "\n"), reads.Load())
	}
}

// A mapping beside the file is no import of its own; any other JSON document is one
// that fails.
func TestMappingBesideTheFile(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	for key, content := range map[string]string{
		"imports/tenant=5/shop.json":   `{"columns": {"Mail": "email"}}`,
		"imports/tenant=5/people.json": `[{"email": "a@example.com"}]`,
	} {
		if err := e.service.Receive(t.Context(), e.upload(key, content, nil)); err != nil {
			t.Fatal(err)
		}
	}
	e.work(t, 2)
	e.work(t, 2)
	list, err := e.service.List(t.Context(), tenant, "", 10)
	if err != nil || len(list) != 1 || list[0].Key != "imports/tenant=5/people.json" || list[0].State != imports.Failed {
		t.Errorf("imports = %+v, %v", list, err)
	}
}

// Sentences of a summary are about files, not about requests with tokens and bodies.
func TestSentencesOfSummaries(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.service.Texts = rows.Texts()
	if err := e.service.Receive(t.Context(), e.upload("imports/tenant=77/a.csv", "email\na@example.com\n", nil)); err != nil {
		t.Fatal(err)
	}
	found, err := e.bucket.List(t.Context(), "results/rejected/")
	if err != nil || len(found) != 1 {
		t.Fatalf("summaries: %v, %v", found, err)
	}
	var unknown imports.Summary
	if err := json.Unmarshal([]byte(e.read(t, found[0].Key)), &unknown); err != nil {
		t.Fatal(err)
	}
	option := e.summary(t, e.drop(t, "imports/tenant=5/matchin=email/a.csv", "email\na@example.com\n", nil))
	blank := e.summary(t, e.drop(t, "imports/tenant=5/a.csv", "email,_fname\n,Ann\n", nil))
	if len(blank.FirstRejected) != 1 {
		t.Fatalf("blank = %+v", blank)
	}
	for _, tt := range [][2]string{
		{unknown.ErrorText, "There is no tenant 77."},
		{option.ErrorText, `"matchin" is no option of an import. There are: matching, field-name, resource-id, delimiter, charset, empty, mapping, dry-run, stop-after.`},
		{blank.FirstRejected[0].Text, "The row has no email to find its customer by."},
	} {
		if tt[0] != tt[1] {
			t.Errorf("got  %s\nwant %s", tt[0], tt[1])
		}
	}
}
