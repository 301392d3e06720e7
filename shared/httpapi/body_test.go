package httpapi_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

func TestReadBody(t *testing.T) {
	tests := []struct {
		name string
		body io.Reader
		want string
		code string // of the client error
	}{
		{name: "none", body: strings.NewReader("")},
		{name: "short", body: strings.NewReader("abc"), want: "abc"},
		{name: "at the limit", body: strings.NewReader("abcde"), want: "abcde"},
		{name: "in pieces", body: iotest.OneByteReader(strings.NewReader("abcde")), want: "abcde"},
		{name: "over the limit", body: strings.NewReader("abcdef"), code: "body_too_large"},
		{name: "breaks off", body: io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(io.ErrUnexpectedEOF)), code: "body_unreadable"},
		{name: "refuses itself", body: iotest.ErrReader(errs.New(errs.Invalid, "bad_xml", "")), code: "bad_xml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/", tt.body)
			got, err := httpapi.ReadBody(r, 5)
			if tt.code == "" {
				if err != nil || string(got) != tt.want {
					t.Errorf("ReadBody() = %q, %v, want %q", got, err, tt.want)
				}
				return
			}
			clientErr, ok := errs.AsClient(err)
			if !ok || clientErr.Code != tt.code || clientErr.Kind != errs.Invalid {
				t.Errorf("ReadBody() error = %v, want the refusal %s", err, tt.code)
			}
		})
	}
}

func TestTooLargeSaysWhatToDo(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader("abcdef"))
	_, err := httpapi.ReadBody(r, 5)
	for _, word := range []string{"5 bytes", "bulk import"} {
		if clientErr, ok := errs.AsClient(err); !ok || !strings.Contains(httpapi.Texts.Of(clientErr), word) {
			t.Errorf("ReadBody() error = %v, want one with %q", err, word)
		}
	}
}

// A body without end must not be read to its end.
func TestReadBodyStops(t *testing.T) {
	endless := &endless{}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", endless)
	if _, err := httpapi.ReadBody(r, 5000); err == nil {
		t.Error("ReadBody() error = nil, want a refusal")
	}
	if endless.read > 5001 {
		t.Errorf("%d bytes were read, want 5001 at most", endless.read)
	}
}

type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestJSON(t *testing.T) {
	answer, err := httpapi.JSON(http.StatusCreated, map[string]string{"a": "<é&>"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(answer.Body), `{"a":"<é&>"}`; answer.Status != http.StatusCreated || got != want {
		t.Errorf("answer = %d %s, want 201 %s", answer.Status, got, want)
	}
	header := map[string]string{"Content-Type": "application/json; charset=utf-8", "Content-Length": "13"}
	for name, want := range header {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if answer, err := httpapi.JSON(http.StatusOK, math.NaN()); err == nil {
		t.Errorf("JSON(NaN) = %s, want an error", answer.Body)
	}
}
