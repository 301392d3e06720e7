package xmlbody

import (
	"bytes"
	"encoding/xml"
	"regexp"
)

// maxText is the longest text that [Text] finds, as it is written.
const maxText = 1_000

// Text finds the text of a member of the object that a body stands for, as [Read] would
// read it, without reading the body: it looks at the tags alone, in some 10 ms at most.
// Of a longer text than 1,000 bytes, and of one that is broken, it returns what no
// member has, and found. Client errors are those that Read returns as well.
func Text(document []byte, name string) (text string, found bool, err error) {
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	depth, elements := 0, 0
	for at := 0; ; {
		next := bytes.IndexByte(document[at:], '<')
		if next < 0 {
			return "", false, nil
		}
		at += next
		tag := document[at:]
		switch {
		case bytes.HasPrefix(tag, []byte("<!--")):
			at += behind(tag, "-->")
		case bytes.HasPrefix(tag, []byte("<![CDATA[")):
			at += behind(tag, "]]>")
		case bytes.HasPrefix(tag, []byte("<!")):
			return "", false, reject("doctype")
		case bytes.HasPrefix(tag, []byte("<?")):
			at += behind(tag, "?>")
		case bytes.HasPrefix(tag, []byte("</")):
			depth--
			at += behind(tag, ">")
		default:
			end := endOfTag(tag)
			if end < 0 {
				return "", false, reject("tag_too_long", maxTag, at)
			}
			if elements++; elements > maxElements {
				return "", false, reject("too_many", maxElements)
			}
			if depth == 1 && names(tag[:end], name) {
				return textOf(tag), true, nil
			}
			if tag[end-1] != '/' {
				depth++
			}
			at += end
		}
	}
}

// behind is where what ends with end is over.
func behind(text []byte, end string) int {
	if n := bytes.Index(text, []byte(end)); n >= 0 {
		return n + len(end)
	}
	return len(text)
}

// endOfTag is where a start tag has its >, outside of quotes, or -1 where that is too
// far away.
func endOfTag(tag []byte) int {
	quote := byte(0)
	for i, c := range tag[:min(len(tag), maxTag)] {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	if len(tag) <= maxTag {
		return len(tag) // it is the last, and has no end
	}
	return -1
}

var nameAttribute = regexp.MustCompile(`\sname\s*=\s*(?:"([^"]*)"|'([^']*)')`)

// names reports whether a start tag is of the member.
func names(tag []byte, name string) bool {
	if m := nameAttribute.FindSubmatch(tag); m != nil {
		return string(m[1])+string(m[2]) == name
	}
	element := tag[1:]
	if end := bytes.IndexAny(element, " \t\r\n/"); end >= 0 {
		element = element[:end]
	}
	return string(element) == name
}

// textOf is the text of the element that element begins with.
func textOf(element []byte) string {
	var v struct {
		Text string `xml:",chardata"`
	}
	decoder := xml.NewDecoder(bytes.NewReader(element[:min(len(element), maxTag+maxText)]))
	if decoder.Decode(&v) != nil || len(v.Text) > maxText {
		return "\x00" // no secret is that
	}
	return v.Text
}
