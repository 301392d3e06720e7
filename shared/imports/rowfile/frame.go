package rowfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// AppendFrame appends a record to staged ones: its number, its length, its bytes.
func AppendFrame(dst []byte, row int64, raw []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(row))
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	return append(dst, raw...)
}

// A FrameReader reads staged records.
type FrameReader struct {
	r   *bufio.Reader
	raw []byte
}

// NewFrameReader reads what [AppendFrame] wrote.
func NewFrameReader(r io.Reader) *FrameReader {
	return &FrameReader{r: bufio.NewReaderSize(r, firstBuffer)}
}

// Next returns the next record, and how many bytes its frame has; io.EOF after the
// last. raw is valid until the next call. What is not whole is
// io.ErrUnexpectedEOF.
func (f *FrameReader) Next() (row int64, raw []byte, size int, err error) {
	if _, err := f.r.Peek(1); err != nil {
		return 0, nil, 0, err
	}
	number, numberSize, err := f.uvarint()
	if err != nil {
		return 0, nil, 0, err
	}
	length, lengthSize, err := f.uvarint()
	if err != nil {
		return 0, nil, 0, err
	}
	if length > MaxRecord {
		return 0, nil, 0, fmt.Errorf("staged record %d has %d bytes", number, length)
	}
	if uint64(cap(f.raw)) < length {
		f.raw = make([]byte, length)
	}
	f.raw = f.raw[:length]
	if _, err := io.ReadFull(f.r, f.raw); err != nil {
		return 0, nil, 0, cutShort(err)
	}
	return int64(number), f.raw, numberSize + lengthSize + int(length), nil
}

func (f *FrameReader) uvarint() (n uint64, size int, err error) {
	n, err = binary.ReadUvarint(f.r)
	if err != nil {
		return 0, 0, cutShort(err)
	}
	return n, len(binary.AppendUvarint(nil, n)), nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
