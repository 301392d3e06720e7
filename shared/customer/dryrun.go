package customer

import (
	"context"
	"maps"
	"slices"
	"sync"

	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// DryRun returns a service on the same store that decides as s does and writes nothing:
// what it changes is kept beside the store, for what it is asked after that.
func (s *Service) DryRun() *Service {
	dry := *s
	dry.owners = nil // they would read past what is kept
	dry.store = &dryStore{Store: s.store, keys: map[Key]KeyRecord{}, customers: map[ID]Record{}}
	return &dry
}

// A dryStore is a store as it would be after commits that it keeps to itself. Of lists
// and of points accounts it knows nothing.
type dryStore struct {
	Store
	mutex     sync.Mutex
	keys      map[Key]KeyRecord
	customers map[ID]Record
}

// Keys implements [Store].
func (s *dryStore) Keys(ctx context.Context, tenant int, keys []Key) (map[Key]KeyRecord, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	read, err := s.Store.Keys(ctx, tenant, keys)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := maps.Clone(read)
	for _, key := range keys {
		if record, ok := s.keys[key]; ok {
			if all == nil {
				all = map[Key]KeyRecord{}
			}
			all[key] = record
		}
	}
	return all, nil
}

// Customers implements [Store].
func (s *dryStore) Customers(ctx context.Context, tenant int, ids []ID) (map[ID]Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	read, err := s.Store.Customers(ctx, tenant, ids)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := maps.Clone(read)
	for _, id := range ids {
		if record, ok := s.customers[id]; ok {
			if all == nil {
				all = map[ID]Record{}
			}
			all[id] = record.clone()
		}
	}
	return all, nil
}

// CustomerWithExtensions implements [Store]. Where a commit was decided without the
// records of extensions it changed none of them.
func (s *dryStore) CustomerWithExtensions(ctx context.Context, tenant int, id ID) (Record, error) {
	read, err := s.Store.CustomerWithExtensions(ctx, tenant, id)
	if err != nil {
		return Record{}, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	record, ok := s.customers[id]
	if !ok {
		return read, nil
	}
	record = record.clone()
	if record.lacksRecords() {
		record.Extensions = read.Extensions
	}
	return record, nil
}

func (r Record) clone() Record { return Record{r.Customer.Clone(), r.Rev} }

// Commit implements [Store]. Its guards are looked at by reading.
func (s *dryStore) Commit(ctx context.Context, c Commit) error {
	if c.Request != nil {
		first, err := s.IdempotencyRecord(ctx, c.Tenant, c.Request.Value)
		if err != nil {
			return err
		}
		if first != nil {
			return &idempotency.Carried[Recorded]{Record: *first}
		}
	}
	if _, _, _, err := s.Weigh(c); err != nil {
		return err
	}
	if err := s.guards(ctx, c); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if c.Changes() {
		s.customers[c.After.ID] = Record{c.After.Clone(), Rev{Commit: c.ID, Bytes: c.Before.Bytes}}
	}
	for _, k := range c.Keys {
		s.keys[k.Key] = KeyRecord{k.After, Rev{Commit: c.ID, Bytes: k.Before.Bytes}}
	}
	return nil
}

// guards returns ErrConflict where a key or customer is no longer as it was read, or was
// taken for absent and is not.
func (s *dryStore) guards(ctx context.Context, c Commit) error {
	want := maps.Clone(c.UnchangedKeys)
	if want == nil {
		want = map[Key]Rev{}
	}
	for _, k := range c.Keys {
		want[k.Key] = k.Before.Rev
	}
	keys, err := s.Keys(ctx, c.Tenant, slices.Collect(maps.Keys(want)))
	if err != nil {
		return err
	}
	for key, rev := range want {
		if keys[key].Commit != rev.Commit {
			return errs.ErrConflict
		}
	}
	customers := map[ID]string{}
	if c.After.ID != 0 {
		customers[c.After.ID] = c.Before.Commit
	}
	for _, other := range c.UnchangedCustomers {
		customers[other.ID] = other.Commit
	}
	found, err := s.Customers(ctx, c.Tenant, slices.Collect(maps.Keys(customers)))
	if err != nil {
		return err
	}
	for id, commit := range customers {
		if found[id].Commit != commit {
			return errs.ErrConflict
		}
	}
	return nil
}
