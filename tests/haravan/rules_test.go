package haravan

import (
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// TestBonusCosts demands the figure of docs/costs.md: a rule that holds for an order is
// an entry more.
func TestBonusCosts(t *testing.T) {
	t.Parallel()
	c := newClub(t, map[string]any{"earning": map[string]any{"rules": map[string]any{"double": map[string]any{"bonus_percent": 100}}}})
	ann := c.join()
	client.AwaitNewHour(t, 10*time.Second)
	ann.add(1).Done(t)
	got := ann.order(`{"id": "1", "total": 9000}`).Done(t)
	if use := got.Header.Get("X-Consumed-Capacity"); use != "rt=3;r=2;w=12" || got.Figure("point_available") != 19 {
		t.Errorf("an order with a bonus = %v and consumed %s, want 19 points for rt=3;r=2;w=12", got, use)
	}
	c.verified(ann)
}

// TestReturnByTheOrdersOwnRules: rules that changed since change nothing about what a
// return takes back.
func TestReturnByTheOrdersOwnRules(t *testing.T) {
	t.Parallel()
	c := newClub(t, map[string]any{"earning": map[string]any{"rules": map[string]any{"double": map[string]any{"bonus_percent": 100}}}})
	ann := c.join()
	ann.order(`{"id": "1", "total": 9000}`).Done(t)
	if _, err := c.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{
		"earning": map[string]any{"rules": map[string]any{"double": nil, "triple": map[string]any{"bonus_percent": 200}}},
	}); err != nil {
		t.Fatal(err)
	}
	late := client.ServiceOn(t, dynamotest.Client(t), c.table) // remembers no settings
	ann.h = late
	if got := ann.order(`{"id": "2", "total": 1000}`).Done(t); got.Figure("point_available") != 21 {
		t.Errorf("the order by the new rules = %v, want 21 points", got)
	}
	for _, step := range []struct {
		order  string
		amount string
		want   int
	}{{"1", "4500", 11}, {"1", "4500", 3}, {"2", "1000", 0}} {
		got := ann.send("POST", ann.below("/orders/"+step.order+"/return.json"), `{"return": {"amount": `+step.amount+`}}`).Done(t)
		if got.Figure("point_available") != step.want {
			t.Errorf("the return of %s of %s = %v, want %v points", step.amount, step.order, got, step.want)
		}
	}
	c.verified(ann)
}
