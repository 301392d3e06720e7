package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"regulars/shared/errs"
)

// ReadBody returns the whole body of r, of at most limit bytes; it never reads
// more than one byte beyond. The client errors are body_too_large and, where the body
// breaks off, body_unreadable; bad_content_encoding for a compressed body, which
// could become larger than any limit, and bad_charset for a charset other than UTF-8.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, errs.New(errs.Invalid, "bad_content_encoding", "Content-Encoding", encoding)
	}
	if _, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil {
		switch charset := parameters["charset"]; strings.ToLower(charset) {
		case "", "utf-8", "utf8", "us-ascii":
		default:
			return nil, errs.New(errs.Invalid, "bad_charset", "Content-Type", charset)
		}
	}
	var buffer bytes.Buffer
	if r.ContentLength > 0 {
		buffer.Grow(int(min(r.ContentLength, limit)) + bytes.MinRead)
	}
	_, err := buffer.ReadFrom(io.LimitReader(r.Body, limit+1))
	body := buffer.Bytes()
	if clientErr, rejected := errs.AsClient(err); rejected {
		return nil, clientErr
	}
	if err != nil {
		return nil, errs.New(errs.Invalid, "body_unreadable", "")
	}
	if int64(len(body)) > limit {
		return nil, errs.New(errs.Invalid, "body_too_large", "", limit)
	}
	return body, nil
}

// CheckContentType takes a missing one for JSON. A client error, bad_content_type, says
// which ones are understood.
func CheckContentType(r *http.Request, understood string) error {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(header); err == nil && (kind == "application/json" || kind == "text/json") {
		return nil
	}
	return errs.New(errs.Invalid, "bad_content_type", "Content-Type", header, understood)
}

// Encode returns v as JSON, in which <, > and & stand as they are.
func Encode(v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}
