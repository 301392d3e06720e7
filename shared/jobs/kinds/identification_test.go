package kinds_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/jobs"
)

// cards is the extension of this world's customers.
func (w *world) cards(t *testing.T) extension.Schema {
	t.Helper()
	schema := extension.Schema{Name: "Card", Multi: true, Attributes: []extension.Attribute{{Name: "n", Type: "string"}}}
	if err := w.registrar.DeclareExtension(t.Context(), tenant, schema); err != nil {
		t.Fatal(err)
	}
	schema, _ = w.settings(t).Extensions.Find("Card")
	return schema
}

func (w *world) settings(t *testing.T) access.Settings {
	t.Helper()
	settings, err := w.registrar.Tenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// give gives the n-th customer the cards of numbers(n), as one who knows no key.
func (w *world) give(t *testing.T, schema extension.Schema, numbers func(n int) []string) {
	t.Helper()
	for i, id := range w.ids {
		_, err := w.customers.Apply(t.Context(), customer.Request{
			Rules: customer.Rules{Tenant: tenant}, Search: customer.Search{ID: id}, WithExtensions: true,
			Edit: func(c *customer.Customer, _ time.Time) error {
				var records []extension.Record
				for _, n := range numbers(i) {
					records = append(records, extension.Record{"n": n})
				}
				return c.ReplaceRecords(schema, records)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// declareKey declares a key and starts its job.
func (w *world) declareKey(t *testing.T, key customer.IdentKey) (customer.IdentKey, jobs.Job) {
	t.Helper()
	key, err := w.registrar.DeclareIdentKey(t.Context(), tenant, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, w.startKey(t, key)
}

func (w *world) startKey(t *testing.T, key customer.IdentKey) jobs.Job {
	t.Helper()
	job, err := w.service.StartIdentKey(t.Context(), tenant, key)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// stored is how many values of a key are stored of all customers.
func (w *world) stored(t *testing.T, key customer.IdentKey) int {
	t.Helper()
	n := 0
	for _, id := range w.ids {
		hashes, err := w.store.Idents(t.Context(), tenant, id, key.Number)
		if err != nil {
			t.Fatal(err)
		}
		n += len(hashes)
	}
	return n
}

// found is how many customers a text leads to.
func (w *world) found(t *testing.T, key customer.IdentKey, text string) int {
	t.Helper()
	ids, err := w.store.Identified(t.Context(), tenant, key, []string{text}, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(ids)
}

func TestIdentKeyBackfillAndSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 40, crm)
	schema := w.cards(t)
	w.give(t, schema, func(n int) []string { return []string{fmt.Sprint("c", n), fmt.Sprint("shared", n%4)} })
	keys := []struct {
		key    customer.IdentKey
		stored int
		text   string
		found  int
	}{
		{customer.IdentKey{Name: "Crm", Attributes: []string{"CRM_ID"}, Unique: true}, 40, "crm 7", 1},
		{customer.IdentKey{Name: "Both", Attributes: []string{"CRM_ID", customer.AttributeEmail}}, 40, "crm 7", 1},
		{customer.IdentKey{Name: "Cards", Source: "card", Attributes: []string{"n"}}, 80, "shared1", 10},
		{customer.IdentKey{Name: "Nothing", Attributes: []string{"nothing"}}, 0, "x", 0},
	}
	for _, tt := range keys {
		key, job := w.declareKey(t, tt.key)
		w.drain(t)
		if got := w.show(t, job); got.State != jobs.Done || got.Seen != 40 {
			t.Errorf("%s: added = %+v", key.Name, got)
		}
		if got, _ := w.settings(t).IdentKeys.Numbered(key.Number); got.State != customer.FieldReady {
			t.Errorf("%s is %s, want ready", key.Name, got.State)
		}
		if stored, found := w.stored(t, key), w.found(t, key, tt.text); stored != tt.stored || found != tt.found {
			t.Errorf("%s: %d stored, %d found, want %d and %d", key.Name, stored, found, tt.stored, tt.found)
		}
	}
	for _, tt := range keys {
		key, err := w.registrar.RemoveIdentKey(t.Context(), tenant, tt.key.Name)
		if err != nil {
			t.Fatal(err)
		}
		job := w.startKey(t, key)
		w.drain(t)
		if got := w.show(t, job); got.State != jobs.Done || w.stored(t, key) != 0 {
			t.Errorf("%s: removed = %+v, %d values left", key.Name, got, w.stored(t, key))
		}
	}
	if keys := w.settings(t).IdentKeys; len(keys) != 0 {
		t.Errorf("keys = %v, want none", keys)
	}
}

// A unique key over values that are not fails, and names the first ten customers.
// Its removal leaves nothing, and declared again over values that are it is ready.
func TestUniqueKeyOverDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 40, func(n int) map[string]any { return map[string]any{"CRM_ID": fmt.Sprint(n % 20)} })
	key, job := w.declareKey(t, customer.IdentKey{Name: "Crm", Attributes: []string{"CRM_ID"}, Unique: true})
	w.drain(t)
	key, _ = w.settings(t).IdentKeys.Numbered(key.Number)
	got := w.show(t, job)
	if got.State != jobs.Failed || key.State != customer.FieldFailed || len(key.Duplicates) != 10 {
		t.Fatalf("the job is %+v, the key %+v", got, key)
	}
	if failure := key.Failure(); got.Trouble != failure.Error() {
		t.Errorf("trouble = %q, want %q", got.Trouble, failure)
	}
	for _, id := range key.Duplicates {
		if named := key.Failure().Args[0].([]customer.Named); !slices.Contains(named, customer.Named{ID: id}) {
			t.Errorf("Failure() names %v, want %v among them", named, id)
		}
	}
	if _, ok := w.settings(t).IdentKeys.Choose(func(customer.IdentKey, string) bool { return true }); ok {
		t.Error("a failed key was chosen")
	}
	key, err := w.registrar.RemoveIdentKey(t.Context(), tenant, "crm")
	if err != nil {
		t.Fatal(err)
	}
	w.startKey(t, key)
	w.drain(t)
	if n := w.stored(t, key); n != 0 {
		t.Errorf("%d values are left", n)
	}
	for n, id := range w.ids {
		if err := w.edit(t.Context(), id, func(c *customer.Customer, _ time.Time) error { c.SetCustom("CRM_ID", fmt.Sprint(n)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	again, _ := w.declareKey(t, customer.IdentKey{Name: "Crm", Attributes: []string{"CRM_ID"}, Unique: true})
	w.drain(t)
	if again, _ = w.settings(t).IdentKeys.Numbered(again.Number); again.State != customer.FieldReady || again.Number == key.Number || w.stored(t, again) != 40 {
		t.Errorf("declared again it is %+v with %d values", again, w.stored(t, again))
	}
}

func TestRemoveExtension(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 40, crm)
	schema := w.cards(t)
	w.give(t, schema, func(n int) []string { return []string{fmt.Sprint(n)} })
	w.declareKey(t, customer.IdentKey{Name: "Cards", Source: "Card", Attributes: []string{"n"}, Unique: true})
	w.drain(t)
	if _, err := w.registrar.RemoveExtension(t.Context(), tenant, "Card"); err == nil {
		t.Fatal("an extension was removed while a key stood on it")
	}
	key, err := w.registrar.RemoveIdentKey(t.Context(), tenant, "Cards")
	if err != nil {
		t.Fatal(err)
	}
	if schema, err = w.registrar.RemoveExtension(t.Context(), tenant, "Card"); err != nil {
		t.Fatal(err)
	}
	// The records may go before the values of the key do.
	job, err := w.service.StartExtensionRemoval(t.Context(), tenant, schema)
	if err != nil {
		t.Fatal(err)
	}
	w.drain(t)
	w.startKey(t, key)
	w.drain(t)
	if got := w.show(t, job); got.State != jobs.Done || got.Changed != 40 {
		t.Errorf("removed = %+v", got)
	}
	for _, id := range w.ids {
		record, err := w.store.CustomerWithExtensions(t.Context(), tenant, id)
		if err != nil || len(record.Extensions) != 0 {
			t.Errorf("customer %s has %v, error %v", id.Hex(), record.Extensions, err)
		}
	}
	if s := w.settings(t); len(s.Extensions) != 0 || len(s.IdentKeys) != 0 || w.stored(t, key) != 0 {
		t.Errorf("left are %v, %v and %d values", s.Extensions, s.IdentKeys, w.stored(t, key))
	}
}

// A whole backfill of a unique key over an extension is killed before and after
// calls to the table: every call with PROVE=1, else a few.
func TestProveIdentKeyKilledAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 12, crm)
	schema := w.cards(t)
	w.give(t, schema, func(n int) []string { return []string{fmt.Sprint("c", n), fmt.Sprint("d", n)} })
	stride := int64(97)
	if os.Getenv("PROVE") != "" {
		stride = 1
	}
	for at := int64(1); ; at += stride {
		key, err := w.registrar.DeclareIdentKey(t.Context(), tenant, customer.IdentKey{Name: "Cards", Source: "Card", Attributes: []string{"n"}, Unique: true})
		if err != nil {
			t.Fatal(err)
		}
		w.transport.arm(at)
		if !survived(func() { w.startKey(t, key) }) {
			w.startKey(t, key)
		}
		w.drain(t)
		last := w.transport.count.Load() < at
		w.transport.arm(0)
		key, _ = w.settings(t).IdentKeys.Numbered(key.Number)
		if key.State != customer.FieldReady || w.stored(t, key) != 24 || w.found(t, key, "c7") != 1 {
			t.Fatalf("killed at %d: the key is %s with %d values, want ready with 24", at, key.State, w.stored(t, key))
		}
		if key, err = w.registrar.RemoveIdentKey(t.Context(), tenant, "Cards"); err != nil {
			t.Fatal(err)
		}
		w.startKey(t, key)
		w.drain(t)
		if n := w.stored(t, key); n != 0 {
			t.Fatalf("killed at %d: %d values are left after the sweep", at, n)
		}
		if last {
			return
		}
	}
}
