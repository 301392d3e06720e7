package conversation_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"regulars/tests/conversation"
)

// parrot answers with the body of the request, and with what it says in headers.
func parrot(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("X-Path", r.Method+" "+r.URL.String())
	w.Header().Set("X-Type", r.Header.Get("Content-Type"))
	w.WriteHeader(http.StatusTeapot)
	_, _ = w.Write(body)
}

// Each row is what the parrot answers and what a file expects of it.
func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer, pattern string
		want                  string // part of the error; empty for none
	}{
		{"equal", `{"a": 1, "b": [true, null, "x"]}`, `{"b": [true, null, "x"], "a": 1}`, ""},
		{"another number", `{"a": 1}`, `{"a": 2}`, "body.a = 1, want 2"},
		{"a number as another text", `{"a": 1.0}`, `{"a": 1}`, "body.a"},
		{"a number for a text", `{"a": "1"}`, `{"a": 1}`, "body.a"},
		{"a text for a number", `{"a": 1}`, `{"a": "1"}`, "body.a"},
		{"true for false", `{"a": true}`, `{"a": false}`, "body.a"},
		{"something for null", `{"a": 0}`, `{"a": null}`, "body.a"},
		{"null for something", `{"a": null}`, `{"a": {}}`, "body.a"},
		{"missing member", `{}`, `{"a": 1}`, "body.a is missing"},
		{"missing is not null", `{}`, `{"a": null}`, "body.a is missing"},
		{"unnamed member", `{"a": 1, "b": 2}`, `{"a": 1}`, "body.b = 2, want none"},
		{"open object", `{"a": 1, "b": 2}`, `{"a": 1, ...}`, ""},
		{"open object, alone", `{"a": 1}`, `{...}`, ""},
		{"open object, wrong member", `{"a": 1, "b": 2}`, `{"a": 2, ...}`, "body.a"},
		{"open outside, closed inside", `{"a": {"b": 1, "c": 2}, "d": 3}`, `{"a": {"b": 1}, ...}`, "body.a.c"},
		{"dots in a text", `{"a": "1..."}`, `{"a": "1..."}`, ""},
		{"array too long", `[1, 2]`, `[1]`, "body has 2 elements, want 1"},
		{"array too short", `[1]`, `[1, 2]`, "want 2"},
		{"array in another order", `[1, 2]`, `[2, 1]`, "body[0]"},
		{"open array", `[1, 2]`, `[1, ...]`, ""},
		{"open array too short", `[]`, `[1, ...]`, "want 1"},
		{"array for an object", `[]`, `{}`, "body"},
		{"anything", `{"a": {"b": 1}}`, `{"a": "*"}`, ""},
		{"anything must be there", `{}`, `{"a": "*"}`, "body.a is missing"},
		{"part of a text", `"bad phone: 1"`, `"*phone*"`, ""},
		{"not part of a text", `"bad phone: 1"`, `"*email*"`, "body"},
		{"a text with brackets and dots", `"a(b).c"`, `"a(b).c"`, ""},
		{"a dot is a dot", `"axc"`, `"a.c"`, "body"},
		{"seen twice", `{"a": "x", "b": "x"}`, `{"a": "$v", "b": "$v"}`, ""},
		{"seen twice, different", `{"a": "x", "b": "y"}`, `{"a": "$v", "b": "$v"}`, `body.b = "y", want "x"`},
		{"number seen twice", `[7, 7]`, `["$n", "$n"]`, ""},
		{"number seen twice, different", `[7, 8]`, `["$n", "$n"]`, "body[1]"},
		{"an object is no variable", `[{}]`, `["$v"]`, "body[0]"},
		{"given", `"known to ada"`, `"known to $who"`, ""},
		{"not the given", `"known to eve"`, `"known to $who"`, "body"},
		{"no JSON", `<html>`, `{...}`, "the body is not JSON"},
		{"two documents", `{} {}`, `{}`, "something follows"},
		{"pattern is no JSON", `{}`, `{"a"}`, "the pattern is not JSON"},
		{"no pattern", `<html>`, ``, ""},

		{"XML", `<xml><a>1</a><b/></xml>`, `<xml><a>1</a><b/></xml>`, ""},
		{"XML, spaced", "<?xml version=\"1.0\"?>\n> <xml>\n>  <a>1</a>  <b/></xml>", "<xml>\n< <a>1</a>\n< <b/></xml>\n", ""},
		{"XML, spaces in a text", `<xml><a> 1</a></xml>`, `<xml><a>1</a></xml>`, "does not match"},
		{"XML, another text", `<xml><a>1</a></xml>`, `<xml><a>2</a></xml>`, "does not match"},
		{"XML, another order", `<xml><a/><b/></xml>`, `<xml><b/><a/></xml>`, "does not match"},
		{"XML, missing element", `<xml><a/></xml>`, `<xml><a/><b/></xml>`, "does not match"},
		{"XML, unnamed element", `<xml><a/><b/></xml>`, `<xml><a/></xml>`, "does not match"},
		{"open XML", `<xml><a/><b/><c/></xml>`, `<xml> ... <b/> ...</xml>`, ""},
		{"open XML, nothing left out", `<xml><b/></xml>`, `<xml>...<b/>...</xml>`, ""},
		{"open XML, missing element", `<xml><a/><c/></xml>`, `<xml>...<b/>...</xml>`, "does not match"},
		{"open XML is of elements", `<xml><a>x1</a></xml>`, `<xml><a>...1</a></xml>`, "does not match"},
		{"part of a text in XML", `<xml><a>bad phone: 1</a></xml>`, `<xml><a>*phone*</a></xml>`, ""},
		{"a * ends with its text", `<xml><a>x</a><b>y</b></xml>`, `<xml><a>*y</b></xml>`, "does not match"},
		{"dots in XML are dots", `<xml><a>xyz</a></xml>`, `<xml><a>x.z</a></xml>`, "does not match"},
		{"seen twice in XML", `<xml><a>x</a><b>x</b></xml>`, `<xml><a>$v</a><b>$v</b></xml>`, ""},
		{"seen twice in XML, different", `<xml><a>x</a><b>y</b></xml>`, `<xml><a>$v</a><b>$v</b></xml>`, "want the same"},
		{"given in XML", `<xml>ada</xml>`, `<xml>$who</xml>`, ""},
		{"not the given in XML", `<xml>eve</xml>`, `<xml>$who</xml>`, "does not match"},
		{"no XML", `{}`, `<xml/>`, "the body is not XML"},
		{"unclosed XML", `<xml><a>`, `<xml>...`, "the body is not XML"},
		{"two roots", `<xml/> <xml/>`, `<xml/>...`, "the body is not XML"},
	}
	for _, tt := range tests {
		text := "> POST /\n> " + tt.answer + "\n< 418\n"
		if tt.pattern != "" {
			text += "< " + tt.pattern + "\n"
		}
		check(t, tt.name, text, tt.want)
	}
}

