package rowfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// charsets are those that may be declared, by name. UTF-8 has no decoder.
var charsets = map[string]encoding.Encoding{
	"utf-8":        nil,
	"utf-16":       unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM),
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1255": charmap.Windows1255,
	"windows-1256": charmap.Windows1256, "windows-1257": charmap.Windows1257, "windows-1258": charmap.Windows1258,
	"iso-8859-1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15,
	"koi8-r": charmap.KOI8R, "ibm866": charmap.CodePage866,
}

// Charsets lists the names of charsets that may be declared.
func Charsets() []string { return slices.Sorted(maps.Keys(charsets)) }

// charsetOf returns the name in lower case, empty for UTF-8.
func charsetOf(name string) (string, error) {
	lower := strings.ToLower(strings.TrimSpace(name))
	switch _, ok := charsets[lower]; {
	case lower == "", lower == "utf-8", lower == "utf8":
		return "", nil
	case !ok:
		return "", reject("bad_file/charset", "", name, strings.Join(Charsets(), ", "))
	}
	return lower, nil
}

// utf16Marks are the byte order marks of UTF-16.
var utf16Marks = []string{"\xff\xfe", "\xfe\xff"}

// sniffed is how much of a text is looked at before it is read.
const sniffed = 64 << 10

// decodeCharset gives the text in UTF-8, and says what it was in; empty: in UTF-8.
// A byte order mark decides whatever is declared: the reports of rejected rows are in
// UTF-8 and have one. A code page that the text is not in shows where the text is
// UTF-8; what a byte of a wrong code page means, nobody can tell.
func decodeCharset(r *bufio.Reader, declared string) (*bufio.Reader, string, error) {
	name, err := charsetOf(declared)
	if err != nil {
		return nil, "", err
	}
	begin, err := r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	isWide := strings.HasPrefix(name, "utf-16")
	switch {
	case bytes.HasPrefix(begin, []byte(byteOrderMark)):
		return r, "", nil
	case slices.ContainsFunc(utf16Marks, func(mark string) bool { return bytes.HasPrefix(begin, []byte(mark)) }):
		if !isWide {
			name = "utf-16"
		}
	case name == "utf-16":
		return nil, "", reject("bad_file/no_mark", "")
	case name != "" && !isWide && isManifestlyUTF8(begin):
		return nil, "", reject("bad_file/is_utf8", "", name)
	}
	if name == "" {
		return r, "", nil
	}
	decoder := transform.Transformer(charsets[name].NewDecoder())
	if name == "windows-1258" { // it writes accents as characters of their own
		decoder = transform.Chain(decoder, norm.NFC)
	}
	return bufio.NewReaderSize(transform.NewReader(r, decoder), sniffed), name, nil
}

// manifest is how many characters beyond ASCII make sure that a text is UTF-8: by
// chance, not even short texts of a code page have so many valid ones.
const manifest = 4

// isManifestlyUTF8 reports whether a text is valid UTF-8 with some characters beyond
// ASCII.
func isManifestlyUTF8(text []byte) bool {
	beyond := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return len(text)-i < utf8.UTFMax && !utf8.FullRune(text[i:]) && beyond >= manifest
		}
		if size > 1 {
			beyond++
		}
		i += size
	}
	return beyond >= manifest
}
