package mojodex

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/tests/client"
)

// ask asks a process as [office.ask] asks a handler.
func askProcess(t *testing.T, p client.Process, method, path string, body map[string]any) client.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.Address+path, strings.NewReader(office{t: t}.document(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", devserver.DemoToken)
	r.Header.Set("Content-Type", "application/json")
	response, err := client.HTTP.Do(r)
	if err != nil {
		t.Error(err)
		return client.Answer{}
	}
	defer response.Body.Close()
	a := client.Answer{Status: response.StatusCode, Header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a.Body); err != nil {
		t.Errorf("%s %s = %d, %v", method, path, a.Status, err)
	}
	return a
}

// writers is how many do the same at once: in the reference 12 were enough to make
// six categories, nine associations and twelve active subscriptions of one.
func writers() int {
	if client.Proving() {
		return 64
	}
	return 12
}

// TestProveBackofficeRaces: of simultaneous identical calls, through two
// processes, one makes the category, the profile, the association, and the others
// are told so; all roles are given, and one is active.
func TestProveBackofficeRaces(t *testing.T) {
	processes := client.StartTwo(t)
	all := func(method, path string, body map[string]any) []client.Answer {
		return client.Together(writers(), func(i int) client.Answer { return askProcess(t, processes[i%2], method, path, body) })
	}
	// one counts the successes; whoever has none must be told that it exists.
	one := func(round int, path, member string, body map[string]any) float64 {
		t.Helper()
		var pk float64
		successes := 0
		for _, a := range all("PUT", path, body) {
			if a.Status == http.StatusOK {
				successes++
				pk = a.Body[member].(float64)
			} else if text, _ := a.Body["error"].(string); a.Status != http.StatusBadRequest || !strings.HasSuffix(text, "already exists") {
				t.Errorf("round %d: %s = %v, want that it exists", round, path, a)
			}
		}
		if successes != 1 {
			t.Fatalf("round %d: %d successes of %s, want 1", round, successes, path)
		}
		return pk
	}
	for round := range max(2, client.Size(20)) {
		label := fmt.Sprint("round ", round)
		category := one(round, "/profile_category", "profile_category_pk", categoryBody(label))
		profile := one(round, "/profile", "profile_pk", profileBody(label, int(category)))
		for task := 1; task <= 2; task++ {
			one(round, "/profile_task_association", "profile_task_association_pk", map[string]any{"profile_pk": profile, "task_pk": task})
		}
		user := processes[0].Post(t, "import", client.Person(round, nil)).ID()
		numbers := map[any]bool{}
		for _, a := range all("PUT", "/role", map[string]any{"user_id": user, "profile_pk": profile}) {
			if a.Status != http.StatusOK {
				t.Fatalf("round %d: /role = %v", round, a)
			}
			numbers[a.Body["role_pk"]] = true
		}
		if len(numbers) != writers() {
			t.Errorf("round %d: %d different roles, want %d", round, len(numbers), writers())
		}
		checkOneRole(t, processes[1], round, user, profile)
	}
}

// checkOneRole demands one active subscription, once each task, and one row of the
// profile.
func checkOneRole(t *testing.T, p client.Process, round int, user string, profile float64) {
	t.Helper()
	held := askProcess(t, p, "GET", "/purchase?user_id="+user, nil).Body["current_purchases"].([]any)
	tasks := askProcess(t, p, "GET", "/user_task?user_id="+user, nil).Body["user_tasks"].([]any)
	if len(held) != 1 || len(tasks) != 2 || tasks[0].(map[string]any)["user_task_pk"] == tasks[1].(map[string]any)["user_task_pk"] {
		t.Errorf("round %d: the user has %v and %v, want one purchase and two tasks", round, held, tasks)
	}
	linked := askProcess(t, p, "GET", fmt.Sprint("/profile?profile_pk=", profile), nil).Body["tasks"]
	if fmt.Sprint(linked) != "[1 2]" {
		t.Errorf("round %d: the profile has the tasks %v, want 1 and 2", round, linked)
	}
}

// TestProveRunsOnALimit: of many simultaneous runs on a purchase of ten, ten are
// counted, and the others are rejected.
func TestProveRunsOnALimit(t *testing.T) {
	processes := client.StartTwo(t)
	p := processes[0]
	askProcess(t, p, "PUT", "/product_category", categoryBody("sales"))
	askProcess(t, p, "PUT", "/product", productBody("ten", 1, false, nil, 10))
	askProcess(t, p, "PUT", "/product_task_association", linkBody(1, 1))
	for round := range max(1, client.Size(10)) {
		user := p.Post(t, "import", client.Person(round, nil)).ID()
		askProcess(t, p, "PUT", "/manual_purchase", map[string]any{"user_id": user, "product_pk": 1, "custom_purchase_id": "x"})
		statuses := map[int]int{}
		for _, a := range client.Together(writers(), func(i int) client.Answer {
			return askProcess(t, processes[i%2], "POST", "/user_task_execution", map[string]any{"user_id": user, "task_pk": 1})
		}) {
			statuses[a.Status]++
		}
		if statuses[http.StatusOK] != 10 || statuses[http.StatusPaymentRequired] != writers()-10 {
			t.Errorf("round %d: %v, want 10 successes and %d without a purchase", round, statuses, writers()-10)
		}
	}
}

// TestProveAssignedWhileDeleted: who is deleted while purchases are given to him
// has nothing left that is active.
func TestProveAssignedWhileDeleted(t *testing.T) {
	processes := client.StartTwo(t)
	p := processes[0]
	askProcess(t, p, "PUT", "/profile_category", categoryBody("sales"))
	askProcess(t, p, "PUT", "/profile", profileBody("seller", 1))
	for round := range max(3, client.Size(30)) {
		user := p.Post(t, "import", client.Person(round, nil)).ID()
		askProcess(t, p, "PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1}) // from now on he is checked, not written
		answers := client.Together(8, func(i int) client.Answer {
			if i == 4 {
				return processes[1].Post(t, "delete", map[string]any{"email": client.Email(round)})
			}
			return askProcess(t, processes[i%2], "PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1})
		})
		for i, a := range answers {
			text, _ := a.Body["error"].(string)
			if i != 4 && a.Status != http.StatusOK && !strings.HasSuffix(text, "does not exist") {
				t.Errorf("round %d: %v", round, a)
			}
		}
		if got := askProcess(t, p, "PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1}); got.Status != http.StatusBadRequest {
			t.Errorf("round %d: after the deletion /role = %v", round, got)
		}
	}
}
