package customer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// by finds by any of the keys, wherever customers hold them.
func by(keys ...customer.Key) customer.Search {
	var s customer.Search
	for _, key := range keys {
		s.Any = append(s.Any, customer.Lookup{Key: key, Roles: customer.Anywhere | customer.InCustom})
	}
	return s
}

func email(address string) customer.Search { return by(customer.EmailKey(address)) }
func phone(number string) customer.Search  { return by(customer.PhoneKey(number)) }
func id(id customer.ID) customer.Search    { return customer.Search{ID: id} }

func setEmail(address string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.SetEmail(address); return nil }
}

func setPhones(numbers ...string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.SetPhones(numbers); return nil }
}

func setName(name string) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error { c.FirstName = name; return nil }
}

// subscribeOn leaves one subscription, of +1111111 on a resource.
func subscribeOn(resource int64) customer.Edit {
	return func(c *customer.Customer, now time.Time) error {
		c.Subscriptions = nil
		return c.Subscribe(customer.SubscriptionEdit{Resource: resource, Channel: customer.ChannelSMS, Contact: "+1111111"}, now)
	}
}

func both(edits ...customer.Edit) customer.Edit {
	return func(c *customer.Customer, now time.Time) error {
		for _, edit := range edits {
			if err := edit(c, now); err != nil {
				return err
			}
		}
		return nil
	}
}

func imports(search customer.Search, edit customer.Edit) customer.Request {
	return customer.Request{Rules: rules, Search: search, Create: true, Edit: edit, Idempotent: true}
}

func updates(search customer.Search, edit customer.Edit) customer.Request {
	return customer.Request{Rules: rules, Search: search, Edit: edit, Idempotent: true}
}

func deletes(search customer.Search) customer.Request {
	return customer.Request{Rules: rules, Search: search, Edit: customer.Delete}
}

func withKey(r customer.Request, key, meaning string) customer.Request {
	r.IdempotencyKey = &idempotency.Key{Value: key, Fingerprint: meaning}
	return r
}

// must applies a request that has to succeed.
func must(t *testing.T, service *customer.Service, r customer.Request) customer.Result {
	t.Helper()
	result, err := service.Apply(t.Context(), r)
	if err != nil {
		t.Fatalf("Apply error = %v", err)
	}
	return result
}

func TestImport(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), both(setEmail("Ada@x.com"), setPhones("+1111111"))))
		if want := (customer.Result{ID: ada.ID, Created: true, Changed: true}); ada != want {
			t.Errorf("first import = %+v, want %+v", ada, want)
		}
		commits := len(world.commits)
		if got, want := must(t, service, imports(email("ADA@x.com"), setEmail("Ada@x.com"))), (customer.Result{ID: ada.ID}); got != want {
			t.Errorf("an import that changes nothing = %+v, want %+v", got, want)
		}
		if len(world.commits) != commits {
			t.Errorf("an import that changes nothing wrote %+v", world.commits[commits:])
		}
		if got, want := must(t, service, imports(phone("+1111111"), setName("Ada"))), (customer.Result{ID: ada.ID, Changed: true}); got != want {
			t.Errorf("an import by phone = %+v, want %+v", got, want)
		}
		if last := world.commits[commits]; len(last.Keys) != 0 || len(last.UnchangedKeys) != 0 || !last.Idempotent {
			t.Errorf("an import that changes no key wrote %+v, want the customer alone", last)
		}
		found, err := service.Find(ctx, rules, phone("+1111111"))
		if err != nil || found.FirstName != "Ada" || !slices.Equal(found.Emails, []string{"Ada@x.com"}) {
			t.Errorf("found %+v, error %v, want Ada", found, err)
		}
		if !found.Changed.Equal(world.clock) || found.Changed.Location() != time.UTC {
			t.Errorf("Changed = %v, want %v in UTC", found.Changed, world.clock)
		}
	})
}

func TestNobodyMatches(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		gone := must(t, service, imports(email("gone@x.com"), setEmail("gone@x.com")))
		must(t, service, deletes(id(gone.ID)))
		commits := len(world.commits)
		for name, search := range map[string]customer.Search{
			"an unknown e-mail":             email("eve@x.com"),
			"the e-mail of a deleted one":   email("gone@x.com"),
			"the id of a deleted one":       id(gone.ID),
			"an unknown id":                 id(4096),
			"several keys":                  by(customer.EmailKey("eve@x.com"), customer.PhoneKey("+1111111")),
			"several words":                 {All: []customer.Lookup{{Key: fieldKey(2, "a"), Roles: customer.InCustom}, {Key: fieldKey(2, "b"), Roles: customer.InCustom}}},
			"the e-mail of one, elsewhere.": {Any: []customer.Lookup{{Key: customer.EmailKey("gone@x.com"), Roles: customer.InSubscription}}},
		} {
			if _, err := service.Apply(ctx, updates(search, setName("Eve"))); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("update by %s: error = %v, want %v", name, err, customer.ErrNotFound)
			}
			if _, err := service.Apply(ctx, deletes(search)); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("delete by %s: error = %v, want %v", name, err, customer.ErrNotFound)
			}
			if _, err := service.Find(ctx, rules, search); !errors.Is(err, customer.ErrNotFound) {
				t.Errorf("find by %s: error = %v, want %v", name, err, customer.ErrNotFound)
			}
		}
		if len(world.commits) != commits {
			t.Errorf("%d commits for nobody", len(world.commits)-commits)
		}
	})
}

func TestTakenEmail(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
		eve := must(t, service, imports(email("eve@x.com"), both(setEmail("eve@x.com"), setPhones("+2222222"))))
		commits := len(world.commits)
		for name, r := range map[string]customer.Request{
			"update": updates(id(eve.ID), both(setEmail("ADA@x.com"), setPhones("+3333333"))),
			"create": imports(phone("+4444444"), both(setEmail("ada@x.com"), setPhones("+4444444"))),
		} {
			_, err := service.Apply(ctx, r)
			clientErr, ok := errs.AsClient(err)
			if !errors.Is(err, customer.ErrTaken) || !ok || !slices.Equal(clientErr.Args, []any{ada.ID}) {
				t.Errorf("%s: error = %v, want %v that names %s", name, err, customer.ErrTaken, ada.ID.Hex())
			}
		}
		if len(world.commits) != commits {
			t.Error("a refused request wrote")
		}
		// As a further role it is nobody's alone.
		must(t, service, updates(id(eve.ID), func(c *customer.Customer, now time.Time) error {
			return c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com"}, now)
		}))
		_, err := service.Find(ctx, rules, email("ada@x.com"))
		clientErr, _ := errs.AsClient(err)
		if !errors.Is(err, customer.ErrAmbiguous) || !cmp.Equal(clientErr.Args, []any{2, []customer.ID{ada.ID, eve.ID}}) {
			t.Errorf("find error = %v, want %v that names both", err, customer.ErrAmbiguous)
		}
	})
}

// What the edit rejects is rejected, once, and nothing is written.
func TestEditRejects(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		errEdit := errs.New(errs.Invalid, "no", "data")
		calls := 0
		result, err := service.Apply(ctx, imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
			calls++
			c.SetEmail("ada@x.com")
			return errEdit
		}))
		if !errors.Is(err, errEdit) || result != (customer.Result{}) || calls != 1 || len(world.commits) != 0 {
			t.Errorf("result %+v, error %v, %d calls, %d commits, want the refusal", result, err, calls, len(world.commits))
		}
	})
}
