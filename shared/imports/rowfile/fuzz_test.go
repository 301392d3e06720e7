package rowfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
)

// Whatever the bytes and the options, a file ends in rows and client errors, and a
// rejected record comes back from its report.
func FuzzRead(f *testing.F) {
	for _, file := range []string{
		"email,phones\na@x.com,+7\n", "\ufeffemail;tags:add;points.add\n\"a\nb\";x|y;5\n", "\xff\xfee\x00,\x00a\x00\n\x00", "email,a\"b\n", `{"email":"a","points":{"add":1}}`,
		"sep=;\nemail;subscriptions.0.email;order.id;order.total;order.paid_at\nx;y;1;2;2024-01-02\n", "email,row,error,error_text\n'=1,2,3,4\n",
	} {
		f.Add(file, "", "", false)
		f.Add(file, "windows-1258", `{"columns":{"a":"_fname"},"dates":"DD.MM.YYYY","numbers":"1.234,50","empty":"clear"}`, true)
	}
	f.Fuzz(func(t *testing.T, file, charset, document string, lines bool) {
		o := rowfile.Options{Format: rowfile.CSV, Charset: charset}
		if lines {
			o.Format = rowfile.JSONLines
		}
		if m, err := rowfile.ParseMapping([]byte(document)); err == nil {
			if o, err = m.Apply(o); err != nil {
				t.Fatalf("a mapping that was parsed: %v", err)
			}
		} else if _, ok := errs.AsClient(err); !ok {
			t.Fatalf("mapping %q: %v", document, err)
		}
		text, err := rowfile.Decode(strings.NewReader(file), o, false)
		if rejected(t, err) {
			return
		}
		h, _, err := rowfile.ReadHeader(&text, o)
		if rejected(t, err) {
			return
		}
		d, err := rowfile.NewDecoder(h, o, types)
		if rejected(t, err) {
			return
		}
		r := rowfile.NewReader(text, h, 1)
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) || rejected(t, err) {
				return
			}
			row, err := d.Row(rec)
			if !rejected(t, err) && row.Data == nil {
				t.Fatalf("row %+v has no data", row)
			}
			if rec.Cells != nil && rec.Err == nil {
				checkReport(t, h, rec)
			}
		}
	})
}

// checkReport: the cells of a record stand in its report.
func checkReport(t *testing.T, h rowfile.Header, rec rowfile.Record) {
	report := rowfile.AppendRejected(rowfile.AppendRejectedHeader(nil, h), h, rec, "code", "text")
	o := rowfile.Options{Format: rowfile.CSV, Delimiter: h.Delimiter}
	text, err := rowfile.Decode(strings.NewReader(string(report)), o, false)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := rowfile.ReadHeader(&text, o)
	if err != nil {
		t.Fatalf("the report %q: %v", report, err)
	}
	got, err := rowfile.NewReader(text, again, 1).Next()
	if err != nil || got.Err != nil {
		t.Fatalf("the report %q: %v, %v", report, err, got.Err)
	}
	added := len(again.Columns) - len(h.Columns)
	if added != 3 && added != 0 {
		t.Fatalf("the report %q has %d columns, the file %d", report, len(again.Columns), len(h.Columns))
	}
	if added == 0 {
		return // the file was a report
	}
	for i, cell := range rec.Cells {
		if want := strings.ReplaceAll(cell, "\r\n", "\n"); got.Cells[i] != want {
			t.Fatalf("the report %q has %q in column %d, want %q", report, got.Cells, i, want)
		}
	}
}

// rejected reports whether there is an error, which must be a client error.
func rejected(t *testing.T, err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errs.AsClient(err); !ok {
		t.Fatalf("%v is no client error", err)
	}
	return true
}

// A mapping that is taken stays what it is when it is kept as JSON.
func FuzzMapping(f *testing.F) {
	f.Add(`{"columns": {"E-Mail-Adresse": "email"}, "ignore": ["x"], "constants": {"_country": "DE", "n": 1e3}, "dates": "DD.MM.YYYY", "numbers": "1.234,50", "delimiter": ";", "charset": "windows-1252", "empty": "clear"}`)
	f.Add(`{"constants": {"subscriptions.0.cats:add": [1], "x:upsert:a.b": {}}}`)
	f.Fuzz(func(t *testing.T, document string) {
		m, err := rowfile.ParseMapping([]byte(document))
		if rejected(t, err) {
			return
		}
		again, err := rowfile.ParseMapping(marshal(t, m))
		if diff := cmp.Diff(m, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("%q, kept: error %v (-want +got):\n%s", document, err, diff)
		}
	})
}
