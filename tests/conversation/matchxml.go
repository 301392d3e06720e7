package conversation

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// # How an answer in XML matches a pattern
//
// A pattern that begins with < is XML, and so must the answer be. They are
// compared as text, without the declaration and without space between elements.
// "..." stands for any elements, a * for any run of characters within a text or
// tag. "$name" captures or is a variable, as in JSON.

func (k variablesOf) matchXML(pattern, text string) error {
	if err := wellFormed(text); err != nil {
		return fmt.Errorf("the body is not XML: %w", err)
	}
	form, captured := k.form(dense(pattern))
	found := form.FindStringSubmatch(dense(text))
	if found == nil {
		return fmt.Errorf("the body does not match %s", k.in(dense(pattern)))
	}
	seen := variablesOf{}
	for i, name := range captured {
		if value, again := seen[name]; again && value != found[i+1] {
			return fmt.Errorf("$%s = %q and %q, want the same", name, value, found[i+1])
		}
		seen[name] = found[i+1]
	}
	for name, value := range seen {
		k[name] = value
	}
	return nil
}

func wellFormed(text string) error {
	decoder := xml.NewDecoder(strings.NewReader(text))
	roots, depth := 0, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && roots == 1 {
			return nil
		}
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

var (
	declaration = regexp.MustCompile(`^<\?xml[^>]*\?>`)
	between     = regexp.MustCompile(`(>|\.\.\.)\s+(<|\.\.\.)`)
)

// dense is a document without its declaration and without what stands between its
// elements.
func dense(document string) string {
	document = declaration.ReplaceAllString(strings.TrimSpace(document), "")
	for {
		closer := between.ReplaceAllString(document, "$1$2")
		if closer == document {
			return strings.TrimSpace(document)
		}
		document = closer
	}
}

var wild = regexp.MustCompile(`\.\.\.|\*|\$[a-z][a-z0-9_]*`)

// form is a pattern as an expression, and the variables that its groups capture.
func (k variablesOf) form(pattern string) (form *regexp.Regexp, captured []string) {
	var expression strings.Builder
	at := 0
	for _, span := range wild.FindAllStringIndex(pattern, -1) {
		expression.WriteString(regexp.QuoteMeta(pattern[at:span[0]]))
		part := pattern[span[0]:span[1]]
		value, known := k[strings.TrimPrefix(part, "$")]
		switch {
		case part == more:
			expression.WriteString(`(?:<.*>)?`)
		case part == "*":
			expression.WriteString(`[^<>]*`)
		case known:
			expression.WriteString(regexp.QuoteMeta(value))
		default:
			expression.WriteString(`([^<>]*)`)
			captured = append(captured, part[1:])
		}
		at = span[1]
	}
	expression.WriteString(regexp.QuoteMeta(pattern[at:]))
	return regexp.MustCompile(`(?s)^` + expression.String() + `$`), captured
}
