package dynamo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
)

func ptr[T any](v T) *T { return &v }

// What is saved is what is read, down to what is empty and what is not there.
func TestCatalogIsReadBack(t *testing.T) {
	t.Parallel()
	s := New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	const tenant = 5
	now := time.Now().UTC().Truncate(time.Microsecond)
	id := customer.NewID(now, 7)
	whose := customer.Commit{
		ID: rand.Text(), Tenant: tenant, Before: customer.Record{Customer: customer.Customer{ID: id}},
		After: customer.Customer{ID: id, Changed: now, FirstName: "Ann"},
	}
	purchase := catalog.Purchase{Number: 4, Product: 2, Created: now, CustomID: ptr(""), Consumed: 3, Commit: "c"}
	ended := catalog.Purchase{Number: 3, Product: 2, Created: now, Ended: now, Expired: true, Commit: "b"}
	want := catalog.Found{
		Categories: map[int]catalog.Category{
			1: {Number: 1, Label: "a#b", Emoji: "💼", Goal: "g", Visible: true, Displayed: catalog.Texts{{Language: "en", Name: "n", Description: "d"}, {}}},
			2: {Number: 2},
		},
		Products: map[int]catalog.Product{
			2: {Number: 2, Label: ptr(""), Category: 1, Displayed: catalog.Texts{{Language: "en", Name: "n"}}, Free: true, Days: ptr(0), Limit: ptr(-7),
				StripeID: ptr("s"), AppleID: ptr(""), Links: []catalog.Link{{Number: 9, Task: 3}, {Number: 8, Task: 1}}},
			3: {Number: 3, Category: 1},
		},
		Tasks: map[int]catalog.Task{3: {Number: 3, Definition: map[string]any{"a": []any{nil, true, json.Number("1.5"), "<é>"}, "b": map[string]any{"c": ""}}}},
		Account: catalog.Account{
			Customer: customer.Record{Customer: whose.After}, Active: []catalog.Purchase{purchase, {Number: 5, Product: 3, Created: now, Commit: "d"}},
			UserTasks: map[int]int{3: 1, 1: 20}, LastLimited: &ended, LastDated: nil,
		},
		Labels: map[catalog.Label]catalog.LabelRecord{{Kind: catalog.CategoryLabel, Text: "a#b"}: {Number: 1}},
	}
	change := catalog.Change{ID: whose.ID, Tenant: tenant, Account: &want.Account, Customer: whose, Labels: []catalog.LabelChange{{
		Label: catalog.Label{Kind: catalog.CategoryLabel, Text: "a#b"}, After: 1,
	}}}
	if err := s.Save(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	for _, c := range want.Categories {
		save(t, s, catalog.Change{Category: &c})
	}
	for _, p := range want.Products {
		save(t, s, catalog.Change{Product: &p})
	}
	for _, task := range want.Tasks {
		save(t, s, catalog.Change{Task: &task})
	}
	w := catalog.Wanted{Customer: id, Categories: []int{1, 2, 99, 0, -1, 1}, Products: []int{2, 3, 99}, Tasks: []int{3, 99}, Labels: []catalog.Label{
		{Kind: catalog.CategoryLabel, Text: "a#b"}, {Kind: catalog.CategoryLabel, Text: "other"},
	}}
	got, err := s.Read(t.Context(), tenant, w)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(customer.Rev{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Read() (-want +got):\n%s", diff)
	}
	// A second one in the place of the same, without having read it.
	if err := s.Save(t.Context(), change); err != nil {
		t.Errorf("the same commit again = %v, want that it happened", err)
	}
	change.ID = rand.Text()
	change.Customer.ID = change.ID
	if err := s.Save(t.Context(), change); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("another commit on what was not there = %v, want stale", err)
	}
	if other, err := s.Read(t.Context(), tenant+1, w); err != nil || len(other.Categories)+len(other.Products)+len(other.Tasks)+len(other.Labels) > 0 || !other.Account.Customer.Absent() {
		t.Errorf("another tenant reads %+v, %v", other, err)
	}
}

func save(t *testing.T, s *Store, c catalog.Change) {
	t.Helper()
	c.ID, c.Tenant = rand.Text(), 5
	if err := s.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// Numbers are consecutive in one draw, never drawn twice, and each sequence has its
// own, as each tenant has.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s := New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	seen := make(chan int, 100)
	done := make(chan error, 10)
	for range 10 {
		go func() {
			for range 5 {
				first, err := s.Numbers(t.Context(), 5, map[catalog.Sequence]int{catalog.Purchases: 1, catalog.UserTasks: 2, catalog.Executions: 1})
				if err != nil {
					done <- err
					return
				}
				seen <- first[catalog.UserTasks]
				seen <- first[catalog.UserTasks] + 1
			}
			done <- nil
		}()
	}
	for range 10 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	close(seen)
	drawn := map[int]bool{}
	for n := range seen {
		if drawn[n] || n < 1 || n > 100 {
			t.Errorf("the number %d was drawn twice, or is none of 1 to 100", n)
		}
		drawn[n] = true
	}
	for sequence, want := range map[catalog.Sequence]int{catalog.Purchases: 51, catalog.UserTasks: 101, catalog.Executions: 51, catalog.Categories: 1} {
		first, err := s.Numbers(t.Context(), 5, map[catalog.Sequence]int{sequence: 1})
		if err != nil || first[sequence] != want {
			t.Errorf("next %s = %d, %v, want %d", sequence, first[sequence], err, want)
		}
	}
	if first, err := s.Numbers(t.Context(), 6, map[catalog.Sequence]int{catalog.Purchases: 1}); err != nil || first[catalog.Purchases] != 1 {
		t.Errorf("the first purchase of another tenant = %v, %v, want 1", first, err)
	}
}

// A purchase that writes its category's goal on the customer keeps the
// identification values over it in step, as any other writer does.
func TestPurchaseKeepsIdents(t *testing.T) {
	t.Parallel()
	store := New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	customers := customer.NewService(store, time.Now)
	products := catalog.NewService(store, customers, time.Now)
	const tenant = 5
	key := customer.IdentKey{Number: 1, Name: "GoalKey", Attributes: []string{catalog.GoalField}, Unique: true, State: customer.FieldReady}
	idents := customer.IdentKeys{key}
	ada, err := customers.Apply(t.Context(), customer.Request{Rules: customer.Rules{Tenant: tenant, IdentKeys: idents}, Create: true, Edit: func(c *customer.Customer, _ time.Time) error {
		c.SetCustom(catalog.GoalField, "rest")
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	category, err := products.CreateCategory(t.Context(), tenant, catalog.CategoryForm{Label: catalog.Sent("c"), Goal: catalog.Sent("sell")})
	if err != nil {
		t.Fatal(err)
	}
	product, err := products.CreateProduct(t.Context(), tenant, catalog.ProductForm{
		Label: catalog.Sent(ptr("p")), Category: catalog.Sent(catalog.Ref{Number: category}), Free: catalog.Sent(true), Days: catalog.Sent(ptr(30)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := products.Assign(t.Context(), catalog.Assignment{
		User: catalog.User{Rules: customer.Rules{Tenant: tenant, IdentKeys: idents}, ID: ada.ID}, Product: catalog.Ref{Number: product},
	}); err != nil {
		t.Fatal(err)
	}
	for goal, want := range map[string]int{"rest": 0, "sell": 1} {
		if ids, err := store.Identified(t.Context(), tenant, key, []string{goal}, 0, 10); err != nil || len(ids) != want {
			t.Errorf("Identified() by the goal %s = %v, %v, want %d", goal, ids, err, want)
		}
	}
	if got, err := customers.Apply(t.Context(), customer.Request{Rules: customer.Rules{Tenant: tenant, IdentKeys: idents}, Create: true, Edit: func(c *customer.Customer, _ time.Time) error {
		c.SetCustom(catalog.GoalField, "sell")
		return nil
	}}); !errors.Is(err, customer.ErrNotUnique) {
		t.Errorf("Apply() with a goal that is unique = %+v, %v, want %v", got, err, customer.ErrNotUnique)
	}
}
