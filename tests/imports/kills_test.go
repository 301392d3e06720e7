package imports_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// A process of make run, and a second one that works on the same bucket, are killed at
// any moment while files are uploaded. What was uploaded is imported in the end, each
// row once, points included. A part whose processes died five times before it got anywhere
// was given up, and is resumed.
func TestProveKilledProcesses(t *testing.T) {
	t.Setenv("DATA", t.TempDir())
	table := dynamotest.Table(t)
	const rows = 60
	uploaded := map[string]bool{} // by version
	files := 0
	rounds := 2
	if client.Proving() {
		rounds = 50
	}
	for range rounds {
		first := client.Start(t, table)
		t.Setenv("S3_ENDPOINT", first.Bucket)
		second := client.Start(t, table)
		t.Setenv("S3_ENDPOINT", "")
		killed := time.Now().Add(rand.N(1500 * time.Millisecond))
		for time.Now().Before(killed) {
			var file strings.Builder
			file.WriteString("email,points.add\n")
			for n := range rows {
				fmt.Fprintf(&file, "k%d@example.com,1\n", n%(rows/2))
			}
			if version, ok := put(t, first, fmt.Sprintf("f%d.csv", files), file.String()); ok {
				uploaded[version] = true
			}
			files++
			time.Sleep(rand.N(300 * time.Millisecond))
		}
		for _, p := range []client.Process{first, second} {
			_ = p.Command.Process.Kill()
			_ = p.Command.Wait()
		}
	}
	last := client.Start(t, table)
	imported := untilDone(t, last, uploaded)
	if imported < len(uploaded) || imported == 0 {
		t.Errorf("%d imports of %d uploads", imported, len(uploaded))
	}
	for n := range rows / 2 {
		text := get(t, last.Address+fmt.Sprintf("/loy/profiles.json?email=k%d@example.com&fields=point_available", n))
		if want := fmt.Sprintf(`{"profiles":[{"point_available":%d}]}`, 2*imported); text != want {
			t.Errorf("customer %d after %d imports: %s, want %s", n, imported, text, want)
		}
	}
}

// untilDone waits until all imports are done, those of the uploaded versions among them,
// and returns how many there are. It gives up where nothing moves for some minutes.
func untilDone(t *testing.T, p client.Process, uploaded map[string]bool) (imported int) {
	t.Helper()
	const still = 3 * time.Minute
	before := ""
	for moved := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		done, waiting := map[string]bool{}, []string{}
		for _, im := range importsOf(t, p) {
			if im.State == "done" {
				if im.Rejected != 0 {
					t.Fatalf("%s rejects %d rows", im.Key, im.Rejected)
				}
				done[im.Version] = true
				continue
			}
			shown := get(t, p.Address+"/imports/"+im.ID)
			waiting = append(waiting, shown)
			var at struct {
				Import struct {
					Parts *struct{ All, Done, Parked int }
				}
			}
			if err := json.Unmarshal([]byte(shown), &at); err != nil {
				t.Fatalf("%s: %v", shown, err)
			}
			if parts := at.Import.Parts; parts != nil && (parts.Parked > 0 || parts.Done == parts.All) { // else there is nothing to resume
				ask(t, http.MethodPost, p.Address+"/imports/"+im.ID+"/resume")
			}
		}
		missing := 0
		for version := range uploaded {
			if !done[version] {
				missing++
			}
		}
		if missing == 0 && len(waiting) == 0 {
			return len(done)
		}
		now := fmt.Sprint(len(done), missing, waiting)
		if now != before {
			before, moved = now, time.Now()
		} else if time.Since(moved) > still {
			t.Fatalf("nothing moves: %d imports are done, %d uploads are not, at work are %s", len(done), missing, waiting)
		}
	}
}

// put uploads a file, unless the process is gone, and returns its version.
func put(t *testing.T, p client.Process, name, body string) (version string, ok bool) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.Bucket+"/imports/imports/tenant=5/"+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.HTTP.Do(r)
	if err != nil {
		return "", false
	}
	answer.Body.Close()
	return answer.Header.Get("X-Amz-Version-Id"), answer.StatusCode == http.StatusOK
}

func importsOf(t *testing.T, p client.Process) []shown {
	t.Helper()
	var all []shown
	for next := "/imports?limit=100"; next != ""; {
		var page struct {
			Imports []shown
			Next    *string
		}
		if err := json.Unmarshal([]byte(get(t, p.Address+next)), &page); err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Imports...)
		if next = ""; page.Next != nil {
			next = "/imports?limit=100&before=" + *page.Next
		}
	}
	return all
}

func get(t *testing.T, address string) string {
	t.Helper()
	return ask(t, http.MethodGet, address)
}

func ask(t *testing.T, method, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	answer, err := client.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
