package customer_test

import (
	"context"
	"maps"
	"slices"

	"regulars/shared/customer"
)

// An ident is where the table keeps an identification value.
type ident struct {
	id   customer.ID
	key  int
	hash string
}

// stampsOnly is a customer as it is read without its extensions.
func stampsOnly(c customer.Customer) customer.Customer {
	for number, e := range c.Extensions {
		c.Extensions[number] = customer.Extension{Commit: e.Commit}
	}
	return c
}

// withRecords is the customer after a commit, which knows only the records of
// extensions that it read.
func (t *table) withRecords(c customer.Commit) customer.Customer {
	after := c.After.Clone()
	for number, e := range after.Extensions {
		if e.Records == nil {
			after.Extensions[number] = t.customers[after.ID].Extensions[number]
		}
	}
	return after
}

func (t *table) storeIdents(c customer.Commit) {
	for _, i := range c.Idents {
		at := ident{c.After.ID, i.Key, i.Hash}
		if delete(t.idents, at); i.Put() {
			t.idents[at] = i.Texts
		}
	}
}

// Whole implements [customer.Store].
func (t *table) CustomerWithExtensions(_ context.Context, _ int, id customer.ID) (customer.Record, error) {
	t.meanwhile("read whole " + id.Decimal())
	record := t.customers[id]
	return customer.Record{Customer: record.Clone(), Rev: record.Rev}, nil
}

// Idents implements [customer.Store].
func (t *table) Idents(_ context.Context, _ int, id customer.ID, key int) ([]string, error) {
	t.meanwhile("read idents " + id.Decimal())
	var hashes []string
	for i := range t.idents {
		if i.id == id && i.key == key {
			hashes = append(hashes, i.hash)
		}
	}
	return hashes, nil
}

// Identified implements [customer.Store].
func (t *table) Identified(_ context.Context, _ int, key customer.IdentKey, texts []string, after customer.ID, limit int) ([]customer.ID, error) {
	t.meanwhile("search idents")
	found := map[customer.ID]bool{}
	for i, stored := range t.idents {
		if i.key == key.Number && i.id > after && slices.Equal(stored[:len(texts)], texts) {
			found[i.id] = true
		}
	}
	ids := slices.Sorted(maps.Keys(found))
	return ids[:min(limit, len(ids))], nil
}
