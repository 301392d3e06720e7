package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"regulars/shared/errs"
)

// MaxDepth is how many levels of arrays and objects a document may have. The
// table itself takes 32.
const MaxDepth = 32

// Parse reads one JSON document. Of a repeated member the last counts. It
// refuses, naming the member, what the table could not keep exactly: numbers of
// more than 38 digits, more than [MaxDepth] levels, bytes that are not UTF-8,
// half a surrogate pair, members without a name, and control characters other
// than tab, CR and LF.
func Parse(document []byte) (any, error) {
	if !utf8.Valid(document) {
		return nil, reject("bad_json/encoding", "")
	}
	p := parser{text: document}
	v, f := p.value(0)
	switch {
	case f == notJSON:
		return nil, syntax(document)
	case f != nil:
		return nil, reject(f.code, shortPath(f.path), f.args...)
	}
	if p.skipSpace(); p.at < len(document) {
		return nil, reject("bad_json/more", "", p.at)
	}
	return v, nil
}

// ParseObject is [Parse] for a document that must be an object.
func ParseObject(document []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, reject("bad_json/empty", "")
	}
	v, err := Parse(document)
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

// syntax asks encoding/json what is wrong with a document that is no JSON.
func syntax(document []byte) error {
	var v any
	err := json.Unmarshal(document, &v)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok && s.Offset < int64(len(document)) {
		return reject("bad_json/syntax", "", s.Error(), s.Offset)
	}
	return reject("bad_json/end", "")
}

// A flaw is what may not be kept, and where it stands: the path is put together
// on the way out, so that a document without a flaw pays nothing for it.
type flaw struct {
	path, code string
	args       []any
}

// The flaws of a document as a whole.
var (
	notJSON = &flaw{}
	tooDeep = &flaw{code: "bad_json/too_deep", args: []any{MaxDepth}}
)

// within says that the flaw is in the element or member of that name.
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
