package rowfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"regulars/shared/csvtext"
)

// A Record is one record of a file.
type Record struct {
	Row int64
	// Raw is the record as it stands in the text, with its line end.
	Raw []byte
	// Cells of CSV, as many as the header has columns unless Err says otherwise; nil
	// for JSON Lines, and where quotes are wrong.
	Cells []string
	// Err is the client error of this record alone.
	Err error
}

// A Reader reads the records of a range. It is not for concurrent use.
type Reader struct {
	split *splitter
	parse *Parser
}

// NewReader reads r, which begins with the record of that number and ends between
// records.
func NewReader(r io.Reader, h Header, firstRow int64) *Reader {
	return &Reader{newSplitter(r, h, 0, firstRow), NewParser(h)}
}

// Next returns the next record; io.EOF after the last. Raw is valid until the next
// call. An error is that of the reader, or a client error about the file; what is
// wrong with one record is its Err.
func (r *Reader) Next() (Record, error) {
	raw, err := r.split.next()
	if err != nil {
		return Record{}, err
	}
	return r.parse.Record(r.split.row, raw), nil
}

// A Parser reads the cells of records, one after the other. It is not for
// concurrent use.
type Parser struct {
	header  Header
	restore func(string) string
	source  bytes.Reader
	csv     *csv.Reader
}

// NewParser parses records of files with that header.
func NewParser(h Header) *Parser {
	p := &Parser{header: h, restore: csvtext.RestoreBeginning}
	if reportIn(h.Columns) != nil {
		p.restore = csvtext.Restore
	}
	p.renew()
	return p
}

// renew forgets what is left of a record.
func (p *Parser) renew() {
	p.csv = csv.NewReader(&p.source)
	p.csv.Comma, p.csv.FieldsPerRecord = p.header.Delimiter, -1
}

// Record reads the cells of a record. Of a mended report it takes away every
// apostrophe that [AppendRejected] put there; of any other file one at the beginning
// of a cell that keeps it from being a formula, as in '+84909700009.
func (p *Parser) Record(row int64, raw []byte) Record {
	rec := Record{Row: row, Raw: raw}
	if p.header.Format == JSONLines {
		return rec
	}
	p.source.Reset(raw)
	cells, err := p.csv.Read()
	if err != nil {
		p.renew()
		rec.Err = wrongRecord(err)
		return rec
	}
	for i, cell := range cells {
		cells[i] = p.restore(cell)
	}
	rec.Cells = cells
	if n := len(p.header.Columns); len(cells) != n {
		rec.Err = reject("bad_row/cells", "", len(cells), n)
		return rec
	}
	rec.Err = p.checkTexts(raw, cells)
	return rec
}

// wrongRecord says why encoding/csv reads no cells.
func wrongRecord(err error) error {
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok && errors.Is(err, csv.ErrBareQuote) {
		return reject("bad_row/bare_quote", "", wrong.Column)
	}
	return reject("bad_row/quote", "")
}

// checkTexts rejects a text that cannot be stored, naming its column.
func (p *Parser) checkTexts(raw []byte, cells []string) error {
	if isPlain(raw) {
		return nil
	}
	for i, cell := range cells {
		if err := checkText(p.header.Columns[i], cell, p.header.Charset); err != nil {
			return err
		}
	}
	return nil
}

// isPlain reports whether the text is of printable ASCII and line ends.
func isPlain(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c > '~') && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// checkText rejects bytes that are not UTF-8, and control characters other than
// tab, CR and LF. What a charset has no character for was decoded to U+FFFD.
func checkText(column, text, charset string) error {
	if !utf8.ValidString(text) {
		return reject("bad_cell/utf8", column)
	}
	for _, r := range text {
		switch {
		case r == utf8.RuneError && charset != "":
			return reject("bad_cell/charset", column, charset)
		case r == 0:
			return reject("bad_cell/nul", column)
		case unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r':
			return reject("bad_cell/control_character", column, fmt.Sprintf("U+%04X", r))
		}
	}
	return nil
}
