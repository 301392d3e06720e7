package rowfile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
)

// The bounds of a compressed file. DEFLATE can make 1,032 bytes of one; exports of
// customers are seldom compressed to less than a twentieth.
const (
	// MaxDecompressed is how many bytes a compressed file may come to.
	MaxDecompressed = 20_000_000_000
	// maxRatio is how many bytes may come of one, once more than ratioFrom have.
	maxRatio  = 200
	ratioFrom = 16_000_000
)

// A Text is what a file says, in UTF-8.
type Text struct {
	*bufio.Reader
	// AsStored says that the text is the file itself, byte by byte, so that ranges
	// of the text are ranges of the file.
	AsStored bool
	// Charset is what it was decoded from; empty: UTF-8.
	Charset string
}

// Decode reads the bytes of a file as text: decompresses gzip, of one or of several
// members, and decodes UTF-16 and code pages. The client errors, of Decode and of
// reading on, are bad_file: a charset that there is none, is not that of the text or
// lacks its byte order mark, and gzip that is cut short, damaged or comes to more
// than it may. Bytes that are not UTF-8 where they should be are left to the
// records.
func Decode(r io.Reader, o Options, compressed bool) (Text, error) {
	return decode(r, o, compressed, MaxDecompressed)
}

func decode(r io.Reader, o Options, compressed bool, most int64) (Text, error) {
	file := &source{r: r}
	stored := bufio.NewReaderSize(file, sniffed)
	text := Text{Reader: stored, AsStored: true}
	if compressed {
		text.Reader = bufio.NewReaderSize(&gunzip{file: file, stored: stored, most: most}, sniffed)
	}
	var err error
	text.Reader, text.Charset, err = decodeCharset(text.Reader, o.Charset)
	text.AsStored = !compressed && text.Charset == ""
	return text, err
}

// A source counts what is read, and keeps the error with which reading failed, which
// gzip could take for its own.
type source struct {
	r    io.Reader
	read int64
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// gunzip decompresses within bounds.
type gunzip struct {
	file    *source
	stored  *bufio.Reader // the file's bytes, of which gzip takes no more than it needs
	gzip    *gzip.Reader
	written int64
	most    int64
}

// at is how many bytes of the file were decompressed.
func (g *gunzip) at() int64 { return g.file.read - int64(g.stored.Buffered()) }

func (g *gunzip) Read(p []byte) (n int, err error) {
	if g.gzip == nil {
		if g.gzip, err = gzip.NewReader(g.stored); err != nil {
			return 0, g.explain(err)
		}
	}
	n, err = g.gzip.Read(p)
	g.written += int64(n)
	switch {
	case g.written > g.most:
		return 0, reject("bad_file/gzip_size", "", g.most)
	case g.written > ratioFrom && g.written/maxRatio > g.at():
		return 0, reject("bad_file/gzip_ratio", "", maxRatio)
	case err != nil:
		return n, g.explain(err)
	}
	return n, nil
}

// explain tells what is wrong with the file from what is wrong with reading it.
func (g *gunzip) explain(err error) error {
	switch {
	case g.file.err != nil:
		return g.file.err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF) && g.gzip == nil && g.file.read > 0:
		return reject("bad_file/gzip_cut", "", g.at())
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return reject("bad_file/gzip_damaged", "", g.at())
}
