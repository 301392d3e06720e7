package altcraft

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/altcraft/xmlbody"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

func TestParseXML(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, want string }{
		{"nothing in it", `<xml/>`, `{}`},
		{"blank", "\n<xml>\n  </xml>\n", `{}`},
		{"texts", `<xml><a>x</a><b> y </b><c/><d></d></xml>`, `{"a": "x", "b": " y ", "c": "", "d": ""}`},
		{"objects", "<xml>\n <a>\n  <b>x</b>\n  <c><d>y</d></c>\n </a>\n</xml>", `{"a": {"b": "x", "c": {"d": "y"}}}`},
		{"declaration, BOM, comments", "\ufeff<?xml version='1.0' encoding='utf-8' standalone='yes'?><!-- a --><xml><a>x<!-- <b> -->y</a></xml><!-- b -->", `{"a": "xy"}`},
		{"CDATA and the five entities", `<xml><a><![CDATA[<b>&amp;]]>&lt;&gt;&amp;&apos;&quot;&#65;&#x1F600;</a></xml>`, `{"a": "<b>&amp;<>&'\"A😀"}`},
		{"a replacement character, and what only looks like a reference", `<xml><a>&#xFFFD;<![CDATA[&#xD800;]]><!-- &#xD800; -->&amp;#xD800;</a></xml>`, `{"a": "\ufffd&#xD800;&#xD800;"}`},
		{"line ends", "<xml><a>x\r\ny&#13;</a></xml>", `{"a": "x\ny\r"}`},
		{"array of one text", `<xml><a array='true'>x</a></xml>`, `{"a": ["x"]}`},
		{"array of texts", `<xml><a array="true">x</a><b>z</b><a array='true'>y</a></xml>`, `{"a": ["x", "y"], "b": "z"}`},
		{"further entries without the mark", `<xml><a array='true'>x</a><a>y</a></xml>`, `{"a": ["x", "y"]}`},
		{"array of objects", `<xml><a array='true'><b>x</b></a><a array='true'><c>y</c></a></xml>`, `{"a": [{"b": "x"}, {"c": "y"}]}`},
		{"empty array", `<xml><a array='true'/><b array='true'> </b></xml>`, `{"a": [], "b": []}`},
		{"entries without anything", `<xml><a array='true'/><a array='true'/><a array='true'>x</a></xml>`, `{"a": ["", "", "x"]}`},
		{"names of no element", `<xml><field name='First &amp; last name'>x</field><b name="b:c">y</b><d name='e' array='true'>z</d><d name='e' array='true'>z</d></xml>`,
			`{"First & last name": "x", "b:c": "y", "e": ["z", "z"]}`},
		{"Cyrillic", `<xml><Имя>Ада</Имя></xml>`, `{"Имя": "Ада"}`},
		{"prefixes that nothing uses", `<xml xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a xmlns:b="c">x</a></xml>`, `{"a": "x"}`},

		{"numbers of a call", `<xml><db_id> 5 </db_id><resource_id>1</resource_id><limit>x</limit><add_to_segments array='true'>7</add_to_segments><email>5</email></xml>`,
			`{"db_id": 5, "resource_id": 1, "limit": "x", "add_to_segments": [7], "email": "5"}`},
		{"booleans of a call", `<xml><skip_triggers>true</skip_triggers><detect_geo> false </detect_geo><skip_invalid_subscriptions>1</skip_invalid_subscriptions></xml>`,
			`{"skip_triggers": true, "detect_geo": false, "skip_invalid_subscriptions": "1"}`},
		{"data", `<xml><data><_sex>1</_sex><_status>suspended</_status><_bdate>20011231</_bdate><_regdate>1688169600000</_regdate><visits>1</visits><vip>true</vip></data></xml>`,
			`{"data": {"_sex": 1, "_status": "suspended", "_bdate": "20011231", "_regdate": 1688169600000, "visits": "1", "vip": "true"}}`},
		{"no data", `<xml><data/></xml>`, `{"data": {}}`},
		{"array of data", `<xml><data array='true'><_sex>1</_sex></data><data array='true'/></xml>`, `{"data": [{"_sex": 1}, {}]}`},
		{"subscriptions", `<xml><data><subscriptions array='true'><channel>sms</channel><resource_id>1</resource_id><status>-1</status><priority>0</priority><custom_fields/></subscriptions>
			<subscriptions array='true'><resource_id>2</resource_id><status>subscribed</status><cc_data><id>77</id></cc_data><custom_fields><n>1</n></custom_fields></subscriptions></data></xml>`,
			`{"data": {"subscriptions": [{"channel": "sms", "resource_id": 1, "status": -1, "priority": 0, "custom_fields": {}},
			 {"resource_id": 2, "status": "subscribed", "cc_data": {"id": 77}, "custom_fields": {"n": "1"}}]}}`},
		{"a subscription of its own", `<xml><profile_id>000000000000032251200046</profile_id><resource_id>1</resource_id><status>1</status></xml>`,
			`{"profile_id": "000000000000032251200046", "resource_id": 1, "status": 1}`},
		{"functions", `<xml><data><a><action>incr</action><value>-250</value></a><b><action>set</action><value>1</value></b>
			<c><action>add</action><value array='true'>x</value></c><d><action>unset</action></d><e><action>incr</action><submatch>f</submatch><value>1</value></e>
			<subscriptions array='true'><custom_fields><n><action>incr</action><value> 1.5 </value></n></custom_fields></subscriptions></data></xml>`,
			`{"data": {"a": {"action": "incr", "value": -250}, "b": {"action": "set", "value": "1"}, "c": {"action": "add", "value": ["x"]}, "d": {"action": "unset"}, "e": {"action": "incr", "submatch": "f", "value": 1},
			 "subscriptions": [{"custom_fields": {"n": {"action": "incr", "value": 1.5}}}]}}`},
		{"objects that are no functions", `<xml><data><a><action>incr</action><value>1</value><by>hand</by></a><b><c><action>incr</action><value>1</value></c></b></data></xml>`,
			`{"data": {"a": {"action": "incr", "value": "1", "by": "hand"}, "b": {"c": {"action": "incr", "value": "1"}}}}`},
	}
	for _, tt := range tests {
		object, err := xmlbody.Read([]byte(tt.document), callShape, xmlbody.OfBatch)
		if err != nil {
			t.Errorf("%s: Read() error = %v", tt.name, err)
			continue
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parse(t, tt.want), parse(t, string(text))); diff != "" {
			t.Errorf("%s: Read() (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParseXMLRejects(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, want string }{
		{"nothing", "", "no element"},
		{"blank", " \r\n\t", "no element"},
		{"JSON", `{"a": 1}`, "text outside"},
		{"a comment alone", `<!-- a -->`, "no element"},
		{"another root", `<profile/>`, "<profile>"},
		{"a root in a namespace", `<xml xmlns="urn:a"/>`, "namespaces"},
		{"a root with attributes", `<xml array='true'/>`, "attributes"},
		{"a root of text", `<xml>x</xml>`, "holds text"},
		{"two roots", `<xml/><xml/>`, "second root"},
		{"text before", `x<xml/>`, "text outside"},
		{"text behind", `<xml/>x`, "text outside"},
		{"unclosed", `<xml><a>`, "not XML"},
		{"closed otherwise", `<xml><a></b></xml>`, "not XML"},
		{"cut tag", `<xml><a `, "not XML"},
		{"attribute without quotes", `<xml><a array=true>x</a></xml>`, "not XML"},
		{"bare ampersand", `<xml><a>x & y</a></xml>`, "not XML"},
		{"control character", "<xml><a>\x01</a></xml>", "not XML"},
		{"escaped control character", "<xml><a>&#0;</a></xml>", "not XML"},
		{"half of a surrogate pair", "<xml><a>&#xD800;</a></xml>", "surrogate pair"},
		{"the other half, decimal, behind CDATA", "<xml><a><![CDATA[x]]>y&#65;&#0057343;</a></xml>", "surrogate pair"},
		{"half of a surrogate pair in a name", "<xml><a name='b&#xdbff;'>x</a></xml>", "surrogate pair"},
		{"invalid UTF-8", "<xml><a>\xff</a></xml>", "UTF-8"},
		{"UTF-16", "\xff\xfe<\x00x\x00", "UTF-8"},
		{"another encoding", `<?xml version="1.0" encoding="windows-1251"?><xml/>`, `"windows-1251"`},
		{"another version", `<?xml version="1.1"?><xml/>`, "1.1"},
		{"document type", `<!DOCTYPE xml SYSTEM "http://example.com/x.dtd"><xml/>`, "document type"},
		{"entity bomb", `<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><a>&b;</a></xml>`, "document type"},
		{"external entity", `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><a>&a;</a></xml>`, "document type"},
		{"undeclared entity", `<xml><a>&nbsp;</a></xml>`, "&nbsp;"},
		{"long undeclared entity", `<xml><a>&` + strings.Repeat("a", 100_000) + `;</a></xml>`, "not XML"},
		{"processing instruction", `<?php echo 1 ?><xml/>`, "<?php?>"},
		{"stylesheet", `<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?><xml/>`, "<?xml-stylesheet?>"},
		{"late declaration", ` <?xml version="1.0"?><xml/>`, "processing instruction"},
		{"prefixed element", `<xml><a:b>x</a:b></xml>`, "b: namespaces"},
		{"element in a namespace", `<xml><a><b xmlns="urn:c"/></a></xml>`, "a.b: namespaces"},
		{"colon in front", `<xml><:a/></xml>`, "namespaces"},
		{"nil of a schema", `<xml xmlns:i="urn:i"><a i:nil="true"/></xml>`, "attribute nil"},
		{"other attribute", `<xml><a><b type='int'>1</b></a></xml>`, "a.b: the attribute type"},
		{"array='false'", `<xml><a array='false'>1</a></xml>`, "a: array='false'"},
		{"array='1'", `<xml><a array='1'>1</a></xml>`, "a: array='1'"},
		{"repeated element", `<xml><a><b>1</b><b>2</b></a></xml>`, "a.b stands more than once"},
		{"marked too late", `<xml><a>1</a><a array='true'>2</a></xml>`, "a stands more than once"},
		{"text, then elements", `<xml><a>x<b/></a></xml>`, "a holds both"},
		{"elements, then text", `<xml><a><b/>x</a></xml>`, "a holds both"},
		{"elements, then text in the root", `<xml><a/>x</xml>`, "<xml> holds both"},
		{"100,000 attributes", `<xml><a ` + strings.Repeat(`b="" `, 100_000) + `/></xml>`, "a tag of more than 4096 bytes"},
		{"a tag with > in quotes", `<xml><a ` + strings.Repeat(`b=">" `, 100_000) + `/></xml>`, "a tag of more than"},
		{"a long name", `<xml><` + strings.Repeat("a", 5000) + `/></xml>`, "a tag of more than"},
		{"34 levels", "<xml>" + strings.Repeat("<a>", 33) + strings.Repeat("</a>", 33) + "</xml>", "32 levels"},
		{"290,000 elements", `<xml>` + strings.Repeat("<a array='true'/>", 290_000) + `</xml>`, "more than 150000 elements"},
		{"100,000 levels", "<xml>" + strings.Repeat("<a>", 100_000), "32 levels"},
	}
	for _, tt := range tests {
		_, err := xmlbody.Read([]byte(tt.document), callShape, xmlbody.OfBatch)
		clientErr, ok := errs.AsClient(err)
		if !ok || !strings.Contains(texts.Of(clientErr), tt.want) || len(texts.Of(clientErr)) > 400 || clientErr.Kind != errs.Invalid {
			t.Errorf("%s: Read() error = %.500v, want a short refusal with %q", tt.name, err, tt.want)
		}
	}
}

// As many levels as JSON may have, XML may.
func TestLevelsOfXML(t *testing.T) {
	t.Parallel()
	for levels, want := range map[int]bool{value.MaxDepth: true, value.MaxDepth + 1: false} {
		body := "<xml>" + strings.Repeat("<a>", levels-1) + "<a>x</a>" + strings.Repeat("</a>", levels-1) + "</xml>"
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		if _, err := readDocument(asJSON(r, "", xmlbody.OfOne, func([]byte) error { return nil })); (err == nil) != want {
			t.Errorf("%d levels: error = %v, want success: %t", levels, err, want)
		}
	}
}

// A broken table answers every read with err, or panics where there is none.
type broken struct {
	blank
	err error
}

func (b broken) Keys(context.Context, int, []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	if b.err == nil {
		panic("broken")
	}
	return nil, b.err
}

// What was not decided is told in XML, too, with an HTTP code of its own.
func TestFaultsInXML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"busy", &errs.Unavailable{}, http.StatusServiceUnavailable, "<xml><error>503</error>"},
		{"fault", errors.New("no such table"), http.StatusInternalServerError, "<xml><error>500</error><error_text>Internal error."},
		{"panic", nil, http.StatusInternalServerError, "<xml><error>500</error><error_text>Internal error."},
	}
	for _, tt := range tests {
		handler := handlerOn(broken{err: tt.err})
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/get", strings.NewReader("<xml><token>open</token><db_id>5</db_id><email>a@b.c</email></xml>"))
		r.Header.Set("Content-Type", "application/xml")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if got := w.Body.String(); w.Code != tt.status || !strings.HasPrefix(got, xmlbody.Declaration+tt.want) || strings.Contains(got, "no such table") {
			t.Errorf("%s: answer = %d %s, want %d %s...", tt.name, w.Code, got, tt.status, tt.want)
		}
		if got, want := w.Header().Get("Content-Length"), strconv.Itoa(w.Body.Len()); got != want {
			t.Errorf("%s: Content-Length = %s, want %s", tt.name, got, want)
		}
	}
}

// What is done is answered: in XML if that fits an answer, else in JSON.
func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	for entries, want := range map[int]string{100: "application/xml; charset=utf-8", xmlbody.MaxBytes / 20: "application/json; charset=utf-8"} {
		answer := map[string]any{"error": 0, "result": make([]int, entries)} // 34 bytes each
		inJSON, err := httpapi.JSON(http.StatusOK, answer)
		if err != nil {
			t.Fatal(err)
		}
		converted := convert(&httpapi.Call{Request: httptest.NewRequest(http.MethodPost, "/?format=xml", nil)}, inJSON)
		if got := converted.Header.Get("Content-Type"); got != want {
			t.Errorf("%d entries: Content-Type = %s, want %s", entries, got, want)
		}
		if got, want := converted.Header.Get("Content-Length"), strconv.Itoa(len(converted.Body)); got != want {
			t.Errorf("%d entries: Content-Length = %s, want %s", entries, got, want)
		}
	}
}
