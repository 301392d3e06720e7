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
		return nil, refuse("", "The body is not valid UTF-8.")
	}
	p := parser{text: document}
	v, f := p.value(0)
	switch {
	case f == notJSON:
		return nil, syntax(document)
	case f != nil:
		return nil, refuse(f.path, "%s %s.", name(f.path), f.reason)
	}
	if p.skipSpace(); p.at < len(document) {
		return nil, refuse("", "The body is not one JSON document: something follows its end at byte %d.", p.at)
	}
	return v, nil
}

// ParseObject is [Parse] for a document that must be an object.
func ParseObject(document []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, refuse("", "The body is empty; a JSON object is expected.")
	}
	v, err := Parse(document)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("", "The body is %s; a JSON object is expected.", TypeName(v))
	}
	return object, nil
}

func refuse(field, format string, args ...any) error {
	return errs.Reject(errs.Invalid, "bad_json", field, format, args...)
}

// syntax asks encoding/json what is wrong with a document that is no JSON.
func syntax(document []byte) error {
	var v any
	err := json.Unmarshal(document, &v)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok && s.Offset < int64(len(document)) {
		return refuse("", "The body is not JSON: %s at byte %d.", s.Error(), s.Offset)
	}
	return refuse("", "The body is not JSON: it ends too early.")
}

// A flaw is what may not be kept, and where it stands: the path is put together
// on the way out, so that a document without a flaw pays nothing for it.
type flaw struct{ path, reason string }

// The flaws of a document as a whole.
var (
	notJSON = &flaw{reason: "is not JSON"}
	tooDeep = &flaw{reason: "has more than 32 levels of arrays and objects"}
)

// within says that the flaw is in the element or member of that name.
func (f *flaw) within(step string) *flaw {
	if f == notJSON || f == tooDeep {
		return f
	}
	if f.path != "" && f.path[0] != '[' && step != "" {
		step += "."
	}
	return &flaw{step + f.path, f.reason}
}

func name(path string) string {
	if path == "" {
		return "The body"
	}
	const longest = 100 // a hostile name must not fill the answer
	if len(path) > longest {
		return strings.ToValidUTF8(path[:longest], "") + "..."
	}
	return path
}
