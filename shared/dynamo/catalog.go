package dynamo

import (
	"context"
	"fmt"
	"strconv"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/history"
)

var _ catalog.Store = (*Store)(nil)

// Read implements [catalog.Store].
func (s *Store) Read(ctx context.Context, tenant int, w catalog.Wanted) (catalog.Found, error) {
	var keys []key
	add := func(prefix string, ns []int) {
		for _, n := range ns {
			if n > 0 {
				keys = append(keys, catalogKey(tenant, prefix, n))
			}
		}
	}
	if w.Customer != 0 {
		keys = append(keys, customerKey(tenant, w.Customer), purchasesKey(tenant, w.Customer))
	}
	add(categorySK, w.Categories)
	add(productSK, w.Products)
	add(taskSK, w.Tasks)
	for _, l := range w.Labels {
		keys = append(keys, labelKey(tenant, l))
	}
	if len(keys) == 0 {
		return catalog.Found{}, nil
	}
	items, err := s.get(ctx, "read catalog", distinct(keys)...)
	if err != nil {
		return catalog.Found{}, err
	}
	return readFound(tenant, w, items)
}

// distinct leaves out what repeats: a BatchGetItem rejects it.
func distinct(keys []key) []key {
	seen := make(map[key]bool, len(keys))
	unique := keys[:0]
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			unique = append(unique, k)
		}
	}
	return unique
}

func readFound(tenant int, w catalog.Wanted, items map[key]item) (found catalog.Found, err error) {
	if found.Categories, err = readNumbered(tenant, categorySK, w.Categories, items, readCategory); err != nil {
		return catalog.Found{}, err
	}
	if found.Products, err = readNumbered(tenant, productSK, w.Products, items, readProduct); err != nil {
		return catalog.Found{}, err
	}
	if found.Tasks, err = readNumbered(tenant, taskSK, w.Tasks, items, readTask); err != nil {
		return catalog.Found{}, err
	}
	found.Labels = make(map[catalog.Label]catalog.LabelRecord, len(w.Labels))
	for _, l := range w.Labels {
		if it, ok := items[labelKey(tenant, l)]; ok {
			if found.Labels[l], err = readLabel(it); err != nil {
				return catalog.Found{}, err
			}
		}
	}
	if w.Customer != 0 {
		found.Account, err = readPurchases(items[purchasesKey(tenant, w.Customer)])
		if it, ok := items[customerKey(tenant, w.Customer)]; ok && err == nil {
			found.Account.Customer, err = readCustomer(w.Customer, it)
		}
	}
	return found, err
}

