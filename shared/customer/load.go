package customer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"regulars/shared/errs"
)

// loaded is what one search read.
type loaded struct {
	// record is the customer that was found; absent where nobody matches.
	record Record
	keys   map[Key]KeyRecord
	// others were named by the keys, looked at, and do not match.
	others []Record
	// cleaned are the keys that stale owners were taken out of.
	cleaned map[Key]bool
}

// load finds the one customer a search leads to, reading strongly. It rejects
// with [ErrAmbiguous]; [errs.ErrConflict] means that keys and customers did not fit
// together, as when somebody wrote between the reads. Keys that are preloaded are
// not read again.
//
// It goes round as often as a key names stale owners, whose number only falls: the
// keys name candidates, these are read, and either the stale ones are taken out of
// the keys or the candidates are matched.
func (s *Service) load(ctx context.Context, rules Rules, search Search, preloaded map[Key]KeyRecord) (loaded, error) {
	if search.ID != 0 {
		records, err := s.store.Customers(ctx, rules.Tenant, []ID{search.ID})
		if err != nil || records[search.ID].Deleted {
			return loaded{}, err
		}
		return loaded{record: records[search.ID]}, nil
	}
	keys, err := s.searched(ctx, rules.Tenant, search.keys(), preloaded)
	if err != nil {
		return loaded{}, err
	}
	for l := (loaded{keys: keys}); ; {
		ids, unsure, err := search.candidates(l.keys)
		if err != nil {
			return loaded{}, err
		}
		if len(ids) == 0 {
			return l, nil
		}
		unsure = unsure || search.mayHaveStaleOwners(rules.MatchFields) && len(ids) <= namedOwners
		if len(ids) > 1 && !unsure {
			return loaded{}, s.confirm(ctx, rules.Tenant, l.keys, ambiguous(ids))
		}
		records, err := s.store.Customers(ctx, rules.Tenant, ids)
		if err != nil {
			return loaded{}, err
		}
		stale := staleOwners(l.keys, rules.MatchFields, ids, records)
		if len(stale) == 0 {
			return s.match(ctx, rules, search, l, ids, records)
		}
		if l, err = s.withoutStaleOwners(ctx, rules.Tenant, l, stale, records); err != nil {
			return loaded{}, err
		}
	}
}

// searched are the keys of a search: all preloaded, or all read.
func (s *Service) searched(ctx context.Context, tenant int, keys []Key, preloaded map[Key]KeyRecord) (map[Key]KeyRecord, error) {
	records := make(map[Key]KeyRecord, len(keys))
	for _, key := range keys {
		record, ok := preloaded[key]
		if !ok {
			return s.store.Keys(ctx, tenant, keys)
		}
		records[key] = record
	}
	return records, nil
}

// loadAll is load, where whole with the records of extensions.
func (s *Service) loadAll(ctx context.Context, rules Rules, search Search, preloaded map[Key]KeyRecord, whole bool) (loaded, error) {
	if !whole {
		return s.load(ctx, rules, search, preloaded)
	}
	if search.ID != 0 {
		record, err := s.store.CustomerWithExtensions(ctx, rules.Tenant, search.ID)
		if err != nil || record.Deleted {
			return loaded{}, err
		}
		return loaded{record: record}, nil
	}
	l, err := s.load(ctx, rules, search, preloaded)
	if err != nil || !l.record.lacksRecords() {
		return l, err
	}
	record, err := s.store.CustomerWithExtensions(ctx, rules.Tenant, l.record.ID)
	if err == nil && record.Commit != l.record.Commit {
		err = fmt.Errorf("customer %s changed between two reads: %w", l.record.ID.Hex(), errs.ErrConflict)
	}
	l.record = record
	return l, err
}

// match keeps the one candidate that matches.
func (s *Service) match(ctx context.Context, rules Rules, search Search, l loaded, ids []ID, records map[ID]Record) (loaded, error) {
	var matching []ID
	for _, id := range ids {
		record, ok := records[id]
		if !ok || record.Deleted {
			return loaded{}, fmt.Errorf("customer %s is not there: %w", id.Hex(), errs.ErrConflict)
		}
		found, asKeysSaid := search.holds(record.Customer, rules.MatchFields, l.keys)
		if !asKeysSaid {
			return loaded{}, fmt.Errorf("customer %s gave the value away: %w", id.Hex(), errs.ErrConflict)
		}
		if !found {
			l.others = append(l.others, record)
			continue
		}
		matching = append(matching, id)
		l.record = record
	}
	if len(matching) > 1 {
		return loaded{}, s.confirmCustomers(ctx, rules.Tenant, records, ambiguous(matching))
	}
	return l, nil
}

// confirmNobody is the client error of a search that found nobody.
func (s *Service) confirmNobody(ctx context.Context, tenant int, l loaded) error {
	if len(l.others) == 0 {
		return s.confirm(ctx, tenant, l.keys, ErrNotFound)
	}
	read := make(map[ID]Record, len(l.others))
	for _, record := range l.others {
		read[record.ID] = record
	}
	return s.confirmCustomers(ctx, tenant, read, s.confirm(ctx, tenant, l.keys, ErrNotFound))
}

// confirm returns client error if the keys are still as they were read. Several keys
// were read at several moments, and a value that moved between them from one
// customer to another must not look like two owners.
func (s *Service) confirm(ctx context.Context, tenant int, read map[Key]KeyRecord, clientErr error) error {
	if len(read) < 2 {
		return clientErr
	}
	if err := s.unchangedKeys(ctx, tenant, read); err != nil {
		return err
	}
	return clientErr
}

// confirmFound returns err, unless that is a client error and what was found may be
// somebody else by now. Whose a value is was read after the search, and what moved
// in between together with what the search was by must not look taken.
func (s *Service) confirmFound(ctx context.Context, tenant int, l loaded, err error) error {
	if _, rejected := errs.AsClient(err); !rejected {
		return err
	}
	if len(l.keys) > 0 {
		if err := s.unchangedKeys(ctx, tenant, l.keys); err != nil {
			return err
		}
	}
	read := map[ID]Record{}
	for _, record := range append(l.others[:len(l.others):len(l.others)], l.record) {
		if !record.Absent() {
			read[record.ID] = record
		}
	}
	if len(read) == 0 {
		return err
	}
	return s.confirmCustomers(ctx, tenant, read, err)
}

// unchangedKeys returns ErrConflict unless the keys are still as they were read.
func (s *Service) unchangedKeys(ctx context.Context, tenant int, read map[Key]KeyRecord) error {
	again, err := s.store.Keys(ctx, tenant, slices.Collect(maps.Keys(read)))
	if err != nil {
		return err
	}
	for key, record := range read {
		if again[key].Commit != record.Commit {
			return fmt.Errorf("key changed between two reads: %w", errs.ErrConflict)
		}
	}
	return nil
}

// confirmCustomers does for customers what confirm does for keys.
func (s *Service) confirmCustomers(ctx context.Context, tenant int, read map[ID]Record, clientErr error) error {
	again, err := s.store.Customers(ctx, tenant, slices.Collect(maps.Keys(read)))
	if err != nil {
		return err
	}
	for id, record := range read {
		if again[id].Commit != record.Commit {
			return fmt.Errorf("customer changed between two reads: %w", errs.ErrConflict)
		}
	}
	return clientErr
}
