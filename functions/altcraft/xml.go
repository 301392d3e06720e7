package altcraft

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"regulars/functions/altcraft/xmlbody"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// xmlCharset reports whether a request is in XML (Altcraft 1.4), and the charset of
// its Content-Type.
func xmlCharset(r *http.Request) (charset string, is bool) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return parameters["charset"], err == nil && isXML(kind)
}

func isXML(kind string) bool { return kind == "application/xml" || kind == "text/xml" }

// asJSON is a request in XML with the JSON that its body, of at most limit, stands for.
// What admit rejects is not translated.
func asJSON(r *http.Request, charset string, limit xmlbody.Limit, admit func(document []byte) error) *http.Request {
	seen := *r
	seen.Header = r.Header.Clone()
	seen.Header.Set("Content-Type", "application/json")
	seen.Body = &xmlBody{Closer: r.Body, request: r, charset: charset, limit: limit, admit: admit}
	return &seen
}

// An xmlBody reads as the JSON that a body in XML stands for. It is translated
// when it is first read, so that whoever need not read it answers as ever.
type xmlBody struct {
	io.Closer
	request *http.Request
	charset string // of its Content-Type
	limit   xmlbody.Limit
	admit   func(document []byte) error
	json    *bytes.Reader
}

// Read implements [io.Reader]. It may end with a client error.
func (b *xmlBody) Read(p []byte) (int, error) {
	if b.json == nil {
		if b.charset != "" && !strings.EqualFold(b.charset, "utf-8") {
			return 0, xmlbody.BadEncoding(b.charset)
		}
		text, err := b.translate()
		if err != nil {
			return 0, err
		}
		b.json = bytes.NewReader(text)
	}
	return b.json.Read(p)
}

// translate leaves a body without anything in it at that: some methods need none.
func (b *xmlBody) translate() ([]byte, error) {
	document, err := httpapi.ReadBody(b.request, maxBody)
	if err != nil || xmlbody.IsBlank(document) {
		return nil, err
	}
	if err := b.admit(document); err != nil {
		return nil, err
	}
	object, err := xmlbody.Read(document, callShape, b.limit)
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// checkFormat rejects a parameter `format` that is none: that of the body, else that
// of the URL.
func checkFormat(r *http.Request, body map[string]any) error {
	format, err := optionalText(body, "format")
	if err != nil {
		return err
	}
	if format == "" {
		format = r.URL.Query().Get("format")
	}
	if format != "" && !isFormat(format) {
		return errs.New(errs.Invalid, "bad_format", "format", format)
	}
	return nil
}

func isFormat(format string) bool {
	return strings.ToLower(format) == "json" || strings.ToLower(format) == "xml"
}

// convert turns an answer into XML where the `format` parameter or the Accept header
// asks for that, or neither says anything and the request was in XML (Altcraft 1.4).
// In XML it may be too large where it was not in JSON; then it goes as it is, since
// what was asked for is done.
func convert(c *httpapi.Call, a httpapi.Answer) httpapi.Answer {
	if !wantsXML(c) {
		return a
	}
	document, err := xmlbody.Write(a.Body)
	if err != nil {
		return a
	}
	a.Body = document
	a.Set("Content-Type", "application/xml; charset=utf-8")
	a.Set("Content-Length", strconv.Itoa(len(document)))
	return a
}

// wantsXML goes by the body, then the URL, then the headers. A wrong format says
// nothing.
func wantsXML(c *httpapi.Call) bool {
	m, _ := c.Parsed.(message)
	ofBody, _ := m.body["format"].(string)
	for _, format := range []string{ofBody, c.URL.Query().Get("format")} {
		if isFormat(format) {
			return strings.ToLower(format) == "xml"
		}
	}
	_, asked := xmlCharset(c.Request)
	return xmlbody.Preferred(c.Header.Values("Accept"), asked)
}
