package rowfile_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"regulars/shared/imports/rowfile"
	"regulars/tests/imports/generate"
)

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const (
	benchHeader = "email,phones,_fname,_lname,_bdate,_country,_city,tags,LOYALTY_SCORE,subscriptions.0.email\n"
	benchRow    = "i.petrov@example.com,+79001234567,Иван,Petrov,1990-12-31,RU,\"Moscow, the \"\"city\"\"\",vip|new,12345,i.petrov@example.com\n"
	benchLine   = `{"email":"i.petrov@example.com","phones":["+79001234567"],"_fname":"Иван","_lname":"Petrov","_bdate":"1990-12-31","_country":"RU","_city":"Moscow","tags":["vip","new"],"LOYALTY_SCORE":12345,"subscriptions.0.email":"i.petrov@example.com"}` + "\n"
)

// BenchmarkRow is one row of ten columns: found, parsed and made a Row.
func BenchmarkRow(b *testing.B) {
	for name, file := range map[string]struct{ header, row string }{"csv": {benchHeader, benchRow}, "jsonl": {"", benchLine}} {
		b.Run(name, func(b *testing.B) {
			o := rowfile.Options{Format: rowfile.Format(name)}
			const rows = 10_000
			all := file.header + strings.Repeat(file.row, rows)
			b.SetBytes(int64(len(file.row)))
			b.ReportAllocs()
			left := 0
			var r *rowfile.Reader
			var d *rowfile.Decoder
			for b.Loop() {
				if left == 0 {
					text, err := rowfile.Decode(strings.NewReader(all), o, false)
					if err != nil {
						b.Fatal(err)
					}
					h, _, err := rowfile.ReadHeader(&text, o)
					if err != nil {
						b.Fatal(err)
					}
					if d, err = rowfile.NewDecoder(h, o, types); err != nil {
						b.Fatal(err)
					}
					r, left = rowfile.NewReader(text, h, 1), rows
				}
				left--
				rec, err := r.Next()
				if err != nil {
					b.Fatal(err)
				}
				if row, err := d.Row(rec); err != nil || len(row.Data) != 10 {
					b.Fatal(row, err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// exported is a file as a shop exports it, and its header.
func exported(t testing.TB) (header, rows string) {
	t.Helper()
	var file strings.Builder
	if _, err := generate.Write(&file, generate.Options{Rows: 20_000, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	header, rows, _ = strings.Cut(file.String(), "\r\n")
	return header + "\r\n", rows
}

// BenchmarkFile is what a planner does with a real-looking file, in bytes of text:
// decodes it, and cuts it. encoding/csv stands beside it.
func BenchmarkFile(b *testing.B) {
	header, rows := exported(b)
	file := header + rows
	columns := strings.Count(header, ",") + 1
	cut := func(b *testing.B, r io.Reader) {
		h := wide(columns, ',')
		if err := rowfile.Cut(r, h, rowfile.Range{}, 8<<20, func(rowfile.Range) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	decode := func(b *testing.B, file, charset string, compressed bool) io.Reader {
		text, err := rowfile.Decode(strings.NewReader(file), rowfile.Options{Charset: charset}, compressed)
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	compressed := zipped(b, file)
	russian := strings.Repeat("i.petrov@example.com,+79001234567,\xc8\xe2\xe0\xed,Petrov,1990-12-31,RU,\xcc\xee\xf1\xea\xe2\xe0\r\n", 100_000)
	for _, bench := range []struct {
		name  string
		bytes int
		do    func(b *testing.B)
	}{
		{"cut", len(file), func(b *testing.B) { cut(b, strings.NewReader(file)) }},
		{"gunzip and cut", len(file), func(b *testing.B) { cut(b, decode(b, compressed, "", true)) }},
		{"windows-1251 and cut", len(russian), func(b *testing.B) { cut(b, decode(b, russian, "windows-1251", false)) }},
		{"encoding csv alone", len(rows), func(b *testing.B) {
			r := csv.NewReader(strings.NewReader(file))
			r.ReuseRecord, r.FieldsPerRecord, r.LazyQuotes = true, -1, true
			for {
				if _, err := r.Read(); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(bench.bytes))
			for b.Loop() {
				bench.do(b)
			}
		})
	}
}

// A gigabyte is cut at 150 MB/s or more on one core, in memory that does not grow.
func TestProveCutGigabyte(t *testing.T) {
	gigabytes := 0.02
	if os.Getenv("PROVE") != "" {
		gigabytes = 1
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	header, rows := exported(t)
	repeated := &endless{text: rows}
	size := int64(gigabytes*1e9) / int64(len(rows)) * int64(len(rows))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	ranges, end := 0, int64(0)
	err := rowfile.Cut(io.LimitReader(repeated, size), wide(strings.Count(header, ",")+1, ','), rowfile.Range{}, 8<<20, func(r rowfile.Range) error {
		ranges++
		end = r.Offset + r.Length
		return nil
	})
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if err != nil || end != size {
		t.Fatalf("%d ranges to byte %d, error %v, want to byte %d", ranges, end, err, size)
	}
	rate := float64(size) / took.Seconds() / 1e6
	t.Logf("%d bytes in %v: %.0f MB/s, %d ranges", size, took, rate, ranges)
	if os.Getenv("PROVE") != "" && rate < 150 {
		t.Errorf("%.0f MB/s, want 150", rate)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4*rowfile.MaxRecord {
		t.Errorf("%d bytes were allocated", allocated)
	}
}