func readNumbered[T any](tenant int, prefix string, ns []int, items map[key]item, read func(item) (T, error)) (map[int]T, error) {
	found := make(map[int]T, len(ns))
	for _, n := range ns {
		it, ok := items[catalogKey(tenant, prefix, n)]
		if !ok {
			continue
		}
		var err error
		if found[n], err = read(it); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Categories implements [catalog.Store].
func (s *Store) Categories(ctx context.Context, tenant int) ([]catalog.Category, error) {
	return listNumbered(ctx, s, tenant, "list categories", categorySK, readCategory)
}

// Products implements [catalog.Store].
func (s *Store) Products(ctx context.Context, tenant int) ([]catalog.Product, error) {
	return listNumbered(ctx, s, tenant, "list products", productSK, readProduct)
}

// TaskList implements [catalog.Store].
func (s *Store) TaskList(ctx context.Context, tenant int) ([]catalog.Task, error) {
	return listNumbered(ctx, s, tenant, "list tasks", taskSK, readTask)
}

func listNumbered[T any](ctx context.Context, s *Store, tenant int, doing, prefix string, read func(item) (T, error)) ([]T, error) {
	items, err := s.beginning(ctx, doing, catalogPK(tenant), prefix, 0)
	if err != nil {
		return nil, err
	}
	list := make([]T, len(items))
	for i, it := range items {
		if list[i], err = read(it); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// beginning reads strongly the first items of a partition whose sort keys begin so,
// in their order, up to limit; 0 is all of them. It asks for a range up to the last code
// point: for begins_with DynamoDB Local looks at the whole partition.
func (s *Store) beginning(ctx context.Context, doing, pk, prefix string, limit int) ([]item, error) {
	return s.queryAll(ctx, doing, "", within(attrPK, pk, attrSK, prefix, prefix+"\U0010FFFF"), limit)
}

// PurchaseOwner implements [catalog.Store].
func (s *Store) PurchaseOwner(ctx context.Context, tenant, purchase int) (customer.ID, error) {
	if purchase < 1 {
		return 0, nil
	}
	it, err := s.getOne(ctx, "read owner of a purchase", ownerKey(tenant, purchase))
	if err != nil || it == nil {
		return 0, err
	}
	id, err := customer.ParseBase36(text(it, attrOwner))
	if err != nil {
		return 0, fmt.Errorf("owner of purchase %s: %w", strconv.Itoa(purchase), err)
	}
	return id, nil
}

// Save implements [catalog.Store].
func (s *Store) Save(ctx context.Context, c catalog.Change) error {
	t := &tx{id: c.ID}
	if c.Request != nil { // first, for the first condition that fails is the one reported
		request := *c.Request
		if c.Account != nil {
			request.Outcome.ID = c.Account.Customer.ID
		}
		if err := t.putRequest(c.Tenant, request, s.now()); err != nil {
			return err
		}
	}
	if err := t.putCatalog(c); err != nil {
		return err
	}
	if c.Account != nil {
		t.putPurchases(c)
		whose, err := s.transaction(c.Customer, history.AuthorOf(ctx))
		if err != nil {
			return err
		}
		t.writes = append(t.writes, whose.writes...)
	}
	if n := len(t.writes); n > customer.MaxItems {
		return catalog.TooManyChanges(n)
	}
	return s.requestRecorded(s.commit(ctx, "save catalog", t), c.Request)
}

// putCatalog adds what changes of the catalog.
func (t *tx) putCatalog(c catalog.Change) error {
	put := func(what string, it item, before customer.Rev) error {
		if n := sizeOf(it); n > catalog.MaxBytes && n > before.Bytes {
			return catalog.TooLarge(what, n)
		}
		t.put(it, writtenBy(before.Commit), before.Bytes, 0)
		return nil
	}
	var err error
	if c.Category != nil {
		err = put("category", newCategoryItem(c.Tenant, *c.Category, t.id), c.Category.Rev)
	}
	if c.Product != nil && err == nil {
		err = put("product", newProductItem(c.Tenant, *c.Product, t.id), c.Product.Rev)
	}
	if c.Task != nil && err == nil {
		var it item
		if it, err = newTaskItem(c.Tenant, *c.Task, t.id); err == nil {
			err = put("task", it, c.Task.Rev)
		}
	}
	for _, l := range c.Labels {
		if l.After == 0 {
			t.delete(labelKey(c.Tenant, l.Label), writtenBy(l.Before.Commit), l.Before.Bytes)
			continue
		}
		t.put(newLabelItem(c.Tenant, l, t.id), writtenBy(l.Before.Commit), l.Before.Bytes, 0)
	}
	return err
}

// putPurchases adds an account and the purchases that start and end with it.
func (t *tx) putPurchases(c catalog.Change) {
	id := c.Account.Customer.ID
	t.put(newPurchasesItem(c.Tenant, *c.Account, t.id), writtenBy(c.Account.Rev.Commit), c.Account.Rev.Bytes, 0)
	for _, p := range c.Started {
		it := newPurchaseItem(c.Tenant, id, p, t.id)
		t.put(it, absent(), 0, indexUnits(indexKeys{}, indexKeysOf(it)))
		t.put(newOwnerItem(c.Tenant, id, p, t.id), absent(), 0, 0)
	}
	for _, p := range c.Ended {
		it := newPurchaseItem(c.Tenant, id, p, t.id)
		t.put(it, writtenBy(p.Commit), bytesBefore(c.Tenant, id, p), indexUnits(startedIndexKeys(c.Tenant, id, p), indexKeys{}))
	}
}
