package imports_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/csvtext"
	"regulars/shared/customer"
	"regulars/shared/imports"
	"regulars/shared/objects"
	"regulars/shared/value"
	"regulars/tests/imports/generate"
)

// A file as shops export it: each row counts as it must, each customer is as the last
// of its rows says, the bad rows are reported with their reasons, and come in when
// they are mended.
func TestGeneratedFile(t *testing.T) {
	t.Parallel()
	generatedFile(t, 200)
}

func TestProveGeneratedFile(t *testing.T) {
	t.Parallel()
	if os.Getenv("PROVE") != "" {
		generatedFile(t, 5000)
		return
	}
	generatedFile(t, 50)
}

func generatedFile(t *testing.T, rows int) {
	e := newEngine(t, nil)
	var file bytes.Buffer
	want, err := generate.Write(&file, generate.Options{Rows: rows, Seed: 5, Functions: true})
	if err != nil {
		t.Fatal(err)
	}
	p := e.drop(t, "imports/tenant=5/matching=email/customers of May +1.csv", file.String(), nil)
	got := []int64{p.Tally.Created, p.Tally.Updated, p.Tally.Unchanged, p.Tally.Rejections(), p.Rows}
	if diff := cmp.Diff([]int64{int64(want.Created), int64(want.Updated), int64(want.Unchanged), int64(len(want.Bad)), int64(rows)}, got); p.State != imports.Done || diff != "" {
		t.Fatalf("%s (%v); created, updated, unchanged, rejected, rows (-want +got):\n%s", p.State, p.Trouble, diff)
	}
	checked := 0
	for key, c := range want.Customers {
		if checked++; checked > 1000 {
			break
		}
		checkGenerated(t, e.find(t, key), c)
		profile, err := e.ledger.Profile(t.Context(), tenant, e.find(t, key).ID)
		if err != nil || profile.Account.Available != c.Points {
			t.Errorf("%s: %d points, error %v, want %d", key, profile.Account.Available, err, c.Points)
		}
	}
	checkReport(t, e.read(t, p.Results[1]), want)

	mended := e.drop(t, "imports/tenant=5/matching=email/mended.csv", string(want.Mended()), nil)
	if mended.State != imports.Done || mended.Tally.Created != int64(len(want.Bad)) || mended.Tally.Rejections() != 0 {
		t.Errorf("mended: %s %+v, want %d created", mended.State, mended.Tally, len(want.Bad))
	}
}

// checkGenerated: the customer is as the last of its rows says.
func checkGenerated(t *testing.T, got customer.Customer, want generate.Customer) {
	t.Helper()
	visits, _ := value.Text(got.Custom["visits"])
	note, _ := got.Custom["note"].(string)
	subscribed := ""
	for _, s := range got.Subscriptions {
		subscribed = s.Contact
	}
	type shown struct {
		Email, FirstName, LastName, BirthDate, Sex, Country, City, Note, Subscribed, Visits string
		Phones, Tags                                                                        []string
	}
	wantVisits, err := json.Marshal(want.Visits)
	if err != nil {
		t.Fatal(err)
	}
	diff := cmp.Diff(
		shown{want.Email, want.FirstName, want.LastName, want.BirthDate, want.Sex, want.Country, want.City, want.Note, want.Subscribed, string(wantVisits), want.Phones, want.Tags},
		shown{got.Emails[0], got.FirstName, got.LastName, string(got.BirthDate), string(got.Sex), got.Country, got.City, note, subscribed, visits, got.Phones, got.Tags},
	)
	if diff != "" {
		t.Errorf("%s (-want +got):\n%s", want.Key, diff)
	}
}

