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

// load finds the one customer a search leads to, reading strongly, with the records
// of extensions where they are wanted. It rejects with [ErrAmbiguous];
// [errs.ErrConflict] means that keys and customers did not fit together, as when
// somebody wrote between the reads. Keys that are preloaded are not read again.
//
// The keys name candidates, which are read, unless the only one was guessed and read with
// the keys. Keys that name stale owners, whose number only falls, are cleaned of them and
// looked at again.
func (s *Service) load(ctx context.Context, rules Rules, search Search, preloaded map[Key]KeyRecord, withExtensions bool) (loaded, error) {
	if search.ID != 0 {
		record, err := s.following(ctx, rules.Tenant, search.ID, withExtensions)
		if err != nil || record.Deleted {
			return loaded{}, err
		}
		return loaded{record: record}, nil
	}
	var guessed Record
	keys, ok := preloadedKeys(search.keys(), preloaded)
	if !ok {
		var err error
		if keys, guessed, err = s.readKeys(ctx, rules, search); err != nil {
			return loaded{}, err
		}
	}
	l := loaded{keys: keys, record: guessed}
	for l.record.Absent() {
		ids, unsure, err := search.candidates(l.keys)
		if err != nil {
			return loaded{}, err
		}
		if len(ids) == 0 {
			return l, nil
		}
		unsure = unsure || search.mayHaveStaleOwners(rules.MatchFields) && len(ids) <= namedOwners
		if len(ids) > 1 && !unsure {
			return loaded{}, s.confirm(ctx, rules.Tenant, several(l.keys), nil, ambiguous(ids))
		}
		records, err := s.store.Customers(ctx, rules.Tenant, ids)
		if err != nil {
			return loaded{}, err
		}
		if stale := staleOwners(l.keys, rules.MatchFields, ids, records); len(stale) > 0 {
			// A write between the reads looks the same, but changes the key.
			if err := s.confirm(ctx, rules.Tenant, keysOf(stale, l.keys), nil, nil); err != nil {
				return loaded{}, err
			}
			l = l.without(stale, records)
			continue
		}
		matching, err := l.match(rules, search, ids, records)
		if err != nil {
			return loaded{}, err
		}
		if len(matching) > 1 {
			return loaded{}, s.confirm(ctx, rules.Tenant, nil, slices.Collect(maps.Values(records)), ambiguous(matching))
		}
		if len(matching) == 0 {
			return l, nil
		}
		if len(l.others) == 0 {
			s.owners.remember(rules.Tenant, search, l.record.ID)
		}
	}
	if withExtensions && l.record.lacksRecords() {
		record, err := s.store.CustomerWithExtensions(ctx, rules.Tenant, l.record.ID)
		if err == nil && record.Commit != l.record.Commit {
			err = fmt.Errorf("customer %s changed between two reads: %w", l.record.ID.Hex(), errs.ErrConflict)
		}
		l.record = record
		return l, err
	}
	return l, nil
}

// following reads the customer that an id means: where its own was merged into another,
// that one.
func (s *Service) following(ctx context.Context, tenant int, id ID, withExtensions bool) (Record, error) {
	record, err := s.record(ctx, tenant, id, withExtensions)
	if err != nil || record.MergedInto == 0 {
		return record, err
	}
	stays, err := s.record(ctx, tenant, record.MergedInto, withExtensions)
	if err == nil && !stays.Was(id) {
		err = fmt.Errorf("customer %s was unmerged between two reads: %w", id.Hex(), errs.ErrConflict)
	}
	return stays, err
}

// record reads one customer.
func (s *Service) record(ctx context.Context, tenant int, id ID, withExtensions bool) (Record, error) {
	if withExtensions {
		return s.store.CustomerWithExtensions(ctx, tenant, id)
	}
	records, err := s.store.Customers(ctx, tenant, []ID{id})
	return records[id], err
}

// preloadedKeys are those keys of preloaded, if all of them are.
func preloadedKeys(keys []Key, preloaded map[Key]KeyRecord) (map[Key]KeyRecord, bool) {
	if len(preloaded) < len(keys) {
		return nil, false
	}
	records := make(map[Key]KeyRecord, len(keys))
	for _, key := range keys {
		record, ok := preloaded[key]
		if !ok {
			return nil, false
		}
		records[key] = record
	}
	return records, true
}

// match finds the candidates that match, and keeps the last of them as the record.
func (l *loaded) match(rules Rules, search Search, ids []ID, records map[ID]Record) (matching []ID, err error) {
	for _, id := range ids {
		record, ok := records[id]
		if !ok || record.Deleted {
			return nil, fmt.Errorf("customer %s is not there: %w", id.Hex(), errs.ErrConflict)
		}
		found, asKeysSaid := search.holds(record.Customer, rules.MatchFields, l.keys)
		if !asKeysSaid {
			return nil, fmt.Errorf("customer %s gave the value away: %w", id.Hex(), errs.ErrConflict)
		}
		if !found {
			l.others = append(l.others, record)
			continue
		}
		matching = append(matching, id)
		l.record = record
	}
	return matching, nil
}

// several are the keys, if they are more than one: one read is of one moment and
// needs no confirming.
func several(keys map[Key]KeyRecord) map[Key]KeyRecord {
	if len(keys) < 2 {
		return nil
	}
	return keys
}

// everyone are the customers that were read, the one that was found among them.
func (l loaded) everyone() []Record {
	all := slices.Clone(l.others)
	if !l.record.Absent() {
		all = append(all, l.record)
	}
	return all
}

// confirm returns clientErr if the keys and customers that it rests on are still as
// they were read, else [errs.ErrConflict]. They were read at several moments, and a
// value that moved between these from one customer to another must not look like
// two owners, or like none.
func (s *Service) confirm(ctx context.Context, tenant int, keys map[Key]KeyRecord, customers []Record, clientErr error) error {
	if len(keys) > 0 {
		again, err := s.store.Keys(ctx, tenant, slices.Collect(maps.Keys(keys)))
		if err != nil {
			return err
		}
		for key, record := range keys {
			if again[key].Commit != record.Commit {
				return fmt.Errorf("key changed between two reads: %w", errs.ErrConflict)
			}
		}
	}
	if len(customers) > 0 {
		read := make(map[ID]Record, len(customers)) // one may have been read twice
		for _, record := range customers {
			read[record.ID] = record
		}
		again, err := s.store.Customers(ctx, tenant, slices.Collect(maps.Keys(read)))
		if err != nil {
			return err
		}
		for id, record := range read {
			if again[id].Commit != record.Commit {
				return fmt.Errorf("customer changed between two reads: %w", errs.ErrConflict)
			}
		}
	}
	return clientErr
}
