package xmlbody

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

const (
	// Declaration begins every document that is written.
	Declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	// unnamed is the element of a member whose name is none of an element; its
	// attribute `name` says it.
	unnamed = "field"
	// nested is the element of the entries of an array in an array.
	nested = "item"
	// MaxBytes is how large what is written may be: a function may answer with
	// 6 MB, and the event it answers with takes some.
	MaxBytes = 5_500_000
	// listed is the member of an answer that is a list without the attribute
	// array='true', as the contract shows it; where it is empty there is none.
	listed = "data"
)

// Write turns an answer in JSON into XML, members in their order. XML has no
// types: numbers and booleans are texts, null and an empty object are elements
// without anything in them. Characters that XML does not have become U+FFFD.
func Write(document []byte) ([]byte, error) {
	w := writer{decoder: json.NewDecoder(bytes.NewReader(document))}
	w.decoder.UseNumber()
	w.out.WriteString(Declaration)
	if err := w.value(root, "", 0); err != nil {
		return nil, fmt.Errorf("answer in XML: %w", err)
	}
	return w.out.Bytes(), nil
}

// A writer writes what its decoder reads.
type writer struct {
	decoder *json.Decoder
	out     bytes.Buffer
}

var errTooLarge = errors.New("too large for an answer")

// arrayMark is what marks the elements of an array.
const arrayMark = " array='true'"

// value writes the next value as an element of that name and mark, or where it is
// an array, as many.
func (w *writer) value(name, mark string, depth int) error {
	token, err := w.decoder.Token()
	if err == nil && w.out.Len() > MaxBytes {
		err = errTooLarge
	}
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			return w.array(name, mark, depth)
		}
		return w.object(name, mark, depth)
	case nil:
		w.empty(name, mark)
	default:
		w.scalar(name, mark, fmt.Sprint(token))
	}
	return nil
}

func (w *writer) scalar(name, mark, text string) {
	if text == "" {
		w.empty(name, mark)
		return
	}
	w.open(name, mark)
	w.text(text)
	w.close(name)
}

func (w *writer) object(name, mark string, depth int) error {
	if !w.decoder.More() {
		w.empty(name, mark)
		return w.skip()
	}
	w.open(name, mark)
	for w.decoder.More() {
		key, err := w.decoder.Token()
		if err != nil {
			return err
		}
		if err := w.value(fmt.Sprint(key), "", depth+1); err != nil {
			return err
		}
	}
	w.close(name)
	return w.skip()
}

// skip skips the end of an object or array.
func (w *writer) skip() error {
	_, err := w.decoder.Token()
	return err
}

func (w *writer) array(name, mark string, depth int) error {
	if mark != "" { // an array in an array
		w.open(name, mark)
		defer w.close(name)
		name = nested
	}
	mark = arrayMark
	isList := depth == 1 && name == listed
	if isList {
		mark = ""
	}
	if !w.decoder.More() && !isList {
		w.empty(name, mark)
	}
	for w.decoder.More() {
		if err := w.value(name, mark, depth+1); err != nil {
			return err
		}
	}
	return w.skip()
}

func (w *writer) open(name, mark string) {
	w.out.WriteByte('<')
	w.tag(name, mark)
	w.out.WriteByte('>')
}

func (w *writer) empty(name, mark string) {
	w.out.WriteByte('<')
	w.tag(name, mark)
	w.out.WriteString("/>")
}

func (w *writer) tag(name, mark string) {
	if isElementName(name) {
		w.out.WriteString(name)
	} else {
		w.out.WriteString(unnamed + " name='")
		w.text(name)
		w.out.WriteByte('\'')
	}
	w.out.WriteString(mark)
}

func (w *writer) close(name string) {
	if !isElementName(name) {
		name = unnamed
	}
	w.out.WriteString("</" + name + ">")
}

func (w *writer) text(text string) {
	_ = xml.EscapeText(&w.out, []byte(text)) // a buffer takes all
}

// isElementName reports whether an element may bear the name in every reader of
// XML there is: Latin and Cyrillic letters, digits, and _ - . within. A colon is
// a namespace's, and names that begin with xml are reserved.
func isElementName(name string) bool {
	for i, r := range name {
		switch {
		case unicode.Is(nameLetters, r):
		case i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return name == root || name != "" && !strings.HasPrefix(strings.ToLower(name), "xml")
}

// nameLetters are letters of XML 1.0 in all its editions, and _.
var nameLetters = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 'A', Hi: 'Z', Stride: 1},
	{Lo: '_', Hi: '_', Stride: 1},
	{Lo: 'a', Hi: 'z', Stride: 1},
	{Lo: 0x00c0, Hi: 0x00d6, Stride: 1},
	{Lo: 0x00d8, Hi: 0x00f6, Stride: 1},
	{Lo: 0x00f8, Hi: 0x0131, Stride: 1},
	{Lo: 0x0401, Hi: 0x040c, Stride: 1},
	{Lo: 0x040e, Hi: 0x044f, Stride: 1},
	{Lo: 0x0451, Hi: 0x045c, Stride: 1},
}, LatinOffset: 5}