func TestConversations(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"status", "> GET /\n< 200", "status = 418, want 200"},
		{"the line is named", "# so\n\n> GET /\n< 418\n> GET /b\n< 200", "line 5: GET /b"},
		{"path and method", "> PUT /a//b/?c=d\n< 418\n< X-Path: PUT http://conversation.test/a//b/?c=d", ""},
		{"header", "> GET /\n< 418\n< X-Path: GET /b", "header X-Path"},
		{"part of a header", "> GET /\n< 418\n< X-Path: GET *", ""},
		{"header absent", "> GET /\n< 418\n< X-Other:", ""},
		{"header not absent", "> GET /\n< 418\n< X-Path:", `header X-Path = "GET http://conversation.test/", want "none"`},
		{"type by default", "> GET /\n< 418\n< X-Type: application/json", ""},
		{"type of the file", "> GET /\n> Content-Type: text/plain\n< 418\n< X-Type: text/plain", ""},
		{"no type", "> GET /\n> Content-Type:\n< 418\n< X-Type:", ""},
		{"header and body", "> GET /\n> X-A: b\n> {\"a\":\n>   1}\n< 418\n< {\"a\": 1}", ""},
		{"body like a header", "> GET /\n>\n> X: b\n< 418\n< {}", "the body is not JSON"},
		{"captured, then sent", "> GET /\n> {\"id\": \"7\"}\n< 418\n< {\"id\": \"$id\"}\n> GET /$id\n> {\"id\": \"$id\"}\n< 418\n< X-Path: *test/7\n< {\"id\": \"7\"}", ""},
		{"captured in XML, then sent", "> GET /\n> <xml><id>7</id></xml>\n< 418\n< <xml><id>$id</id></xml>\n> GET /$id\n> <xml>$id</xml>\n< 418\n< X-Path: *test/7\n< <xml>7</xml>", ""},
		{"given, in path and body", "> GET /$who\n> [\"$who\"]\n< 418\n< X-Path: *test/ada\n< [\"ada\"]", ""},
		{"empty", "# nothing", "without an answer"},
		{"no answer", "> GET /", "without an answer"},
		{"answer first", "< 200", "line 1"},
		{"junk", "> GET /\n< 418\nPOST", "line 3"},
		{"no path", "> GET\n< 418", "method and path"},
		{"no status", "> GET /\n< {}", "starts with its status"},
	}
	for _, tt := range tests {
		check(t, tt.name, tt.text, tt.want)
	}
}

func check(t *testing.T, name, text, want string) {
	t.Helper()
	err := conversation.Play(http.HandlerFunc(parrot), text, map[string]string{"who": "ada"})
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: error = %v, want %q in it", name, err, want)
	}
}
