package extension

import (
	"fmt"
	"maps"
	"slices"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// Complete returns records with the defaults that they lack. It rejects records
// that lack a mandatory attribute or repeat a unique combination.
func (s Schema) Complete(records []Record) ([]Record, error) {
	full, err := s.completed(records)
	if err != nil {
		return nil, err
	}
	return full, s.checkUnique(full)
}

// Insert returns all with records added; one that is identified by the same values
// as another takes its place.
func (s Schema) Insert(all, records []Record) ([]Record, error) {
	added, err := s.completed(records)
	if err != nil {
		return nil, err
	}
	if !s.Multi {
		if len(added) > 0 {
			return added, nil
		}
		return all, nil
	}
	if err := s.checkUnique(added); err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	at := s.places(all)
	for _, record := range added {
		id, identified := s.identity(record)
		if i, there := at[id]; identified && there {
			all[i] = record
		} else {
			all = append(all, record)
		}
	}
	return all, s.checkUnique(all)
}

// errNoRecord rejects a record that is not there.
var errNoRecord = errs.New(errs.NotFound, "no_record", "")

// Update returns all with the record changed that the unique attributes in change
// name, but for what change does not mention. Its error is no_record where there
// is none.
func (s Schema) Update(all []Record, change Record) ([]Record, error) {
	i, err := s.find(all, change)
	if err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	updated := maps.Clone(all[i])
	maps.Copy(updated, change)
	all[i] = updated
	return all, nil
}

// Delete returns all without the record that the unique attributes in named name.
// Its error is no_record where there is none.
func (s Schema) Delete(all []Record, named Record) ([]Record, error) {
	i, err := s.find(all, named)
	if err != nil {
		return nil, err
	}
	return slices.Delete(slices.Clone(all), i, i+1), nil
}

// find is the index of the record that has all unique values of named, which must
// include those of one combination.
func (s Schema) find(all []Record, named Record) (int, error) {
	if err := s.CheckNamed(named); err != nil {
		return 0, err
	}
	differs := func(record Record) bool {
		return slices.ContainsFunc(slices.Concat(s.Unique...), func(name string) bool {
			v, given := named[name]
			return given && !value.Equal(v, record[name])
		})
	}
	i := slices.IndexFunc(all, func(record Record) bool { return !differs(record) })
	if i < 0 {
		return 0, errNoRecord
	}
	return i, nil
}

// CheckNamed rejects a record that names no other: the extension must be
// multi-valued, and all values of one unique combination there.
func (s Schema) CheckNamed(named Record) error {
	if !s.Multi || len(s.Unique) == 0 {
		return errs.New(errs.Invalid, "no_unique", s.Name).DependingOnSettings()
	}
	complete := func(names []string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return named[name] == nil })
	}
	if !slices.ContainsFunc(s.Unique, complete) {
		return errs.New(errs.Invalid, "missing/unique_values", s.Name, s.Unique[0]).DependingOnSettings()
	}
	return nil
}

// completed are records with defaults and all that is mandatory.
func (s Schema) completed(records []Record) ([]Record, error) {
	full := make([]Record, len(records))
	for i, record := range records {
		var err error
		if full[i], err = s.complete(s.at(i), record); err != nil {
			return nil, err
		}
	}
	return full, nil
}

// at is what a client calls the record of that index.
func (s Schema) at(i int) string {
	if !s.Multi {
		return s.Name
	}
	return fmt.Sprintf("%s[%d]", s.Name, i)
}

// identity is what tells the record from the others: its values of the first
// combination; false where it has none of them.
func (s Schema) identity(record Record) (string, bool) {
	if len(s.Unique) == 0 {
		return "", false
	}
	return combined(s.Unique[0], record)
}

// combined are the record's values of some attributes as one text. One that is
// absent is a value like others, but a record that has none of them repeats
// nothing.
func combined(names []string, record Record) (text string, some bool) {
	for _, name := range names {
		if v, ok := record[name]; ok {
			some = true
			part, _ := value.Text(v)
			text += "=" + part
		}
		text += "\x00" // no value contains it
	}
	return text, some
}

// places are the indexes of records by their identity.
func (s Schema) places(records []Record) map[string]int {
	at := make(map[string]int, len(records))
	for i, record := range records {
		if id, ok := s.identity(record); ok {
			at[id] = i
		}
	}
	return at
}

// checkUnique rejects records of which a combination repeats.
func (s Schema) checkUnique(records []Record) error {
	for _, names := range s.Unique {
		seen := make(map[string]bool, len(records))
		for i, record := range records {
			text, ok := combined(names, record)
			if ok && seen[text] {
				return errs.New(errs.Invalid, "not_unique", s.at(i), names).DependingOnSettings()
			}
			seen[text] = true
		}
	}
	return nil
}
