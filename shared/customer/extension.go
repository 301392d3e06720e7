package customer

import (
	"maps"
	"slices"
	"time"

	"regulars/shared/customer/extension"
)

// An Extension is what a customer has of one extension. One without records is
// none.
type Extension struct {
	// Commit is the id of the commit that left the records as they are. The
	// customer says so, so that who reads both knows whether they belong together
	// (docs/decisions/extension-stamps.md).
	Commit string
	// Records are there where somebody asked for them.
	Records []extension.Record
	// Bytes is how large the records are, as the table counts them.
	Bytes int
}

// Records are the records of an extension.
func (c Customer) Records(s extension.Schema) []extension.Record {
	return c.Extensions[s.Number].Records
}

// setRecords makes records all that c has of an extension.
func (c *Customer) setRecords(number int, records []extension.Record) {
	if len(records) == 0 {
		delete(c.Extensions, number)
		return
	}
	if c.Extensions == nil {
		c.Extensions = map[int]Extension{}
	}
	kept := c.Extensions[number]
	kept.Records = records
	c.Extensions[number] = kept
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

// ReplaceRecords makes records, read by [extension.Schema.ReadRecord], all that c
// has of the extension.
func (c *Customer) ReplaceRecords(s extension.Schema, records []extension.Record) error {
	return c.keepRecords(s)(s.Complete(records))
}

// InsertRecords adds records as [extension.Schema.Insert] does.
func (c *Customer) InsertRecords(s extension.Schema, records []extension.Record) error {
	return c.keepRecords(s)(s.Insert(c.Records(s), records))
}

// UpdateRecord changes a record as [extension.Schema.Update] does.
func (c *Customer) UpdateRecord(s extension.Schema, change extension.Record) error {
	return c.keepRecords(s)(s.Update(c.Records(s), change))
}

// DeleteRecord removes a record as [extension.Schema.Delete] does.
func (c *Customer) DeleteRecord(s extension.Schema, named extension.Record) error {
	return c.keepRecords(s)(s.Delete(c.Records(s), named))
}

// keepRecords makes what an operation on records returned all that c has of the
// extension, unless it failed.
func (c *Customer) keepRecords(s extension.Schema) func([]extension.Record, error) error {
	return func(records []extension.Record, err error) error {
		if err == nil {
			c.setRecords(s.Number, records)
		}
		return err
	}
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

// stamp writes the commit's id into extensions that differ and returns these changes,
// by number.
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
