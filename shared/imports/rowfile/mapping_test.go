package rowfile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/imports/rowfile"
)

func TestParseMapping(t *testing.T) {
	document := "\ufeff" + `{"columns": {"E-Mail-Adresse": "email", "Karte": "card:upsert:no"}, "ignore": ["x"], "constants": {"_country": "DE", "n": 12345678901234567890, "ok": true},
		"dates": "DD.MM.YYYY hh:mm", "numbers": "1.234,50", "delimiter": ";", "charset": "Windows-1252", "empty": "clear"}`
	want := rowfile.Mapping{
		Columns: map[string]string{"E-Mail-Adresse": "email", "Karte": "card:upsert:no"}, Ignore: []string{"x"},
		Constants: map[string]any{"_country": "DE", "n": json.Number("12345678901234567890"), "ok": true},
		Dates:     "DD.MM.YYYY hh:mm", Numbers: "1.234,50", Delimiter: ";", Charset: "Windows-1252", Empty: "clear",
	}
	m := mapping(t, document)
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
	// It is kept as JSON without loss, on its own and within options.
	kept, err := json.Marshal(rowfile.Options{Format: rowfile.CSV, Mapping: m})
	var o rowfile.Options
	if err == nil {
		err = json.Unmarshal(kept, &o)
	}
	if diff := cmp.Diff(m, o.Mapping); err != nil || diff != "" {
		t.Errorf("kept as %s: error %v (-want +got):\n%s", kept, err, diff)
	}
	if kept, err = json.Marshal(rowfile.Options{}); err == nil {
		err = json.Unmarshal(kept, &o)
	}
	if err != nil {
		t.Errorf("no mapping, kept as %s: %v", kept, err)
	}
}

func TestApply(t *testing.T) {
	m := mapping(t, `{"delimiter": ";", "charset": "windows-1252", "empty": "clear"}`)
	for _, tt := range []struct{ said, want rowfile.Options }{
		{rowfile.Options{}, rowfile.Options{Delimiter: ';', Charset: "windows-1252", EmptyClears: true, Mapping: m}},
		{rowfile.Options{Delimiter: ',', Charset: "utf-8"}, rowfile.Options{Delimiter: ',', Charset: "utf-8", EmptyClears: true, Mapping: m}},
	} {
		got, err := m.Apply(tt.said)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("options: error %v (-want +got):\n%s", err, diff)
		}
	}
}

