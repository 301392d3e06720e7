package rowfile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"regulars/shared/csvtext"
	"regulars/shared/value"
)

// AppendRejectedHeader appends what a report of rejected rows begins with: of CSV a
// byte order mark, so that spreadsheets read it as UTF-8, and the columns of the
// file with row, error and error_text behind them. JSON Lines begin with nothing.
//
// The report has the file's own delimiter, so that it can be mended and dropped under
// the same options, whatever charset they name.
func AppendRejectedHeader(dst []byte, h Header) []byte {
	if h.Format == JSONLines {
		return dst
	}
	row := make([]csvtext.Cell, 0, len(h.Columns)+len(reportColumns))
	for _, name := range h.own(h.Columns) {
		row = append(row, csvtext.Text(name))
	}
	for _, name := range reportColumns {
		row = append(row, csvtext.Text(name))
	}
	return csvtext.AppendRowWith(append(dst, byteOrderMark...), h.Delimiter, row...)
}

// AppendRejected appends a rejected row: its own cells, with an apostrophe before
// each text that a spreadsheet would take for a formula, then its number, the code
// of the error and its sentence. Reading the report takes the apostrophes away.
//
// A record that could not be divided into cells has its text in the first column, and
// one of too many cells those beyond in the last. Of JSON Lines a row is its object
// with three members more; a line that is no object, or has members of these names
// itself, is in the member line.
func AppendRejected(dst []byte, h Header, rec Record, code, text string) []byte {
	if h.Format == JSONLines {
		return appendRejectedLine(dst, rec, code, text)
	}
	row := make([]csvtext.Cell, 0, len(h.Columns)+len(reportColumns))
	for _, cell := range h.own(h.fitted(rec)) {
		row = append(row, csvtext.Text(strings.ToValidUTF8(cell, "\ufffd")))
	}
	row = append(row, csvtext.Int(rec.Row), csvtext.Text(code), csvtext.Text(text))
	return csvtext.AppendRowWith(dst, h.Delimiter, row...)
}

// fitted returns as many cells as there are columns.
func (h Header) fitted(rec Record) []string {
	n := len(h.Columns)
	switch {
	case len(rec.Cells) == n:
		return rec.Cells
	case len(rec.Cells) > n:
		rest := strings.Join(rec.Cells[n-1:], string(h.Delimiter))
		return append(slices.Clone(rec.Cells[:n-1]), rest)
	}
	cells := make([]string, n)
	if copy(cells, rec.Cells) == 0 {
		cells[0] = string(trimLineEnd(rec.Raw))
	}
	return cells
}

// own leaves out the cells of an earlier report's columns.
func (h Header) own(cells []string) []string {
	report := reportIn(h.Columns)
	if report == nil {
		return cells
	}
	var own []string
	for i, cell := range cells {
		if !slices.Contains(report, i) {
			own = append(own, cell)
		}
	}
	return own
}

func appendRejectedLine(dst []byte, rec Record, code, text string) []byte {
	object, err := value.ParseObject(rec.Raw)
	mended := isMendedLine(object)
	taken := false // a name that the report needs
	for _, name := range reportColumns {
		_, isMember := object[name]
		taken = taken || isMember && !mended
		delete(object, name)
	}
	if err != nil || taken {
		object = map[string]any{"line": strings.ToValidUTF8(string(trimLineEnd(rec.Raw)), "\ufffd")}
	}
	own := encode(object)
	dst = append(dst, own[:len(own)-1]...)
	if len(object) > 0 {
		dst = append(dst, ',')
	}
	report := encode(struct {
		Row  int64  `json:"row"`
		Code string `json:"error"`
		Text string `json:"error_text"`
	}{rec.Row, code, text})
	return append(append(dst, report[1:]...), '\n')
}

// encode writes values of package value, which can always be written.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
