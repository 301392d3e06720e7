package customer

import (
	"context"
	"maps"
	"slices"

	"regulars/shared/errs"
)

// maxSharers is how many customers may share a contact and look like one: what more
// have is a switchboard's number or a family's, and says nothing.
const maxSharers = 10

// FindShared finds the customers above id that share a contact with that one in any
// role, as its match keys say: an e-mail, a phone or a push token. It reads strongly.
func (s *Service) FindShared(ctx context.Context, rules Rules, id ID) (findings []Finding, err error) {
	err = errs.Retry(ctx, func(int) error {
		findings = nil
		read, err := s.store.Customers(ctx, rules.Tenant, []ID{id})
		if err != nil {
			return err
		}
		c := read[id]
		if c.Absent() || c.Deleted {
			return ErrNotFound
		}
		var keys []Key
		for key := range c.Keys(nil) {
			if key.Kind != KindClientID {
				keys = append(keys, key)
			}
		}
		if len(keys) == 0 {
			return nil
		}
		slices.SortFunc(keys, compareKeys)
		records, err := s.store.Keys(ctx, rules.Tenant, keys)
		if err != nil {
			return err
		}
		for _, key := range keys {
			owners := records[key]
			if owners.Overflowed || len(owners.Roles) > maxSharers {
				continue
			}
			for _, other := range slices.Sorted(maps.Keys(owners.Roles)) {
				if other > id {
					findings = append(findings, Finding{Customer: id, Field: string(key.Kind), Reason: "shared_contact", Other: other})
				}
			}
		}
		return nil
	})
	return findings, err
}
