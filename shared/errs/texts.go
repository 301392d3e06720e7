package errs

import (
	"fmt"
	"maps"
)

// Texts make sentences of errors. Each dialect has its own.
type Texts struct {
	// Formats are by code, or by code/reason. A format is one of package fmt: its
	// first operand, %[1]v, is the path, and those after it are the arguments; a
	// verb without an index takes the argument after the last one taken. v and q
	// are the only verbs, since they suit operands of all types.
	Formats map[string]string
	// Path spells a path; nil leaves it as it is.
	Path func(path string) string
	// Spell returns what is printed for an argument, in most cases arg itself; nil
	// leaves all as they are. A client error as an argument is printed as its
	// sentence.
	Spell func(arg any) any
}

// Of returns the sentence for a client error, and nothing for nil. An error without
// a format is told by its code and arguments.
func (t Texts) Of(c *Client) string {
	if c == nil {
		return ""
	}
	if text, ok := t.text(c.ID(), c.Path, c.Args); ok {
		return text
	}
	return c.Error()
}

// OfUnavailable returns the sentence for an error that asks for another attempt.
func (t Texts) OfUnavailable(u *Unavailable) string {
	if text, ok := t.text(u.Code, "", u.Args); ok {
		return text
	}
	text, _ := t.text(CodeUnavailable, "", nil) // every dialect has it
	return text
}

func (t Texts) text(id, path string, args []any) (string, bool) {
	format, ok := t.Formats[id]
	if !ok {
		return "", false
	}
	if t.Path != nil {
		path = t.Path(path)
	}
	operands := []any{path}
	for _, arg := range args {
		if nested, ok := arg.(*Client); ok {
			arg = t.Of(nested)
		} else if t.Spell != nil {
			arg = t.Spell(arg)
		}
		operands = append(operands, arg)
	}
	// The path is printed with no width first, so that verbs without an index begin
	// with the arguments, and operands that are not used are no mistake.
	return fmt.Sprintf("%.0[1]v"+format, operands...), true
}

// With returns t with more formats, which replace those of the same code.
func (t Texts) With(formats map[string]string) Texts {
	all := maps.Clone(t.Formats)
	maps.Copy(all, formats)
	t.Formats = all
	return t
}
