package customer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

func TestTooManyKeys(t *testing.T) {
	phones := func(n int) customer.Edit {
		return func(c *customer.Customer, _ time.Time) error {
			c.Phones = nil
			for i := range n {
				c.Phones = append(c.Phones, fmt.Sprintf("+1%07d", i))
			}
			return nil
		}
	}
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := must(t, service, imports(phone("+1111111"), phones(90)))
		rejected := func(what, code string, edit customer.Edit) {
			_, err := service.Apply(ctx, updates(id(ada.ID), edit))
			// Match fields and identification keys count, so those of now decide.
			if clientErr, ok := errs.AsClient(err); !ok || clientErr.Code != code || !clientErr.DependsOnSettings {
				t.Errorf("%s: error = %v, want %s, of settings", what, err, code)
			}
		}
		rejected("91 phones", "too_many_keys", phones(91))
		other := func(c *customer.Customer, _ time.Time) error {
			for i := range c.Phones {
				c.Phones[i] = fmt.Sprintf("+2%07d", i)
			}
			return nil
		}
		rejected("90 other phones", "too_many_changes", other)
		if n := len(world.customers[ada.ID].Phones); n != 90 {
			t.Errorf("%d phones after refusals, want 90", n)
		}
		must(t, service, updates(id(ada.ID), phones(40)))
		must(t, service, updates(id(ada.ID), phones(90)))
		must(t, service, deletes(id(ada.ID)))
	})
}

// A field that is declared later may give a customer more keys than a transaction
// takes. It can be deleted all the same.
func TestDeleteWithManyKeys(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		words := make([]any, 150)
		for i := range words {
			words[i] = fmt.Sprint("word ", i)
		}
		before := imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
			c.SetEmail("ada@x.com")
			c.SetCustom("interests", words)
			return nil
		})
		before.MatchFields = fields[:1]
		ada := must(t, service, before)
		if changed, err := service.KeepField(ctx, tenant, fields[1], ada.ID); err != nil || !changed {
			t.Fatalf("KeepField = %t, error %v, want the keys kept", changed, err)
		}
		if err := world.problems(fields); err != nil {
			t.Fatal(err)
		}
		if _, err := service.Apply(ctx, deletes(email("ada@x.com"))); err != nil {
			t.Errorf("delete error = %v, want none", err)
		}
	})
}

// longList makes a customer that came to hold too many keys for one transaction.
func longList(t *testing.T, service *customer.Service, v any) customer.ID {
	t.Helper()
	before := imports(email("ada@x.com"), func(c *customer.Customer, _ time.Time) error {
		c.SetEmail("ada@x.com")
		c.SetCustom("interests", v)
		return nil
	})
	before.MatchFields = fields[:1]
	ada := must(t, service, before)
	if _, err := service.KeepField(t.Context(), tenant, fields[1], ada.ID); err != nil {
		t.Fatal(err)
	}
	return ada.ID
}

func manyWords(n int) []any {
	words := make([]any, n)
	for i := range words {
		words[i] = fmt.Sprint("word ", i)
	}
	return words
}

// The same where all the words stand in one text.
func TestDeleteWithManyWordsInOneText(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		text := strings.Trim(strings.ReplaceAll(fmt.Sprintf("%q", manyWords(150)), `" "`, ","), `["]`)
		longList(t, service, text)
		if _, err := service.Apply(ctx, deletes(email("ada@x.com"))); err != nil {
			t.Errorf("delete error = %v, want none", err)
		}
	})
}

// The same where the words made room for phones since. Whatever comes of it, it
// comes to an end.
func TestDeleteWithManyPhones(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
		ada := longList(t, service, manyWords(93))
		for n := 0; n < 93; n += 31 {
			must(t, service, updates(id(ada), func(c *customer.Customer, _ time.Time) error {
				c.SetCustom("interests", manyWords(93-n-31))
				for i := range 31 {
					c.Phones = append(c.Phones, fmt.Sprintf("+1%07d", n+i))
				}
				return nil
			}))
		}
		commits := 0
		world.others = func(moment string) {
			if moment == "commit" {
				if commits++; commits > 20 {
					t.Fatal("the deletion writes without end")
				}
			}
		}
		if _, err := service.Apply(ctx, deletes(id(ada))); err != nil {
			t.Errorf("delete error = %v, want none", err)
		}
	})
}

// A deletion that was carried out before, or is rejected, takes nothing away from
// who has the e-mail now.
func TestRepeatedDeleteTakesNothingAway(t *testing.T) {
	for name, meaning := range map[string]string{"the same request": "delete", "another request": "another"} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, ctx context.Context, world *table, service *customer.Service) {
				must(t, service, imports(email("ada@x.com"), setEmail("ada@x.com")))
				gone := must(t, service, withKey(deletes(email("ada@x.com")), "k", "delete"))
				ada := longList(t, service, manyWords(150))
				got, err := service.Apply(ctx, withKey(deletes(email("ada@x.com")), "k", meaning))
				if meaning == "delete" && (err != nil || !got.Replayed || got.ID != gone.ID) {
					t.Errorf("Apply = %+v, error %v, want the first result again", got, err)
				}
				if meaning != "delete" && !errors.Is(err, idempotency.ErrKeyReused) {
					t.Errorf("Apply error = %v, want %v", err, idempotency.ErrKeyReused)
				}
				if words, _ := world.customers[ada].Custom["interests"].([]any); len(words) != 150 {
					t.Errorf("%d words are left, want 150", len(words))
				}
			})
		})
	}
}
