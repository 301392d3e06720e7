package imports_test

import (
	"net/http"
	"testing"

	"regulars/shared/customer"
	"regulars/shared/imports"
	"regulars/tests/rights"
)

// asImports makes calls those of the function imports.
type asImports struct{ rights.Transport }

func (a asImports) RoundTrip(r *http.Request) (*http.Response, error) {
	return a.Transport.RoundTrip(r.WithContext(rights.As(r.Context(), "imports")))
}

// Parts of imports get by with what template.yaml allows their function: customers
// found by all sorts of keys, their extensions, points and orders, and all of it
// undone.
func TestRights(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]any{"earning": map[string]any{"money_per_point": 1000}})
	field, err := e.registrar.DeclareMatchField(t.Context(), tenant, "CRM_ID", customer.OfCustomer, false)
	if err == nil {
		err = e.registrar.MatchFieldReady(t.Context(), tenant, field.Number)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.open(t, asImports{rights.Transport{Next: http.DefaultTransport}}, e.bucket)
	const columns = "email,_fname,phones,CRM_ID,tags,subscriptions.0.email,subscriptions.0.resource_id,subscriptions.0.channel,points.add,points.subtract,order.id,order.total\n"
	e.drop(t, "imports/tenant=5/a.csv", columns+
		"a@example.com,Ann,+79000000001,1,x|y,a@example.com,1,email,100,,,\n"+
		"b@example.com,Bea,+79000000002,2,,,,,,,o1,50000\n"+
		"nonsense@,,,,,,,,,,,\n", nil)
	p := e.drop(t, "imports/tenant=5/matching=email/b.csv", columns+
		"a@example.com,Anna,+79000000003,1,x,,,,,10,,\n"+
		"b@example.com,,,,,,,,,1000,,\n"+
		"c@example.com,Cy,,3,,,,,5,,o2,1000\n", nil)
	if p.State != imports.Done || p.Tally.Created != 1 || p.Tally.Updated != 1 || p.Tally.Rejections() != 1 {
		t.Fatalf("import = %s %+v, %v", p.State, p.Tally, p.Trouble)
	}
	if _, err := e.service.PlanUndo(t.Context(), tenant, p.ID); err != nil {
		t.Error(err)
	}
	if _, err := e.service.Undo(t.Context(), tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	e.work(t, 2)
	if p = e.latest(t); p.State != imports.Undone || p.Taken.Deleted != 1 || p.Taken.Reversed == 0 {
		t.Errorf("undone = %s %+v", p.State, p.Taken)
	}
}
