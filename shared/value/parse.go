package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"regulars/shared/errs"
)

// MaxDepth is how many levels of arrays and objects a document may have, as many
// as DynamoDB takes.
const MaxDepth = 32

// MaxValues is how many values a document may have in all: ten thousand profiles of
// forty fields.
const MaxValues = 400_000

// CodeTooMany is of the client error that a document has more values than it may.
const CodeTooMany = "bad_json/too_many"

// The codes of what only [Skim] finds.
const (
	codeTooNested = "bad_json/too_nested"
	codeTooLong   = "bad_json/too_long"
)

// Parse reads one JSON document. Of a repeated member the last counts. What the
// table could not store exactly is a client error with the path of the member:
// numbers of more than 38 digits or out of range, half of a surrogate pair,
// members without a name, and control characters other than tab, CR and LF. So
// are, without a path, more than [MaxDepth] levels, more than [MaxValues] values, and
// bytes that are not UTF-8.
func Parse(document []byte) (any, error) { return ParseUpTo(MaxValues, document) }

// ParseUpTo is [Parse] for a document of up to most values.
func ParseUpTo(most int, document []byte) (any, error) {
	if !utf8.Valid(document) {
		return nil, reject("bad_json/encoding", "")
	}
	p := parser{text: document, most: most}
	v, f := p.value(0)
	switch {
	case f != nil:
		return nil, f.client(document)
	}
	if p.skipSpace(); p.at < len(document) {
		return nil, reject("bad_json/more", "", p.at)
	}
	return v, nil
}

// client is the client error of a flaw in a document.
func (f *flaw) client(document []byte) error {
	switch {
	case f == notJSON:
		return syntax(document)
	case f.code == CodeTooMany, f.code == codeTooNested, f.code == codeTooLong:
		return reject(f.code, "", f.args...)
	}
	return reject(f.code, shortPath(f.path), f.args...)
}

// ParseObject is [Parse] for a document that must be an object.
func ParseObject(document []byte) (map[string]any, error) {
	return ParseObjectUpTo(MaxValues, document)
}

// ParseObjectUpTo is [ParseObject] for a document of up to most values.
func ParseObjectUpTo(most int, document []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, reject("bad_json/empty", "")
	}
	v, err := ParseUpTo(most, document)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, reject("bad_json/no_object", "", TypeName(v))
	}
	return object, nil
}

func reject(code, path string, args ...any) error {
	return errs.New(errs.Invalid, code, path, args...)
}

// syntax is the error for a document that is not JSON, as encoding/json words it.
func syntax(document []byte) error {
	var v any
	err := json.Unmarshal(document, &v)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok && s.Offset < int64(len(document)) {
		return reject("bad_json/syntax", "", s.Error(), s.Offset)
	}
	return reject("bad_json/end", "")
}

// A flaw is why a document is rejected, and the path of the member: "data.tags[1]".
// The path is built while the parser returns, so that it costs valid documents nothing.
type flaw struct {
	path, code string
	args       []any
}

// Flaws that are reported without a path.
var (
	notJSON = &flaw{}
	tooDeep = &flaw{code: "bad_json/too_deep", args: []any{MaxDepth}}
)

// within puts step, a member's name or "[index]", in front of the path.
func (f *flaw) within(step string) *flaw {
	if f == notJSON || f == tooDeep {
		return f
	}
	if f.path != "" && f.path[0] != '[' && step != "" {
		step += "."
	}
	return &flaw{step + f.path, f.code, f.args}
}

// shortPath keeps a long name of a member from filling the answer.
func shortPath(path string) string {
	const longest = 100
	if len(path) > longest {
		return strings.ToValidUTF8(path[:longest], "") + "..."
	}
	return path
}
