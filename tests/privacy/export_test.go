package privacy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"regulars/shared/access"
	"regulars/shared/dynamo"
	"regulars/shared/privacy"
	"regulars/tests/client"
)

// What is shown of one person, of whom every dialect has written: one world, since it
// takes its time.
func TestShowing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, part := range []struct {
		name string
		test func(t *testing.T, w *world)
	}{
		{"EverythingIsFound", everythingIsFound}, {"Export", export}, {"ExportUnderFaults", exportUnderFaults}, {"History", personsHistory},
	} {
		t.Run(part.name, func(t *testing.T) {
			own := *w
			own.t = t
			part.test(t, &own)
		})
	}
}

// Each item of a person's collections, and each that leads to the person, is found; and
// of each kind in the list there is one, so that nothing of it was never tried.
func everythingIsFound(t *testing.T, w *world) {
	store := dynamo.New(w.DB, w.Table, time.Now)
	settings, err := access.NewAdminService(store, time.Now).Tenant(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	items, err := store.OfCustomer(t.Context(), settings.CustomerRules(), w.id, nil)
	if err != nil {
		t.Fatal(err)
	}
	list := privacy.ListOf(items)
	for _, kind := range privacy.Kinds {
		if list.Counts[kind.Name] == 0 {
			t.Errorf("there is no %q", kind.Name)
		}
	}
	inTable := map[string]int{}
	for name := range w.about() {
		pk, sk, _ := strings.Cut(name, " ")
		top, _, _ := strings.Cut(pk, "#")
		begin, _, _ := strings.Cut(sk, "#")
		// The other half of the transfer names the person, until that customer is erased;
		// a part of a job has an id as the place where its walk is.
		if pk == "C#5#"+w.other.Base36() || top == "J" {
			continue
		}
		inTable[top+" "+begin]++
	}
	for kind, n := range inTable {
		if list.Counts[kind] != n {
			t.Errorf("%d items %q are found, want %d", list.Counts[kind], kind, n)
		}
	}
}

// exported is the export of the person, held against its schema.
func (w *world) exported() map[string]any {
	w.t.Helper()
	text, err := os.ReadFile("../../docs/export-customer.schema.json")
	if err != nil {
		w.t.Fatal(err)
	}
	var schema openapi3.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		w.t.Fatal(err)
	}
	answer := w.admin(`{"action":"export-customer","tenant":5,"profile":"` + w.id.Decimal() + `"}`)
	if err := schema.VisitJSON(answer, openapi3.MultiErrors()); err != nil {
		w.t.Errorf("the export is not what its schema says: %v", err)
	}
	for _, member := range privacy.Members() {
		if list, _ := answer[member].([]any); len(list) == 0 {
			w.t.Errorf("the export has no %s", member)
		}
	}
	return answer
}

// The document has what every dialect wrote, and what imports did; nothing of others.
func export(t *testing.T, w *world) {
	export := w.exported()
	text, err := json.Marshal(export)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"first_name":"Ann"`, `"last_name":"Lee"`, `"city":"Hue"`, "push-token-ann", "crm-ann", "sub-ann", "2125550119", "+84909000001",
		"welcome", "W-1", "birthday", "coffee", "from before", "push-token-ann-maria", `"kind":"transfer_out"`, `"imports_complete":true`, `"file":"imports/tenant=5/people.csv"`,
		"77 66 55 44 33", "Secret",
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the export has no %s", want)
		}
	}
	for _, foreign := range []string{"bob@", "zoe@", "crm-bob", "+84909000002"} {
		if bytes.Contains(text, []byte(foreign)) {
			t.Errorf("the export has %s", foreign)
		}
	}
	imported, _ := export["imports"].([]any)
	if len(imported) != 2 {
		t.Errorf("%d imports, want both", len(imported))
	}
}

// Who asks for what is not there is told so, and by which name.
func TestExportRejects(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	for call, want := range map[string]string{
		`{"action":"export-customer","tenant":5}`:                                     "missing_parameter profile",
		`{"action":"export-customer","profile":"7"}`:                                  "missing_parameter tenant",
		`{"action":"export-customer","tenant":5,"profile":"x"}`:                       "bad_parameter profile",
		`{"action":"export-customer","tenant":5,"profile":"870245671235584"}`:         "profile_unknown profile",
		`{"action":"export-customer","tenant":77,"profile":"870245671235584"}`:        "tenant_unknown tenant",
		`{"action":"export-customer","tenant":5,"profile":"870245671235584","all":1}`: "unknown_parameter all",
	} {
		rejected, _ := w.admin(call)["error"].(map[string]any)
		if got := fmt.Sprint(rejected["code"], " ", rejected["field"]); got != want {
			t.Errorf("%s = %v, want %s", call, rejected, want)
		}
	}
}
