package whole

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// TestImportsGuide: the commands of docs/imports.md, from top to bottom and twice, do
// against a process of make run what the page says.
func TestImportsGuide(t *testing.T) {
	t.Parallel()
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	process := client.Start(t, dynamotest.Table(t))
	var blocks string
	for _, block := range shellBlock.FindAllStringSubmatch(guide(t, "imports.md"), -1) {
		blocks += block[1] + "\necho\n"
	}
	blocks = strings.ReplaceAll(blocks, ".cache/try", t.TempDir())
	command := exec.CommandContext(t.Context(), "bash", "-c", "set -eu\n"+blocks+blocks)
	command.Dir = root
	command.Env = append(os.Environ(), "B="+process.Address, "S3="+process.Bucket, "PORT="+portOf(t, process.Address), "S3_PORT="+portOf(t, process.Bucket))
	printed, err := command.CombinedOutput()
	out := string(printed)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := out
	for _, mended := range []string{"1 created, 0 updated, 0 unchanged", "0 created, 0 updated, 1 unchanged"} {
		for _, want := range []string{
			"done: 3 rows: 1 created, 1 updated, 0 unchanged, 1 rejected\n",
			"  row 2: phones: Incorrect phone, it has other characters than digits and separators.\n",
			" write units, US$ 0.0000 at list price\n", "/summary.json'\n", "/rejected.csv'\n",
			"done: 1 rows: " + mended + ", 0 rejected\n",
			"undoing would do this: 1 changes put back, 1 customers deleted, 1 entries of points reversed, 0 changes kept\n",
			"undone: 1 changes put back, 1 customers deleted, 1 entries of points reversed, 0 changes kept\n",
			`"state":"undone"`, `{"imports":[{"id":"`, `{"import":{"id":"`,
		} {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Fatalf("the guide does not print %q in\n%s\nThe whole of it:\n%s", want, rest, out)
			}
			rest = after
		}
	}
	if strings.Contains(out, `{"error"`) {
		t.Errorf("the guide is rejected\n%s", out)
	}

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, process.Bucket+"/imports", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://example.com")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a web page may read the bucket: %s", answer.Status)
	}
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
