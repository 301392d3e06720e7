package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// The custom fields of a customer that are a Mojodex user's.
const (
	GoalField     = "goal"
	categoryField = "product_category_fk"
	languageField = "language_code"
)

// A User names the customer that a request is about: by id, or by e-mail.
type User struct {
	customer.Rules
	// ID is 0 where what was said is no id.
	ID customer.ID
	// Email, unless empty, is looked up instead.
	Email string
	// Raw is the JSON value by which the client named the customer.
	Raw any
}

// account reads the customer's account, and what else is wanted, together. A
// customer that is not there has an absent record.
func (s *Service) account(ctx context.Context, u User, w Wanted) (Found, error) {
	if u.Email == "" {
		return s.following(ctx, u.Tenant, u.ID, w)
	}
	key := customer.EmailKey(u.Email)
	keys, err := s.store.Keys(ctx, u.Tenant, []customer.Key{key})
	if err != nil {
		return Found{}, err
	}
	if w.Customer = keys[key].Primary(); w.Customer == 0 {
		return Found{}, unknownUser(u)
	}
	found, err := s.store.Read(ctx, u.Tenant, w)
	if err != nil {
		return Found{}, err
	}
	c := found.Account.Customer
	if c.Absent() || c.Keys(nil)[key]&customer.Primary == 0 {
		return Found{}, fmt.Errorf("customer %s gave the e-mail away: %w", w.Customer.Hex(), errs.ErrConflict)
	}
	return found, nil
}

// exists reports whether there is a customer; a tombstone is none.
func (a Account) exists() bool { return !a.Customer.Absent() && !a.Customer.Deleted }

// existing is account for a customer that must be there.
func (s *Service) existing(ctx context.Context, u User, w Wanted) (Found, error) {
	found, err := s.account(ctx, u, w)
	if err == nil && !found.Account.exists() {
		err = unknownUser(u)
	}
	return found, err
}

func unknownUser(u User) error {
	return reject("user_unknown", "user_id", u.Raw)
}

// Customer is the customer that a request names.
func (s *Service) Customer(ctx context.Context, u User) (customer.Customer, error) {
	var found Found
	err := errs.Retry(ctx, func(int) (err error) {
		found, err = s.existing(ctx, u, Wanted{})
		return err
	})
	return found.Account.Customer.Customer, err
}

// Language is the customer's language.
func Language(c customer.Customer) string { return fieldText(c, languageField) }

// categoryOf is the number of the customer's category, or 0.
func categoryOf(c customer.Customer) int {
	n, err := strconv.Atoi(fieldText(c, categoryField))
	if err != nil {
		return 0
	}
	return n
}

func fieldText(c customer.Customer, name string) string {
	text, _ := value.Text(c.Custom[name])
	return text
}

// adopts reports whether a purchase of a product of some category changes the
// customer: where it has no category or no goal.
func adopts(c customer.Customer) bool {
	return fieldText(c, categoryField) == "" || fieldText(c, GoalField) == ""
}

// adopt writes a category on a customer that has none, and its goal even over one
// that the customer had; who has a category gets the goal only if it has none
// (Mojodex 1.4).
func adopt(category Category) customer.Edit {
	return func(c *customer.Customer, _ time.Time) error {
		homeless := fieldText(*c, categoryField) == ""
		if homeless {
			c.SetCustom(categoryField, json.Number(strconv.Itoa(category.Number)))
		}
		if homeless || fieldText(*c, GoalField) == "" {
			c.SetCustom(GoalField, category.Goal)
		}
		return nil
	}
}

func unchanged(*customer.Customer, time.Time) error { return nil }