func TestWrongMappings(t *testing.T) {
	tests := []struct{ document, want string }{
		{``, "bad_json/empty"},
		{`[]`, "bad_json/no_object"},
		{`{"colums": {}}`, "bad_mapping/unknown_member at colums"},
		{`{"columns": []}`, "bad_mapping/type at columns: [an object an array]"},
		{`{"columns": {"a": 1}}`, "bad_mapping/type at columns.a: [a text that is not empty a number]"},
		{`{"columns": {"a": ""}}`, "bad_mapping/type at columns.a"},
		{`{"columns": {"a": "points.given"}}`, "bad_column/points at columns.a"},
		{`{"columns": {"a": "x:frob"}}`, "bad_column/function at columns.a"},
		{`{"columns": {"a": "email", " A": "phones"}}`, "bad_mapping/doubled at columns."},
		{`{"columns": {"a": "email"}, "ignore": ["A"]}`, "bad_mapping/doubled at ignore"},
		{`{"ignore": "a"}`, "bad_mapping/type at ignore: [an array of texts a text]"},
		{`{"ignore": [1]}`, "bad_mapping/type at ignore"},
		{`{"constants": [1]}`, "bad_mapping/type at constants"},
		{`{"constants": {"subscriptions": []}}`, "bad_column/subscription at constants.subscriptions"},
		{`{"dates": "DD.MM.YY"}`, "bad_mapping/dates at dates: [DD.MM.YY]"},
		{`{"dates": "DD.MM"}`, "bad_mapping/dates"},
		{`{"dates": "dd.mm.yyyy"}`, "bad_mapping/dates"},
		{`{"dates": "DD.MM.YYYY DD"}`, "bad_mapping/dates"},
		{`{"dates": "DD.MM.YYYY hh"}`, "bad_mapping/dates"},
		{`{"dates": "DDD.MM.YYYY"}`, "bad_mapping/dates"},
		{`{"numbers": "1.234.50"}`, "bad_mapping/numbers at numbers"},
		{`{"numbers": "1000"}`, "bad_mapping/numbers"},
		{`{"numbers": 1234.5}`, "bad_mapping/type at numbers"},
		{`{"delimiter": ";;"}`, "bad_file/delimiter: [;;]"},
		{`{"delimiter": "x"}`, "bad_file/delimiter: [x]"},
		{`{"charset": "latin"}`, "bad_file/charset"},
		{`{"empty": "yes"}`, "bad_mapping/empty at empty: [yes]"},
		{`{"x": "` + strings.Repeat("x", rowfile.MaxMapping) + `"}`, "bad_mapping/too_long"},
	}
	for _, tt := range tests {
		if m, err := rowfile.ParseMapping([]byte(tt.document)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%.80s: mapping %+v, error %v, want %s", tt.document, m, err, tt.want)
		}
	}
	// What depends on the file and on the tenant.
	for _, tt := range []struct{ document, want string }{
		{`{"columns": {"name": "email"}}`, "bad_header/same_target at name: [email]"},
		{`{"constants": {"email": "x"}}`, "bad_mapping/doubled at constants.email"},
		{`{"constants": {"LOYALTY_SCORE": "007"}}`, "bad_cell/zeros at constants.LOYALTY_SCORE"},
		{`{"constants": {"points.add": true}}`, "bad_cell/scalar at constants.points.add: [a boolean]"},
	} {
		o, err := mapping(t, tt.document).Apply(rowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := read(t, "email,name\nx,y\n", o); err == nil || err.Error() != tt.want {
			t.Errorf("%s: rows %v, error %v, want %s", tt.document, rows, err, tt.want)
		}
	}
}

// Dates and numbers as files write them, through a column of each.
func TestFormats(t *testing.T) {
	tests := []struct{ dates, numbers, cell, want string }{
		{dates: "DD.MM.YYYY", cell: "31.12.1990", want: "1990-12-31"},
		{dates: "DD.MM.YYYY", cell: " 1.2.1990 ", want: "1990-02-01"},
		{dates: "MM/DD/YYYY", cell: "02/01/1990", want: "1990-02-01"},
		{dates: "MM/DD/YYYY", cell: "13/13/2020"},
		{dates: "DD/MM/YYYY", cell: "13/13/2020"},
		{dates: "DD/MM/YYYY", cell: "29/02/2023"},
		{dates: "DD/MM/YYYY", cell: "29/02/2024", want: "2024-02-29"},
		{dates: "DD/MM/YYYY", cell: "0/1/2024"},
		{dates: "DD/MM/YYYY", cell: "1/0/2024"},
		{dates: "DD/MM/YYYY", cell: "1/1/0000"},
		{dates: "DD/MM/YYYY", cell: "1/1/90"},
		{dates: "DD/MM/YYYY", cell: "1/1/20240"},
		{dates: "DD/MM/YYYY", cell: "1990-12-31"},
		{dates: "DD/MM/YYYY", cell: "//1990"},
		{dates: "YYYYMMDD", cell: "19901231", want: "1990-12-31"},
		{dates: "YYYYMMDD", cell: "1990121"},
		{dates: "YYYY-MM-DD hh:mm:ss", cell: "1990-12-31 23:59:58", want: "1990-12-31T23:59:58"},
		{dates: "YYYY-MM-DD hh:mm:ss", cell: "1990-12-31 24:00:00"},
		{dates: "DD.MM.YYYY hh:mm", cell: "31.12.1990 7:05", want: "1990-12-31T07:05:00"},
		{dates: "DD.MM.YYYY hh:mm", cell: "31.12.1990"},
		{cell: "31.12.1990", want: "31.12.1990"}, // as profiles/import takes it, which rejects it

		{numbers: "1.234,50", cell: "1.234,50", want: "1234.5"},
		{numbers: "1.234,50", cell: "-1.234.567,8", want: "-1234567.8"},
		{numbers: "1.234,50", cell: "1234,50", want: "1234.5"},
		{numbers: "1.234,50", cell: "1.23,50"},
		{numbers: "1.234,50", cell: "1234.567"},
		{numbers: "1.234,50", cell: "1.5"},
		{numbers: "1.234,50", cell: "1,5E+10"},
		{numbers: "1.234,50", cell: ",5"},
		{numbers: "1.234,50", cell: "5,"},
		{numbers: "1.234,50", cell: "0.123"},
		{numbers: "1,234.50", cell: "1,234.50", want: "1234.5"},
		{numbers: "1 234,50", cell: "1 234 567,50", want: "1234567.5"},
		{numbers: "1 234,50", cell: "1\u00a0234\u202f567", want: "1234567"},
		{numbers: "1\u202f234,50", cell: "1 234,5", want: "1234.5"},
		{numbers: "1'234.50", cell: "1'234.50", want: "1234.5"},
		{numbers: "1234,5", cell: "1234,5", want: "1234.5"},
		{numbers: "1234,5", cell: "1.234,5"},
		{cell: "1234.50", want: "1234.5", numbers: "-"},
		{cell: "0", want: "0", numbers: "-"},
		{cell: "0.50", want: "0.5", numbers: "-"},
		{cell: "+5", numbers: "-"},
		{cell: "1,234", numbers: "-"},
		{cell: "00", numbers: "-"},
		{cell: "--5", numbers: "-"},
		{cell: "٥", numbers: "-"},
		{cell: strings.Repeat("1", 39), numbers: "-"},
	}
	for _, tt := range tests {
		document := map[string]string{}
		column := "_bdate"
		if tt.dates != "" {
			document["dates"] = tt.dates
		}
		if tt.numbers != "" {
			column = "rate"
			if tt.numbers != "-" {
				document["numbers"] = tt.numbers
			}
		}
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := read(t, "email,"+column+"\nx,\""+tt.cell+"\"\n", rowfile.Options{Mapping: mapping(t, string(text))})
		if err != nil {
			t.Fatal(err)
		}
		row, ok := rows[0].(rowfile.Row)
		got := ""
		if ok {
			switch v := field(row, column).(type) {
			case string:
				got = v
			case json.Number:
				got = string(v)
			}
		}
		if got != tt.want {
			t.Errorf("%s %q: %q is %q (%v), want %q", tt.dates, tt.numbers, tt.cell, got, rows[0], tt.want)
		}
	}
}

// field is the value of a field of a row; nil where it has none.
func field(row rowfile.Row, name string) any {
	for _, m := range row.Data {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}
