package customer

import (
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
			if roles := record.Roles[id]; roles != 0 && roles&^records[id].held(fields, canonicalForms).roles(key) != 0 {
				left = append(left, staleOwner{key, id})
			}
		}
	}
	return left
}

// keysOf are the keys of stale owners, as they were read.
func keysOf(stale []staleOwner, read map[Key]KeyRecord) map[Key]KeyRecord {
	keys := map[Key]KeyRecord{}
	for _, o := range stale {
		keys[o.key] = read[o.key]
	}
	return keys
}

// without is what was loaded with the stale owners taken out of the keys. The
// commit checks those customers then: one that is given the value again finds
// itself named, and leaves the key as it is.
func (l loaded) without(stale []staleOwner, records map[ID]Record) loaded {
	clean := loaded{keys: maps.Clone(l.keys), others: l.others, cleaned: maps.Clone(l.cleaned)}
	if clean.cleaned == nil {
		clean.cleaned = map[Key]bool{}
	}
	for _, o := range stale {
		record := clean.keys[o.key]
		record.Owners = record.With(o.owner, 0)
		clean.keys[o.key] = record
		clean.cleaned[o.key] = true
		if owner := records[o.owner]; !owner.Absent() {
			clean.others = append(clean.others, owner)
		}
	}
	return clean
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
