package jobs

import (
	"context"

	"regulars/shared/customer"
)

// EraseCustomer erases one customer, whose id in base 36 is the name of its subject; its
// task is who asked for it. It has one part.
const EraseCustomer = "erase-customer"

// StartErase starts, as [Service.Start] does, the job about a customer.
func (s *Service) StartErase(ctx context.Context, tenant int, id customer.ID, by string) (Job, error) {
	return s.Start(ctx, Spec{Tenant: tenant, Kind: EraseCustomer, Subject: Subject{Name: id.Base36()}, Task: by, Ranges: []string{""}})
}
