package rowfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"regulars/shared/imports/rowfile"
)

// What is wrong with a file as a whole is rejected before any row.
func TestWrongFiles(t *testing.T) {
	names := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",c%d", i)
		}
		return "email" + b.String() + "\n"
	}
	tests := []struct{ name, file, want string }{
		{"empty", "", "bad_file/empty"},
		{"a mark alone", "\ufeff", "bad_file/empty"},
		{"blank lines", "\n\r\n\n", "bad_file/empty"},
		{"a separator alone", "sep=;\n", "bad_file/empty"},
		{"no header", "a@x.com,Ann,+79001234567\nb@x.com,Bo,+79001234568\n", "bad_header/no_header: [a@x.com]"},
		{"a column twice", "email,name, name \n", "bad_header/doubled at name"},
		{"a known column twice, in another case", "email,EMAIL\n", "bad_header/same_target at EMAIL: [email]"},
		{"two columns that set the same", "tags,tags:add\n", "bad_header/same_target at tags:add: [tags]"},
		{"the same subscription twice", "subscriptions.0.email,Subscriptions.0.Email:set\n", "bad_column/no_function at Subscriptions.0.Email:set"},
		{"too many columns", names(rowfile.MaxColumns), "bad_header/too_many_columns: [1000]"},
		{"a million columns", names(1_000_000), "bad_header/too_many_columns: [1000]"},
		{"a line of 100 MB", "email" + strings.Repeat("x", 2*rowfile.MaxRecord), "bad_header/too_long: [1000000]"},
		{"a header with a quote that is not closed", "email,\"name\na,b\n", "bad_header/open_quote"},
		{"a header with a quote within a name", "email,na\"me\n", "bad_header/quote"},
		{"old line ends", "email,name\rx,y\rz,w\r", "bad_header/line_ends"},
		{"UTF-16 without its mark", "e\x00m\x00a\x00i\x00l\x00", "bad_header/nul"},
		{"a code page that is not declared", "email,\xcf\xee\xeb\n", "bad_header/utf8"},
		{"a control character", "email,na\x01me\n", "bad_header/characters at na\x01me"},
		{"JSON Lines", `{"email":"x"}`, "bad_file/is_json_lines"},
		{"a spreadsheet", "PK\x03\x04", "bad_file/is_zip"},
		{"no names", " , ,\n", "bad_header/no_names"},
		{"an unknown function", "email,checks:decr\n", "bad_column/function at checks:decr: [decr set, unset, incr, add, delete, upsert]"},
		{"a function without what it needs", "email,card:upsert\n", "bad_column/submatch at card:upsert: [upsert]"},
		{"a function with too much", "email,n:incr:x\n", "bad_column/submatch at n:incr:x: [incr]"},
		{"a function of nothing", "email,:incr\n", "bad_column/name at :incr"},
		{"a function of an extension", "email,Phone.0.Main:set\n", "bad_column/no_function at Phone.0.Main:set"},
		{"points of another kind", "email,points.given\n", "bad_column/points at points.given"},
		{"a function of points", "email,points.add:incr\n", "bad_column/no_function at points.add:incr"},
		{"an order of another kind", "email,order.items\n", "bad_column/order at order.items"},
		{"subscriptions in one column", "email,subscriptions\n", "bad_column/subscription at subscriptions"},
		{"a subscription without a number", "email,subscriptions.email\n", "bad_column/subscription at subscriptions.email"},
		{"a subscription beyond all", "email,subscriptions.1000.email\n", "bad_column/subscription at subscriptions.1000.email"},
		{"a subscription with zeros", "email,subscriptions.01.email\n", "bad_column/subscription at subscriptions.01.email"},
		{"another member of a subscription", "email,subscriptions.0.mail\n", "bad_column/subscription at subscriptions.0.mail"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := read(t, tt.file, rowfile.Options{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("rows %v, error %v, want %s", rows, err, tt.want)
			}
		})
	}
	t.Run("closed to fields that are not declared", func(t *testing.T) {
		for column, want := range map[string]string{"other": "bad_column/undeclared at other: [other]", "CRM_ID": "bad_column/undeclared at CRM_ID: [CRM_ID]", "LOYALTY_SCORE": "", "phones": "", "Phone.0.Rank": "", "subscriptions.0.custom_fields.x": ""} {
			closed := types
			closed.Closed = true
			_, err := rowfile.NewDecoder(rowfile.Header{Format: rowfile.CSV, Columns: []string{"email", column}, Delimiter: ','}, rowfile.Options{}, closed)
			if got := fmt.Sprint(err); got != want && !(err == nil && want == "") {
				t.Errorf("%s: error %v, want %q", column, err, want)
			}
			lines, err := rowfile.NewDecoder(rowfile.Header{Format: rowfile.JSONLines}, rowfile.Options{}, closed)
			if err != nil {
				t.Fatal(err)
			}
			_, err = lines.Row(rowfile.Record{Raw: []byte(`{"` + column + `":null}`)})
			if got := fmt.Sprint(err); got != want && !(err == nil && want == "") {
				t.Errorf("%s in a line: error %v, want %q", column, err, want)
			}
			o := rowfile.Options{Mapping: mapping(t, `{"constants":{"`+column+`":"1"}}`)}
			_, err = rowfile.NewDecoder(rowfile.Header{Format: rowfile.JSONLines}, o, closed)
			if want := strings.Replace(want, " at ", " at constants.", 1); fmt.Sprint(err) != want && !(err == nil && want == "") {
				t.Errorf("%s as a constant: error %v, want %q", column, err, want)
			}
		}
	})
	t.Run("an endless header", func(t *testing.T) {
		source := &endless{text: "column,"}
		text, err := rowfile.Decode(source, rowfile.Options{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := rowfile.ReadHeader(&text, rowfile.Options{Format: rowfile.CSV}); err == nil || err.Error() != "bad_header/too_many_columns: [1000]" || source.read > 3*rowfile.MaxRecord {
			t.Errorf("error %v after %d bytes", err, source.read)
		}
	})
	t.Run("a reader that fails", func(t *testing.T) {
		broken := errors.New("broken")
		if _, err := rowfile.Decode(iotest.ErrReader(broken), rowfile.Options{}, false); !errors.Is(err, broken) {
			t.Errorf("error = %v, want its own", err)
		}
	})
}

func encoded(t *testing.T, e encoding.Encoding, text string) string {
	t.Helper()
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCharsets(t *testing.T) {
	russian := "email;_fname\na@x.com;Иван\n"
	vietnamese := "email,_fname\na@x.com,Nguy\u00ea\u0303n\n"
	ivan, nguyen := of(object{"email": "a@x.com", "_fname": "Иван"}), of(object{"email": "a@x.com", "_fname": "Nguy\u1ec5n"})
	tests := []struct {
		name, file, charset string
		want                any
		err                 string
	}{
		{name: "UTF-8", file: russian, charset: "UTF-8", want: ivan},
		{name: "UTF-16, little end first", file: encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), russian), want: ivan},
		{name: "UTF-16, big end first", file: encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), russian), want: ivan},
		{name: "UTF-16 that is declared", file: encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), russian), charset: "utf-16", want: ivan},
		{name: "UTF-16 that is declared, without its mark", file: encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), russian), charset: "utf-16", err: "bad_file/no_mark"},
		{name: "UTF-16 without its mark, declared with its end", file: encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), russian), charset: "utf-16le", want: ivan},
		{name: "the mark of UTF-16 goes before a declared code page", file: encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), russian), charset: "windows-1251", want: ivan},
		{name: "windows-1251", file: encoded(t, charmap.Windows1251, russian), charset: "Windows-1251", want: ivan},
		{name: "windows-1252", file: "email,_fname\na@x.com,Andr\xe9 \x80\n", charset: "windows-1252", want: of(object{"email": "a@x.com", "_fname": "André €"})},
		{name: "windows-1258, whose accents are composed", file: encoded(t, charmap.Windows1258, vietnamese), charset: "windows-1258", want: nguyen},
		{name: "koi8-r", file: encoded(t, charmap.KOI8R, russian), charset: "koi8-r", want: ivan},
		{name: "UTF-8 with a mark goes before a declared code page", file: "\ufeff" + russian, charset: "windows-1251", want: ivan},
		{name: "UTF-8 that is declared a code page", file: russian, charset: "windows-1251", err: "bad_file/is_utf8: [windows-1251]"},
		{name: "a code page that is not declared", file: encoded(t, charmap.Windows1251, russian), want: "bad_cell/utf8 at _fname"},
		{name: "a byte that is no character of the code page", file: "email,_fname\na@x.com,\x98\n", charset: "windows-1251", want: "bad_cell/charset at _fname: [windows-1251]"},
		{name: "a header with a byte that is no character", file: "email,n\x98\na@x.com,x\n", charset: "windows-1251", err: "bad_header/characters at n\ufffd"},
		{name: "half of a pair of UTF-16", file: encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "email,_fname\na,x") + "\x00\xd8\n\x00", want: "bad_cell/charset at _fname: [utf-16]"},
		{name: "a lost character in UTF-8 is a character", file: "email,_fname\na,\ufffd\n", want: of(object{"email": "a", "_fname": "\ufffd"})},
		{name: "an unknown one", file: russian, charset: "cp1251", err: "bad_file/charset: [cp1251 " + strings.Join(rowfile.Charsets(), ", ") + "]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := read(t, tt.file, rowfile.Options{Charset: tt.charset})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error = %v, want %s", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff([]any{tt.want}, rows); err != nil || diff != "" {
				t.Errorf("error %v, rows (-want +got):\n%s", err, diff)
			}
		})
	}
	if rows, err := read(t, "\n [1]", rowfile.Options{Format: rowfile.JSONLines}); err == nil || err.Error() != "bad_file/json" {
		t.Errorf("an array: rows %v, error %v", rows, err)
	}
	line, err := read(t, encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), `{"email":"Иван"}`)+"\x00\xd8", rowfile.Options{Format: rowfile.JSONLines})
	if diff := cmp.Diff([]any{"bad_row/charset: [utf-16]"}, line); err != nil || diff != "" {
		t.Errorf("JSON Lines: error %v, rows (-want +got):\n%s", err, diff)
	}
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGzip(t *testing.T) {
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, "%d@x.com,%x\n", i, i*i)
	}
	text := "email,name\n" + lines.String()
	whole := zipped(t, text)
	decoded := func(file string, most int64) (string, error) {
		text, err := rowfile.DecodeUpTo(strings.NewReader(file), rowfile.Options{}, true, most)
		if err != nil {
			return "", err
		}
		if text.AsStored {
			t.Error("compressed text is said to be as it is stored")
		}
		all, err := io.ReadAll(text)
		return string(all), err
	}
	for name, file := range map[string]string{"one member": whole, "several members": zipped(t, text[:1000]) + zipped(t, "") + zipped(t, text[1000:])} {
		if got, err := decoded(file, int64(len(text))); err != nil || got != text {
			t.Errorf("%s: %d bytes, error %v, want %d", name, len(got), err, len(text))
		}
	}
	damaged := []byte(whole)
	damaged[len(damaged)/2] ^= 0xff
	sum := []byte(whole)
	sum[len(sum)-6] ^= 1
	for _, tt := range []struct{ name, file, want string }{
		{"cut short", whole[:len(whole)-1000], "bad_file/gzip_cut"},
		{"cut short in its trailer", whole[:len(whole)-3], "bad_file/gzip_cut"},
		{"cut short in its header", whole[:5], "bad_file/gzip_cut"},
		{"damaged", string(damaged), "bad_file/gzip_damaged"},
		{"a wrong sum", string(sum), "bad_file/gzip_damaged"},
		{"something behind it", whole + "more than ten bytes", "bad_file/gzip_damaged"},
		{"no gzip", text, "bad_file/gzip_damaged"},
		{"more than it may be", whole, "bad_file/gzip_size"},
		{"a bomb", strings.Repeat(zipped(t, strings.Repeat("a", 1_000_000)), 40), "bad_file/gzip_ratio"},
	} {
		most := int64(rowfile.MaxDecompressed)
		if tt.name == "more than it may be" {
			most = int64(len(text)) - 1
		}
		if got, err := decoded(tt.file, most); err == nil || !strings.HasPrefix(err.Error(), tt.want) || len(got) > 20_000_000 {
			t.Errorf("%s: %d bytes, error %v, want %s", tt.name, len(got), err, tt.want)
		}
	}
	if got, err := decoded("", 10); got != "" || err != nil {
		t.Errorf("nothing: %q, error %v", got, err)
	}
	broken := errors.New("broken")
	r, err := rowfile.Decode(io.MultiReader(strings.NewReader(whole[:len(whole)/2]), iotest.ErrReader(broken)), rowfile.Options{}, true)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if !errors.Is(err, broken) {
		t.Errorf("a reader that fails: error = %v, want its own", err)
	}
}

