package imports_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"regulars/shared/meter"
)

// What a row costs in write units is as docs/costs.md says, by the summaries of files
// of a hundred such rows.
func TestRowCosts(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	for _, tt := range []struct {
		name, header, row string
		want              int64 // for a hundred rows
	}{
		{"create with an e-mail", "email,_fname", "e#@example.com,Ann", 600},
		{"create with an e-mail and a phone", "email,_fname,phones", "p#@example.com,Ann,+79000000#", 800},
		{"update of a plain field", "email,_fname", "e#@example.com,Bea", 200},
		{"unchanged", "email,_fname", "e#@example.com,Bea", 0},
		{"a function", "email,visits:incr", "e#@example.com,1", 200},
		{"first points", "email,points.add", "e#@example.com,10", 700},
		{"more points", "email,points.add", "e#@example.com,10", 400},
		{"points with a ref_id", "email,points.add,points.ref_id", "e#@example.com,10,r#", 500},
		{"an order", "email,order.id,order.total,order.paid_at", "e#@example.com,o#,10,2026-01-02T03:04:05Z", 900},
		{"rejected", "email,_bdate", "e#@example.com,13/13/2020", 0},
		{"create with points", "email,_fname,points.add", "q#@example.com,Ann,10", 1100},
	} {
		p := e.drop(t, "imports/tenant=5/"+tt.name+".csv", numberedRows(100, tt.header, tt.row), nil)
		if s := e.summary(t, p); s.Rows != 100 || s.Units != tt.want {
			t.Errorf("%s: %d rows, %d units, want 100 and %d (%+v)", tt.name, s.Rows, s.Units, tt.want, s)
		}
	}
}

// numberedRows is a file of n rows below a header, in each of which # is the row's number.
func numberedRows(n int, header, row string) string {
	var b strings.Builder
	fmt.Fprintln(&b, header)
	for i := range n {
		fmt.Fprintln(&b, strings.ReplaceAll(row, "#", fmt.Sprintf("%03d", i)))
	}
	return b.String()
}

// Where the tenant keeps the history of its customers each change of a row is two items
// more, of a unit each, doubled by the transaction.
func TestRowCostsWithHistory(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"history_days": 30})
	for _, tt := range []struct {
		name, header, row string
		want              int64 // for forty rows
	}{
		{"create with an e-mail and a phone", "email,_fname,phones", "p#@example.com,Ann,+79000000#", 40 * 12},
		{"update of a plain field", "email,_fname", "p#@example.com,Bea", 40 * 6},
		{"unchanged", "email,_fname", "p#@example.com,Bea", 0},
		{"more points", "email,points.add", "p#@example.com,10", 40 * 7},
	} {
		p := e.drop(t, "imports/tenant=5/"+tt.name+".csv", numberedRows(40, tt.header, tt.row), nil)
		if s := e.summary(t, p); s.Rows != 40 || s.Units != tt.want {
			t.Errorf("%s: %d rows, %d units, want 40 and %d (%+v)", tt.name, s.Rows, s.Units, tt.want, s)
		}
	}
}

// What an import writes about itself: some fifty units, and two for each of its
// transactions, in which a hundred items have room.
func TestOwnCosts(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.service.RangeBytes, e.service.GroupBytes = 2_000_000, 2_000_000
	const rows = 1000
	var file strings.Builder
	fmt.Fprintln(&file, "email,_fname,phones")
	for n := range rows {
		fmt.Fprintf(&file, "c%04d@example.com,Ann,+7900000%04d\n", n, n)
	}
	event := e.upload("imports/tenant=5/costs.csv", file.String(), nil)
	ctx, m := meter.With(t.Context())
	began := cpuTime()
	if err := e.service.Receive(ctx, event); err != nil {
		t.Fatal(err)
	}
	for ref, ok := e.take(); ok; ref, ok = e.take() {
		if _, err := e.worker.Process(ctx, ref); err != nil {
			t.Fatal(err)
		}
	}
	used := cpuTime() - began // of other tests, too, unless it runs alone
	p := e.latest(t)
	journal, err := e.bucket.List(t.Context(), "journal/")
	if err != nil || p.Tally.Created != rows {
		t.Fatalf("%+v, %v", p.Tally, err)
	}
	steps, own, use := int64(len(journal)), m.Use().Write-p.Tally.Units, m.Use()
	t.Logf("%d units for rows, %d for the import itself, %v read units, %d transactions of rows", p.Tally.Units, own, use.Read, steps)
	t.Logf("%v of a processor for a row", used/rows)
	if use.Read > 600 { // 250 for the keys of the first four steps, and two or three a second
		t.Errorf("%v read units for %d rows, want at most 600", use.Read, rows)
	}
	calls := e.bucket.Calls()
	for _, op := range slices.Sorted(maps.Keys(calls)) {
		t.Logf("%s: %d", op, calls[op])
	}
	if p.Tally.Units != 8*rows || own > 2*steps+50 {
		t.Errorf("%d units for rows and %d for the import itself in %d transactions, want %d and at most %d", p.Tally.Units, own, steps, 8*rows, 2*steps+50)
	}
}
