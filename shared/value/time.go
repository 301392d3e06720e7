package value

import (
	"regexp"
	"sync"
	"time"

	"regulars/shared/errs"
)

var timeForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?([Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$`)
})

// ParseTime reads a date or a date and time: 2001-12-31, 2001-12-31T00:00+03:00,
// 2023-12-31T23:59:59.678+0300, 1990-02-22T21:00:00Z; without a zone it is UTC.
// Years are 1 to 9999, in UTC too. Its error is bad_date with the path field.
func ParseTime(field, text string) (t time.Time, dateOnly bool, err error) {
	if len(text) == len(time.DateOnly) {
		if t, err = time.Parse(time.DateOnly, text); err != nil || t.Year() < 1 {
			return time.Time{}, false, badDate(field)
		}
		return t, true, nil
	}
	m := timeForm().FindStringSubmatch(text)
	if m == nil || m[3] == "" && m[4] != "" || text[:4] == "0000" {
		return time.Time{}, false, badDate(field)
	}
	t, err = time.Parse(time.RFC3339Nano, m[1]+"T"+m[2]+orElse(m[3], ":00")+m[4]+offset(m[5]))
	if year := t.UTC().Year(); err != nil || year < 1 || year > 9999 {
		return time.Time{}, false, badDate(field)
	}
	return t, false, nil
}

// offset completes Z, +03, +0300 and nothing to the form of RFC 3339.
func offset(s string) string {
	switch len(s) {
	case 0, 1:
		return "Z"
	case len("+03"):
		return s + ":00"
	case len("+0300"):
		return s[:3] + ":" + s[3:]
	}
	return s
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func badDate(field string) error {
	return errs.New(errs.Invalid, "bad_date/date", field)
}
