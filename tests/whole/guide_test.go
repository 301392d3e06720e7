package whole

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// The commands in the code blocks of a page, what it prints as an answer, and there
// the number that is another each time.
var (
	shellBlock    = regexp.MustCompile("(?s)```sh\n(.*?)```")
	jsonBlock     = regexp.MustCompile("(?s)```json\n(.*?)```")
	profileMember = regexp.MustCompile(`"profile": "\d+"`)
)

func guide(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// follow runs the commands of pages in docs with the shell, one after the other,
// against a service of its own: only the port is another. It returns what they
// print.
func follow(t *testing.T, pages ...string) string {
	t.Helper()
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(client.ServiceOn(t, dynamotest.Client(t), seededTable(t)))
	t.Cleanup(server.Close)
	script := "set -eu\n"
	for _, page := range pages {
		for _, block := range shellBlock.FindAllStringSubmatch(guide(t, page), -1) {
			if !strings.Contains(block[1], "make run") {
				script += block[1] + "\necho\n"
			}
		}
	}
	script = strings.ReplaceAll(script, "http://localhost:3000", server.URL)
	command := exec.CommandContext(t.Context(), "bash", "-c", script)
	command.Dir = root
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	command.Env = append(os.Environ(), "B=", "PORT="+port) // which make admin speaks to
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// changing are the parts of answers that are others each time: ids, in both spellings,
// and the ids of jobs.
var changing = regexp.MustCompile(`\b0{10}[0-9a-f]{14}\b|\b[0-9]{15}\b|\b[0-9]{8}T[0-9]{6}Z-[A-Z0-9]+`)

// shownAnswer is what a page shows right under commands.
var shownAnswer = regexp.MustCompile("```\n\n```(?:json|xml)\n(?s:(.*?))\n```")

// showsWhatComes checks that each line that the pages show under commands is among
// the output of following them, in the order of the pages. Three dots stand for
// anything on that line.
func showsWhatComes(t *testing.T, out string, pages ...string) {
	t.Helper()
	rest := changing.ReplaceAllString(out, "ID")
	for _, page := range pages {
		for _, block := range shownAnswer.FindAllStringSubmatch(guide(t, page), -1) {
			for line := range strings.Lines(changing.ReplaceAllString(block[1], "ID")) {
				line = strings.TrimRight(line, "\n")
				pattern := "(?m)^" + strings.ReplaceAll(regexp.QuoteMeta(line), regexp.QuoteMeta("..."), ".*")
				at := regexp.MustCompile(pattern).FindStringIndex(rest)
				if at == nil {
					t.Errorf("%s shows this, which does not come after what is above it:\n%s", page, line)
					continue
				}
				rest = rest[at[1]:]
			}
		}
	}
}

// TestMojodexGuide: what the commands of docs/mojodex.md answer is what the page
// says.
func TestMojodexGuide(t *testing.T) {
	t.Parallel()
	pages := []string{"../README.md", "mojodex.md"}
	out := follow(t, pages...)
	showsWhatComes(t, out, pages...)
	for _, want := range []string{
		`{"profile_category_pk":1}`, `{"profile_pk":1}`, `{"profile_task_association_pk":2}`, `{"purchase_pk":1}`, `{"purchase_pk":2}`,
		`"task_name":"Meeting minutes"`, `"product_name":"Seller"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the guide does not answer %s\n%s", want, out)
		}
	}
	if strings.Contains(out, `"error":"`) {
		t.Errorf("the guide is rejected\n%s", out)
	}
}

// TestHaravanGuide: the commands of docs/haravan.md, and the one of docs/ledger.md
// behind them, answer in their order what the pages say of them. One is rejected: the
// third reversal.
func TestHaravanGuide(t *testing.T) {
	t.Parallel()
	out := follow(t, "haravan.md", "ledger.md")
	showsWhatComes(t, out, "haravan.md")
	john := strings.TrimSpace(regexp.MustCompile(`\d{15}\n`).FindString(out))
	rest := out
	for _, want := range []string{
		`"created":true`,
		// The six calls.
		`{"profiles":[{"id":` + john + `,"first_name":"John",`, `{"profile":{"id":` + john + `,"first_name":"John",`,
		`{"profile":{"tags":"MUA_HANG_KM,Online,Facebook"}}`, `{"profile":{"attributes":[{"id":2035145582,"key":"ref_id","value":"1010"}]}}`,
		`{"id":` + john, `"point_available":10,`, `{"id":` + john, `"point_available":0,`,
		// Lists.
		`{"profiles":[{"id":` + john + `,"phone":"0909977921","point_available":0}]}`, `{"profiles":[{"id":` + john + `,"updated_at":"`,
		// The statement.
		`"point_available":100,`,
		`{"entries":[{"seq":3,"kind":"add","value":100,"balance":100,"reason":"Birthday","ref_id":"gift-7",`, `"seq":2,"kind":"subtract","value":-10,`, `"next":"2"}`,
		`{"entries":[{"seq":1,`, `"next":null}`, `{"entries":[{"seq":3,`, `"seq":1,`, `"next":null}`,
		"seq,kind,value,balance,reason,ref_id,actor,created_at,reverses,reversed_by,hash,wallet,expires,usable_at,campaign,held,hold,hold_expires_at,not_taken,rules,peer_id,peer_seq\n3,add,100,100,Birthday,gift-7,",
		`{"entry":{"seq":1,`, `"changes":{"point_available":10,`, `{"entries":[{"seq":3,`, `"next":null}`,
		`"as_of":"2026-01-01T00:00:00.000000Z","entry":0,"point_available":0,`, `{"entries":[],"next":null,"balances":{"point_available":0,`,
		// Undo.
		`"point_available":70,`, `"point_available":0,`, `{"errors":{"reverse":["the entry was reversed already, all of it"]}}`,
		// Orders.
		`"point_available":2100,"point_incoming":0,"point_ranking":21000,"level_id":2021,"level_name":"Silver","total_spent":2100000,"total_order":1,`,
		`"last_order_at":"2026-03-05T07:08:09.000000Z"`, `"point_available":2100,`, `"total_order":1,`,
		`"point_used":400,"point_available":2200,`, `"point_used":200,"point_available":2150,"point_incoming":0,"point_ranking":23500,`, `"total_order":2,`,
		// Levels, waiting, expiry.
		`"usable_after_hours": 24`, `"point_available":2150,"point_incoming":150,`, `"point_available":2150,"point_incoming":150,`,
		`{"entries":[{"seq":12,"kind":"expire","value":-15,"balance":2150,`, `"seq":11,"kind":"order","value":15,`, `"seq":10,"kind":"order","value":0,`,
		`"usable_after_hours": 0`, `"campaigns"`, `"point_available":2150,"point_incoming":200,`,
		`{"entries":[{"seq":13,"kind":"add","value":0,`, `"campaign":"BDAY"`, `"point_available":2150,"point_incoming":150,`,
		// Bonus points.
		`"double day"`, `{"entries":[{"seq":`, `"kind":"bonus","value":5,`, `"reason":"shoes","ref_id":"B5"`, `"kind":"bonus","value":20,`, `"reason":"double day"`, `"kind":"order","value":20,`,
		// Sending again.
		`"point_available":2155,`, "Idempotency-Hit: true", `"point_available":2155,`,
		`"unique_ref_id": true`, `"point_available":2154,`, `"point_available":2154,`, `"unique_ref_id": false`,
		// What a call does not know.
		"X-Ignored-Parameters: sort", `{"errors":{"reson":["is not a member of point; it has value, reason, ref_id`,
		// To another profile.
		`"point_available":2150,`, `"kind":"transfer_in","value":4,"balance":4,`, `"point_available":0,`,
		// Trying it.
		`"point_available":2454,`, "Dry-Run: true", `{"errors":{"point":["2154 points are available, 9999 are not"]}}`,
		`"point_available":3054,`, `"entries":[{"kind":"order","value":300,`, `{"kind":"bonus","value":600,"reason":"triple",`,
		// Wallets.
		`"wallets"`, `"wallet":"stamps","point_available":3,`, `"wallet":"stamps","point_available":0,`, `{"entries":[{"seq":2,"kind":"subtract","value":-3,"balance":0,`,
		`{"wallets":[{"id":`, `"wallet":"points","point_available":`, `"wallet":"stamps","point_available":0,`, `"ok": true,`, `"entries": 2,`,
		// Many at once.
		`{"result":[{"status":200,"id":`, `"point_available":2161,`, `"point_available":2154,`, `{"status":404,"id":1,"errors":"Not Found"}]}`,
		// Holds.
		`"points":60,"state":"open",`, `"point_available":2094,"point_incoming":150,"point_held":60,`,
		`"points":60,"state":"committed","committed":50,`, `"point_used":250,"point_available":2104,`, `{"hold":{"id":`,
		`"points":50,"state":"open",`, `"points":50,"state":"voided",`, `{"holds":[{"id":`,
		`"point_used":200,"point_available":2154,`,
		// The ledger fits, with the figures that its page prints.
		profileMember.ReplaceAllString(jsonBlock.FindStringSubmatch(guide(t, "ledger.md"))[1], `"profile": "`+john+`"`),
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("the guide does not answer %s in\n%s\nThe whole of it:\n%s", want, rest, out)
		}
		rest = after
	}
	if n := strings.Count(out, `"errors":`); n != 4 {
		t.Errorf("the guide is rejected %d times, want 4 times\n%s", n, out)
	}
	if n := strings.Count(out, "Idempotency-Hit: "); n != 1 {
		t.Errorf("Idempotency-Hit is there %d times, want once\n%s", n, out)
	}
}

// TestProvePagesAreReadTwice: the commands of these pages work as they stand, and with
// PROVE=1 again on what they left.
func TestProvePagesAreReadTwice(t *testing.T) {
	t.Parallel()
	pages, readings := []string{"altcraft.md", "genesys.md", "operator.md"}, 1
	if client.Proving() {
		pages, readings = append(pages, "haravan.md", "mojodex.md"), 2
	}
	out := follow(t, slices.Repeat(pages, readings)...)
	showsWhatComes(t, out, "altcraft.md", "genesys.md")
	for _, wrong := range []string{`"error":5`, `"http_code":5`, "HTTP/1.1 5", "make admin:", "command not found"} {
		if strings.Contains(out, wrong) {
			t.Errorf("the pages are answered %s\n%s", wrong, out)
		}
	}
	for want, times := range map[string]int{`"updated":2}`: 2, `"ok": true`: 1, `"kind":"suspend-subscriptions"`: 1} { // of a reading
		if n := strings.Count(out, want); n < times*readings {
			t.Errorf("the pages are answered %s %d times, want %d\n%s", want, n, times*readings, out)
		}
	}
	for _, again := range []string{`"email_taken"`, `"extension_exists"`} {
		if readings > 1 && !strings.Contains(out, again) {
			t.Errorf("the pages are never answered %s\n%s", again, out)
		}
	}
}

// What pages name in code: a file of the repository, and a test.
var (
	namedFile = regexp.MustCompile("`((?:functions|shared|tests|docs)/[a-z./]+\\.(?:go|md|txt|yaml))`")
	namedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z]*)`")
	link      = regexp.MustCompile(`\]\(([^)#:]+)(?:#[a-z-]*)?\)`)
)

// TestPagesLeadSomewhere: the files, tests and pages that a page names are there.
func TestPagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	tests := declaredTests(t, root)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range slices.Concat(pages, decisions, []string{filepath.Join(root, "README.md")}) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range namedFile.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(root, file[1])); err != nil {
				t.Errorf("%s names %s, which is not there", page, file[1])
			}
		}
		for _, target := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target[1])
			}
		}
		for _, test := range namedTest.FindAllStringSubmatch(string(text), -1) {
			if !tests[test[1]] {
				t.Errorf("%s names %s, which is no test", page, test[1])
			}
		}
	}
}

// declaredTests are the names of all tests and fuzz targets below root.
func declaredTests(t *testing.T, root string) map[string]bool {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	found := map[string]bool{}
	for _, folder := range []string{"functions", "shared", "tests"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, test := range declaration.FindAllStringSubmatch(string(text), -1) {
				found[test[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func seededTable(t *testing.T) string {
	t.Helper()
	table := dynamotest.Table(t)
	client.Seed(t, client.ServiceOn(t, dynamotest.Client(t), table), table)
	return table
}

// TestMojodexTemplates sends the two files of the guide as they are, but for the
// number that stands open in the second.
func TestMojodexTemplates(t *testing.T) {
	l := client.NewService(t)
	send := func(path, file string, fill *strings.Replacer) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "profiles", "profiles_json", file))
		if err != nil {
			t.Fatal(err)
		}
		body := fill.Replace(string(text))
		if !json.Valid([]byte(body)) {
			t.Fatalf("%s is not JSON once it is filled in", file)
		}
		r := httptest.NewRequest(http.MethodPut, path, strings.NewReader(body))
		r.Header.Set("Authorization", devserver.DemoToken)
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
