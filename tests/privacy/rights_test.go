package privacy_test

import (
	"testing"

	"regulars/shared/customer"
	"regulars/tests/client"
)

// The administrators' function and the one that works get by with what template.yaml allows
// them.
func TestErasingRights(t *testing.T) {
	t.Parallel()
	s, name := client.WorkingService(t)
	w := &world{Scene: client.Scene{Server: s, Table: name}, t: t}
	a := client.Altcraft{T: t, Handler: s}.Must("import", client.Person(1, nil), "Idempotency-Key", "k")
	id, err := customer.ParseHex(a.ID())
	if err != nil {
		t.Fatal(err)
	}
	if code, body := w.send("POST", "/loy/profiles/"+id.Decimal()+"/orders.json", `{"order": {"id": "A-1", "total": 25000}}`, ""); code != 200 {
		t.Fatalf("order = %d %s", code, body)
	}
	client.Eventually(t, "the erasing", func() bool {
		return w.admin(`{"action":"erase-customer","tenant":5,"profile":"` + id.Decimal() + `"}`)["state"] == "erased"
	})
}
