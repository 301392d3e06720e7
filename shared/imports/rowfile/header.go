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

	"regulars/shared/errs"
)

// byteOrderMark begins some texts in UTF-8; it says nothing.
const byteOrderMark = "\ufeff"

// ReadHeader reads the header of a text, and returns how many bytes of it stand
// before the first record, where it leaves the text. JSON Lines have no header; of
// them a byte order mark alone is skipped.
//
// The client errors are bad_file and bad_header: there is nothing in the file, the
// header is no row of CSV, has a column twice or too many of them, or the text is not
// of the format.
func ReadHeader(text *Text, o Options) (Header, int64, error) {
	h := Header{Format: o.Format, Charset: text.Charset}
	begin, err := text.Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	if err := checkBegin(o.Format, false, begin); err != nil {
		return h, 0, err
	}
	var mark int64
	if bytes.HasPrefix(begin, []byte(byteOrderMark)) {
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
	h.Columns, err = columnNames(record, h)
	return h, mark + length, err
}

// looked is how much of a text shows what it is: its first character, behind blanks.
const looked = 512

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
	if h.Delimiter == 0 {
		if err := s.findDelimiter(); err != nil {
			return nil, 0, wrongHeader(s, err)
		}
		h.Delimiter = rune(s.delimiter)
	}
	if record, err = s.next(); err != nil {
		return nil, 0, wrongHeader(s, err)
	}
	record = bytes.Clone(record)
	text.Reader = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(s.buf[s.from:s.to]), text.Reader), sniffed)
	return record, s.offset, nil
}

// findDelimiter looks at the first line: it says which, or has most of it outside of
// quotes; a comma where it has none.
func (s *splitter) findDelimiter() error {
	s.csv = false
	line, err := s.next()
	s.csv = true
	if err != nil {
		return err
	}
	if said, ok := strings.CutPrefix(string(trimLineEnd(line)), "sep="); ok && len(said) == 1 && strings.Contains(",;\t|", said) {
		s.delimiter = said[0]
		return nil
	}
	quoted, counts := false, map[byte]int{}
	s.delimiter = ','
	for _, c := range line {
		switch c {
		case '"':
			quoted = !quoted
		case ',', ';', '\t':
			if !quoted {
				counts[c]++
			}
		}
	}
	for _, c := range []byte(";\t") {
		if counts[c] > counts[s.delimiter] {
			s.delimiter = c
		}
	}
	s.from -= len(line) // it is the header, or begins it
	s.offset -= int64(len(line))
	return nil
}

// wrongHeader says of a header that is not there, or has no end, what is wrong.
func wrongHeader(s *splitter, err error) error {
	if errors.Is(err, io.EOF) {
		return reject("bad_file/empty", "")
	}
	wrong, ok := errs.AsClient(err)
	if !ok {
		return err
	}
	if wrong.Reason == "open_quote" {
		return reject("bad_header/open_quote", "")
	}
	begin := s.buf[s.from:s.to]
	for _, delimiter := range []byte(",;\t|") {
		if bytes.Count(begin, []byte{delimiter}) >= MaxColumns {
			return reject("bad_header/too_many_columns", "", MaxColumns)
		}
	}
	return reject("bad_header/too_long", "", MaxRecord)
}

// columnNames reads the names of a header.
func columnNames(record []byte, h Header) ([]string, error) {
	switch {
	case bytes.IndexByte(record, 0) >= 0:
		return nil, reject("bad_header/nul", "")
	case !utf8.Valid(record):
		return nil, reject("bad_header/utf8", "")
	}
	r := csv.NewReader(bytes.NewReader(record))
	r.Comma = h.Delimiter
	names, err := r.Read()
	if err != nil {
		return nil, reject("bad_header/quote", "")
	}
	if len(names) > MaxColumns {
		return nil, reject("bad_header/too_many_columns", "", MaxColumns)
	}
	seen, report := map[string]bool{}, reportIn(names)
	for i, name := range names {
		name = strings.TrimSpace(name)
		names[i] = name
		if strings.Contains(name, "\r") {
			return nil, reject("bad_header/line_ends", "")
		}
		if checkText(name, name, h.Charset) != nil {
			return nil, reject("bad_header/characters", name)
		}
		if slices.Contains(report, i) {
			continue
		}
		if name != "" && seen[name] {
			return nil, reject("bad_header/doubled", name)
		}
		seen[name] = true
	}
	if !slices.ContainsFunc(names, func(name string) bool { return name != "" }) {
		return nil, reject("bad_header/no_names", "")
	}
	return names, nil
}
