package mojodex

import (
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/tests/client"
)

// TestAssignedGoalIsFound: where goal is a match field, the one that an assignment
// writes leads to the customer, and the one before it no more.
func TestAssignedGoalIsFound(t *testing.T) {
	l := client.NewService(t)
	field, err := l.Registrar.DeclareMatchField(t.Context(), devserver.Tenant, "goal", customer.OfCustomer, false)
	if err == nil {
		err = l.Registrar.MatchFieldReady(t.Context(), devserver.Tenant, field.Number)
	}
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a development machine remembers settings for a second
	c, o := client.Altcraft{T: t, Handler: l}, office{t: t, h: l}
	byGoal := func(goal string) map[string]any {
		return map[string]any{"matching": "custom", "field_name": "goal", "field_value": goal}
	}
	id := c.Must("import", map[string]any{"email": client.Email(1), "data": map[string]any{"goal": "mine"}}).ID()
	stock(o)
	if got := c.Must("get", byGoal("mine")); got.Data()["id"] != id {
		t.Fatalf("get by the goal before = %v, want %s", got, id)
	}
	o.must("PUT", "/role", map[string]any{"user_id": id, "profile_pk": 1})
	if got := c.Call("get", byGoal("mine")); got.Code() != 404 {
		t.Errorf("get by the goal before = %v, want 404", got)
	}
	if got := c.Must("get", byGoal("goal of sales")); got.Data()["id"] != id {
		t.Errorf("get by the goal that was assigned = %v, want %s", got, id)
	}
}
