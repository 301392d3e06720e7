package customer

import (
	"time"

	"regulars/shared/value"
)

// A BirthDate is a date (2006-01-02), or a date and time in RFC 3339 with the offset
// it was written in. Its calendar date is the one written. Empty is unknown.
type BirthDate string

// Date is the calendar date as written, 2006-01-02.
func (b BirthDate) Date() string {
	if len(b) < len(time.DateOnly) {
		return ""
	}
	return string(b[:len(time.DateOnly)])
}

// clock is the date and time of day as written, to the millisecond and without the
// offset, by which birth dates are compared; a bare date stays one.
func (b BirthDate) clock() string {
	if len(b) <= len(time.DateOnly) {
		return string(b)
	}
	return b.Time().Format("2006-01-02T15:04:05.000")
}

// Time is the instant; a bare date is midnight UTC.
func (b BirthDate) Time() time.Time {
	t, _ := time.Parse(birthLayout(b), string(b))
	return t
}

func birthLayout(b BirthDate) string {
	if len(b) == len(time.DateOnly) {
		return time.DateOnly
	}
	return time.RFC3339Nano
}

// ParseBirthDate reads what [value.ParseTime] reads. It keeps a bare date as such.
func ParseBirthDate(field, text string) (BirthDate, error) {
	t, dateOnly, err := value.ParseTime(field, text)
	if err != nil {
		return "", err
	}
	if dateOnly {
		return BirthDate(text), nil
	}
	return BirthDate(t.Format(time.RFC3339Nano)), nil
}
