package altcraft

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// TestProveKilledBackfill: a match field is declared over customers that are
// there, the process that prepares it is killed again and again, and in the end
// each customer is found by the field, while others kept writing.
func TestProveKilledBackfill(t *testing.T) {
	table := dynamotest.Table(t)
	customers := client.Size(3000)
	writer := client.Start(t, table)
	client.Together(16, func(i int) bool {
		for n := i; n < customers; n += 16 {
			writer.Post(t, "import", client.Person(n, map[string]any{"card": fmt.Sprintf("card-%d", n)}))
		}
		return true
	})
	declared := writer.Admin(t, map[string]any{"action": "declare-match-field", "tenant": devserver.Tenant, "name": "card"})
	job := declared["job"].(map[string]any)["id"]
	if got := writer.Post(t, "get", byCard(0)); got.Status != http.StatusServiceUnavailable {
		t.Errorf("get by a field that is being prepared = %v, want busy", got)
	}
	writer.Command.Process.Kill()

	kills := 0
	state := func(p client.Process) any {
		return p.Admin(t, map[string]any{"action": "show-job", "tenant": devserver.Tenant, "job": job})["state"]
	}
	for range 10 {
		p := client.Start(t, table)
		for began := time.Now(); time.Since(began) < rand.N(3*time.Second) && state(p) != "done"; {
			n := rand.IntN(customers)
			p.Post(t, "update", map[string]any{"email": client.Email(n), "data": map[string]any{"_city": "Paris"}})
		}
		if state(p) == "done" {
			break
		}
		p.Command.Process.Kill()
		p.Command.Wait()
		kills++
	}
	p := client.Start(t, table)
	// Parts that were killed five times before they got anywhere are parked; to
	// declare the field again is what an operator does about it.
	p.Admin(t, map[string]any{"action": "declare-match-field", "tenant": devserver.Tenant, "name": "card"})
	for deadline := time.Now().Add(2 * time.Minute); state(p) != "done"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the job is %v after %d kills", state(p), kills)
		}
	}
	t.Logf("%d customers, %d kills", customers, kills)
	time.Sleep(1100 * time.Millisecond) // what is remembered of the settings is over
	for n := range customers {
		got := p.Post(t, "get", byCard(n))
		if got.Code() != 0 || got.Data()["email"] != client.Email(n) {
			t.Errorf("get by card-%d = %v", n, got)
		}
	}
}

func byCard(n int) map[string]any {
	return map[string]any{"matching": "custom", "field_name": "card", "field_value": fmt.Sprintf("card-%d", n)}
}
