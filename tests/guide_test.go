package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"regulars/functions/local/laptop"
	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
)

// The commands in the code blocks of a page.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestMojodexGuide runs the commands of docs/mojodex.md with the shell, one after
// the other, against the service: only the port is another. What the guide's
// commands answer is what the page says.
func TestMojodexGuide(t *testing.T) {
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "mojodex.md"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(laptopOn(t, dynamotest.Client(t), seededTable(t)))
	t.Cleanup(server.Close)
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllSubmatch(page, -1) {
		if text := string(block[1]); !strings.Contains(text, "make run") {
			script += text + "\necho\n"
		}
	}
	script = strings.ReplaceAll(script, "http://localhost:3000", server.URL)
	command := exec.CommandContext(t.Context(), "bash", "-c", script)
	command.Dir = root
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`{"profile_category_pk":1}`, `{"profile_pk":1}`, `{"profile_task_association_pk":2}`, `{"purchase_pk":1}`, `{"purchase_pk":2}`,
		`"task_name":"Meeting minutes"`, `"product_name":"Seller"`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the guide does not answer %s\n%s", want, out)
		}
	}
	if strings.Contains(string(out), `"error":"`) {
		t.Errorf("the guide is refused something\n%s", out)
	}
}

func seededTable(t *testing.T) string {
	t.Helper()
	table := dynamotest.Table(t)
	if err := laptopOn(t, dynamotest.Client(t), table).Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return table
}

// TestMojodexTemplates sends the two files of the guide as they are, but for the
// number that stands open in the second.
func TestMojodexTemplates(t *testing.T) {
	l := newLaptop(t)
	send := func(path, file string, fill *strings.Replacer) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "docs", "guides", "profiles", "profiles_json", file))
		if err != nil {
			t.Fatal(err)
		}
		body := fill.Replace(string(text))
		if !json.Valid([]byte(body)) {
			t.Fatalf("%s is not JSON once it is filled in", file)
		}
		r := httptest.NewRequest(http.MethodPut, path, strings.NewReader(body))
		r.Header.Set("Authorization", laptop.DemoToken)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", file, w.Code, w.Body)
		}
	}
	send("/profile_category", "my_profile_category.json", strings.NewReplacer())
	send("/profile", "my_profile.json", strings.NewReplacer("<profile_category_pk>", fmt.Sprint(1)))
}
