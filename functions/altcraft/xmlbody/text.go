package xmlbody

import (
	"bytes"
	"encoding/xml"
)

// maxText is the longest text that [Text] finds, as it is written.
const maxText = 1_000

// Text finds the text of a member of the object that a body stands for, as [Read] would
// read it, without reading the body: it looks at the tags alone, in some 10 ms at most.
// Of a longer text than 1,000 bytes, and of one that is broken, it returns what no
// member has, and found. Client errors are those that Read returns as well.
func Text(document []byte, name string, limit Limit) (text string, found bool, err error) {
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	if err := limit.check(document); err != nil {
		return "", false, err
	}
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
			if elements++; elements > limit.Elements {
				return "", false, reject("too_many", limit.Elements)
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

// names reports whether a start tag is of the member.
func names(tag []byte, name string) bool {
	if of, ok := nameAttribute(tag); ok {
		return string(of) == name
	}
	element := tag[1:]
	if end := bytes.IndexAny(element, " \t\r\n/"); end >= 0 {
		element = element[:end]
	}
	return string(element) == name
}

// nameAttribute is the attribute `name` of a start tag, as it is written.
func nameAttribute(tag []byte) (v []byte, ok bool) {
	const blanks = " \t\r\n"
	end := bytes.IndexAny(tag, blanks)
	for end >= 0 {
		tag = bytes.TrimLeft(tag[end:], blanks)
		if end = bytes.IndexByte(tag, '='); end < 0 {
			break
		}
		attribute := bytes.TrimRight(tag[:end], blanks)
		tag = bytes.TrimLeft(tag[end+1:], blanks)
		if len(tag) == 0 || tag[0] != '"' && tag[0] != '\'' {
			break
		}
		if end = bytes.IndexByte(tag[1:], tag[0]) + 1; end == 0 {
			break
		}
		if string(attribute) == "name" {
			return tag[1:end], true
		}
		end++ // behind the quote
	}
	return nil, false
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
