package value_test

import (
	"testing"
	"time"

	"regulars/shared/value"
)

// A time that can be read lies in the years 1 to 9999, and means the same when it is
// written with its zone and read again.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{"2001-12-31", "2001-12-31T00:00+03:00", "2023-12-31T23:59:59.678+0300", "1990-02-22T21:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-02-30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, dateOnly, err := value.ParseTime("f", text)
		if err != nil {
			return
		}
		again, _, err := value.ParseTime("f", at.Format(time.RFC3339Nano))
		if year := at.UTC().Year(); err != nil || !again.Equal(at) || year < 1 || year > 9999 || dateOnly != (len(text) == len(time.DateOnly)) {
			t.Errorf("%q is read as %v (a date: %t), that as %v, %v", text, at, dateOnly, again, err)
		}
	})
}
