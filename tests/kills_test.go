package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"regulars/functions/admin"
	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
)

// admin makes a call of the admin function and returns its answer.
func (p process) admin(t *testing.T, call map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+admin.Path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(admin.Header, "1")
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer["error"] != nil {
		t.Fatalf("%v = %v, %v", call, answer, err)
	}
	return answer
}

// TestProveKilledBackfill: a match field is declared over customers that are
// there, the process that prepares it is killed again and again, and in the end
// each customer is found by the field, while others kept writing.
func TestProveKilledBackfill(t *testing.T) {
	table := dynamotest.Table(t)
	customers := size(3000)
	writer := start(t, table)
	together(16, func(i int) bool {
		for n := i; n < customers; n += 16 {
			writer.post(t, "import", person(n, map[string]any{"card": fmt.Sprintf("card-%d", n)}))
		}
		return true
	})
	declared := writer.admin(t, map[string]any{"action": "declare-match-field", "tenant": devserver.Tenant, "name": "card"})
	job := declared["job"].(map[string]any)["id"]
	if got := writer.post(t, "get", byCard(0)); got.status != http.StatusServiceUnavailable {
		t.Errorf("get by a field that is being prepared = %v, want busy", got)
	}
	writer.command.Process.Kill()

	kills := 0
	state := func(p process) any {
		return p.admin(t, map[string]any{"action": "show-job", "tenant": devserver.Tenant, "job": job})["state"]
	}
	for range 10 {
		p := start(t, table)
		for began := time.Now(); time.Since(began) < rand.N(3*time.Second) && state(p) != "done"; {
			n := rand.IntN(customers)
			p.post(t, "update", map[string]any{"email": email(n), "data": map[string]any{"_city": "Paris"}})
		}
		if state(p) == "done" {
			break
		}
		p.command.Process.Kill()
		p.command.Wait()
		kills++
	}
	p := start(t, table)
	// Parts that were killed five times before they got anywhere are parked; to
	// declare the field again is what an operator does about it.
	p.admin(t, map[string]any{"action": "declare-match-field", "tenant": devserver.Tenant, "name": "card"})
	for deadline := time.Now().Add(2 * time.Minute); state(p) != "done"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the job is %v after %d kills", state(p), kills)
		}
	}
	t.Logf("%d customers, %d kills", customers, kills)
	time.Sleep(1100 * time.Millisecond) // what is remembered of the settings is over
	for n := range customers {
		got := p.post(t, "get", byCard(n))
		if got.code() != 0 || got.data()["email"] != email(n) {
			t.Errorf("get by card-%d = %v", n, got)
		}
	}
}

func byCard(n int) map[string]any {
	return map[string]any{"matching": "custom", "field_name": "card", "field_value": fmt.Sprintf("card-%d", n)}
}
