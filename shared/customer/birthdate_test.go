package customer_test

import (
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

func TestParseTimeAndBirth(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tests := []struct {
		name  string
		text  string
		want  time.Time // zero: rejected
		birth customer.BirthDate
	}{
		{name: "date", text: "2001-12-31", want: at("2001-12-31T00:00:00Z"), birth: "2001-12-31"},
		{name: "without seconds", text: "2001-12-31T00:00+03:00", want: at("2001-12-31T00:00:00+03:00"), birth: "2001-12-31T00:00:00+03:00"},
		{name: "offset", text: "2023-12-31T23:59:59+03:00", want: at("2023-12-31T20:59:59Z"), birth: "2023-12-31T23:59:59+03:00"},
		{name: "UTC", text: "1990-02-22T21:00:00Z", want: at("1990-02-22T21:00:00Z"), birth: "1990-02-22T21:00:00Z"},
		{name: "milliseconds", text: "2018-01-19T13:54:05.468Z", want: at("2018-01-19T13:54:05.468Z"), birth: "2018-01-19T13:54:05.468Z"},
		{name: "milliseconds without a zone", text: "2023-01-02T03:04:05.678", want: at("2023-01-02T03:04:05.678Z"), birth: "2023-01-02T03:04:05.678Z"},
		{name: "seconds without a zone", text: "2023-01-02T03:04:05", want: at("2023-01-02T03:04:05Z"), birth: "2023-01-02T03:04:05Z"},
		{name: "minutes without a zone", text: "2023-01-02T03:04", want: at("2023-01-02T03:04:00Z"), birth: "2023-01-02T03:04:00Z"},
		{name: "offset without a colon", text: "2018-01-19T13:54:05.468+0000", want: at("2018-01-19T13:54:05.468Z"), birth: "2018-01-19T13:54:05.468Z"},
		{name: "negative offset without a colon", text: "2018-01-19T13:54:05-0930", want: at("2018-01-19T23:24:05Z"), birth: "2018-01-19T13:54:05-09:30"},
		{name: "offset of hours", text: "2018-01-19T13:54:05+07", want: at("2018-01-19T06:54:05Z"), birth: "2018-01-19T13:54:05+07:00"},
		{name: "blank instead of T", text: "2004-06-26 12:00:00+03:00", want: at("2004-06-26T09:00:00Z"), birth: "2004-06-26T12:00:00+03:00"},
		{name: "small letters", text: "2004-06-26t12:00:00z", want: at("2004-06-26T12:00:00Z"), birth: "2004-06-26T12:00:00Z"},
		{name: "nanoseconds", text: "2004-06-26T12:00:00.123456789Z", want: at("2004-06-26T12:00:00.123456789Z"), birth: "2004-06-26T12:00:00.123456789Z"},
		{name: "leap day", text: "2024-02-29", want: at("2024-02-29T00:00:00Z"), birth: "2024-02-29"},
		{name: "first year", text: "0001-01-01", want: at("0001-01-01T00:00:00Z"), birth: "0001-01-01"},
		{name: "last moment", text: "9999-12-31T23:59:59Z", want: at("9999-12-31T23:59:59Z"), birth: "9999-12-31T23:59:59Z"},
		{name: "widest offset", text: "2001-12-31T00:00:00+23:59", want: at("2001-12-30T00:01:00Z"), birth: "2001-12-31T00:00:00+23:59"},

		{name: "nothing", text: ""},
		{name: "words", text: "yesterday"},
		{name: "blank before it", text: " 2001-12-31"},
		{name: "something after it", text: "2001-12-31x"},
		{name: "line break after it", text: "2001-12-31\n"},
		{name: "other order", text: "31.12.2001"},
		{name: "short year", text: "01-12-31"},
		{name: "year of five digits", text: "12001-12-31"},
		{name: "year 0", text: "0000-12-31"},
		{name: "month 13", text: "2001-13-01"},
		{name: "day 0", text: "2001-12-00"},
		{name: "no leap day", text: "2023-02-29"},
		{name: "day that the month has not", text: "2001-11-31"},
		{name: "hour 24", text: "2001-12-31T24:00:00Z"},
		{name: "minute 60", text: "2001-12-31T23:60:00Z"},
		{name: "leap second", text: "2016-12-31T23:59:60Z"},
		{name: "hour alone", text: "2001-12-31T23Z"},
		{name: "fraction of a minute", text: "2001-12-31T23:59.5Z"},
		{name: "comma", text: "2001-12-31T23:59:59,5Z"},
		{name: "ten digits of a fraction", text: "2001-12-31T23:59:59.1234567890Z"},
		{name: "zone without a time", text: "2001-12-31Z"},
		{name: "name of a zone", text: "2001-12-31T23:59:59 MSK"},
		{name: "offset of 25 hours", text: "2001-12-31T00:00:00+25:00"},
		{name: "offset of a day and an hour, written as 24 and 60", text: "2001-12-31T00:00:00+24:60"},
		{name: "offset of 60 minutes", text: "2001-12-31T00:00:00+03:60"},
		{name: "year 0 once the offset is taken off", text: "0001-01-01T00:00:00+03:00"},
		{name: "year 10000 once the offset is taken off", text: "9999-12-31T23:59:59-03:00"},
		{name: "digits of another script", text: "٢٠٠١-12-31"},
		{name: "milliseconds since 1970 as text", text: "978307200000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := value.ParseTime("data._bdate", tt.text)
			birth, birthErr := customer.ParseBirthDate("data._bdate", tt.text)
			if tt.birth == "" {
				for _, err := range []error{err, birthErr} {
					clientErr, ok := errs.AsClient(err)
					if !ok || clientErr.Code != "bad_date" || clientErr.Path != "data._bdate" {
						t.Fatalf("got %v and %q, error %v, want a bad_date", got, birth, err)
					}
				}
				if birth != "" {
					t.Errorf("ParseBirth = %q beside a refusal, want nothing", birth)
				}
				return
			}
			if err != nil || birthErr != nil {
				t.Fatalf("errors %v, %v, want none", err, birthErr)
			}
			if !got.Equal(tt.want) {
				t.Errorf("ParseTime = %v, want %v", got, tt.want)
			}
			if birth != tt.birth {
				t.Errorf("ParseBirth = %q, want %q", birth, tt.birth)
			}
			if birth.Date() != tt.text[:10] {
				t.Errorf("Date = %q, want the one written, %q", birth.Date(), tt.text[:10])
			}
			if !birth.Time().Equal(tt.want) {
				t.Errorf("Time = %v, want %v", birth.Time(), tt.want)
			}
		})
	}
}

