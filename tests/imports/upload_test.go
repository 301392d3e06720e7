package imports_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"regulars/shared/errs"
	"regulars/shared/imports"
	"regulars/shared/imports/rowfile"
)

// place puts a file where it is looked at before it is imported.
func (e *engine) place(name, content string) imports.Upload {
	u := imports.NewUpload(tenant, name)
	e.bucket.Upload(u.Key(), []byte(content), nil)
	return u
}

func codeOf(err error) string {
	if clientErr, rejected := errs.AsClient(err); rejected {
		return clientErr.ID()
	}
	return ""
}

// Names of files become parts of keys, and nothing leads out of the tenant's folder.
func TestUploadNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"customers.csv": "customers.csv", "Kunden März.csv": "Kunden-M-rz.csv", "../../tenant=6/x.csv": "tenant-6-x.csv", "": "file", "...": "file",
		`"><script>.csv`: "script-.csv", strings.Repeat("a", 200) + ".csv.gz": strings.Repeat("a", 93) + ".csv.gz",
	} {
		u := imports.NewUpload(tenant, name)
		if u.Name != want {
			t.Errorf("%q is called %q, want %q", name, u.Name, want)
		}
		if found, err := imports.FindUpload(tenant, u.ID, u.Name); err != nil || found != u {
			t.Errorf("%q is found as %v, %v", name, found, err)
		}
	}
	good := imports.NewUpload(tenant, "a.csv")
	for _, wrong := range [][2]string{{good.ID, "../a.csv"}, {good.ID, ""}, {good.ID, "a/b.csv"}, {"..", "a.csv"}, {good.ID[:25], "a.csv"}, {good.ID + "/x", "a.csv"}} {
		if _, err := imports.FindUpload(tenant, wrong[0], wrong[1]); codeOf(err) != "upload_unknown" {
			t.Errorf("%q is an upload: %v", wrong, err)
		}
	}
}

// The beginning of a file is shown, whatever it is written in, and what is wrong with it
// is said before anything begins.
func TestLook(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"fields": "declared"})
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte("email;_fname\n" + strings.Repeat("a@example.com;Ann\n", 100_000)))
	w.Close()
	for _, tt := range []struct {
		name, content string
		o             imports.Options
		m             rowfile.Mapping
		columns       string
		rows          int
		code          string
	}{
		{"a.csv", "email,_fname\na@example.com,Ann\nb@example.com,Bea\n", imports.Options{}, rowfile.Mapping{}, "email _fname", 2, ""},
		{"a.csv", "email,_fname\n" + strings.Repeat("a@example.com,Ann\n", 90_000), imports.Options{}, rowfile.Mapping{}, "email _fname", 5, ""},
		{"a.csv", "email,_fname\na@example.com," + strings.Repeat("n", 300_000) + "\n", imports.Options{}, rowfile.Mapping{}, "email _fname", 0, ""},
		{"a.csv.gz", zipped.String(), imports.Options{}, rowfile.Mapping{}, "email _fname", 5, ""},
		{"a.jsonl", `{"email": "a@example.com", "tags": ["x"]}` + "\n" + `{"email": "b@example.com", "_fname": "Bea"}`, imports.Options{}, rowfile.Mapping{}, "_fname email tags", 2, ""},
		{"a.csv", "E-Mail|Vorname\na@example.com|Ann\n", imports.Options{Delimiter: "|"}, rowfile.Mapping{Columns: map[string]string{"E-Mail": "email", "Vorname": "_fname"}}, "E-Mail Vorname", 1, ""},
		{"a.csv", "email,shoe\na@example.com,37\n", imports.Options{}, rowfile.Mapping{}, "email shoe", 1, "bad_column/undeclared"},
		{"a.csv", "email,shoe\na@example.com,37\n", imports.Options{}, rowfile.Mapping{Ignore: []string{"shoe"}}, "email shoe", 1, ""},
		{"a.csv", "email,mail\na@example.com,b\n", imports.Options{}, rowfile.Mapping{Columns: map[string]string{"mail": "email"}}, "email mail", 1, "bad_header/same_target"},
		{"a.csv", "email\na@example.com\n", imports.Options{Matching: "nonsense"}, rowfile.Mapping{}, "email", 1, "bad_matching"},
		{"a.csv", "email\na@example.com\n", imports.Options{}, rowfile.Mapping{Dates: "QQ"}, "email", 1, "bad_mapping/dates"},
		{"a.csv", "email,email\na@example.com,b\n", imports.Options{}, rowfile.Mapping{}, "", 0, "bad_header/doubled"},
		{"a.csv", "", imports.Options{}, rowfile.Mapping{}, "", 0, "bad_file/empty"},
		{"a.csv", "PK\x03\x04", imports.Options{}, rowfile.Mapping{}, "", 0, "bad_file/is_zip"},
		{"a.csv", "email\n\xff\n", imports.Options{Charset: "nonsense"}, rowfile.Mapping{}, "", 0, "bad_file/charset"},
	} {
		p, err := e.service.Look(t.Context(), e.place(tt.name, tt.content), tt.o, tt.m)
		if got := strings.Join(p.Columns, " "); got != tt.columns || len(p.Rows) != tt.rows || codeOf(err) != tt.code || err != nil && tt.code == "" {
			t.Errorf("%s %.30q: %q, %d rows, %v, want %q, %d, %s", tt.name, tt.content, got, len(p.Rows), err, tt.columns, tt.rows, tt.code)
		}
	}
	if _, err := e.service.Look(t.Context(), imports.NewUpload(tenant, "gone.csv"), imports.Options{}, rowfile.Mapping{}); codeOf(err) != "upload_unknown" {
		t.Errorf("of nothing: %v", err)
	}
}