// checkReport: the bad rows are in it, in order, each with the reason.
func checkReport(t *testing.T, report string, want generate.Expected) {
	t.Helper()
	r := csvtext.NewReader(strings.NewReader(strings.TrimPrefix(report, "\ufeff")), ',')
	header, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	columns := len(header) - 3
	for _, bad := range want.Bad {
		row, err := r.Read()
		if err != nil {
			t.Fatalf("row %d, %s: %v", bad.Row, bad.Kind, err)
		}
		code, _, _ := strings.Cut(bad.Code, "/")
		said, _, _ := strings.Cut(row[columns+1], "/")
		if number := row[columns]; number != string(mustJSON(t, bad.Row)) || said != code || row[columns+2] == "" {
			t.Errorf("row %d, %s: the report says row %s, %s, %s; want %s", bad.Row, bad.Kind, number, row[columns+1], row[columns+2], bad.Code)
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	document, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is wrong with a file ends in a summary that says what, and changes nothing.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"fields": "declared"})
	rows := "email,_fname\na@example.com,Ann\n" + strings.Repeat("b@example.com,Bob\n", 400)
	tests := []struct{ name, file, content, want string }{
		{"empty", "a.csv", "", "bad_file/empty"},
		{"no header", "a.csv", "a@example.com,Ann\nb@example.com,Bob\n", "bad_header/no_header"},
		{"a doubled header", "a.csv", "email,_fname,_fname\na@example.com,Ann,Ann\n", "bad_header/doubled"},
		{"a million columns", "a.csv", "email" + strings.Repeat(",x", 1_000_000) + "\n", "bad_header/too_many_columns"},
		{"a long line", "a.csv", rows + "c@example.com," + strings.Repeat("x", 2_000_000) + "\n", "bad_file/long_record"},
		{"a quote that is not closed", "a.csv", rows + "c@example.com,\"x\n" + rows, "bad_file/open_quote"},
		{"UTF-16 without its mark", "a.csv", "e\x00m\x00a\x00i\x00l\x00\n\x00", "bad_header/nul"},
		{"a wrong code page", "a.csv", "email,\xc8\xec\xff\n", "bad_header/utf8"},
		{"gzip that is cut short", "a.csv.gz", gzipped(t, rows)[:60], "bad_file/gzip_cut"},
		{"a bomb", "a.csv.gz", gzipped(t, rows+strings.Repeat("b@example.com,Bob\n", 2_000_000)), "bad_file/gzip_ratio"},
		{"gzip by another name", "a.csv", gzipped(t, rows), "bad_file/is_gzip"},
		{"a spreadsheet", "a.xlsx", "PK\x03\x04", "bad_file/spreadsheet"},
		{"a spreadsheet by another name", "a.csv", "PK\x03\x04", "bad_file/is_zip"},
		{"a picture by another name", "a.csv", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "bad_file/other_kind"},
		{"a page by another name", "a.csv", "<!DOCTYPE html>\n<html><title>Log in</title>", "bad_file/other_kind"},
		{"an archive", "a.zip", "PK\x03\x04", "bad_file/zip"},
		{"JSON Lines by another name", "a.csv", `{"email":"a@example.com"}`, "bad_file/is_json_lines"},
		{"a name with dots, blanks and more", ".. +%41 \u00fc.pdf", "x", "bad_file/name"},
		{"a field that is not declared", "a.csv", "email,colour\na@example.com,red\n", "bad_column/undeclared"},
		{"an unknown function", "a.csv", "email,n:decr\na@example.com,1\n", "bad_column/function"},
	}
	for _, tt := range tests {
		p := e.drop(t, "imports/tenant=5/matching=email/"+tt.file, tt.content, nil)
		if p.State != imports.Failed || p.Trouble == nil || p.Trouble.ID() != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, p.State, p.Trouble, tt.want)
			continue
		}
		if s := e.summary(t, p); s.Error != tt.want || s.Created+s.Updated != 0 {
			t.Errorf("%s: summary %+v", tt.name, s)
		}
	}
	settings, err := e.registrar.Tenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"a@example.com", "b@example.com"} {
		_, err := e.customers.Find(t.Context(), settings.CustomerRules(), customer.Search{Any: []customer.Lookup{{Key: customer.EmailKey(email), Roles: customer.Anywhere}}})
		if !isClient(err) {
			t.Errorf("%s is there (error %v)", email, err)
		}
	}
	// A header alone is a file of no rows.
	if p := e.drop(t, "imports/tenant=5/matching=email/a.csv", "email,_fname\n", nil); p.State != imports.Done || p.Rows != 0 {
		t.Errorf("a header alone: %s, %v, %d rows", p.State, p.Trouble, p.Rows)
	}
}

