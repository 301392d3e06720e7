// Package xmlbody reads bodies in XML as the JSON values that they stand for, and
// writes JSON as XML (Altcraft 1.4).
package xmlbody

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"regulars/shared/errs"
	"regulars/shared/value"
)

const (
	root = "xml"
	// maxTag is the longest start tag, in bytes: a name of 255 characters in its
	// longest spelling fits, a hundred thousand attributes do not.
	maxTag = 4096
	// maxReason is how much of a reason is told: it may quote the body.
	maxReason = 200
)

// A Limit bounds the work that a body may make.
type Limit struct {
	Bytes    int
	Elements int
	Markup   int // the tags, comments and references
}

var (
	// OfOne is the limit of a body about one profile: it has more room than a profile.
	OfOne = Limit{Bytes: 1_000_000, Elements: 21_000, Markup: 50_000}
	// OfBatch is that of a batch: 5 MB with fields of 40 bytes have fewer elements.
	OfBatch = Limit{Bytes: 5_000_000, Elements: 150_000, Markup: 400_000}
)

// check looks at what is seen without reading a body.
func (l Limit) check(document []byte) error {
	if len(document) > l.Bytes {
		return reject("too_large", l.Bytes)
	}
	if bytes.Count(document, []byte("<"))+bytes.Count(document, []byte("&")) > l.Markup {
		return reject("too_much_markup", l.Markup)
	}
	return nil
}

// Read reads the object that a body in XML stands for (Altcraft 1.4): the
// root is <xml>, each element in it a member. An element with array='true' is an
// array, or a further entry of the one that its name began. Elements hold either
// elements or text; CDATA is text. name='...' is the member's name where that is
// none of an element. What is not text in JSON is made what it is by the shape;
// all else stays text. Errors are client errors with the code bad_xml.
//
// Rejected are document types (and so all entities but the five of XML),
// processing instructions, namespaces, other attributes, and other encodings.
func Read(document []byte, s *Shape, limit Limit) (map[string]any, error) {
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	if err := limit.check(document); err != nil {
		return nil, err
	}
	if !utf8.Valid(document) {
		return nil, reject("utf8")
	}
	p := reader{document: document, decoder: xml.NewDecoder(bytes.NewReader(document)), left: limit.Elements, limit: limit}
	p.decoder.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) { return nil, BadEncoding(charset) }
	return p.readDocument(s)
}

func reject(reason string, args ...any) error {
	return errs.New(errs.Invalid, "bad_xml/"+reason, "", args...)
}

// BadEncoding rejects a charset other than UTF-8.
func BadEncoding(charset string) error { return reject("encoding", charset) }

// A reader reads one document.
type reader struct {
	document []byte
	decoder  *xml.Decoder
	limit    Limit
	left     int // elements that may still come
}

// readDocument reads the whole document.
func (p *reader) readDocument(s *Shape) (map[string]any, error) {
	var object map[string]any
	for {
		token, err := p.next()
		if errors.Is(err, io.EOF) && object != nil {
			return object, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, reject("empty", root)
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.CharData:
			if !IsBlank(token) {
				return nil, reject("text_outside", root)
			}
		case xml.StartElement:
			if object != nil {
				return nil, reject("second_root", token.Name.Local)
			}
			if token.Name.Local != root || token.Name.Space != "" || len(token.Attr) > namespaces(token) {
				return nil, reject("root", token.Name.Local, root)
			}
			v, err := p.element("", 1, s)
			if err != nil {
				return nil, err
			}
			var ok bool
			if object, ok = v.(map[string]any); !ok {
				return nil, reject("text_in_root", root)
			}
		}
	}
}

// next is the next start, end or text; [io.EOF] after the last.
func (p *reader) next() (xml.Token, error) {
	for {
		start := p.decoder.InputOffset()
		if tagIsTooLong(p.document[start:]) {
			return nil, reject("tag_too_long", maxTag, start)
		}
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if clientErr, ok := errs.AsClient(err); ok {
			return nil, clientErr
		}
		if err != nil {
			return nil, reject("syntax", abridged(strings.TrimPrefix(err.Error(), "XML ")))
		}
		if hasHalfPair(p.document[start:p.decoder.InputOffset()]) {
			return nil, reject("surrogate", p.decoder.InputOffset())
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, reject("doctype")
		case xml.ProcInst:
			if token.Target != "xml" || start != 0 {
				return nil, reject("instruction", token.Target)
			}
		case xml.Comment:
		default:
			return token, nil
		}
	}
}

