package jobs

import (
	"context"

	"regulars/shared/customer"
)

// The kinds of job about a match field. Their subject is its number and name,
// and they have a part for each shard of the customers.
const (
	// MatchFieldAdd writes the keys of a field that is building and makes it
	// ready. Where it is cancelled the field goes on building, until it is declared
	// again or removed.
	MatchFieldAdd = "match-field-add"
	// MatchFieldRemove removes the keys of a field that is being removed and
	// forgets it.
	MatchFieldRemove = "match-field-remove"
)

// StartMatchField starts, as [Service.Start] does, the job that a field in its
// state calls for: one that is being removed is purged, any other is prepared.
func (s *Service) StartMatchField(ctx context.Context, tenant int, field customer.MatchField) (Job, error) {
	kind := MatchFieldAdd
	if field.State == customer.FieldRemoving {
		kind = MatchFieldRemove
	}
	return s.startWalk(ctx, tenant, kind, Subject{field.Number, field.Name})
}
