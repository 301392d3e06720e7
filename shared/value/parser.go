package value

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A parser reads a document in one pass, in the order of the document, so that
// the first error is the one reported. docs/decisions/json.md says what it has
// over encoding/json, and why jsontext takes its place from Go 1.27 on. Escapes
// are decoded by encoding/json.
type parser struct {
	text   []byte // UTF-8
	at     int
	values int // that were read, and how many may be
	most   int
}

func (p *parser) skipSpace() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next returns the next byte that is not white space; 0 at the end.
func (p *parser) next() byte {
	p.skipSpace()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// take skips c if it is the next byte, and reports whether it was.
func (p *parser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) value(depth int) (any, *flaw) {
	if p.values++; p.values > p.most {
		return nil, p.tooMany()
	}
	switch c := p.next(); {
	case c == '"':
		return p.string()
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return nil, tooDeep
		}
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	case c == 'n':
		return nil, p.word("null")
	}
	return p.number()
}

func (p *parser) tooMany() *flaw {
	return &flaw{code: CodeTooMany, args: []any{p.most}}
}

func (p *parser) word(word string) *flaw {
	if len(p.text)-p.at < len(word) || string(p.text[p.at:p.at+len(word)]) != word {
		return notJSON
	}
	p.at += len(word)
	return nil
}

func (p *parser) array(depth int) (any, *flaw) {
	p.at++
	list := []any{}
	if p.take(']') {
		return list, nil
	}
	for {
		v, f := p.value(depth)
		if f != nil {
			return nil, f.within("[" + strconv.Itoa(len(list)) + "]")
		}
		list = append(list, v)
		if p.take(']') {
			return list, nil
		}
		if !p.take(',') {
			return nil, notJSON
		}
	}
}

func (p *parser) object(depth int) (any, *flaw) {
	p.at++
	members := map[string]any{}
	if p.take('}') {
		return members, nil
	}
	for {
		if p.next() != '"' {
			return nil, notJSON
		}
		name, f := p.string()
		if f != nil {
			return nil, f
		}
		if name == "" {
			return nil, &flaw{code: "bad_json/no_name"}
		}
		if !p.take(':') {
			return nil, notJSON
		}
		if members[name], f = p.value(depth); f != nil {
			return nil, f.within(name)
		}
		if p.take('}') {
			return members, nil
		}
		if !p.take(',') {
			return nil, notJSON
		}
	}
}

func (p *parser) number() (any, *flaw) {
	literal, plain := p.numberLiteral()
	if literal == nil {
		return nil, notJSON
	}
	if plain {
		return json.Number(literal), nil
	}
	n, err := Number(string(literal))
	if err != nil {
		return nil, flawOfNumber(err)
	}
	return n, nil
}

func flawOfNumber(err error) *flaw {
	if errors.Is(err, ErrRange) {
		return &flaw{code: "bad_json/range"}
	}
	return &flaw{code: "bad_json/digits"}
}

// numberLiteral takes a number as it is written, or nil where there is none. Most
// numbers are plain: digits alone, few enough, and so canonical.
func (p *parser) numberLiteral() (literal []byte, plain bool) {
	text := p.text[p.at:]
	end := 0
	if end < len(text) && text[end] == '-' {
		end++
	}
	whole := digits(text[end:])
	if whole == 0 {
		return nil, false
	}
	if text[end] == '0' {
		whole = 1
	}
	plain = end == 0 && whole <= maxDigits
	end += whole
	if end < len(text) && text[end] == '.' {
		plain = false
		if n := digits(text[end+1:]); n > 0 {
			end += 1 + n
		}
	}
	if end < len(text) && (text[end] == 'e' || text[end] == 'E') {
		plain = false
		sign := 0
		if end+1 < len(text) && (text[end+1] == '+' || text[end+1] == '-') {
			sign = 1
		}
		if n := digits(text[end+1+sign:]); n > 0 {
			end += 1 + sign + n
		}
	}
	p.at += end
	return text[:end], plain
}

// digits is how many digits text begins with.
func digits(text []byte) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// string reads a string. encoding/json decodes one with escapes, after a check for
// half of a surrogate pair, which it would replace by U+FFFD.
func (p *parser) string() (string, *flaw) {
	start, escaped := p.at+1, false
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			if escaped {
				return unquote(p.text[start-1 : i+1])
			}
			return checked(string(p.text[start:i]))
		case c < ' ':
			return "", notJSON
		case c == '\\':
			n := escape(p.text[i:])
			if n == 0 {
				return "", &flaw{code: "bad_json/surrogate"}
			}
			i += n - 1
			escaped = true
		}
	}
	return "", notJSON
}

func unquote(literal []byte) (string, *flaw) {
	var s string
	if json.Unmarshal(literal, &s) != nil {
		return "", notJSON
	}
	return checked(s)
}

// checked returns s, or the flaw that it contains a control character (U+0000 to
// U+001F, U+007F to U+009F) other than tab, CR and LF.
func checked(s string) (string, *flaw) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if isControl(r) {
			return "", flawOfControl(r)
		}
		i += size - 1
	}
	return s, nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' }

func flawOfControl(r rune) *flaw {
	return &flaw{code: "bad_json/control_character", args: []any{fmt.Sprintf("U+%04X", r)}}
}

const unicodeLength = len(`\u0000`)

// escape returns the length of the escape that text begins with, of a surrogate
// pair that of both; 0 is half of a pair. Other invalid escapes are left to unquote.
func escape(text []byte) int {
	first, ok := unicodeEscape(text)
	if !ok || !utf16.IsSurrogate(first) {
		return 2
	}
	second, _ := unicodeEscape(text[unicodeLength:])
	if utf16.DecodeRune(first, second) == utf8.RuneError {
		return 0
	}
	return 2 * unicodeLength
}

// unicodeEscape decodes the escape of the form \u0000 that text begins with.
func unicodeEscape(text []byte) (r rune, ok bool) {
	if len(text) < unicodeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:unicodeLength] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
