package dynamo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
)

var card = extension.Schema{Name: "Card", Number: 9, Multi: true}

func newStore(t *testing.T) (*Store, *customer.Service) {
	t.Helper()
	store := New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	return store, customer.NewService(store, time.Now)
}

// have creates a customer or changes it, knowing the key.
func have(t *testing.T, service *customer.Service, id customer.ID, key customer.IdentKey, records ...extension.Record) customer.ID {
	t.Helper()
	result, err := service.Apply(t.Context(), customer.Request{
		Rules: customer.Rules{Tenant: 5, IdentKeys: customer.IdentKeys{key}}, Search: customer.Search{ID: id}, Create: id == 0, WithExtensions: true,
		Edit: func(c *customer.Customer, _ time.Time) error { return c.ReplaceRecords(card, records) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.ID
}

func TestWhole(t *testing.T) {
	store, service := newStore(t)
	records := []extension.Record{{"text": "x", "empty": "", "flag": false}, {}}
	id := have(t, service, 0, customer.IdentKey{}, records...)
	got, err := store.CustomerWithExtensions(t.Context(), 5, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(records, got.Extensions[9].Records); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got.Extensions[9].Commit != got.Commit || got.Extensions[9].Bytes == 0 {
		t.Errorf("extension = %+v of a customer written by %s", got.Extensions[9], got.Commit)
	}
	alone, err := store.Customers(t.Context(), 5, []customer.ID{id})
	if e := alone[id].Extensions[9]; err != nil || e.Commit != got.Commit || e.Records != nil {
		t.Errorf("without its extensions the customer has %+v, %v", e, err)
	}
	if nobody, err := store.CustomerWithExtensions(t.Context(), 5, id+1); err != nil || !nobody.Absent() {
		t.Errorf("nobody = %+v, %v", nobody, err)
	}
}

// What does not belong together is never returned: read again.
func TestWholeThatIsTorn(t *testing.T) {
	store, service := newStore(t)
	db := dynamotest.Client(t)
	id := have(t, service, 0, customer.IdentKey{}, extension.Record{"n": "1"})
	read := func(k key) item {
		it, err := store.getOne(t.Context(), "read", k)
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	put := func(it item) {
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &store.table, Item: it}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(k key) {
		if _, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &store.table, Key: k.attributes()}); err != nil {
			t.Fatal(err)
		}
	}
	customerAt, extensionAt := customerKey(5, id), extensionKey(5, id, 9)
	oldCustomer, oldExtension := read(customerAt), read(extensionAt)
	have(t, service, id, customer.IdentKey{}, extension.Record{"n": "2"})
	newCustomer, newExtension := read(customerAt), read(extensionAt)
	tests := map[string]func(){
		"new customer, old extension":    func() { put(newCustomer); put(oldExtension) },
		"old customer, new extension":    func() { put(oldCustomer); put(newExtension) },
		"customer without its extension": func() { put(newCustomer); remove(extensionAt) },
		"extension without its customer": func() { remove(customerAt); put(newExtension) },
	}
	for name, tear := range tests {
		tear()
		if got, err := store.CustomerWithExtensions(t.Context(), 5, id); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: Whole = %+v, %v, want stale", name, got, err)
		}
	}
	put(newCustomer)
	put(newExtension)
	if _, err := store.CustomerWithExtensions(t.Context(), 5, id); err != nil {
		t.Errorf("Whole of what belongs together = %v", err)
	}
}

func TestTooLargeWithExtensions(t *testing.T) {
	store, service := newStore(t)
	many := func(n, size int) []extension.Record {
		records := make([]extension.Record, n)
		for i := range records {
			records[i] = extension.Record{"n": fmt.Sprint(i), "text": strings.Repeat("x", size)}
		}
		return records
	}
	id := have(t, service, 0, customer.IdentKey{}, many(900, 300)...)
	before, err := store.CustomerWithExtensions(t.Context(), 5, id)
	if err != nil || len(before.Extensions[9].Records) != 900 {
		t.Fatalf("900 records: %d, %v", len(before.Extensions[9].Records), err)
	}
	other := extension.Schema{Name: "Other", Number: 10, Multi: true}
	for name, edit := range map[string]func(c *customer.Customer) error{
		"more records":      func(c *customer.Customer) error { return c.InsertRecords(card, many(100, 300)) },
		"another extension": func(c *customer.Customer) error { return c.InsertRecords(other, many(100, 300)) },
	} {
		_, err := service.Apply(t.Context(), customer.Request{
			Rules: customer.Rules{Tenant: 5}, Search: customer.Search{ID: id}, WithExtensions: true, Edit: func(c *customer.Customer, _ time.Time) error { return edit(c) },
		})
		clientErr, ok := errs.AsClient(err)
		if !ok || clientErr.Code != "customer_too_large" {
			t.Errorf("%s: error = %v, want customer_too_large", name, err)
		}
	}
	after, err := store.CustomerWithExtensions(t.Context(), 5, id)
	if err != nil || after.Commit != before.Commit {
		t.Errorf("what was refused wrote: %v", err)
	}
	have(t, service, id, customer.IdentKey{}, many(1, 1)...)
}

// The index finds by all attributes or by the first ones, in the order of ids.
func TestIdentified(t *testing.T) {
	store, service := newStore(t)
	key := customer.IdentKey{Number: 15, Extension: 9, Attributes: []string{"a", "b"}, State: customer.FieldReady}
	var ids []customer.ID
	for i := range 6 {
		ids = append(ids, have(t, service, 0, key,
			extension.Record{"a": "x#y", "b": fmt.Sprint(i % 2)}, extension.Record{"a": "x#y", "b": fmt.Sprint(i)}, extension.Record{"a": "x"}))
	}
	slices.Sort(ids)
	tests := []struct {
		name  string
		texts []string
		after customer.ID
		limit int
		want  []customer.ID
	}{
		{"by all", []string{"x#y", "5"}, 0, 10, nil},
		{"by the first, each once", []string{"x#y"}, 0, 10, ids},
		{"up to a limit", []string{"x#y"}, 0, 4, ids[:4]},
		{"behind one", []string{"x#y"}, ids[3], 10, ids[4:]},
		{"behind the last", []string{"x#y"}, ids[5], 10, nil},
		{"a further one that is absent", []string{"x", ""}, 0, 10, ids},
		{"by all, up to a limit", []string{"x", ""}, ids[0], 2, ids[1:3]},
		{"nobody", []string{"x#"}, 0, 10, nil},
		{"nobody by all", []string{"x#y", "7"}, 0, 10, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := store.Identified(t.Context(), 5, key, tt.texts, tt.after, tt.limit)
			if tt.name == "by all" {
				tt.want = got[:min(1, len(got))] // who the sixth is depends on the ids
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Identified() = %v, %v, want %v", got, err, tt.want)
			}
		})
	}
	hashes, err := store.Idents(t.Context(), 5, ids[0], 15)
	if err != nil || len(hashes) < 2 {
		t.Errorf("Idents() = %v, %v", hashes, err)
	}
	if others, err := store.Idents(t.Context(), 5, ids[0], 1); err != nil || len(others) != 0 {
		t.Errorf("Idents() of the key 1 = %v, %v, want none of the key 15", others, err)
	}
}
