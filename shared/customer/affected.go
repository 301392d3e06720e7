package customer

import "slices"

// Affected returns the kinds of match keys of the unique identification keys over
// core attributes that an edit may change the values of. It is tried on nobody, and
// on somebody who has each of the attributes.
func (k IdentKeys) Affected(edit func(*Customer)) (kinds []Kind) {
	for _, key := range k {
		if key.Unique && key.Extension == 0 && key.affected(edit) {
			kinds = append(kinds, key.kind())
		}
	}
	return kinds
}

func (k IdentKey) affected(edit func(*Customer)) bool {
	const some = "\x00" // which no client can write
	custom := map[string]any{}
	for _, name := range k.Attributes {
		custom[name] = some
	}
	for _, probe := range []Customer{{}, {
		FirstName: some, LastName: some, Title: some, Emails: []string{some}, Phones: []string{some}, BirthDate: "0001-01-01", Custom: custom,
	}} {
		after := probe.Clone()
		edit(&after)
		for _, name := range k.Attributes {
			if !slices.Equal(probe.attributeTexts(name), after.attributeTexts(name)) {
				return true
			}
		}
	}
	return false
}
