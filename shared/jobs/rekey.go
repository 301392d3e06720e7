package jobs

import "context"

// RekeyContacts brings customers that were written before contacts and match values
// were compared as package contact has it to where they would be now
// ([customer.Service.Rekey]). It has no subject, and a part for each shard of the
// customers.
const RekeyContacts = "rekey-contacts"

// StartRekey starts, as [Service.Start] does, the job about a tenant's contacts.
func (s *Service) StartRekey(ctx context.Context, tenant int) (Job, error) {
	return s.startWalk(ctx, tenant, RekeyContacts, Subject{})
}
