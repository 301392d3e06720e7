package rowfile

import (
	"bytes"
	"path"
	"strings"
)

// formatsByName are the endings of names of files that are read.
var formatsByName = map[string]Format{
	".csv": CSV, ".tsv": CSV, ".txt": CSV, ".jsonl": JSONLines, ".ndjson": JSONLines,
}

// unreadNames are endings of files that are not read, and which reason says what to
// do instead.
var unreadNames = map[string]string{
	".xlsx": "spreadsheet", ".xlsm": "spreadsheet", ".xlsb": "spreadsheet", ".xls": "spreadsheet", ".ods": "spreadsheet", ".numbers": "spreadsheet",
	".zip": "zip", ".7z": "zip", ".rar": "zip", ".tar": "zip", ".tgz": "zip",
	".json": "json", ".xml": "name", ".parquet": "name",
}

// Detect says from a file's name, and from its first bytes where there are any, how
// it is written and whether it is compressed. Its client errors are bad_file: a kind
// of file that is not read, by name or by what is in it, and a file that is not what
// its name says.
func Detect(name string, begin []byte) (format Format, compressed bool, err error) {
	lower := strings.ToLower(path.Base(name))
	base, compressed := strings.CutSuffix(lower, ".gz")
	ending := path.Ext(base)
	format, ok := formatsByName[ending]
	if !ok {
		return "", false, unread(ending)
	}
	if len(begin) == 0 {
		return format, compressed, nil
	}
	return format, compressed, checkBegin(format, compressed, begin)
}

// unread names what to do with a file that is not read.
func unread(ending string) error {
	switch unreadNames[ending] {
	case "spreadsheet":
		return reject("bad_file/spreadsheet", "", ending)
	case "zip":
		return reject("bad_file/zip", "", ending)
	case "json":
		return reject("bad_file/json", "")
	}
	return reject("bad_file/name", "", ending)
}

// What some kinds of files begin with.
var (
	gzipMagic = []byte{0x1f, 0x8b}
	zipMagic  = []byte("PK\x03\x04")
	oldExcel  = []byte{0xd0, 0xcf, 0x11, 0xe0}
)

// checkBegin rejects a file whose content is not what its name says.
func checkBegin(format Format, compressed bool, begin []byte) error {
	isGzip := bytes.HasPrefix(begin, gzipMagic)
	text := bytes.TrimLeft(bytes.TrimPrefix(begin, []byte(byteOrderMark)), " \t\r\n")
	switch {
	case bytes.HasPrefix(begin, zipMagic):
		return reject("bad_file/is_zip", "")
	case bytes.HasPrefix(begin, oldExcel):
		return reject("bad_file/spreadsheet", "", ".xls")
	case isGzip && !compressed:
		return reject("bad_file/is_gzip", "")
	case compressed && !isGzip:
		return reject("bad_file/no_gzip", "")
	case compressed, len(text) == 0, isWide(begin):
		return nil
	case otherKind(text) != "":
		return reject("bad_file/other_kind", "", otherKind(text))
	case format == CSV && bytes.HasPrefix(text, []byte(`{"`)):
		return reject("bad_file/is_json_lines", "")
	case format == JSONLines && text[0] == '[':
		return reject("bad_file/json", "")
	case format == JSONLines && text[0] != '{':
		return reject("bad_file/no_json_lines", "")
	}
	return nil
}

// otherKinds are files that are no text with rows and are dropped all the same, by what
// they begin with.
var otherKinds = []struct{ begin, kind string }{
	{"\x89PNG\r\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"GIF87a", "image/gif"}, {"GIF89a", "image/gif"},
	{"%PDF-", "application/pdf"}, {"Rar!\x1a\x07", "application/vnd.rar"}, {"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"},
	{"PAR1", "application/vnd.apache.parquet"}, {"SQLite format 3\x00", "application/vnd.sqlite3"},
	{"<?xml", "text/xml"}, {"<!DOCTYPE html", "text/html"}, {"<!doctype html", "text/html"}, {"<html", "text/html"},
}

// otherKind is the media type of such a file, or empty.
func otherKind(text []byte) string {
	for _, other := range otherKinds {
		if bytes.HasPrefix(text, []byte(other.begin)) {
			return other.kind
		}
	}
	return ""
}

// isWide reports whether the text is UTF-16.
func isWide(begin []byte) bool {
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(begin, []byte(mark)) {
			return true
		}
	}
	return false
}