// Whether ranges of a text are ranges of the file.
func TestAsStored(t *testing.T) {
	for _, tt := range []struct {
		file    string
		options rowfile.Options
		want    bool
	}{
		{"a,b", rowfile.Options{}, true},
		{"\ufeffa,b", rowfile.Options{Charset: "windows-1251"}, true},
		{"a,b", rowfile.Options{Charset: "windows-1251"}, false},
		{"\xff\xfea\x00", rowfile.Options{}, false},
	} {
		if text, err := rowfile.Decode(strings.NewReader(tt.file), tt.options, false); err != nil || text.AsStored != tt.want {
			t.Errorf("%q with %q: AsStored = %v, error %v", tt.file, tt.options.Charset, text.AsStored, err)
		}
	}
}

func TestDetect(t *testing.T) {
	tests := []struct {
		name, begin string
		want        string
	}{
		{"imports/tenant=5/a.csv", "email\n", "csv"},
		{"a b+ü..CSV", "", "csv"},
		{"a.tsv", "email\t", "csv"},
		{"a.txt", "email\t", "csv"},
		{"a.csv.gz", "\x1f\x8b\x08", "csv compressed"},
		{"a.JSONL", "\ufeff \n{", "jsonl"},
		{"a.ndjson.gz", "\x1f\x8b\x08", "jsonl compressed"},
		{"a.jsonl", "\xff\xfe{\x00", "jsonl"},
		{"a.jsonl", "\n", "jsonl"},

		{"a.xlsx", "PK\x03\x04", "bad_file/spreadsheet: [.xlsx]"},
		{"a.ods", "PK\x03\x04", "bad_file/spreadsheet: [.ods]"},
		{"a.zip", "PK\x03\x04", "bad_file/zip: [.zip]"},
		{"a.csv.zip", "PK\x03\x04", "bad_file/zip: [.zip]"},
		{"a.json", "[", "bad_file/json"},
		{"a.parquet", "", "bad_file/name: [.parquet]"},
		{"csv", "", "bad_file/name: []"},
		{"a.gz", "\x1f\x8b\x08", "bad_file/name: []"},
		{"a.csv", "PK\x03\x04", "bad_file/is_zip"},
		{"a.csv.gz", "PK\x03\x04", "bad_file/is_zip"},
		{"a.csv", "%PDF-1.7\n", "bad_file/other_kind: [application/pdf]"},
		{"a.csv", "\xff\xd8\xff\xe0\x00\x10JFIF", "bad_file/other_kind: [image/jpeg]"},
		{"a.jsonl", "<?xml version=\"1.0\"?><rows/>", "bad_file/other_kind: [text/xml]"},
		{"a.csv", "<5 visits,email\n", "csv"},
		{"a.csv", "\xd0\xcf\x11\xe0\xa1", "bad_file/spreadsheet: [.xls]"},
		{"a.csv", "\x1f\x8b\x08", "bad_file/is_gzip"},
		{"a.csv.gz", "email\n", "bad_file/no_gzip"},
		{"a.csv", `{"email":`, "bad_file/is_json_lines"},
		{"a.jsonl", "email\n", "bad_file/no_json_lines"},
		{"a.jsonl", `[{"email":`, "bad_file/json"},
	}
	for _, tt := range tests {
		format, compressed, err := rowfile.Detect(tt.name, []byte(tt.begin))
		got := string(format)
		if compressed {
			got += " compressed"
		}
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("Detect(%q, %q) = %s, want %s", tt.name, tt.begin, got, tt.want)
		}
	}
}
