package imports_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/tests/client"
	"regulars/tests/conversation"
	"regulars/tests/openapi"
)

// Each file in tests/imports is played to a service of its own that has imported some
// files, and every exchange is held against docs/openapi/imports.yaml. Together they
// show each operation.
func TestConversations(t *testing.T) {
	t.Parallel()
	document, err := openapi.Load("../../docs/openapi/imports.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no conversations in tests/imports")
	}
	t.Run("files", func(t *testing.T) {
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				t.Parallel()
				playImports(t, document, file)
			})
		}
	})
	if unseen := document.Unseen(); len(unseen) > 0 {
		t.Errorf("no conversation shows %v", unseen)
	}
}

func playImports(t *testing.T, document *openapi.Document, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := client.NewScene(t)
	variables := client.NewTokens(t, s)
	i := importer{t, s}
	for name, id := range map[string]string{
		"failed": i.put("imports/tenant=5/empty.csv", "", nil),
		"dry":    i.put("imports/tenant=5/dry.csv", "email\ndry@example.com\n", map[string]string{"dry-run": "true"}),
		"other":  i.put("imports/tenant=6/other.csv", "email\nann@example.com\n", nil),
		"done": i.put("imports/tenant=5/matching=email/shop/customers.csv",
			"email,_fname,points.add\nann@example.com,Ann,10\nbob@@example.com,Bob,\ncleo@example.com,Cleo,\n", nil),
	} {
		variables[name] = id
	}
	i.work(func() bool {
		return i.state(variables["done"]) == "done" && i.state(variables["dry"]) == "done" && i.state(variables["failed"]) == "failed"
	})
	variables["open"] = i.put("imports/tenant=5/open.csv", "email\nopen@example.com\n", nil) // nobody works on it
	watched := document.Watch(s.Server, func(status int, _ []byte) bool { return status >= 400 }, func(err error) { t.Error(err) })
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/imports") {
			s.ServeHTTP(w, r)
			return
		}
		s.Check(t, watched, w, r, func(got *httptest.ResponseRecorder) bool { return got.Code < 400 && r.Method != http.MethodGet })
	})
	if err := conversation.Play(h, string(text), variables); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}

// An importer puts files into the bucket of a scene.
type importer struct {
	t *testing.T
	client.Scene
}

// put uploads a file, has its event handled, and returns the id of its import, which
// is empty for a tenant without a token.
func (i importer) put(key, body string, options map[string]string) string {
	i.t.Helper()
	version := client.Drop(i.t, i.Server, i.Files, key, body, options)
	tenant := strings.SplitAfterN(strings.SplitN(key, "tenant=", 2)[1], "/", 2)[0]
	list := i.ask("GET", "/imports?limit=100&tenant="+strings.Trim(tenant, "/"), "")
	for _, im := range list.Imports {
		if im.Key == key && im.Version == version {
			return im.ID
		}
	}
	return ""
}

// An answered is what answers hold that tests look at.
type answered struct {
	Import  shown
	Imports []shown
	Plan    map[string]any
	Error   *struct{ Code, Path, Text string }
}

type shown struct {
	ID, Key, Version, State               string
	Created, Updated, Unchanged, Rejected int64
	Undo                                  map[string]int64
	Results                               []string
}

// ask sends a request with the token that may do all.
func (i importer) ask(method, target, body string) answered {
	i.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	var a answered
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		i.t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
	return a
}

func (i importer) state(id string) string { return i.ask("GET", "/imports/"+id, "").Import.State }

// work does parts until something is so.
func (i importer) work(done func() bool) {
	i.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); i.Work(ctx) }()
	defer func() { cancel(); <-ended }()
	client.Eventually(i.t, "what was waited for", done)
}
