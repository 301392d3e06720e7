package generate_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/contact"
	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
	"regulars/tests/imports/generate"
)

func write(t *testing.T, o generate.Options) (string, generate.Expected) {
	t.Helper()
	var file bytes.Buffer
	e, err := generate.Write(&file, o)
	if err != nil {
		t.Fatal(err)
	}
	return file.String(), e
}

// What is expected of a file is what contact and rowfile, each by itself, say of it.
func TestWrite(t *testing.T) {
	t.Parallel()
	o := generate.Options{Rows: 10_000, Seed: 7, Functions: true}
	file, e := write(t, o)
	if again, _ := write(t, o); again != file {
		t.Error("the same options make another file")
	}
	if other, _ := write(t, generate.Options{Rows: 10_000, Seed: 8, Functions: true}); other == file {
		t.Error("another seed makes the same file")
	}
	if e.Created+e.Updated+e.Unchanged+len(e.Bad) != o.Rows || len(e.Bad) != o.Rows/50 || e.Created != e.Distinct || len(e.Customers) != e.Distinct {
		t.Errorf("created %d, updated %d, unchanged %d, rejected %d; %d distinct, %d customers", e.Created, e.Updated, e.Unchanged, len(e.Bad), e.Distinct, len(e.Customers))
	}
	bad := map[int64]generate.Bad{}
	for _, b := range e.Bad {
		bad[b.Row] = b
	}
	last, rows, points := map[string]rowfile.Row{}, map[string]int{}, int64(0)
	read := int64(0)
	for row, err := range decode(t, file) {
		read++
		b, isBad := bad[read]
		if err != nil {
			wrong, ok := errs.AsClient(err)
			if !ok || !isBad || b.Code != wrong.ID() {
				t.Fatalf("row %d: %v, want %q (%s)", read, err, b.Code, b.Kind)
			}
			delete(bad, read)
			continue
		}
		text, _ := data(row)["email"].(string)
		address, err := contact.ParseEmail(text)
		if isBad {
			continue // that the row is bad shows further on
		}
		if err != nil {
			t.Fatalf("row %d: e-mail %q: %v", read, text, err)
		}
		key := address.Key
		last[key] = row
		rows[key]++
		if c := e.Customers[key]; c.Key != key {
			t.Fatalf("row %d: nobody is expected to have the e-mail %q", read, key)
		}
		if row.Points != nil {
			points += row.Points.Add
		}
	}
	if read != int64(o.Rows) || len(last) != e.Distinct || points != e.Points {
		t.Errorf("%d rows of %d customers with %d points, want %d of %d with %d", read, len(last), points, o.Rows, e.Distinct, e.Points)
	}
	for key, row := range last {
		c := e.Customers[key]
		if email := strings.TrimSpace(data(row)["email"].(string)); email != c.Email {
			t.Fatalf("%s: last spelled %q, want %q", key, email, c.Email)
		}
		phones := data(row)["phones"].([]any)
		got := make([]string, len(phones))
		for i, phone := range phones {
			got[i], _ = contact.ParsePhone(phone.(string), "")
		}
		if !slices.Equal(got, c.Phones) {
			t.Fatalf("%s: phones %q, want %q", key, got, c.Phones)
		}
		if note, ok := data(row)["note"]; ok && note != c.Note {
			t.Fatalf("%s: note %q, want %q", key, note, c.Note)
		}
	}
	if most := slices.Max(slices.Collect(maps.Values(rows))); most < 50 {
		t.Errorf("at most %d rows are about one customer", most)
	}
	for kind, n := range kinds(e.Bad) {
		if n < 10 {
			t.Errorf("%d rows have %s", n, kind)
		}
	}
	if !strings.Contains(file, "\n\nthird\"") {
		t.Error("no cell has a line break")
	}
}

func kinds(bad []generate.Bad) map[string]int {
	n := map[string]int{}
	for _, b := range bad {
		n[b.Kind]++
	}
	return n
}

// The same file again changes what its customers' rows say of each other; without
// repetition, nothing. The bad rows, mended, are as many new customers.
func TestAgainAndMended(t *testing.T) {
	t.Parallel()
	o := generate.Options{Rows: 1000, Seed: 1}
	_, e := write(t, o)
	o.Before = e.Customers
	_, again := write(t, o)
	if again.Created != 0 || again.Updated+again.Unchanged+len(again.Bad) != o.Rows {
		t.Errorf("again: created %d, updated %d, unchanged %d", again.Created, again.Updated, again.Unchanged)
	}
	if diff := cmp.Diff(e.Customers, again.Customers, cmp.AllowUnexported(generate.Customer{})); diff != "" {
		t.Errorf("the customers are not what they were (-first +again):\n%s", diff)
	}
	rows := 0
	keys := map[string]bool{}
	for row, err := range decode(t, string(e.Mended())) {
		rows++
		if err != nil {
			t.Fatalf("mended row %d: %v", rows, err)
		}
		address, err := contact.ParseEmail(data(row)["email"].(string))
		if err != nil || e.Customers[address.Key].Key != "" {
			t.Fatalf("mended row %d: %q: %v", rows, data(row)["email"], err)
		}
		keys[address.Key] = true
	}
	if rows != len(e.Bad) || len(keys) != rows {
		t.Errorf("%d mended rows of %d customers, want %d", rows, len(keys), len(e.Bad))
	}
}

// CountOnly counts the same.
func TestCountOnly(t *testing.T) {
	t.Parallel()
	file, e := write(t, generate.Options{Rows: 2000, Seed: 3})
	same, counted := write(t, generate.Options{Rows: 2000, Seed: 3, CountOnly: true})
	if same != file || counted.Created != e.Created || len(counted.Bad) != len(e.Bad) || counted.Customers != nil {
		t.Errorf("created %d, rejected %d, want %d and %d", counted.Created, len(counted.Bad), e.Created, len(e.Bad))
	}
}

func decode(t *testing.T, file string) func(yield func(rowfile.Row, error) bool) {
	t.Helper()
	o := rowfile.Options{Format: rowfile.CSV}
	text, err := rowfile.Decode(strings.NewReader(file), o, false)
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := rowfile.ReadHeader(&text, o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := rowfile.NewDecoder(h, o, rowfile.Types{})
	if err != nil {
		t.Fatal(err)
	}
	r := rowfile.NewReader(text, h, 1)
	return func(yield func(rowfile.Row, error) bool) {
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !yield(d.Row(rec)) {
				return
			}
		}
	}
}

// data are the fields of a row.
func data(row rowfile.Row) map[string]any {
	fields := map[string]any{}
	for _, m := range row.Data {
		fields[m.Name] = m.Value
	}
	return fields
}
