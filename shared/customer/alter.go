package customer

import "context"

// Alter decides what an edit makes of a customer that was read, for a commit of
// another domain that the customer is part of: the customer and its keys change
// with it, or the customer is checked to be as it was read. A customer that is
// gone is refused with [ErrNotFound].
func (s *Service) Alter(ctx context.Context, tenant int, fields MatchFields, before Record, edit Edit) (Commit, error) {
	if before.Absent() || before.Deleted {
		return Commit{}, ErrNotFound
	}
	commit, err := s.decide(ctx, Request{Tenant: tenant, Fields: fields, Edit: edit}, loaded{record: before}, true)
	if err == nil && !commit.Changes() {
		commit.CheckCustomers = []Record{before}
	}
	return commit, err
}
