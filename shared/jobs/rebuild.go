package jobs

import (
	"context"
	"strings"

	"regulars/shared/customer"
)

// RebuildKey makes an overflowed match key, its subject, name its owners again. It has a
// part for each shard of the customers.
const RebuildKey = "rebuild-key"

// StartRebuild starts, as [Service.Start] does, the job about a match key.
func (s *Service) StartRebuild(ctx context.Context, tenant int, key customer.Key) (Job, error) {
	return s.startWalk(ctx, tenant, RebuildKey, Subject{Name: string(key.Kind) + " " + key.Value})
}

// KeyOf is the match key that a job of the kind [RebuildKey] is about.
func KeyOf(job Job) customer.Key {
	kind, value, _ := strings.Cut(job.Subject.Name, " ")
	return customer.Key{Kind: customer.Kind(kind), Value: value}
}
