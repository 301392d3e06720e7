package rowfile

import (
	"bytes"
	"errors"
	"io"
)

// firstBuffer is how much of a text is read at first. It grows up to a record of
// the longest size.
const firstBuffer = 64 << 10

// A splitter finds the records of a text.
type splitter struct {
	r         io.Reader
	csv       bool
	delimiter byte // of CSV

	buf      []byte // buf[from:to] is read and not given out yet
	from, to int
	eof      bool
	offset   int64 // in the text, of buf[from]
	row      int64 // number of the record that was given out last
}

// newSplitter splits r, whose first byte is at the offset, and whose first record
// has the number.
func newSplitter(r io.Reader, h Header, offset, firstRow int64) *splitter {
	return &splitter{
		r: r, csv: h.Format == CSV, delimiter: byte(h.Delimiter),
		buf: make([]byte, firstBuffer), offset: offset, row: firstRow - 1,
	}
}

// next returns the next record with its line end; io.EOF after the last. The bytes
// are valid until the next call. A record that is too long and a quote that is
// never closed are client errors, after which there is no going on.
func (s *splitter) next() ([]byte, error) {
	for {
		rest := s.buf[s.from:s.to]
		n, open := s.measure(rest)
		switch {
		case n > MaxRecord:
			return nil, reject("bad_file/long_record", "", s.row+1, MaxRecord)
		case n > 0:
			s.from += n
			s.offset += int64(n)
			if !s.blank(rest[:n]) {
				s.row++
				return rest[:n], nil
			}
		case s.eof && len(rest) == 0:
			return nil, io.EOF
		case open && (s.eof || len(rest) > MaxRecord):
			return nil, reject("bad_file/open_quote", "", s.row+1)
		case len(rest) > MaxRecord:
			return nil, reject("bad_file/long_record", "", s.row+1, MaxRecord)
		default:
			if err := s.fill(); err != nil {
				return nil, err
			}
		}
	}
}

// maxEmptyReads is how often a reader may return nothing at a time.
const maxEmptyReads = 100

// fill reads more behind what is there: as much again, if the buffer has room, so
// that a long record is measured a few times only, however little comes at a time.
func (s *splitter) fill() error {
	if s.from > 0 {
		s.to = copy(s.buf, s.buf[s.from:s.to])
		s.from = 0
	}
	if s.to == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	enough := min(max(1, 2*s.to), len(s.buf))
	for empty := 0; s.to < enough; {
		n, err := s.r.Read(s.buf[s.to:])
		s.to += n
		if n == 0 {
			empty++
		}
		switch {
		case errors.Is(err, io.EOF):
			s.eof = true
			return nil
		case err != nil:
			return err
		case empty > maxEmptyReads:
			return io.ErrNoProgress
		}
	}
	return nil
}

// measure returns the length of the record at the beginning of b. It is 0 where b
// does not have all of it; open tells then whether b ends within quotes.
func (s *splitter) measure(b []byte) (n int, open bool) {
	if s.csv {
		return measureCSV(b, s.delimiter, s.eof)
	}
	return lineLength(b, 0, s.eof), false
}

// lineLength returns where the line that goes on at b[i] ends; 0: not in b.
func lineLength(b []byte, i int, eof bool) int {
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	if eof {
		return len(b)
	}
	return 0
}

// measureCSV measures a record of CSV. A quote opens a quoted cell only where the
// cell begins. Any other quote, and a closed cell that goes on, is an error of the
// record, which then ends with the line: as encoding/csv has it, to which the record
// is given later.
func measureCSV(b []byte, delimiter byte, eof bool) (n int, open bool) {
	line := -1 // where the line of b[i] ends
	for i := 0; ; {
		if line < i {
			if line = lineLength(b, i, eof); line == 0 {
				line = len(b)
			}
		}
		quote := bytes.IndexByte(b[i:line], '"')
		if quote < 0 || quote > 0 && b[i+quote-1] != delimiter {
			return lineLength(b, i, eof), false
		}
		if i = closing(b, i+quote+1); i < 0 {
			return 0, true
		}
		if i == len(b) { // the next byte tells whether this quote closes the cell
			return lineLength(b, i, eof), false
		}
		if b[i] != delimiter {
			return lineLength(b, i, eof), false
		}
		i++
	}
}

// closing returns the index behind the quote that closes the cell whose text
// begins at b[i]; -1: none in b.
func closing(b []byte, i int) int {
	for {
		quote := bytes.IndexByte(b[i:], '"')
		if quote < 0 {
			return -1
		}
		i += quote + 1
		if i == len(b) || b[i] != '"' {
			return i
		}
		i++
	}
}

// blank reports whether the line is no record.
func (s *splitter) blank(line []byte) bool {
	if !s.csv {
		return len(bytes.TrimSpace(line)) == 0
	}
	return len(trimLineEnd(line)) == 0
}

// trimLineEnd returns the record without its line end.
func trimLineEnd(record []byte) []byte {
	record = bytes.TrimSuffix(record, []byte("\n"))
	return bytes.TrimSuffix(record, []byte("\r"))
}
