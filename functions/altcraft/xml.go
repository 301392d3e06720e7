package altcraft

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// speakXML lets h, which knows JSON alone, be asked and answer in XML, too
// (Altcraft 1.4). A body in XML reads as the JSON it stands for, and an answer is
// turned into XML where the `format` parameter or the Accept header asks for
// that, or neither says anything and the request was in XML.
func speakXML(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &translation{ResponseWriter: w}
		if kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && isXML(kind) {
			t.asked = true
			r = asJSON(r, parameters["charset"])
		}
		t.answers = prefersXML(r.Header.Values("Accept"), t.asked)
		if r.URL.RawQuery != "" {
			_ = t.choose(r.URL.Query().Get("format")) // a wrong one is rejected when the body is read
		}
		h.ServeHTTP(t, r.WithContext(context.WithValue(r.Context(), translationKey{}, t)))
		t.finish()
	})
}

func isXML(kind string) bool { return kind == "application/xml" || kind == "text/xml" }

// asJSON is a request in XML as h is to see it.
func asJSON(r *http.Request, charset string) *http.Request {
	seen := *r
	seen.Header = r.Header.Clone()
	seen.Header.Set("Content-Type", "application/json")
	seen.Body = &xmlBody{Closer: r.Body, request: r, charset: charset}
	return &seen
}

// An xmlBody reads as the JSON that a body in XML stands for. It is translated
// when it is first read, so that whoever need not read it answers as ever.
type xmlBody struct {
	io.Closer
	request *http.Request
	charset string // of its Content-Type
	json    *bytes.Reader
}

// Read implements [io.Reader]. It may end with a client error.
func (b *xmlBody) Read(p []byte) (int, error) {
	if b.json == nil {
		if b.charset != "" && !strings.EqualFold(b.charset, "utf-8") {
			return 0, badEncoding(b.charset)
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
	if err != nil || isBlank(document) {
		return nil, err
	}
	object, err := parseXML(document)
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// A translation is one request and its answer, either of which may be in XML. It
// is the [http.ResponseWriter] of the handler: an answer in JSON passes through
// as it is written, one that is to be XML is kept until it is whole.
type translation struct {
	http.ResponseWriter
	asked   bool // the request was in XML
	answers bool // the answer is to be
	status  int  // of the answer in XML; 0 until it was written
	body    bytes.Buffer
}

type translationKey struct{}

// translationOf returns the translation that r belongs to, or outside of
// speakXML one that nobody looks at.
func translationOf(r *http.Request) *translation {
	if t, ok := r.Context().Value(translationKey{}).(*translation); ok {
		return t
	}
	return new(translation)
}

// choose obeys the parameter `format`; an empty one says nothing.
func (t *translation) choose(format string) error {
	switch strings.ToLower(format) {
	case "":
	case "json":
		t.answers = false
	case "xml":
		t.answers = true
	default:
		return errs.New(errs.Invalid, "bad_format", "format", format)
	}
	return nil
}

// WriteHeader implements [http.ResponseWriter].
func (t *translation) WriteHeader(status int) {
	switch {
	case !t.answers || status < http.StatusOK:
		t.ResponseWriter.WriteHeader(status)
	case t.status == 0:
		t.status = status
	}
}

// Write implements [http.ResponseWriter].
func (t *translation) Write(p []byte) (int, error) {
	if !t.answers {
		return t.ResponseWriter.Write(p)
	}
	t.WriteHeader(http.StatusOK)
	return t.body.Write(p)
}

// finish sends what was kept. In XML it may be too large where it was not in
// JSON; then it goes as it is, since what was asked for is done.
func (t *translation) finish() {
	if t.status == 0 {
		return
	}
	body := t.body.Bytes()
	if document, err := formXML(body); err == nil {
		body = document
		t.Header().Set("Content-Type", "application/xml; charset=utf-8")
	}
	t.Header().Set("Content-Length", strconv.Itoa(len(body)))
	t.ResponseWriter.WriteHeader(t.status)
	_, _ = t.ResponseWriter.Write(body) // that it cannot be sent the client knows
}

// prefersXML reports whether an Accept header likes XML better than JSON. Where
// it likes both alike, or nothing is said, the answer is as the request was.
func prefersXML(accept []string, asked bool) bool {
	header := strings.ToLower(strings.Join(accept, ","))
	if !asked && !strings.Contains(header, "xml") {
		return false
	}
	forXML := max(liking(header, "application/xml"), liking(header, "text/xml"))
	forJSON := max(liking(header, "application/json"), liking(header, "text/json"))
	if forXML == forJSON {
		return asked
	}
	return forXML > forJSON
}

// liking is the weight that an Accept header gives to a media type: that of the
// most specific of its ranges that covers it.
func liking(header, kind string) float64 {
	ranges := map[string]int{"*/*": 1, kind[:strings.Index(kind, "/")] + "/*": 2, kind: 3}
	most, weight := 0, 0.0
	for part := range strings.SplitSeq(header, ",") {
		named, parameters, err := mime.ParseMediaType(part)
		specific := ranges[named]
		if err != nil || specific <= most {
			continue
		}
		most, weight = specific, 1
		if q, ok := parameters["q"]; ok {
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
	}
	return weight
}