// The same rows in every form that a file may have make the same customers.
func TestForms(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	utf16 := func(text string) string {
		b := []byte("\xff\xfe")
		for _, r := range text {
			b = append(b, byte(r), byte(r>>8))
		}
		return string(b)
	}
	const csv = "email,_fname,tags,note\na@example.com,Иван,vip|new,\"x\n=1\"\n"
	const mapping = `{"columns":{"Почта":"email","Имя":"_fname"},"delimiter":";","charset":"windows-1251"}`
	e.bucket.Upload("imports/tenant=5/shop.json", []byte(mapping), nil)
	for _, tt := range []struct {
		file, content string
		metadata      map[string]string
	}{
		{"a.csv", csv, nil},
		{"b.csv", "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(csv, ",", ";"), "\n", "\r\n"), nil},
		{"c.csv.gz", gzipped(t, csv), nil},
		{"d.csv", utf16(csv), nil},
		{"e.csv.gz", gzipped(t, utf16(csv)), nil},
		{"f.jsonl", `{"email":"a@example.com","_fname":"Иван","tags":["vip","new"],"note":"x\n=1"}`, nil},
		{"g.jsonl.gz", gzipped(t, `{"email":"a@example.com","_fname":"Иван","tags":["vip","new"],"note":"x\n=1"}`), nil},
		{"h.csv", "\xcf\xee\xf7\xf2\xe0;\xc8\xec\xff;tags;note\na@example.com;\xc8\xe2\xe0\xed;vip|new;\"x\n=1\"\n", map[string]string{"mapping": "shop.json"}},
		{"delimiter=;/i.csv", "email;_fname;tags;note\na@example.com;Иван;vip|new;\"x\n'=1\"\n", nil},
	} {
		e.drop(t, "imports/tenant=5/reset.csv", "email,_fname,tags,note\na@example.com,-,-,-\n", nil)
		p := e.drop(t, "imports/tenant=5/"+tt.file, tt.content, tt.metadata)
		if p.State != imports.Done || p.Tally.Updated != 1 {
			t.Errorf("%s: %s, %v, %+v", tt.file, p.State, p.Trouble, p.Tally)
			continue
		}
		want := "x\n=1"
		if tt.file == "delimiter=;/i.csv" {
			want = "x\n'=1" // the apostrophe is not the first character, so it is text
		}
		if c := e.find(t, "a@example.com"); c.FirstName != "Иван" || !slices.Equal(c.Tags, []string{"vip", "new"}) || c.Custom["note"] != want {
			t.Errorf("%s: %q, %q, %q", tt.file, c.FirstName, c.Tags, c.Custom["note"])
		}
	}
}

// The report of rejected lines is lines, under a name by which they can be dropped
// again; an error names what the file calls the column.
func TestRejectedLines(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.bucket.Upload("imports/tenant=5/shop.json", []byte(`{"columns":{"Telefon":"phones"}}`), nil)
	p := e.drop(t, "imports/tenant=5/a.jsonl", `{"email":"a@example.com","Telefon":"7.9E+10"}`+"\n"+`{"email":"b@example.com"}`+"\n[]\n", map[string]string{"mapping": "shop.json"})
	if p.State != imports.Done || p.Tally.Created != 1 || len(p.Results) != 2 || !strings.HasSuffix(p.Results[1], "/rejected.jsonl") {
		t.Fatalf("%s, %v, %+v, %q", p.State, p.Trouble, p.Tally, p.Results)
	}
	report := e.read(t, p.Results[1])
	first, rest, _ := strings.Cut(report, "\n")
	if !strings.HasPrefix(first, `{"Telefon":"7.9E+10","email":"a@example.com","row":1,"error":"bad_phone`) || !strings.Contains(first, `"error_text":"Telefon: `) {
		t.Errorf("first line: %s", first)
	}
	if !strings.HasPrefix(rest, `{"line":"[]","row":3,"error":"bad_json`) {
		t.Errorf("second line: %s", rest)
	}
	again := e.drop(t, "imports/tenant=5/rejected.jsonl", strings.Replace(first, "7.9E+10", "+79001234567", 1), map[string]string{"mapping": "shop.json"})
	if again.Tally.Created != 1 || e.find(t, "a@example.com").Phones[0] != "+79001234567" {
		t.Errorf("mended: %s, %v, %+v", again.State, again.Trouble, again.Tally)
	}
}

// What goes away between the plan and the rows ends the import, and says what it was.
func TestFileMeanwhile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		meanwhile  func(e *engine, key string) error
	}{
		{"its version is deleted", "bad_file/gone", func(e *engine, key string) error {
			e.bucket.Fail(func(op, at string) error {
				if op == "get" && at == key {
					return objects.ErrNotFound
				}
				return nil
			})
			return nil
		}},
		{"what the bucket sorted is deleted", "bad_file/gone", func(e *engine, _ string) error {
			e.bucket.Fail(func(op, at string) error {
				if op == "get" && strings.Contains(at, "/sorted-") {
					return objects.ErrNotFound
				}
				return nil
			})
			return nil
		}},
		{"two columns come to be one field", "bad_header/same_target", func(e *engine, _ string) error {
			_, err := e.registrar.ChangeSettings(t.Context(), tenant, map[string]any{"declared_fields": map[string]any{"COLOUR": map[string]any{"type": "string"}}})
			return err
		}},
		{"another version takes its place", "", func(e *engine, key string) error {
			e.bucket.Upload(key, []byte("email,_fname\nc@example.com,C\n"), nil)
			return nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			const key = "imports/tenant=5/a.csv"
			event := e.upload(key, "email,colour,Colour\n"+strings.Repeat("a@example.com,red,blue\n", 400), nil)
			if err := e.service.Receive(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			ref, ok := e.take()
			if !ok {
				t.Fatal("nothing is planned")
			}
			if _, err := e.worker.Process(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
			if p := e.latest(t); p.State != imports.Sorting {
				t.Fatalf("planned: %s, %v", p.State, p.Trouble)
			}
			if err := tt.meanwhile(e, key); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				e.work(t, 2)
			}
			p := e.latest(t)
			if tt.want == "" {
				if p.State != imports.Done || p.Tally.Created != 1 || p.Rows != 400 {
					t.Errorf("%s, %v, %+v of %d rows", p.State, p.Trouble, p.Tally, p.Rows)
				}
				return
			}
			if p.State != imports.Failed || p.Trouble.ID() != tt.want {
				t.Fatalf("%s, %v, want %s", p.State, p.Trouble, tt.want)
			}
			if s := e.summary(t, p); s.Error != tt.want {
				t.Errorf("summary = %+v", s)
			}
		})
	}
}
