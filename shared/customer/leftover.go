package customer

import (
	"context"
	"maps"
	"slices"
)

// A leftover is an owner of a match field's key who does not hold the value. While
// a field is being declared there are writers who know it, and some who do not yet:
// one of these may change or delete a customer without releasing a value that one
// of those has keyed.
type leftover struct {
	key   Key
	owner ID
}

// mayHaveLeftovers reports whether the search is for values of match fields.
func (s Search) mayHaveLeftovers(fields MatchFields) bool {
	return slices.ContainsFunc(s.lookups(), func(l Lookup) bool { return fields.has(l.Key.Kind) })
}

func (m MatchFields) has(kind Kind) bool {
	return slices.ContainsFunc(m, func(f MatchField) bool { return f.Kind() == kind })
}

// leftovers are the owners among ids that are named by a match field's key for
// roles they do not have.
func leftovers(keys map[Key]KeyRecord, fields MatchFields, ids []ID, records map[ID]Record) (left []leftover) {
	for key, record := range keys {
		if !fields.has(key.Kind) {
			continue
		}
		for _, id := range ids {
			if roles := record.Roles[id]; roles != 0 && roles&^records[id].Keys(fields)[key] != 0 {
				left = append(left, leftover{key, id})
			}
		}
	}
	return left
}

// clean takes leftovers out of the keys that were read. A foreign write between
// the reads looks the same, but changes the key: so they are leftovers only if the
// keys, read once more, are as before. ErrStale says that they are not. What is
// decided then leans on those customers: one that is given the value again finds
// itself named, and leaves the key as it is.
func (s *Service) clean(ctx context.Context, tenant int, l loaded, left []leftover, records map[ID]Record) (loaded, error) {
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

// leanOnLeftovers: who was left out of a key that is written must still not hold
// the value.
func (c *Commit) leanOnLeftovers(l loaded) {
	if !slices.ContainsFunc(c.Keys, func(k KeyChange) bool { return l.cleaned[k.Key] }) {
		return
	}
	for _, owner := range l.others {
		if owner.ID != c.After.ID { // which is guarded as it is written
			c.leanOnOwner(owner)
		}
	}
}
