package imports

import (
	"context"
	"errors"
	"testing"

	"regulars/shared/customer"
)

// A moving store has one key and one customer. Somebody else changes both after the
// first reads.
type moving struct {
	customer.Store // what is not asked for is nil

	commit string
}

var (
	movingKey = customer.EmailKey("a@example.com")
	movingID  = customer.ID(7)
)

func (m *moving) Keys(context.Context, int, []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	return map[customer.Key]customer.KeyRecord{movingKey: {Rev: customer.Rev{Commit: m.commit}}}, nil
}

func (m *moving) Customers(context.Context, int, []customer.ID) (map[customer.ID]customer.Record, error) {
	return map[customer.ID]customer.Record{movingID: m.customer()}, nil
}

func (m *moving) CustomerWithExtensions(context.Context, int, customer.ID) (customer.Record, error) {
	return m.customer(), nil
}

func (m *moving) customer() customer.Record {
	return customer.Record{Customer: customer.Customer{ID: movingID}, Rev: customer.Rev{Commit: m.commit}}
}

// A later row may read again what an earlier one requires. Where somebody has changed it in
// between, one transaction cannot hold for both: it is not written.
func TestRowsRestOnOneReadOfEachItem(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	key := func(w *window) error {
		_, err := w.Keys(ctx, 5, []customer.Key{movingKey})
		return err
	}
	plain := func(w *window) error {
		_, err := w.Customers(ctx, 5, []customer.ID{movingID})
		return err
	}
	withExtensions := func(w *window) error {
		_, err := w.CustomerWithExtensions(ctx, 5, movingID)
		return err
	}
	require := func(w *window) { w.requireRead() }
	changeKey := func(w *window) {
		w.row.customer = &customer.Commit{
			ID: "row", Tenant: 5, Before: customer.Record{Customer: customer.Customer{ID: 8}}, After: customer.Customer{ID: 8},
			Keys: []customer.KeyChange{{Key: movingKey, Before: w.keys[movingKey].KeyRecord}},
		}
		w.changes = append(w.changes, *w.row.customer)
		w.row.whole = w.row.customer
		w.keep()
	}
	changeCustomer := func(w *window) {
		before := w.record(movingID)
		if err := w.Commit(ctx, customer.Commit{ID: "row", Tenant: 5, Before: before, After: before.Customer}); err != nil {
			t.Error(err)
		}
		w.row.whole = w.row.customer
		w.keep()
	}
	for _, tt := range []struct {
		name       string
		read, then func(w *window) error
		decide     func(w *window)
	}{
		{"key required again", key, key, require},
		{"key changed", key, key, changeKey},
		{"customer required again", plain, plain, require},
		{"customer changed", plain, plain, changeCustomer},
		{"customer read with its extensions", plain, withExtensions, changeCustomer},
	} {
		for _, moved := range []bool{false, true} {
			store := &moving{commit: "first"}
			w := newWindow(5, store, nil)
			w.begin()
			err := tt.read(w)
			w.requireRead()
			w.begin()
			err = errors.Join(err, tt.read(w))
			if moved {
				store.commit = "second"
			}
			err = errors.Join(err, tt.then(w))
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			tt.decide(w)
			changes, err := w.commits()
			if moved && !errors.Is(err, errStale) {
				t.Errorf("%s, which had moved: commits %+v, %v", tt.name, changes, err)
			}
			if !moved && (err != nil || len(changes) != 1) {
				t.Errorf("%s: commits %+v, %v", tt.name, changes, err)
			}
		}
	}
}
