package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
)

// ask asks a process as [office.ask] asks a handler.
func (p process) ask(t *testing.T, method, path string, body map[string]any) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.address+path, strings.NewReader(office{t: t}.document(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", devserver.DemoToken)
	r.Header.Set("Content-Type", "application/json")
	response, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return answered{}
	}
	defer response.Body.Close()
	a := answered{status: response.StatusCode, header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a.body); err != nil {
		t.Errorf("%s %s = %d, %v", method, path, a.status, err)
	}
	return a
}

// writers is how many do the same at once: in the reference 12 were enough to make
// six categories, nine associations and twelve active subscriptions of one.
func writers() int {
	if proving() {
		return 64
	}
	return 12
}

// TestProveBackofficeRaces: of simultaneous identical calls, through two
// processes, one makes the category, the profile, the association, and the others
// are told so; all roles are given, and one is active.
func TestProveBackofficeRaces(t *testing.T) {
	processes := startTwo(t)
	all := func(method, path string, body map[string]any) []answered {
		return together(writers(), func(i int) answered { return processes[i%2].ask(t, method, path, body) })
	}
	// one counts the successes; whoever has none must be told that it exists.
	one := func(round int, path, member string, body map[string]any) float64 {
		t.Helper()
		var pk float64
		successes := 0
		for _, a := range all("PUT", path, body) {
			if a.status == http.StatusOK {
				successes++
				pk = a.body[member].(float64)
			} else if text, _ := a.body["error"].(string); a.status != http.StatusBadRequest || !strings.HasSuffix(text, "already exists") {
				t.Errorf("round %d: %s = %v, want that it exists", round, path, a)
			}
		}
		if successes != 1 {
			t.Fatalf("round %d: %d successes of %s, want 1", round, successes, path)
		}
		return pk
	}
	for round := range max(2, size(20)) {
		label := fmt.Sprint("round ", round)
		category := one(round, "/profile_category", "profile_category_pk", categoryBody(label))
		profile := one(round, "/profile", "profile_pk", profileBody(label, int(category)))
		for task := 1; task <= 2; task++ {
			one(round, "/profile_task_association", "profile_task_association_pk", map[string]any{"profile_pk": profile, "task_pk": task})
		}
		user := processes[0].post(t, "import", person(round, nil)).id()
		numbers := map[any]bool{}
		for _, a := range all("PUT", "/role", map[string]any{"user_id": user, "profile_pk": profile}) {
			if a.status != http.StatusOK {
				t.Fatalf("round %d: /role = %v", round, a)
			}
			numbers[a.body["role_pk"]] = true
		}
		if len(numbers) != writers() {
			t.Errorf("round %d: %d different roles, want %d", round, len(numbers), writers())
		}
		checkOneRole(t, processes[1], round, user, profile)
	}
}

// checkOneRole demands one active subscription, once each task, and one row of the
// profile.
func checkOneRole(t *testing.T, p process, round int, user string, profile float64) {
	t.Helper()
	held := p.ask(t, "GET", "/purchase?user_id="+user, nil).body["current_purchases"].([]any)
	tasks := p.ask(t, "GET", "/user_task?user_id="+user, nil).body["user_tasks"].([]any)
	if len(held) != 1 || len(tasks) != 2 || tasks[0].(map[string]any)["user_task_pk"] == tasks[1].(map[string]any)["user_task_pk"] {
		t.Errorf("round %d: the user has %v and %v, want one purchase and two tasks", round, held, tasks)
	}
	linked := p.ask(t, "GET", fmt.Sprint("/profile?profile_pk=", profile), nil).body["tasks"]
	if fmt.Sprint(linked) != "[1 2]" {
		t.Errorf("round %d: the profile has the tasks %v, want 1 and 2", round, linked)
	}
}

// TestProveRunsOnALimit: of many simultaneous runs on a purchase of ten, ten are
// counted, and the others are refused.
func TestProveRunsOnALimit(t *testing.T) {
	processes := startTwo(t)
	p := processes[0]
	p.ask(t, "PUT", "/product_category", categoryBody("sales"))
	p.ask(t, "PUT", "/product", productBody("ten", 1, false, nil, 10))
	p.ask(t, "PUT", "/product_task_association", linkBody(1, 1))
	for round := range max(1, size(10)) {
		user := p.post(t, "import", person(round, nil)).id()
		p.ask(t, "PUT", "/manual_purchase", map[string]any{"user_id": user, "product_pk": 1, "custom_purchase_id": "x"})
		statuses := map[int]int{}
		for _, a := range together(writers(), func(i int) answered {
			return processes[i%2].ask(t, "POST", "/user_task_execution", map[string]any{"user_id": user, "task_pk": 1})
		}) {
			statuses[a.status]++
		}
		if statuses[http.StatusOK] != 10 || statuses[http.StatusPaymentRequired] != writers()-10 {
			t.Errorf("round %d: %v, want 10 successes and %d without a purchase", round, statuses, writers()-10)
		}
	}
}

// TestProveAssignedWhileDeleted: who is deleted while purchases are given to him
// has nothing left that is active.
func TestProveAssignedWhileDeleted(t *testing.T) {
	processes := startTwo(t)
	p := processes[0]
	p.ask(t, "PUT", "/profile_category", categoryBody("sales"))
	p.ask(t, "PUT", "/profile", profileBody("seller", 1))
	for round := range max(3, size(30)) {
		user := p.post(t, "import", person(round, nil)).id()
		p.ask(t, "PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1}) // from now on he is checked, not written
		answers := together(8, func(i int) answered {
			if i == 4 {
				return processes[1].post(t, "delete", map[string]any{"email": email(round)})
			}
			return processes[i%2].ask(t, "PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1})
		})
		for i, a := range answers {
			text, _ := a.body["error"].(string)
			if i != 4 && a.status != http.StatusOK && !strings.HasSuffix(text, "does not exist") {
				t.Errorf("round %d: %v", round, a)
			}
		}
		if got := p.ask(t, "PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1}); got.status != http.StatusBadRequest {
			t.Errorf("round %d: after the deletion /role = %v", round, got)
		}
	}
}