func TestNoBirth(t *testing.T) {
	if date, at := customer.BirthDate("").Date(), customer.BirthDate("").Time(); date != "" || !at.IsZero() {
		t.Errorf("date %q and time %v of an unknown birth, want none", date, at)
	}
}

// FuzzDate: what is accepted keeps its calendar date and instant, is kept in a
// form that is read as the same, and has a year of four digits in UTC as well,
// in which dates are shown.
func FuzzDate(f *testing.F) {
	for _, seed := range []string{
		"2001-12-31", "2001-12-31T00:00+03:00", "2023-12-31T23:59:59.678+0300", "1990-02-22T21:00:00Z", "2023-01-02T03:04:05.678",
		"9999-12-31T23:59:59-03:00", "0001-01-01T00:00:00+03:00", "2001-12-31T00:00:00+24:60", "2024-02-29t12:00z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		birth, err := customer.ParseBirthDate("date", text)
		at, _, timeErr := value.ParseTime("date", text)
		if (err == nil) != (timeErr == nil) {
			t.Fatalf("ParseBirth(%q) error = %v, ParseTime error = %v, want both or none", text, err, timeErr)
		}
		if err != nil {
			if _, ok := errs.AsClient(err); !ok {
				t.Fatalf("ParseBirth(%q) error = %v, want a refusal", text, err)
			}
			return
		}
		if !birth.Time().Equal(at) || birth.Date() != text[:10] {
			t.Fatalf("%q is kept as %q: the instant %v and date %s, want %v and %s", text, birth, birth.Time(), birth.Date(), at, text[:10])
		}
		if again, err := customer.ParseBirthDate("date", string(birth)); err != nil || again != birth {
			t.Fatalf("ParseBirth(%q) = %q, error %v, want it unchanged", birth, again, err)
		}
		shown := at.UTC().Format(time.RFC3339Nano)
		if again, _, err := value.ParseTime("date", shown); err != nil || !again.Equal(at) {
			t.Fatalf("%q is shown as %q, which is read as %v, error %v", text, shown, again, err)
		}
	})
}
