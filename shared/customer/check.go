package customer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"regulars/shared/errs"
)

// Check says what of a customer does not fit the match keys and identification values
// that follow from it, a sentence each without contacts; nothing where all fits or the
// customer is deleted. It reads strongly, and again where somebody wrote meanwhile.
func (s *Service) Check(ctx context.Context, rules Rules, id ID) (problems []string, err error) {
	err = errs.Retry(ctx, func(int) error {
		before, err := s.store.CustomerWithExtensions(ctx, rules.Tenant, id)
		if err != nil || before.Absent() || before.Deleted {
			problems = nil
			return err
		}
		if problems, err = s.check(ctx, rules.ready(), before); err != nil || len(problems) == 0 {
			return err
		}
		after, err := s.store.CustomerWithExtensions(ctx, rules.Tenant, id)
		if err == nil && after.Rev != before.Rev {
			return errs.ErrConflict
		}
		return err
	})
	return problems, err
}

// ready are the rules of which what they lead to is there: the others are being built
// or removed.
func (r Rules) ready() Rules {
	r.MatchFields = slices.DeleteFunc(slices.Clone(r.MatchFields), func(f MatchField) bool { return f.State != FieldReady })
	r.IdentKeys = slices.DeleteFunc(slices.Clone(r.IdentKeys), func(k IdentKey) bool { return k.State != FieldReady })
	return r
}

func (s *Service) check(ctx context.Context, rules Rules, c Record) (problems []string, err error) {
	want := c.AllKeys(rules)
	keys := slices.SortedFunc(maps.Keys(want), func(a, b Key) int { return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value) })
	records, err := s.store.Keys(ctx, rules.Tenant, keys)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		roles, record := want[k], records[k]
		if record.Overflowed {
			roles &= Primary
		}
		if got := record.Roles[c.ID]; got&roles != roles {
			problems = append(problems, fmt.Sprintf("a match key of the kind %s names it in roles %d, want %d", k.Kind, got, roles))
		}
	}
	for _, k := range rules.IdentKeys {
		stored, err := s.store.Idents(ctx, rules.Tenant, c.ID, k.Number)
		if err != nil {
			return nil, err
		}
		var hashes []string
		for _, v := range c.identValues(k) {
			hashes = append(hashes, v.Hash())
		}
		if slices.Sort(hashes); !slices.Equal(slices.Compact(hashes), slices.Sorted(slices.Values(stored))) {
			problems = append(problems, fmt.Sprintf("the identification key %d has %d values of it, want %d", k.Number, len(stored), len(hashes)))
		}
	}
	return problems, nil
}
