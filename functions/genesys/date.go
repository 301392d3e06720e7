package genesys

import (
	"maps"
	"time"

	"regulars/shared/customer/extension"
	"regulars/shared/value"
)

// documentDate is a date as the document writes it: milliseconds and Z (CS-
// AttrSchema), as 1981-03-17T02:00:00.000Z. Calendar date and time of day stay as
// written, so that a birthday never moves: the offset is left out, not reckoned in,
// and of the fraction what is below a millisecond. A date alone stays one, and so
// does a text that is no date.
func documentDate(stored string) string {
	t, dateOnly, err := value.ParseTime("", stored)
	switch {
	case err != nil:
		return stored
	case dateOnly:
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

func isDate(kind string) bool { return kind == "date" || kind == "datetime" }

// withDates is a record with its dates in the document's form.
func withDates(schema extension.Schema, record extension.Record) extension.Record {
	shown := maps.Clone(record)
	for _, a := range schema.Attributes {
		if text, ok := record[a.Name].(string); ok && isDate(a.Type) {
			shown[a.Name] = documentDate(text)
		}
	}
	return shown
}
