package altcraft

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