// An upload is tried, which changes nothing, and imported after that, each once however
// often it is asked for.
func TestUploadIsTriedAndStarted(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	u := e.place("old shop.csv", "Mail,Vorname,Note\na@example.com,Ann,x\nb@example.com,Bea,y\nnonsense@,Cy,z\n")
	o := imports.Options{Matching: "email", DryRun: true}
	m := rowfile.Mapping{Columns: map[string]string{"Mail": "email", "Vorname": "_fname"}, Ignore: []string{"Note"}}
	begin := func(word string) imports.Import {
		t.Helper()
		im, err := e.service.Begin(t.Context(), u, o, m, word)
		if err != nil {
			t.Fatal(err)
		}
		return im
	}
	tried, again, other := begin("one"), begin("one"), begin("two")
	if tried.ID != again.ID || tried.ID == other.ID || tried.PlanJob != again.PlanJob {
		t.Errorf("begun as %s, %s and %s", tried.ID, again.ID, other.ID)
	}
	if _, err := e.service.Start(t.Context(), tenant, tried.ID); codeOf(err) != "import_state/no_dry_run" {
		t.Errorf("started while it is tried: %v", err)
	}
	for range 5 {
		e.work(t, 2)
	}
	p, err := e.service.Import(t.Context(), tenant, tried.ID)
	if err != nil || p.State != imports.Done || p.Tally.Created != 2 || p.Tally.Rejections() != 1 {
		t.Fatalf("tried: %s %+v, %v, %v", p.State, p.Tally, p.Trouble, err)
	}
	report, err := e.service.Summary(t.Context(), p.Import)
	if err != nil || len(report.FirstRejected) != 1 || report.FirstRejected[0].Row != 3 {
		t.Errorf("the report is %+v, %v", report, err)
	}
	if place, ok := p.Upload(); !ok || place != u {
		t.Errorf("it is of %v, %t", place, ok)
	}
	for range 2 {
		started, err := e.service.Start(t.Context(), tenant, tried.ID)
		if err != nil || started.Options.DryRun || started.ID == tried.ID {
			t.Fatalf("started: %+v, %v", started, err)
		}
		for range 5 {
			e.work(t, 2)
		}
		p, err = e.service.Import(t.Context(), tenant, started.ID)
		if err != nil || p.State != imports.Done || p.Tally.Created != 2 {
			t.Errorf("imported: %s %+v, %v", p.State, p.Tally, err)
		}
	}
	if found := e.find(t, "a@example.com"); found.FirstName != "Ann" || len(found.Custom) != 0 {
		t.Errorf("imported %+v", found)
	}
	if list, err := e.service.List(t.Context(), tenant, "", 10); err != nil || len(list) != 3 {
		t.Errorf("%d imports, %v", len(list), err)
	}
	if _, err := e.service.Start(t.Context(), tenant, p.ID); codeOf(err) != "import_state/no_dry_run" {
		t.Errorf("an import was started again: %v", err)
	}
	if _, err := e.service.Begin(t.Context(), u, o, rowfile.Mapping{Columns: map[string]string{"Mail": "a:b:c"}}, "x"); codeOf(err) == "" {
		t.Errorf("begun with a wrong mapping: %v", err)
	}
}
