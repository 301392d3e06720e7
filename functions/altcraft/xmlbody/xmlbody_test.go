package xmlbody

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"regulars/shared/value"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, answer, want string }{
		{"in its order", `{"error":0,"error_text":"Successful operation","b":true,"a":null}`, `<xml><error>0</error><error_text>Successful operation</error_text><b>true</b><a/></xml>`},
		{"escaped", `{"a":"<b>&'\" \r\n\t"}`, `<xml><a>&lt;b&gt;&amp;&#39;&#34; &#xD;&#xA;&#x9;</a></xml>`},
		{"numbers as they are", `{"a":1.50,"b":12345678901234567890123456789012345678}`, `<xml><a>1.50</a><b>12345678901234567890123456789012345678</b></xml>`},
		{"empty", `{"a":"","b":{},"c":[]}`, `<xml><a/><b/><c array='true'/></xml>`},
		{"objects", `{"data":{"a":{"b":1}}}`, `<xml><data><a><b>1</b></a></data></xml>`},
		{"array of texts", `{"a":["x","y"]}`, `<xml><a array='true'>x</a><a array='true'>y</a></xml>`},
		{"array of objects", `{"result":[{"a":1},{}]}`, `<xml><result array='true'><a>1</a></result><result array='true'/></xml>`},
		{"list", `{"data":[{"a":1},{"a":2}],"error":0}`, `<xml><data><a>1</a></data><data><a>2</a></data><error>0</error></xml>`},
		{"empty list", `{"data":[],"error":0}`, `<xml><error>0</error></xml>`},
		{"data further in is no list", `{"a":{"data":[1]}}`, `<xml><a><data array='true'>1</data></a></xml>`},
		{"arrays in arrays", `{"a":[[1,2],[],3,[[4]]]}`, `<xml><a array='true'><item array='true'>1</item><item array='true'>2</item></a><a array='true'><item array='true'/></a><a array='true'>3</a>` +
			`<a array='true'><item array='true'><item array='true'>4</item></item></a></xml>`},
		{"names of no element", `{"First name":"x","1st":1,"a:b":2,"xmlns":3,"<'&>":[4],"Имя":5,"ñ-1.":6,"漢":7}`,
			`<xml><field name='First name'>x</field><field name='1st'>1</field><field name='a:b'>2</field><field name='xmlns'>3</field>` +
				`<field name='&lt;&#39;&amp;&gt;' array='true'>4</field><Имя>5</Имя><ñ-1.>6</ñ-1.><field name='漢'>7</field></xml>`},
		{"what XML does not have", `{"a":"\ufffe"}`, "<xml><a>\ufffd</a></xml>"},
	}
	for _, tt := range tests {
		got, err := Write([]byte(tt.answer))
		if want := Declaration + tt.want; err != nil || string(got) != want {
			t.Errorf("%s: Write() = %s, %v, want\n%s", tt.name, got, err, want)
		}
	}
	large := `{"a":[` + strings.Repeat(`1,`, MaxBytes/20) + `1]}`
	for _, answer := range []string{``, `{"a":`, `{"a":[1`, `plain`, large} {
		if got, err := Write([]byte(answer)); err == nil {
			t.Errorf("Write(%.40q) = %.40s, want an error", answer, got)
		}
	}
}

// Every letter that stands in an element's name is one for the tokenizer.
func TestElementNames(t *testing.T) {
	t.Parallel()
	for r := rune(0); r < 0x10000; r++ {
		if !isElementName("a" + string(r)) {
			continue
		}
		if _, err := Read([]byte("<xml><a"+string(r)+"/></xml>"), nil, OfOne); err != nil {
			t.Errorf("%U in a name: %v", r, err)
		}
		if !isElementName(string(r)) {
			continue
		}
		if _, err := Read([]byte("<xml><"+string(r)+"/></xml>"), nil, OfOne); err != nil {
			t.Errorf("%U at the start of a name: %v", r, err)
		}
	}
}

func TestPreferred(t *testing.T) {
	t.Parallel()
	tests := []struct {
		accept    string
		json, xml bool // what it means for a request in either
	}{
		{"", false, true},
		{"*/*", false, true},
		{"application/*", false, true},
		{"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", false, true}, // of Java
		{"application/xml", true, true},
		{"text/XML; charset=utf-8", true, true},
		{"application/json", false, false},
		{"application/json, text/plain, */*", false, true}, // of a browser's scripts
		{"application/json, */*;q=0.1", false, false},
		{"text/plain, application/xml, text/xml, application/json, */*", false, true}, // of Spring
		{"application/xml;q=0.5, application/json;q=0.4", true, true},
		{"application/xml;q=0.4, application/json;q=0.5", false, false},
		{"application/xml;q=x, application/json", false, false},
		{"text/html", false, true},
		{"application/xhtml+xml,;;", false, true},
	}
	for _, tt := range tests {
		for asked, want := range map[bool]bool{false: tt.json, true: tt.xml} {
			if got := Preferred([]string{tt.accept}, asked); got != want {
				t.Errorf("Preferred(%q, %t) = %t, want %t", tt.accept, asked, got, want)
			}
		}
	}
}

// FuzzWrite: whatever value an answer holds, its XML reads back to a value that
// is written the same.
func FuzzWrite(f *testing.F) {
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
			written, err := Write(text)
			if err != nil {
				t.Fatalf("Write(%s) error = %v", text, err)
			}
			return written
		}
		written := form(v)
		read, err := Read(written, nil, OfBatch)
		if err != nil {
			if strings.Contains(err.Error(), "too_deep") { // an array is one level in JSON, and two with an array in it
				return
			}
			t.Fatalf("Read(%s) error = %v", written, err)
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
			if !survives(name) || len(name) > 255 || !survives(e) {
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
		size = 500_000
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
		if _, err := Read(document, nil, OfBatch); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		got := int(after.TotalAlloc-before.TotalAlloc) / len(document)
		if t.Logf("%s: %d bytes for each", name, got); got > most {
			t.Errorf("%s: %d bytes for each of the body, want at most %d", name, got, most)
		}
	}
}
