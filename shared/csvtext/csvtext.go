// Package csvtext writes and reads every CSV file of the product, so that no
// text in it is a formula to a spreadsheet.
//
// A file is RFC 4180 with line feeds: rows of cells, commas between them. A text
// that begins like a formula, with one of = + - @ or their full-width forms,
// gets an apostrophe before it; so does one that begins like that after a line
// break, tab, comma or semicolon inside the text, where a spreadsheet that
// splits cells otherwise would begin another one. Apostrophes that stand there
// already are kept, and reading takes away exactly one.
package csvtext

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Cell is one cell as it stands in the file, before it is quoted.
type Cell string

// Text is a cell of any text.
func Text(s string) Cell { return Cell(neutralise(s)) }

// Int is a cell that a spreadsheet reads as a number.
func Int(n int64) Cell { return Cell(strconv.FormatInt(n, 10)) }

// AppendRow appends a row to file.
func AppendRow(file []byte, row ...Cell) []byte { return AppendRowWith(file, ',', row...) }

// AppendRowWith appends a row to a file that has another delimiter between cells: a
// semicolon, a tab or a vertical line.
func AppendRowWith(file []byte, delimiter rune, row ...Cell) []byte {
	for i, cell := range row {
		if i > 0 {
			file = utf8.AppendRune(file, delimiter)
		}
		file = appendCell(file, string(cell), delimiter, len(row) == 1)
	}
	return append(file, '\n')
}

// appendCell quotes what holds any separator, and what encoding/csv would quote.
// An empty cell that is alone in its row is quoted, for else there is no row.
func appendCell(file []byte, s string, delimiter rune, alone bool) []byte {
	if s == "" && !alone || s != "" && s != `\.` && s[0] != ' ' && !strings.ContainsAny(s, ",;\t\r\n\"") && !strings.ContainsRune(s, delimiter) {
		return append(file, s...)
	}
	file = append(file, '"')
	file = append(file, strings.ReplaceAll(s, `"`, `""`)...)
	return append(file, '"')
}

// A Reader reads files of any writer. It takes away what [Text] adds.
type Reader struct{ csv *csv.Reader }

// NewReader reads r with that separator between cells. Rows may have different
// numbers of cells. As with encoding/csv, a carriage return before a line feed
// is no part of a text.
func NewReader(r io.Reader, separator rune) *Reader {
	read := csv.NewReader(r)
	read.Comma, read.FieldsPerRecord = separator, -1
	return &Reader{read}
}

// Read returns the texts of the next row; io.EOF after the last.
func (r *Reader) Read() ([]string, error) {
	row, err := r.csv.Read()
	for i := range row {
		row[i] = Restore(row[i])
	}
	return row, err
}

// neutralise puts an apostrophe before each formula.
func neutralise(s string) string {
	return eachPiece(s, func(piece string) string {
		if begins(strings.TrimLeft(piece, "'")) {
			return "'" + piece
		}
		return piece
	})
}

// Restore takes away what [Text] adds: one of the apostrophes before each formula.
func Restore(s string) string {
	if strings.IndexByte(s, '\'') < 0 {
		return s
	}
	return eachPiece(s, RestoreBeginning)
}

// RestoreBeginning takes away one apostrophe before a text that is a formula as a
// whole, and none inside of it. It is for files of other writers, in which an
// apostrophe further on may belong to the text.
func RestoreBeginning(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && begins(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return s
}

// eachPiece replaces the pieces of s between separators.
func eachPiece(s string, replace func(string) string) string {
	if !strings.ContainsAny(s, "=+-@\uff1d\uff0b\uff0d\uff20") {
		return s
	}
	var b strings.Builder
	for {
		end := strings.IndexAny(s, "\n\r\t,;")
		if end < 0 {
			return b.String() + replace(s)
		}
		b.WriteString(replace(s[:end]))
		b.WriteByte(s[end])
		s = s[end+1:]
	}
}

// begins reports whether a spreadsheet may take the text for a formula.
func begins(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("=+-@\uff1d\uff0b\uff0d\uff20", r) && s != ""
}
