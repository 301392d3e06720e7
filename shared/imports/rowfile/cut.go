package rowfile

import (
	"errors"
	"io"
)

// Cut cuts the text of r, whose first byte is at start.Offset and whose first
// record has the number start.FirstRow, into ranges of about the target's bytes:
// each ends with the record that reaches it. It calls emit with one after the other
// and keeps one record in memory. Blank lines at the end are in no range.
//
// A quote that is never closed and a record longer than [MaxRecord] are client
// errors that say in which record.
func Cut(r io.Reader, h Header, start Range, target int64, emit func(Range) error) error {
	return cut(r, h, start, target, nil, func(r Range, _ []byte) error { return emit(r) })
}

// CutPieces is [Cut] for a text that is to be kept in pieces, since its file is
// written otherwise: emit gets the bytes of each range, too, and may keep them only
// until it returns. Its offset is 0, since the piece begins with it; blank lines are
// left out.
func CutPieces(r io.Reader, h Header, start Range, target int64, emit func(r Range, piece []byte) error) error {
	return cut(r, h, start, target, make([]byte, 0, target+firstBuffer), emit)
}

// cut keeps the bytes where piece is not nil.
func cut(r io.Reader, h Header, start Range, target int64, piece []byte, emit func(Range, []byte) error) error {
	s := newSplitter(r, h, start.Offset, max(start.FirstRow, 1))
	keep := piece != nil
	begin := func() Range {
		if keep {
			return Range{FirstRow: s.row + 1}
		}
		return Range{Offset: s.offset, FirstRow: s.row + 1}
	}
	next := begin()
	for {
		record, err := s.next()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		if !ended {
			next.Rows++
			next.Length = s.offset - next.Offset
			if keep {
				piece = append(piece, record...)
				next.Length = int64(len(piece))
			}
		}
		if next.Rows > 0 && (ended || next.Length >= target) {
			if err := emit(next, piece); err != nil {
				return err
			}
			next, piece = begin(), piece[:0]
		}
		if ended {
			return nil
		}
	}
}
