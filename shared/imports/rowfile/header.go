package rowfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// byteOrderMark begins some texts in UTF-8; it says nothing.
const byteOrderMark = "\ufeff"

// ReadHeader reads the header of a text, and returns how many bytes of it stand
// before the first record, where it leaves the text. JSON Lines have no header; of
// them a byte order mark alone is skipped.
//
// The client errors are bad_file and bad_header: there is nothing in the file, the
// header is no row of CSV, has a column twice or too many of them.
func ReadHeader(text *Text, o Options) (Header, int64, error) {
	h := Header{Format: o.Format, Charset: text.Charset}
	begin, err := text.Peek(len(byteOrderMark))
	if err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	var mark int64
	if string(begin) == byteOrderMark {
		mark = int64(len(byteOrderMark))
		if _, err := text.Discard(len(byteOrderMark)); err != nil {
			return h, 0, err
		}
	}
	if _, err := text.Peek(1); errors.Is(err, io.EOF) {
		return h, 0, reject("bad_file/empty", "")
	}
	if o.Format == JSONLines {
		return h, mark, nil
	}
	if h.Delimiter, err = delimiterOf(o); err != nil {
		return h, 0, err
	}
	record, length, err := headerRecord(text, &h)
	if err != nil {
		return h, 0, err
	}
	h.Columns, err = columnNames(record, h.Delimiter)
	return h, mark + length, err
}

// delimiterOf is the one that was chosen; 0: to be found out.
func delimiterOf(o Options) (rune, error) {
	switch o.Delimiter {
	case 0, ',', ';', '\t', '|':
		return o.Delimiter, nil
	}
	return 0, reject("bad_file/delimiter", "", string(o.Delimiter))
}

// headerRecord reads the header, and the line "sep=;" that spreadsheets write
// before it. It finds out the delimiter where h has none, and leaves the text behind
// the header.
func headerRecord(text *Text, h *Header) (record []byte, length int64, err error) {
	s := newSplitter(text.Reader, *h, 0, 1)
	if record, err = s.next(); err == nil && h.Delimiter == 0 {
		if said, ok := strings.CutPrefix(string(trimLineEnd(record)), "sep="); ok && len(said) == 1 && strings.Contains(",;\t|", said) {
			h.Delimiter = rune(said[0])
			s.delimiter = said[0]
			record, err = s.next()
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, reject("bad_file/empty", "")
	case err != nil:
		return nil, 0, wrongHeader(s, err)
	}
	if h.Delimiter == 0 {
		h.Delimiter = mostOf(record)
		// Where the header ends depends on the delimiter.
		n, open := measureCSV(record, byte(h.Delimiter), true)
		if open {
			return nil, 0, reject("bad_header/quote", "")
		}
		s.from -= len(record) - n
		s.offset -= int64(len(record) - n)
		record = record[:n]
	}
	record = bytes.Clone(record)
	text.Reader = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(s.buf[s.from:s.to]), text.Reader), sniffed)
	return record, s.offset, nil
}

// wrongHeader says of a header that is too long what it is that is too long.
func wrongHeader(s *splitter, err error) error {
	begin := s.buf[s.from:s.to]
	for _, delimiter := range []string{",", ";", "\t", "|"} {
		if n := bytes.Count(begin, []byte(delimiter)); n >= MaxColumns {
			return reject("bad_header/too_many_columns", "", MaxColumns)
		}
	}
	return err
}

// mostOf returns the delimiter that the header has most of outside of quotes; a
// comma where it has none.
func mostOf(header []byte) rune {
	most, delimiter := 0, ','
	for _, d := range ",;\t" {
		cells, err := parseRecord(header, d)
		if err == nil && len(cells) > most {
			most, delimiter = len(cells), d
		}
	}
	return delimiter
}

func parseRecord(record []byte, delimiter rune) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(record))
	r.Comma, r.FieldsPerRecord = delimiter, -1
	return r.Read()
}

// columnNames reads the names of a header.
func columnNames(record []byte, delimiter rune) ([]string, error) {
	switch {
	case bytes.IndexByte(record, 0) >= 0:
		return nil, reject("bad_header/nul", "")
	case !utf8.Valid(record):
		return nil, reject("bad_header/utf8", "")
	}
	names, err := parseRecord(record, delimiter)
	if err != nil {
		return nil, reject("bad_header/quote", "")
	}
	if len(names) > MaxColumns {
		return nil, reject("bad_header/too_many_columns", "", MaxColumns)
	}
	seen := map[string]bool{}
	for i, name := range names {
		name = strings.TrimSpace(name)
		names[i] = name
		if strings.Contains(name, "\r") {
			return nil, reject("bad_header/line_ends", "")
		}
		folded := strings.ToLower(name)
		if name != "" && seen[folded] {
			return nil, reject("bad_header/doubled", name)
		}
		seen[folded] = true
	}
	if !slices.ContainsFunc(names, func(name string) bool { return name != "" }) {
		return nil, reject("bad_header/no_names", "")
	}
	return names, nil
}
