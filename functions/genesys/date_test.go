package genesys

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/customer"
)

func TestDocumentDate(t *testing.T) {
	tests := []struct{ name, stored, want string }{
		{"of the document", "1981-03-17T02:00:00Z", "1981-03-17T02:00:00.000Z"},
		{"a date alone", "1962-05-10", "1962-05-10"},
		{"none", "", ""},
		{"offset", "1981-03-17T00:30:00+05:00", "1981-03-17T00:30:00.000Z"},
		{"negative offset late in the day", "1981-03-17T23:30:00-09:30", "1981-03-17T23:30:00.000Z"},
		{"milliseconds", "2018-01-19T13:54:05.468Z", "2018-01-19T13:54:05.468Z"},
		{"one digit", "2018-01-19T13:54:05.4+03:00", "2018-01-19T13:54:05.400Z"},
		{"nanoseconds are cut, not rounded", "2018-12-31T23:59:59.999999999Z", "2018-12-31T23:59:59.999Z"},
		{"first year", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := documentDate(tt.stored); got != tt.want {
				t.Errorf("documentDate(%q) = %q, want %q", tt.stored, got, tt.want)
			}
		})
	}
}

// Whatever is stored, what is shown has the document's form and the date and
// time of day that were written, and is read as it is shown.
func TestDocumentDateOfAnyBirth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-1439, 1439).Draw(t, "offset in minutes"))
		written := time.Date(1, 1, 3, 0, 0, 0, 0, zone).
			Add(time.Duration(rapid.Int64Range(0, int64(290*365*24*time.Hour)).Draw(t, "nanoseconds")))
		birth, err := customer.ParseBirthDate("DOB", written.Format(time.RFC3339Nano))
		if err != nil {
			t.Fatal(err)
		}
		shown := documentDate(string(birth))
		if want := written.Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000") + "Z"; shown != want {
			t.Fatalf("%s is shown as %s, want %s", birth, shown, want)
		}
		again, err := customer.ParseBirthDate("DOB", shown)
		if err != nil || documentDate(string(again)) != shown {
			t.Fatalf("%s is read as %s, error %v, and shown as %s", shown, again, err, documentDate(string(again)))
		}
	})
}
