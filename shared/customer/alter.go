package customer

import "context"

// Alter decides what an edit makes of a customer that was read, for a commit of
// another domain that the customer is part of: the customer, its keys and its
// identification values change with it, or the customer is checked to be as it was
// read. A customer that is gone is rejected with [ErrNotFound].
func (s *Service) Plan(ctx context.Context, rules Rules, before Record, edit Edit) (Commit, error) {
	if before.Absent() || before.Deleted {
		return Commit{}, ErrNotFound
	}
	commit, err := s.decide(ctx, Request{Rules: rules, Edit: edit}, loaded{record: before}, true)
	if err == nil && !commit.Changes() {
		commit.UnchangedCustomers = []Record{before}
	}
	return commit, err
}
