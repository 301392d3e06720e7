package openapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"regulars/tests/openapi"
)

const pets = `
openapi: 3.0.3
info: {title: pets, version: "1"}
paths:
  /pets/{id}:
    put:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}}}}}
`

func TestWatch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pets.yaml")
	if err := os.WriteFile(file, []byte(pets), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path, body, answer, want string }{
		{"fits", "/pets/7/", `{"name":"a"}`, `{"id":7}`, ""},
		{"request does not fit", "/pets/7", `{"name":1}`, `{"id":7}`, "forbids the request"},
		{"request that is refused", "/pets/7", `{"name":1}`, `refused`, ""},
		{"answer does not fit", "/pets/7", `{"name":"a"}`, `{"id":"7"}`, "forbids the answer"},
		{"unknown path", "/cats/7", `{}`, `{"id":7}`, "not in the document"},
		{"unknown path that is refused", "/cats/7", `{}`, `refused`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document, err := openapi.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != tt.body {
					t.Errorf("body = %s, want %s", body, tt.body)
				}
				w.Header().Set("Content-Type", "application/json")
				if tt.answer == "refused" {
					w.Header().Set("Content-Type", "text/plain")
				}
				io.WriteString(w, tt.answer)
			})
			found := ""
			rejected := func(_ int, body []byte) bool { return string(body) == "refused" }
			watched := document.Watch(h, rejected, func(err error) { found += err.Error() })
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), "PUT", tt.path, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			watched.ServeHTTP(w, r)
			if w.Body.String() != tt.answer {
				t.Errorf("answer = %s, want it handed on", w.Body)
			}
			if tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
				t.Errorf("reported %q, want %q", found, tt.want)
			}
			if seen := len(document.Unseen()) == 0; seen != (tt.answer != "refused" && tt.want != "forbids the request" && tt.want != "not in the document") {
				t.Errorf("Unseen() = %v", document.Unseen())
			}
		})
	}
}

func TestLoadRejectsWhatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no.yaml")
	if err := os.WriteFile(file, []byte("openapi: 3.0.3\npaths: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openapi.Load(file); err == nil {
		t.Error("Load() error = nil, want one about the missing info")
	}
}
