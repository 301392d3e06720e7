package altcraft

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"regulars/shared/value"
)

// FuzzXML: whatever a body in XML holds, the answer is XML with `error` and
// `error_text`, and never a fault.
func FuzzXML(f *testing.F) {
	handler := handlerOn(blank{})
	for _, inner := range []string{
		`<email>ada@x.com</email><data><_fname>Ada</_fname><sex>1</sex><phones array='true'>+79000000007</phones></data>`,
		`<data><status>1</status><visits><action>incr</action><value>1</value></visits><field name='a b'>x</field></data>`,
		`<matching>phone</matching><data><phones>+7900<![CDATA[0000007]]></phones><subscriptions array='true'/></data>`,
		`<data><subscriptions array='true'><channel>telegram_bot</channel><cc_data><id>1</id></cc_data></subscriptions></data>`,
		`<format>json</format><data/>`, `<format>yaml</format>`, `x`, `<a>&b;</a>`, `<?a?>`, `<!-- - -->`, `<a:b xmlns:a="c"/>`,
	} {
		f.Add([]byte("<xml><token>open</token><db_id>5</db_id>" + inner + "</xml>"))
	}
	f.Add([]byte(`<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xml [<!ENTITY a "b">]><xml/>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/xml")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			return // so the body wanted it
		}
		var outcome struct {
			Error *int    `xml:"error"`
			Text  *string `xml:"error_text"`
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &outcome); err != nil || outcome.Error == nil || outcome.Text == nil {
			t.Fatalf("answer = %d %q, want XML with error and error_text (%v)", w.Code, w.Body, err)
		}
		if w.Code != http.StatusOK {
			t.Fatalf("answer = %d %s, want no fault", w.Code, w.Body)
		}
	})
}

// FuzzFormXML: whatever value an answer holds, its XML reads back to a value that
// is written the same.
func FuzzFormXML(f *testing.F) {
	for _, seed := range []string{
		`{"a": [1, "x", null, {}, [], [[]], {"b": [""]}], "First name": "<&'\">", "xml": {"data": ["\r\n\t"]}}`, `"x"`, `[[1, 2], [3]]`, `{"": 1}`, `{"\ufffe": 1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		v, err := value.Parse(document)
		if err != nil || !survives(v) {
			return
		}
		form := func(v any) []byte {
			text, err := json.Marshal(map[string]any{"v": v})
			if err != nil {
				t.Fatal(err)
			}
			written, err := formXML(text)
			if err != nil {
				t.Fatalf("formXML(%s) error = %v", text, err)
			}
			return written
		}
		written := form(v)
		read, err := parseXML(written)
		if err != nil {
			if strings.Contains(err.Error(), "levels") { // an array is one level in JSON, and two with an array in it
				return
			}
			t.Fatalf("parseXML(%s) error = %v", written, err)
		}
		if again := form(read["v"]); !bytes.Equal(again, written) {
			t.Fatalf("%s\nread and written again is\n%s", written, again)
		}
	})
}

// survives tells values that survive XML from those that it has no form for: texts
// that are blank, characters that it does not have, and names without end.
func survives(v any) bool {
	switch v := v.(type) {
	case string:
		return !strings.ContainsAny(v, "\ufffe\uffff") && (v == "" || strings.TrimSpace(v) != "")
	case []any:
		for _, e := range v {
			if !survives(e) {
				return false
			}
		}
	case map[string]any:
		for name, e := range v {
			if !survives(name) || len(name) > maxFieldName || !survives(e) {
				return false
			}
		}
	}
	return true
}

// What the reader takes in memory is in proportion to the body, so that one at the
// limit of 5 MB fits a function: what is counted is all of it, dropped or not.
func TestXMLStaysWithinMemory(t *testing.T) {
	const (
		size = maxBody / 10
		most = 60 // bytes for each of the body: 300 MB at the limit
	)
	fill := func(head, unit, tail string) string {
		return "<xml>" + head + strings.Repeat(unit, size/len(unit)) + tail + "</xml>"
	}
	var names strings.Builder
	for i := range 50_000 {
		names.WriteString("<a" + strconv.FormatInt(int64(i), 36) + "/>")
	}
	for name, body := range map[string]string{
		"names":    "<xml>" + names.String() + "</xml>",
		"entries":  fill("", "<a array='true'/>", ""),
		"objects":  fill("", "<a array='true'><b/></a>", ""),
		"escapes":  fill("<a>", "&#x1F600;", "</a>"),
		"comments": fill("<a>", "x<!---->", "</a>"),
		"tags":     fill("", "<a array='true' "+strings.Repeat("xmlns:b='' ", 360)+"/>", ""),
	} {
		document := []byte(body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := parseXML(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		got := int(after.TotalAlloc-before.TotalAlloc) / len(document)
		if t.Logf("%s: %d bytes for each", name, got); got > most {
			t.Errorf("%s: %d bytes for each of the body, want at most %d", name, got, most)
		}
	}
}
