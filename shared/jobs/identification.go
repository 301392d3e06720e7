package jobs

import (
	"context"
	"strconv"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
)

// The kinds of job about identification keys and extensions. Their subject is its
// number and name, and they have a part for each shard of the customers.
const (
	// IdentKeyAdd stores the values of a key that is being built and makes it
	// ready, or failed.
	IdentKeyAdd = "identification-key-add"
	// IdentKeyRemove removes the values of a key that was deleted and forgets it.
	IdentKeyRemove = "identification-key-remove"
	// ExtensionRemove removes the records of an extension that was deleted and
	// forgets it.
	ExtensionRemove = "extension-remove"
)

// StartIdentKey starts, as [Service.Start] does, the job that a key in its state
// calls for: one that was deleted is purged, any other is prepared.
func (s *Service) StartIdentKey(ctx context.Context, tenant int, key customer.IdentKey) (Job, error) {
	kind := IdentKeyAdd
	if key.State == customer.FieldRemoving {
		kind = IdentKeyRemove
	}
	return s.startWalk(ctx, tenant, kind, Subject{key.Number, key.Name})
}

// StartExtensionRemoval starts the job that removes the records of an extension.
func (s *Service) StartExtensionRemoval(ctx context.Context, tenant int, schema extension.Schema) (Job, error) {
	return s.startWalk(ctx, tenant, ExtensionRemove, Subject{schema.Number, schema.Name})
}

// startWalk starts a job over all customers of a tenant.
func (s *Service) startWalk(ctx context.Context, tenant int, kind string, subject Subject) (Job, error) {
	o := Spec{Tenant: tenant, Kind: kind, Subject: subject}
	for shard := range customer.Shards {
		o.Ranges = append(o.Ranges, strconv.Itoa(shard))
	}
	return s.Start(ctx, o)
}
