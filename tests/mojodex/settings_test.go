package mojodex

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// An assignment that would give a goal to a second customer is rejected where an
// identification key makes goals unique, and no longer once another process has
// deleted that key, whatever this one remembers.
func TestAssignmentsHoldAtOnce(t *testing.T) {
	s := client.NewStage(t)
	admin := client.ServiceOn(t, dynamotest.Client(t), s.Table)
	o := office{t: t, h: s.Clean.Handler}
	stock(o)
	first, second := o.user(1), o.user(2)
	key := customer.IdentKey{Name: "GoalKey", Attributes: []string{"goal"}, Unique: true}
	if _, err := admin.Registrar.DeclareIdentKey(t.Context(), devserver.Tenant, key); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a development machine remembers settings for a second
	o.must("PUT", "/role", map[string]any{"user_id": first, "profile_pk": 1})

	assign := func() client.Answer { return o.ask("PUT", "/role", map[string]any{"user_id": second, "profile_pk": 1}) }
	before := client.Dump(t, s.Table)
	got := assign()
	if text, _ := got.Body["error"].(string); got.Status != http.StatusBadRequest || !strings.Contains(text, "GoalKey is unique") {
		t.Fatalf("a goal that is another's = %v, want refused by the key", got)
	}
	if use := got.Header.Get("X-Consumed-Capacity"); !slices.Equal(client.Dump(t, s.Table), before) || !strings.HasSuffix(use, ";w=0") {
		t.Errorf("a refused assignment wrote, and consumed %s", use)
	}
	if _, err := admin.Registrar.RemoveIdentKey(t.Context(), devserver.Tenant, key.Name); err != nil {
		t.Fatal(err)
	}
	if got := assign(); got.Status != http.StatusOK {
		t.Errorf("the same without the key = %v, want success", got)
	}
	if got, want := o.has(second), "seller 0, task 1, task 2, goal goal of sales of 1"; got != want {
		t.Errorf("the second has %q, want %q", got, want)
	}
}
