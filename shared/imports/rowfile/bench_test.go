package rowfile_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"regulars/shared/imports/rowfile"
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

// BenchmarkDecode is what it costs to make UTF-8 of a file.
func BenchmarkDecode(b *testing.B) {
	plain := strings.Repeat(benchRow, 100_000)
	for _, bench := range []struct {
		name, file, charset string
		compressed          bool
	}{
		{"stored", plain, "", false}, {"gzip", zipped(b, plain), "", true}, {"windows-1251", strings.Repeat("i.petrov@example.com,+79001234567,\xc8\xe2\xe0\xed,Petrov,1990-12-31,RU,Moscow\n", 100_000), "windows-1251", false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				text, err := rowfile.Decode(strings.NewReader(bench.file), rowfile.Options{Charset: bench.charset}, bench.compressed)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, text.Reader)
				if err != nil && !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
				b.SetBytes(n)
			}
		})
	}
}
