package rowfile_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"regulars/shared/imports/rowfile"
)

func TestFrames(t *testing.T) {
	records := []string{"", "a,b\n", "\x00\xff", string(make([]byte, rowfile.MaxRecord))}
	var staged []byte
	for i, raw := range records {
		staged = rowfile.AppendFrame(staged, int64(i)<<33, []byte(raw))
	}
	r := rowfile.NewFrameReader(bytes.NewReader(staged))
	total := 0
	for i, want := range records {
		row, raw, size, err := r.Next()
		if err != nil || row != int64(i)<<33 || string(raw) != want {
			t.Fatalf("frame %d: row %d of %d bytes, error %v", i, row, len(raw), err)
		}
		total += size
	}
	if _, _, _, err := r.Next(); !errors.Is(err, io.EOF) || total != len(staged) {
		t.Errorf("at the end: error %v, %d bytes, want io.EOF and %d", err, total, len(staged))
	}
	short := rowfile.AppendFrame(nil, 300, []byte("abc"))
	for n := 1; n < len(short); n++ {
		if _, _, _, err := rowfile.NewFrameReader(bytes.NewReader(short[:n])).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: error = %v", n, len(short), err)
		}
	}
	if _, _, _, err := rowfile.NewFrameReader(bytes.NewReader([]byte{1, 0xff, 0xff, 0xff, 0xff, 1})).Next(); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a frame longer than any record: error %v, want one about its length", err)
	}
}
