package value

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Limits bound what a document may have.
type Limits struct {
	Values int
	// Nested is how many of the values may be objects and arrays, which take the most
	// memory; 0: all.
	Nested int
	// Text is how many bytes all names and texts may have as they are written; 0: any.
	Text int
}

// Skim checks a document as [ParseObjectUpTo] does, with the same errors, and keeps
// nothing of it but the members of those names. It is for documents of which it is not
// known yet whether they come from somebody who may send them: it takes no memory to
// speak of, and 5 MB in some 30 ms.
func Skim(limits Limits, document []byte, names ...string) (map[string]any, error) {
	most := limits.Values
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, reject("bad_json/empty", "")
	}
	if !utf8.Valid(document) {
		return nil, reject("bad_json/encoding", "")
	}
	s := skimmer{parser: parser{text: document, values: 1, most: most}, limits: limits} // the object is one
	if s.next() != '{' {
		return nil, s.noObject()
	}
	kept := map[string]any{}
	f := s.members(1, func(literal []byte, start, end int) *flaw {
		i := slices.IndexFunc(names, func(name string) bool { return says(literal, name) })
		if i < 0 {
			return nil
		}
		p := parser{text: document[:end], at: start, most: most}
		v, f := p.value(1)
		kept[names[i]] = v
		return f
	})
	if f != nil {
		return nil, f.client(document)
	}
	if s.skipSpace(); s.at < len(document) {
		return nil, reject("bad_json/more", "", s.at)
	}
	return kept, nil
}

// says reports whether a string as it is written is text.
func says(literal []byte, text string) bool {
	if bytes.IndexByte(literal, '\\') < 0 {
		return string(literal[1:len(literal)-1]) == text
	}
	s, f := unquote(literal)
	return f == nil && s == text
}

// A skimmer reads a document as a parser does and keeps nothing.
type skimmer struct {
	parser
	limits        Limits
	nested, texts int // so far
}

// noObject says what the document is instead.
func (s *skimmer) noObject() error {
	first := s.next()
	s.values = 0 // no object was begun
	if f := s.value(0); f != nil {
		return f.client(s.text)
	}
	if s.skipSpace(); s.at < len(s.text) {
		return reject("bad_json/more", "", s.at)
	}
	var v any = json.Number("0")
	switch first {
	case '"':
		v = ""
	case '[':
		v = []any{}
	case 't', 'f':
		v = true
	case 'n':
		v = nil
	}
	return reject("bad_json/no_object", "", TypeName(v))
}

func (s *skimmer) value(depth int) *flaw {
	if s.values++; s.values > s.most {
		return s.tooMany()
	}
	switch c := s.next(); {
	case c == '"':
		_, f := s.string()
		return f
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return tooDeep
		}
		if s.nested++; s.limits.Nested > 0 && s.nested > s.limits.Nested {
			return &flaw{code: codeTooNested, args: []any{s.limits.Nested}}
		}
		if c == '{' {
			return s.members(depth+1, nil)
		}
		return s.elements(depth + 1)
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.number()
}

func (s *skimmer) elements(depth int) *flaw {
	s.at++
	if s.take(']') {
		return nil
	}
	for n := 0; ; n++ {
		if f := s.value(depth); f != nil {
			return f.within("[" + strconv.Itoa(n) + "]")
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return notJSON
		}
	}
}

// members reads an object; each is told of every member, unless nil: its name as it is
// written, and where its value begins and ends.
func (s *skimmer) members(depth int, each func(name []byte, start, end int) *flaw) *flaw {
	s.at++
	if s.take('}') {
		return nil
	}
	for {
		if s.next() != '"' {
			return notJSON
		}
		name, f := s.string()
		if f != nil {
			return f
		}
		if len(name) == len(`""`) {
			return &flaw{code: "bad_json/no_name"}
		}
		if !s.take(':') {
			return notJSON
		}
		start := s.at
		if f = s.value(depth); f == nil && each != nil {
			f = each(name, start, s.at)
		}
		if f != nil {
			plain, _ := unquote(name)
			return f.within(plain)
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return notJSON
		}
	}
}

func (s *skimmer) number() *flaw {
	literal, plain := s.numberLiteral()
	if literal == nil {
		return notJSON
	}
	if plain || len(literal) <= maxDigits && !farExponent(literal) {
		return nil // with so few digits it is within the range
	}
	if _, err := Number(string(literal)); err != nil {
		return flawOfNumber(err)
	}
	return nil
}

// farExponent reports whether a number has an exponent of more than one digit.
func farExponent(literal []byte) bool {
	e := bytes.IndexByte(literal, 'e')
	if e < 0 {
		e = bytes.IndexByte(literal, 'E')
	}
	return e >= 0 && len(bytes.TrimLeft(literal[e+1:], "+-")) > 1
}

// plain are the bytes of a string that say nothing but themselves.
var plain = func() (is [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// string returns a string as it is written. What is wrong with it is found in the
// order in which the parser finds it: that it is not JSON before a control character.
func (s *skimmer) string() (literal []byte, f *flaw) {
	var control *flaw
	broken := false
	text, start := s.text, s.at
	for i := start + 1; i < len(text); {
		c := text[i]
		switch {
		case plain[c]:
			i++
		case c == '"':
			s.at = i + 1
			if broken {
				return nil, notJSON
			}
			if s.texts += s.at - start; s.limits.Text > 0 && s.texts > s.limits.Text {
				return nil, &flaw{code: codeTooLong, args: []any{s.limits.Text}}
			}
			return text[start : i+1], control
		case c < ' ':
			return nil, notJSON
		case c == '\\':
			n := escape(text[i:])
			if n == 0 {
				return nil, &flaw{code: "bad_json/surrogate"}
			}
			r, ok := escaped(text[i:])
			broken = broken || !ok
			if control == nil && ok && isControl(r) {
				control = flawOfControl(r)
			}
			i += n
		default: // from U+007F on
			r, size := utf8.DecodeRune(text[i:])
			if control == nil && isControl(r) {
				control = flawOfControl(r)
			}
			i += size
		}
	}
	return nil, notJSON
}

// escaped is the character of the escape that text begins with; of a surrogate pair it
// is the first half.
func escaped(text []byte) (r rune, ok bool) {
	if len(text) < 2 {
		return 0, false
	}
	switch text[1] {
	case '"', '\\', '/', 'n', 'r', 't':
		return ' ', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'u':
		return unicodeEscape(text)
	}
	return 0, false
}
