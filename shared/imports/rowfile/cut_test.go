package rowfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
)

// wide is the header of CSV with so many columns.
func wide(columns int, delimiter rune) rowfile.Header {
	h := rowfile.Header{Format: rowfile.CSV, Delimiter: delimiter}
	for i := range columns {
		h.Columns = append(h.Columns, fmt.Sprint("c", i))
	}
	return h
}

// cutAll cuts a text and reads every range by itself.
func cutAll(t testing.TB, text string, h rowfile.Header, target int64) ([]rowfile.Record, error) {
	t.Helper()
	var ranges []rowfile.Range
	err := rowfile.Cut(strings.NewReader(text), h, rowfile.Range{}, target, func(r rowfile.Range) error {
		ranges = append(ranges, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var records []rowfile.Record
	end := int64(0)
	for i, r := range ranges {
		if r.Offset != end || r.FirstRow != int64(len(records))+1 {
			t.Fatalf("target %d: range %d = %+v, want it at byte %d and row %d", target, i, r, end, len(records)+1)
		}
		end += r.Length
		if i < len(ranges)-1 && r.Length < target {
			t.Fatalf("target %d: range %d = %+v, want it to reach the target", target, i, r)
		}
		before := len(records)
		reader := rowfile.NewReader(strings.NewReader(text[r.Offset:end]), h, r.FirstRow)
		for {
			rec, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("target %d: range %d: %v", target, i, err)
			}
			rec.Raw = bytes.Clone(rec.Raw)
			records = append(records, rec)
		}
		if n := int64(len(records) - before); n != r.Rows {
			t.Fatalf("target %d: range %d has %d records, want %d", target, i, n, r.Rows)
		}
	}
	if rest := strings.Trim(text[end:], "\r\n"); rest != "" && err == nil {
		t.Fatalf("target %d: %q is in no range", target, rest)
	}
	return records, nil
}

// secondOpinion is what encoding/csv reads: rows, with nil for one that is an error.
func secondOpinion(text string, delimiter rune) (rows [][]string, open bool) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = delimiter, -1
	for {
		row, err := r.Read()
		switch wrong, _ := errors.AsType[*csv.ParseError](err); {
		case errors.Is(err, io.EOF):
			return rows, open
		case wrong != nil:
			open = r.InputOffset() == int64(len(text)) && strings.Count(text, `"`)%2 == 1
			rows = append(rows, nil)
		default:
			rows = append(rows, row)
		}
	}
}

// However a text is cut, its records are those that encoding/csv reads.
func FuzzCut(f *testing.F) {
	for _, text := range []string{
		"a,b\nc,d\n", "a,\"b\nc\",d\r\n\r\ne,f,g", "\"a\"\"\n\",b\n", "a\"b,\"c\nd\"\n", "\"a\"b\nc\n", "a,\"b\n", "\n\n\r\na\r", "\"\"\n", "\"a\",\n\"b\"", ",\n", "\"a\r\nb\"\r\n",
		"\"a\"\rb\n", "a\r\r\n", "\"", "\"\"\"", "x,\"\"\"\",y\nz\n",
	} {
		for _, target := range []uint16{0, 1, 5, 1000} {
			f.Add(text, target, byte(','))
		}
	}
	f.Fuzz(func(t *testing.T, text string, target uint16, d byte) {
		delimiter := rune(",;\t|"[d%4])
		rows, _ := secondOpinion(text, delimiter)
		records, err := cutAll(t, text, wide(1, delimiter), int64(target))
		if wrong, ok := errs.AsClient(err); ok && wrong.ID() == "bad_file/open_quote" {
			if len(rows) == 0 || rows[len(rows)-1] != nil {
				t.Fatalf("%q: %v, and encoding/csv reads all of it", text, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(records) != len(rows) {
			t.Fatalf("%q: %d records, want %d", text, len(records), len(rows))
		}
		for i, rec := range records {
			if wrong, ok := errs.AsClient(rec.Err); ok && wrong.Code == "bad_row" && wrong.Reason != "cells" {
				if rows[i] != nil {
					t.Fatalf("%q: record %d: %v, want %q", text, i, rec.Err, rows[i])
				}
				continue
			}
			if rows[i] == nil {
				t.Fatalf("%q: record %d has no error, want one", text, i)
			}
			parser := rowfile.NewParser(wide(len(rows[i]), delimiter))
			again := parser.Record(rec.Row, rec.Raw)
			if again.Err != nil { // a text that cannot be stored
				continue
			}
			for j, cell := range again.Cells {
				if want := rows[i][j]; cell != want && "'"+cell != want {
					t.Fatalf("%q: record %d = %q, want %q", text, i, again.Cells, rows[i])
				}
			}
		}
	})
}

// A text that comes in single bytes is cut as one that comes at once, and a part of
// it can be cut again from where a range begins.
func TestCut(t *testing.T) {
	text := "1,\"a\nb\"\n\n2,c\n3,\"d\"\"\n\"\n4,e\n"
	var all []rowfile.Range
	collect := func(r rowfile.Range) error { all = append(all, r); return nil }
	if err := rowfile.Cut(iotest.OneByteReader(strings.NewReader(text)), wide(2, ','), rowfile.Range{Offset: 100}, 10, collect); err != nil {
		t.Fatal(err)
	}
	want := []rowfile.Range{{Offset: 100, Length: 13, FirstRow: 1, Rows: 2}, {Offset: 113, Length: 13, FirstRow: 3, Rows: 2}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Fatalf("ranges (-want +got):\n%s", diff)
	}
	all = nil
	if err := rowfile.Cut(strings.NewReader(text[13:]), wide(2, ','), want[1], 10, collect); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[1:], all); diff != "" {
		t.Errorf("cut again (-want +got):\n%s", diff)
	}

	pieces, rows := "", int64(0)
	err := rowfile.CutPieces(strings.NewReader(text), wide(2, ','), rowfile.Range{}, 10, func(r rowfile.Range, piece []byte) error {
		if r.Offset != 0 || r.Length != int64(len(piece)) || r.FirstRow != rows+1 {
			t.Errorf("piece %q is said to be %+v", piece, r)
		}
		pieces += string(piece)
		rows += r.Rows
		return nil
	})
	if without := strings.ReplaceAll(text, "\n\n", "\n"); err != nil || pieces != without || rows != 4 {
		t.Errorf("pieces = %q of %d rows, error %v, want the text without its blank line", pieces, rows, err)
	}

	broken := errors.New("broken")
	for name, cut := range map[string]func() error{
		"the reader": func() error {
			r := io.MultiReader(strings.NewReader("1,a\n"), iotest.ErrReader(broken))
			return rowfile.Cut(r, wide(2, ','), rowfile.Range{}, 10, func(rowfile.Range) error { return nil })
		},
		"emit": func() error {
			return rowfile.Cut(strings.NewReader(text), wide(2, ','), rowfile.Range{}, 10, func(rowfile.Range) error { return broken })
		},
	} {
		if err := cut(); !errors.Is(err, broken) {
			t.Errorf("%s fails: error = %v, want its own", name, err)
		}
	}
}

// endless is a text without end, and counts what is read of it.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.read%len(e.text):])
	e.read += n
	return n, nil
}

// What never ends is rejected in little memory, and says where.
func TestCutBounds(t *testing.T) {
	tests := []struct {
		name, begin, then string
		header            rowfile.Header
		want              string
	}{
		{"a line", "1,a\n2,b", "x", wide(2, ','), "bad_file/long_record: [2 1000000]"},
		{"a quoted text", "1,a\n\n2,b\n3,\"b", "x\n", wide(2, ','), "bad_file/open_quote: [3]"},
		{"quotes", "1,", "\"\"", wide(2, ','), "bad_file/long_record: [1 1000000]"},
		{"quoted cells", "1", ",\"\"", wide(2, ','), "bad_file/long_record: [1 1000000]"},
		{"a line of JSON", "{}\n", "[", rowfile.Header{Format: rowfile.JSONLines}, "bad_file/long_record: [2 1000000]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := &endless{text: tt.then}
			err := rowfile.Cut(io.MultiReader(strings.NewReader(tt.begin), source), tt.header, rowfile.Range{}, 10, func(rowfile.Range) error { return nil })
			if err == nil || err.Error() != tt.want {
				t.Errorf("error = %v, want %s", err, tt.want)
			}
			if source.read > 3*rowfile.MaxRecord {
				t.Errorf("%d bytes were read", source.read)
			}
		})
	}
	for length, want := range map[int]string{rowfile.MaxRecord: "", rowfile.MaxRecord + 1: "bad_file/long_record: [1 1000000]"} {
		text := "1," + strings.Repeat("x", length-3) + "\n"
		records, err := cutAll(t, text, wide(2, ','), int64(length))
		if want == "" && (err != nil || len(records) != 1) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("a record of %d bytes: %d records, error %v, want %q", length, len(records), err, want)
		}
	}
}
