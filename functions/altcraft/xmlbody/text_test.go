package xmlbody

import (
	"runtime"
	"strings"
	"testing"

	"regulars/shared/errs"
)

func TestText(t *testing.T) {
	tests := []struct {
		document, want string
		found          bool
		reason         string // of the client error
	}{
		{"<xml><token>a</token></xml>", "a", true, ""},
		{"\ufeff<?xml version='1.0'?><!-- <token>no</token> --><xml>\n<db_id>5</db_id><token\n>a</token></xml>", "a", true, ""},
		{"<xml><data><token>no</token><b/></data><token><![CDATA[a&]]></token></xml>", "a&", true, ""},
		{"<xml><data/><token>a&amp;&#98;</token></xml>", "a&b", true, ""},
		{"<xml><x name='token'>a</x></xml>", "a", true, ""},
		{"<xml><token name='x'>a</token></xml>", "", false, ""},
		{"<xml><x array=\"true\" name\n=\t\"token\" >a</x></xml>", "a", true, ""},
		{"<xml><x array=\" name='token'\">a</x><y names='token'/></xml>", "", false, ""},
		{"<xml><token array='true'\n>a</token></xml>", "a", true, ""},
		{"<xml><tokens>a</tokens></xml>", "", false, ""},
		{"<token>a</token>", "", false, ""},
		{"<xml><d a='>'><token>no</token></d><![CDATA[<token>no</token>]]></xml>", "", false, ""},
		{"<xml><token/></xml>", "", true, ""},
		{"<xml><token>" + strings.Repeat("a", 2000) + "</token></xml>", "\x00", true, ""},
		{"<xml><token>a", "\x00", true, ""},
		{"<xml><token", "\x00", true, ""},
		{"<xml><!DOCTYPE x><token>a</token></xml>", "", false, "doctype"},
		{"<xml " + strings.Repeat("a='' ", 10_000) + ">", "", false, "tag_too_long"},
		{"<xml>" + strings.Repeat("<a/>", 160_000), "", false, "too_many"},
		{"", "", false, ""},
		{"<", "", false, ""},
		{"<xml></xml></xml></xml><token>a</token>", "", false, ""},
	}
	for _, tt := range tests {
		got, found, err := Text([]byte(tt.document), "token", OfBatch)
		reason := ""
		if client, ok := errs.AsClient(err); ok {
			reason = client.Reason
		}
		if got != tt.want || found != tt.found || reason != tt.reason {
			t.Errorf("Text(%.100q) = %q, %v, %v, want %q, %v, %q", tt.document, got, found, err, tt.want, tt.found, tt.reason)
		}
	}
}

// What Read takes for the member, Text does.
func FuzzText(f *testing.F) {
	f.Add("<xml><data><token>no</token></data><token>a&amp;</token></xml>")
	f.Add("<xml><x name='token'>a</x></xml>")
	f.Fuzz(func(t *testing.T, document string) {
		text, found, err := Text([]byte(document), "token", OfOne)
		object, readErr := Read([]byte(document), nil, OfOne)
		if readErr != nil {
			return
		}
		want, is := object["token"].(string)
		if is && len(want) < 100 && len(document) < 500 && (text != want || !found || err != nil) {
			t.Errorf("Text(%q) = %q, %v, %v, want %q", document, text, found, err, want)
		}
		if _, there := object["token"]; !there && (found || err != nil) {
			t.Errorf("Text(%q) = %q, %v, %v, want none", document, text, found, err)
		}
	})
}

func TestTextKeepsNothing(t *testing.T) {
	document := []byte("<xml>" + strings.Repeat(strings.Repeat("<a>", 30)+strings.Repeat("</a>", 30), 4_900) + "</xml>")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, found, err := Text(document, "token", OfBatch)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; found || err != nil || used > 100_000 {
		t.Errorf("Text() = %v, %v, and took %d bytes", found, err, used)
	}
}

func BenchmarkText(b *testing.B) {
	document := []byte("<xml>" + strings.Repeat(strings.Repeat("<a>", 30)+strings.Repeat("</a>", 30), 4_900) + "</xml>")
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		_, _, _ = Text(document, "token", OfBatch)
	}
}
