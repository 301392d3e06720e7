package rowfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"regulars/shared/imports/rowfile"
)

func TestRejected(t *testing.T) {
	h := rowfile.Header{Format: rowfile.CSV, Columns: []string{"email", "phones", "=note"}, Delimiter: ';'}
	p := rowfile.NewParser(h)
	report := rowfile.AppendRejectedHeader(nil, h)
	for i, raw := range []string{"a@x.com;+79001234567;\"Иван, \"\"=1\"\"\"\n", "a;b\n", "a;b;c;=d\n", "a\"b;c;d\r\n", "\xff;b;c\n", "\"a;\n=b\";;\n"} {
		report = rowfile.AppendRejected(report, h, p.Record(int64(i)+2, []byte(raw)), "bad_phone/date", "It is a date; not a phone.")
	}
	const reason = `bad_phone/date;"It is a date; not a phone."` + "\n"
	want := "\ufeffemail;phones;'=note;row;error;error_text\n" +
		`a@x.com;'+79001234567;"Иван, ""=1""";2;` + reason +
		`a;b;;3;` + reason +
		`a;b;"c;'=d";4;` + reason +
		`"a""b;c;d";;;5;` + reason +
		"\ufffd;b;c;6;" + reason +
		"\"a;\n'=b\";;;7;" + reason
	if diff := cmp.Diff(want, string(report)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}

	lines := rowfile.Header{Format: rowfile.JSONLines}
	report = rowfile.AppendRejectedHeader(nil, lines)
	for i, raw := range []string{`{"email":"=<a>","n":1.50,"row":7,"error":"d","error_text":""}` + "\n", "{}", "{\"a\":\xff\"\n", `{"row":"A"}` + "\n"} {
		report = rowfile.AppendRejected(report, lines, rowfile.Record{Row: int64(i) + 2, Raw: []byte(raw)}, "c", `"t"`)
	}
	want = `{"email":"=<a>","n":1.5,"row":2,"error":"c","error_text":"\"t\""}` + "\n" +
		`{"row":3,"error":"c","error_text":"\"t\""}` + "\n" +
		`{"line":"{\"a\":` + "\ufffd" + `\"","row":4,"error":"c","error_text":"\"t\""}` + "\n" +
		`{"line":"{\"row\":\"A\"}","row":5,"error":"c","error_text":"\"t\""}` + "\n"
	if diff := cmp.Diff(want, string(report)); diff != "" {
		t.Errorf("report of lines (-want +got):\n%s", diff)
	}
}

// A report that is dropped as it is says the same rows, and its own report too.
func TestReportRoundTrip(t *testing.T) {
	// CR LF is one line break to encoding/csv, so no cell has it.
	cell := rapid.StringOf(rapid.SampledFrom([]rune("=+-@\uff1d'\",;|\t\n\r a1Ж"))).Filter(func(s string) bool { return !strings.Contains(s, "\r\n") })
	rapid.Check(t, func(t *rapid.T) {
		h := rowfile.Header{Format: rowfile.CSV, Columns: []string{"email", "note"}, Delimiter: rapid.SampledFrom([]rune(",;\t|")).Draw(t, "delimiter")}
		var rows [][]string
		for range rapid.IntRange(1, 4).Draw(t, "rows") {
			rows = append(rows, rapid.SliceOfN(cell, 2, 2).Draw(t, "cells"))
		}
		report := rowfile.AppendRejectedHeader(nil, h)
		for i, cells := range rows {
			report = rowfile.AppendRejected(report, h, rowfile.Record{Row: int64(i) + 1, Cells: cells}, "code", "-text")
		}
		for range 2 { // the report, and the report about it
			again, got := readReport(t, report, h.Delimiter)
			for i := range rows {
				if diff := cmp.Diff(rows[i], got[i].Cells[:2]); diff != "" {
					t.Fatalf("%q: row %d (-want +got):\n%s", report, i, diff)
				}
			}
			report = rowfile.AppendRejectedHeader(nil, again)
			for _, rec := range got {
				report = rowfile.AppendRejected(report, again, rec, "code", "-text")
			}
		}
	})
}

func readReport(t *rapid.T, report []byte, delimiter rune) (rowfile.Header, []rowfile.Record) {
	// The options of the first drop are those of the second: whatever charset they name.
	o := rowfile.Options{Format: rowfile.CSV, Charset: "windows-1251", Delimiter: delimiter}
	text, err := rowfile.Decode(strings.NewReader(string(report)), o, false)
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := rowfile.ReadHeader(&text, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"email", "note", "row", "error", "error_text"}, h.Columns); diff != "" {
		t.Fatalf("columns (-want +got):\n%s", diff)
	}
	var records []rowfile.Record
	for r := rowfile.NewReader(text, h, 1); ; {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return h, records
		}
		if err != nil || rec.Err != nil {
			t.Fatal(err, rec.Err)
		}
		rec.Raw = nil
		records = append(records, rec)
	}
}

// A file whose rows are all rejected, its report mended and dropped: the rows of a
// file that was right at once.
func TestMend(t *testing.T) {
	file := "email;note;rate\nx;=1;1,5\ny;a,-b;2\n"
	wrong, err := read(t, strings.ReplaceAll(file, ";2\n", ";2;\n"), rowfile.Options{Mapping: mapping(t, `{"numbers":"1234,5"}`)})
	if err != nil || wrong[1] != "bad_row/cells: [4 3]" {
		t.Fatalf("rows %v, error %v", wrong, err)
	}
	h := rowfile.Header{Format: rowfile.CSV, Columns: []string{"email", "note", "rate"}, Delimiter: ';'}
	p := rowfile.NewParser(h)
	report := rowfile.AppendRejectedHeader(nil, h)
	for i, raw := range []string{"x;=1;1,5\n", "y;a,-b;2;\n"} {
		report = rowfile.AppendRejected(report, h, p.Record(int64(i)+1, []byte(raw)), "c", "t")
	}
	o := rowfile.Options{Mapping: mapping(t, `{"numbers":"1234,5"}`)}
	got, err := read(t, strings.ReplaceAll(string(report), `"2;"`, "2"), o)
	if err != nil {
		t.Fatal(err)
	}
	want, err := read(t, file, o)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, rows (-want +got):\n%s", err, diff)
	}
}
