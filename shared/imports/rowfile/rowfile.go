// Package rowfile reads the files of bulk imports: CSV and JSON Lines into rows,
// and rejected rows back into files. It knows bytes, columns and cells; where a
// file is kept and what becomes of a row others decide.
//
// A planner reads the header and cuts the text behind it into ranges that begin
// and end between records ([ReadHeader], [Cut]). Workers read the records of one
// range ([NewReader]), may hand them on framed ([AppendFrame]), and make rows of
// them ([Decoder]). A record is a line of JSON Lines, or a row of CSV as RFC 4180
// has it, in which quoted cells may contain line breaks. Blank lines are no
// records. Records are counted from 1; the header is none.
//
// What is wrong with a file or a row is a client error (package errs). Its path is
// the column, as the file spells it, or empty where the whole file or row is meant.
package rowfile

import (
	"regulars/shared/errs"
)

// Format is how records are written.
type Format string

// The formats.
const (
	CSV       Format = "csv"
	JSONLines Format = "jsonl"
)

// The limits of a file.
const (
	// MaxRecord is the longest record, in bytes of UTF-8 with its line end. Readers
	// hold one record, so that it also bounds their memory.
	MaxRecord = 1_000_000
	// MaxColumns is how many columns a header may have.
	MaxColumns = 1000
)

// Options say how a file is to be read.
type Options struct {
	Format Format
	// Delimiter stands between cells of CSV: a comma, semicolon, tab or vertical
	// line. 0: the one of comma, semicolon and tab that the header has most of.
	Delimiter rune
	// Charset is one of [Charsets]. Empty: UTF-16 where the text begins with its
	// byte order mark, else UTF-8.
	Charset string
	// EmptyClears says that an empty cell clears its field; else it leaves it alone.
	EmptyClears bool
	// Mapping names foreign columns and formats; the zero Mapping none.
	Mapping Mapping
}

// A Header is what the beginning of a file says about its records.
type Header struct {
	Format Format `json:"format"`
	// Columns of CSV as the file spells them, without blanks around. Empty names
	// occur: spreadsheets write columns that have nothing but an edge.
	Columns []string `json:"columns,omitempty"`
	// Delimiter of CSV.
	Delimiter rune `json:"delimiter,omitempty"`
	// Charset is what the text was decoded from; empty: UTF-8.
	Charset string `json:"charset,omitempty"`
}

// A Range is a part of a text that begins and ends between records.
type Range struct {
	Offset int64 `json:"offset"` // of its first byte in the text
	Length int64 `json:"length"` // in bytes
	// FirstRow is the number of its first record, Rows how many it has.
	FirstRow int64 `json:"first_row"`
	Rows     int64 `json:"rows"`
	// Piece is where the bytes are kept if not in the file itself.
	Piece string `json:"piece,omitempty"`
}

// reject makes the client error for a file or row that can never be read.
func reject(code, path string, args ...any) *errs.Client {
	return errs.New(errs.Invalid, code, shortName(path), args...)
}

// shortName keeps a long name of a column from filling a report.
func shortName(name string) string {
	const longest = 100
	if len(name) <= longest {
		return name
	}
	end := longest
	for end > 0 && name[end]&0xc0 == 0x80 { // within a character
		end--
	}
	return name[:end] + "..."
}
