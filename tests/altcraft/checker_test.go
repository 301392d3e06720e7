package altcraft_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"

	"regulars/tests/client"
	"regulars/tests/openapi"
)

// A checker is the service, watched: an answer that says that nothing was done
// must leave the table as it was.
type checker struct {
	client.Scene
	t *testing.T
}

// readsOnly are the methods that write nothing.
var readsOnly = regexp.MustCompile(`/(get|list|fields_get)/?$`)

// ServeHTTP implements [http.Handler].
func (s checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Check(s.t, s.documented(), w, r, func(got *httptest.ResponseRecorder) bool {
		answer, err := outcomeOf(got.Body.Bytes())
		if err != nil {
			s.t.Errorf("%s %s: the body is neither JSON nor XML with an error number: %v\n%s", r.Method, r.URL.Path, err, got.Body)
		}
		recorded := r.Header.Get("Idempotency-Key") != "" && got.Header().Get("Idempotency-Hit") == ""
		unchanged := answer.Changed != nil && !*answer.Changed && !recorded
		return !answer.rejected() && !unchanged && got.Header().Get("Dry-Run") == "" && !readsOnly.MatchString(r.URL.Path)
	})
}

// documented is the service, of which the OpenAPI document must allow what it is
// asked and answers.
func (s checker) documented() http.Handler {
	document, err := altcraftDocument()
	if err != nil {
		s.t.Fatal(err)
	}
	rejected := func(status int, body []byte) bool {
		v, err := outcomeOf(body)
		return status != http.StatusOK || err != nil || v.rejected()
	}
	return document.Watch(s.Server, rejected, func(err error) { s.t.Error(err) })
}

// altcraftDocument is the one document that all conversations are held against.
var altcraftDocument = sync.OnceValues(func() (*openapi.Document, error) { return openapi.Load("../../docs/openapi/altcraft.yaml") })

// An outcome is what an answer of the Altcraft API says of a request, in JSON or
// XML.
type outcome struct {
	Error   *int  `json:"error" xml:"error"`
	Changed *bool `json:"changed" xml:"changed"`
}

func outcomeOf(body []byte) (v outcome, err error) {
	read := json.Unmarshal
	if bytes.HasPrefix(body, []byte("<")) {
		read = xml.Unmarshal
	}
	if err = read(body, &v); err == nil && v.Error == nil {
		err = errors.New("error is missing")
	}
	return v, err
}

// rejected reports whether nothing was done.
func (v outcome) rejected() bool { return v.Error == nil || *v.Error != 0 }

// post sends a body to a method of the Altcraft API.
func post(t *testing.T, h http.Handler, method string, body []byte) (*http.Response, answer) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1.1/"+method, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, text)
	}
	return w.Result(), a
}

// An answer of the Altcraft API.
type answer struct {
	Error   int    `json:"error"`
	Text    string `json:"error_text"`
	ID      string `json:"profile_id"`
	Created bool   `json:"created"`
	Changed bool   `json:"changed"`
	Data    map[string]any
}
