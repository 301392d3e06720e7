package customer

import (
	"context"
	"maps"
	"slices"
)

// A staleOwner is an owner of a match field's key who does not hold the value. While
// a field is being declared some writers know it and some do not yet: one that does
// not may change or delete a customer without releasing a value for which one that
// does wrote a match key.
type staleOwner struct {
	key   Key
	owner ID
}

// mayHaveStaleOwners reports whether the search is for values of match fields.
func (s Search) mayHaveStaleOwners(fields MatchFields) bool {
	return slices.ContainsFunc(s.lookups(), func(l Lookup) bool { return fields.has(l.Key.Kind) })
}

func (m MatchFields) has(kind Kind) bool {
	return slices.ContainsFunc(m, func(f MatchField) bool { return f.Kind() == kind })
}

// staleOwners are the owners among ids that are named by a match field's key for
// roles they do not have.
func staleOwners(keys map[Key]KeyRecord, fields MatchFields, ids []ID, records map[ID]Record) (left []staleOwner) {
	for key, record := range keys {
		if !fields.has(key.Kind) {
			continue
		}
		for _, id := range ids {
			if roles := record.Roles[id]; roles != 0 && roles&^records[id].Keys(fields)[key] != 0 {
				left = append(left, staleOwner{key, id})
			}
		}
	}
	return left
}

// withoutStaleOwners takes stale owners out of the keys that were read. A write
// between the reads looks the same, but changes the key: so they are stale only if
// the keys, read once more, are as before, and [errs.ErrConflict] says that they are
// not. The commit then checks those customers: one that is given the value again
// finds itself named, and leaves the key as it is.
func (s *Service) withoutStaleOwners(ctx context.Context, tenant int, l loaded, left []staleOwner, records map[ID]Record) (loaded, error) {
	read := map[Key]KeyRecord{}
	for _, o := range left {
		read[o.key] = l.keys[o.key]
	}
	if err := s.unchangedKeys(ctx, tenant, read); err != nil {
		return loaded{}, err
	}
	clean := loaded{keys: maps.Clone(l.keys), others: l.others, cleaned: maps.Clone(l.cleaned)}
	if clean.cleaned == nil {
		clean.cleaned = map[Key]bool{}
	}
	for _, o := range left {
		record := clean.keys[o.key]
		record.Owners = record.With(o.owner, 0)
		clean.keys[o.key] = record
		clean.cleaned[o.key] = true
		if owner := records[o.owner]; !owner.Absent() {
			clean.others = append(clean.others, owner)
		}
	}
	return clean, nil
}

// checkStaleOwners makes the commit check that who was taken out of a key that is
// written still does not hold the value.
func (c *Commit) checkStaleOwners(l loaded) {
	if !slices.ContainsFunc(c.Keys, func(k KeyChange) bool { return l.cleaned[k.Key] }) {
		return
	}
	for _, owner := range l.others {
		if owner.ID != c.After.ID { // which is guarded as it is written
			c.checkOwner(owner)
		}
	}
}