// hasHalfPair looks for a reference like &#xD800; in a tag or text as it was
// written. It is no character, and the decoder would make U+FFFD of it.
func hasHalfPair(written []byte) bool {
	if bytes.HasPrefix(written, []byte("<!")) { // in CDATA and comments there are no references
		return false
	}
	for {
		_, rest, found := bytes.Cut(written, []byte("&#"))
		if !found {
			return false
		}
		digits, _, _ := bytes.Cut(rest, []byte(";"))
		digits, isHex := bytes.CutPrefix(digits, []byte("x"))
		base := 10
		if isHex {
			base = 16
		}
		if n, err := strconv.ParseUint(string(digits), base, 31); err == nil && utf16.IsSurrogate(rune(n)) {
			return true
		}
		written = rest
	}
}

// tagIsTooLong looks ahead, since the decoder keeps a tag whole.
func tagIsTooLong(document []byte) bool {
	if len(document) <= maxTag || document[0] != '<' || bytes.IndexByte([]byte("!?/"), document[1]) >= 0 {
		return false
	}
	return endOfTag(document) < 0
}

func abridged(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason], "") + "..."
}

// IsBlank reports whether text has nothing but the white space of XML.
func IsBlank(text []byte) bool { return len(bytes.Trim(text, " \t\r\n")) == 0 }

// element reads what the element at path holds, up to its end.
func (p *reader) element(path string, depth int, s *Shape) (any, error) {
	if depth > value.MaxDepth+1 { // texts are no level of their own
		return nil, reject("too_deep", value.MaxDepth)
	}
	if p.left--; p.left < 0 {
		return nil, reject("too_many", p.limit.Elements)
	}
	var text []byte
	var inner members
	for {
		token, err := p.next()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.CharData:
			text = append(text, token...)
		case xml.StartElement:
			m, err := p.member(path, token)
			if err != nil {
				return nil, err
			}
			v, err := p.element(m.path, depth+1, s.Of(m.name))
			if err != nil {
				return nil, err
			}
			if err := inner.add(m, v); err != nil {
				return nil, err
			}
		case xml.EndElement:
			if inner.object == nil {
				return s.Text(string(text)), nil
			}
			if !IsBlank(text) {
				return nil, reject("mixed", place(path))
			}
			return s.object(inner.object), nil
		}
	}
}

func place(path string) string {
	if path == "" {
		return "<" + root + ">"
	}
	return abridged(path)
}

// A member is what a start tag says of an element.
type member struct {
	name, path string
	array      bool
}

// member reads the start tag of an element of the one at path.
func (p *reader) member(path string, tag xml.StartElement) (member, error) {
	m := member{name: tag.Name.Local}
	at := strings.TrimPrefix(path+"."+m.name, ".")
	if tag.Name.Space != "" || strings.Contains(m.name, ":") {
		return m, reject("namespace", abridged(at))
	}
	for _, a := range tag.Attr {
		switch {
		case a.Name.Space == "xmlns": // one that no element uses does no harm
		case a.Name == xml.Name{Local: "name"}:
			m.name = a.Value
		case a.Name == xml.Name{Local: "array"} && a.Value == "true":
			m.array = true
		case a.Name == xml.Name{Local: "array"}:
			return m, reject("array", abridged(at), a.Value)
		default:
			return m, reject("attribute", abridged(at), a.Name.Local)
		}
	}
	m.path = strings.TrimPrefix(path+"."+m.name, ".")
	return m, nil
}

// namespaces counts the prefixes that a tag declares.
func namespaces(tag xml.StartElement) int {
	n := 0
	for _, a := range tag.Attr {
		if a.Name.Space == "xmlns" {
			n++
		}
	}
	return n
}

// members are the elements within an element.
type members struct {
	object map[string]any // nil: there are none
	empty  map[string]any // first elements of arrays that had nothing in them
}

// add adds an element. The first of an array that holds nothing is an empty
// array.
func (in *members) add(m member, v any) error {
	if in.object == nil {
		in.object, in.empty = map[string]any{}, map[string]any{}
	}
	before, repeated := in.object[m.name]
	first, isEmpty := in.empty[m.name]
	list, isArray := before.([]any)
	switch {
	case repeated && !isArray:
		return reject("repeated", abridged(m.path))
	case !repeated && !m.array:
		in.object[m.name] = v
	case !repeated && isNothing(v):
		in.object[m.name], in.empty[m.name] = []any{}, v
	case isEmpty:
		delete(in.empty, m.name)
		in.object[m.name] = []any{first, v}
	default:
		in.object[m.name] = append(list, v)
	}
	return nil
}

func isNothing(v any) bool {
	text, isText := v.(string)
	object, isObject := v.(map[string]any)
	return isText && IsBlank([]byte(text)) || isObject && len(object) == 0
}
