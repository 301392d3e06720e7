package customer

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// An Extension is what a customer has of one extension. One without records is
// none.
type Extension struct {
	// Commit is the id of the commit that left the records as they are. The
	// customer says so, so that who reads both knows whether they belong together
	// (docs/decisions/extension-stamps.md).
	Commit string
	// Records are there where somebody asked for them.
	Records []ExtensionRecord
	// Bytes is how large the records are, as the table counts them.
	Bytes int
}

// MaxRecordBytes is how large all extensions of a customer may be together with
// the customer, as the table counts it.
const MaxRecordBytes = MaxBytes

// Records are the records of an extension.
func (c Customer) Records(s ExtensionSchema) []ExtensionRecord { return c.Extensions[s.Number].Records }

// setRecords makes records all that c has of an extension.
func (c *Customer) setRecords(number int, records []ExtensionRecord) {
	if len(records) == 0 {
		delete(c.Extensions, number)
		return
	}
	if c.Extensions == nil {
		c.Extensions = map[int]Extension{}
	}
	extension := c.Extensions[number]
	extension.Records = records
	c.Extensions[number] = extension
}

// lacksRecords reports whether records were not read that are there.
func (c Customer) lacksRecords() bool {
	for _, e := range c.Extensions {
		if e.Records == nil {
			return true
		}
	}
	return false
}

func sameExtensions(a, b map[int]Extension) bool {
	return maps.EqualFunc(a, b, Extension.same)
}

func (e Extension) same(f Extension) bool {
	return e.Commit == f.Commit && slices.EqualFunc(e.Records, f.Records, sameCustom)
}

// ReplaceRecords makes records, read by [ExtensionSchema.ReadRecord], all that c
// has of the extension.
func (c *Customer) ReplaceRecords(s ExtensionSchema, records []ExtensionRecord) error {
	full, err := s.completed(records)
	if err != nil {
		return err
	}
	c.setRecords(s.Number, full)
	return s.checkUnique(full)
}

// InsertRecords adds records; one that is identified by the same values as
// another takes its place.
func (c *Customer) InsertRecords(s ExtensionSchema, records []ExtensionRecord) error {
	added, err := s.completed(records)
	if err != nil {
		return err
	}
	if !s.Multi {
		if len(added) > 0 {
			c.setRecords(s.Number, added)
		}
		return nil
	}
	if err := s.checkUnique(added); err != nil {
		return err
	}
	all := slices.Clone(c.Records(s))
	at := s.places(all)
	for _, record := range added {
		id, identified := s.identity(record)
		if i, there := at[id]; identified && there {
			all[i] = record
		} else {
			all = append(all, record)
		}
	}
	c.setRecords(s.Number, all)
	return s.checkUnique(all)
}

// completed are records with defaults and all that is mandatory.
func (s ExtensionSchema) completed(records []ExtensionRecord) ([]ExtensionRecord, error) {
	full := make([]ExtensionRecord, len(records))
	for i, record := range records {
		var err error
		if full[i], err = s.complete(s.at(i), record); err != nil {
			return nil, err
		}
	}
	return full, nil
}

// at is what a client calls the record of that index.
func (s ExtensionSchema) at(i int) string {
	if !s.Multi {
		return s.Name
	}
	return fmt.Sprintf("%s[%d]", s.Name, i)
}

// identity is what tells the record from the others: its values of the first
// combination; false where it has none of them.
func (s ExtensionSchema) identity(record ExtensionRecord) (string, bool) {
	if len(s.Unique) == 0 {
		return "", false
	}
	return combined(s.Unique[0], record)
}

// combined are the record's values of some attributes as one text. One that is
// absent is a value like others, but a record that has none of them repeats
// nothing.
func combined(names []string, record ExtensionRecord) (text string, some bool) {
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
func (s ExtensionSchema) places(records []ExtensionRecord) map[string]int {
	at := make(map[string]int, len(records))
	for i, record := range records {
		if id, ok := s.identity(record); ok {
			at[id] = i
		}
	}
	return at
}

// checkUnique rejects records of which a combination repeats.
func (s ExtensionSchema) checkUnique(records []ExtensionRecord) error {
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

// errNoRecord rejects a record that the customer does not have.
var errNoRecord = errs.New(errs.NotFound, "no_record", "")

// UpdateRecord changes the record that the unique attributes in change name, and
// leaves what change does not mention. It rejects with [errNoRecord].
func (c *Customer) UpdateRecord(s ExtensionSchema, change ExtensionRecord) error {
	i, err := c.findRecord(s, change)
	if err != nil {
		return err
	}
	all := slices.Clone(c.Records(s))
	updated := cloneMap(all[i])
	maps.Copy(updated, change)
	all[i] = updated
	c.setRecords(s.Number, all)
	return nil
}

// DeleteRecord removes the record that the unique attributes in named name. It
// rejects with [errNoRecord].
func (c *Customer) DeleteRecord(s ExtensionSchema, named ExtensionRecord) error {
	i, err := c.findRecord(s, named)
	if err != nil {
		return err
	}
	c.setRecords(s.Number, slices.Delete(slices.Clone(c.Records(s)), i, i+1))
	return nil
}

// findRecord is the index of the record that has all unique values of named,
// which must be those of a whole combination at least.
func (c *Customer) findRecord(s ExtensionSchema, named ExtensionRecord) (int, error) {
	if err := s.CheckNamed(named); err != nil {
		return 0, err
	}
	differs := func(record ExtensionRecord) bool {
		return slices.ContainsFunc(slices.Concat(s.Unique...), func(name string) bool {
			v, given := named[name]
			return given && !value.Equal(v, record[name])
		})
	}
	i := slices.IndexFunc(c.Records(s), func(record ExtensionRecord) bool { return !differs(record) })
	if i < 0 {
		return 0, errNoRecord
	}
	return i, nil
}

// CheckNamed rejects a record that names no other: the extension must be
// multi-valued, and all values of one unique combination there.
func (s ExtensionSchema) CheckNamed(named ExtensionRecord) error {
	if !s.Multi || len(s.Unique) == 0 {
		return errs.New(errs.Invalid, "no_unique", s.Name).DependingOnSettings()
	}
	whole := func(names []string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return named[name] == nil })
	}
	if !slices.ContainsFunc(s.Unique, whole) {
		return errs.New(errs.Invalid, "missing/unique_values", s.Name, s.Unique[0]).DependingOnSettings()
	}
	return nil
}

// clearExtension is the edit that removes all records of an extension.
func clearExtension(number int) Edit {
	return func(c *Customer, _ time.Time) error {
		c.setRecords(number, nil)
		return nil
	}
}

// An ExtensionChange replaces what a customer has of an extension.
type ExtensionChange struct {
	Number int
	// Before is zero where there was nothing.
	Before Extension
	// After has no records where nothing is left.
	After Extension
}

// stamp gives what differs the commit's id and returns the changes, by number.
func (c *Commit) stamp() []ExtensionChange {
	var changes []ExtensionChange
	for number, after := range c.After.Extensions {
		before, was := c.Before.Extensions[number]
		if was && before.same(after) {
			continue
		}
		after.Commit = c.ID
		c.After.Extensions[number] = after
		changes = append(changes, ExtensionChange{number, before, after})
	}
	for number, before := range c.Before.Extensions {
		if _, is := c.After.Extensions[number]; !is {
			changes = append(changes, ExtensionChange{Number: number, Before: before})
		}
	}
	slices.SortFunc(changes, func(a, b ExtensionChange) int { return a.Number - b.Number })
	return changes
}
