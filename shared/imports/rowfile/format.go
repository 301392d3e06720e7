package rowfile

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"

	"regulars/shared/value"
)

// formats are how a file writes dates and numbers.
type formats struct {
	dates  []datePart // nil: as profiles/import takes them
	sample string     // of dates
	// group stands between groups of three digits, empty: nothing does; decimal
	// before the fraction.
	group, decimal string
	foreign        bool // numbers are written otherwise than in JSON
}

func formatsOf(m Mapping) (f formats, err error) {
	f.sample = m.Dates
	if m.Dates != "" {
		if f.dates, err = dateParts(m.Dates); err != nil {
			return f, err
		}
	}
	f.decimal = "."
	if m.Numbers != "" {
		parts := numberSample().FindStringSubmatch(m.Numbers)
		if parts == nil || parts[1] == parts[2] {
			return f, reject("bad_mapping/numbers", "numbers", m.Numbers)
		}
		f.group, f.decimal, f.foreign = parts[1], parts[2], true
	}
	return f, nil
}

var numberSample = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^1([., '\x{2019}\x{a0}\x{202f}]?)234([.,])50?$`)
})

// A datePart is a number of so many digits at most, or what stands before the next
// one.
type datePart struct {
	what    byte // Y, M, D, h, m, s; 0: a literal
	digits  int
	literal string
}

// dateParts reads a format like DD.MM.YYYY hh:mm. A day, a month and a year of four
// digits must be in it.
func dateParts(format string) ([]datePart, error) {
	var parts []datePart
	seen := map[byte]bool{}
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		i += n
		switch {
		case strings.IndexByte("YMDhms", c) < 0:
			if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
				return nil, reject("bad_mapping/dates", "dates", format)
			}
			parts = append(parts, datePart{literal: format[i-n : i]})
			continue
		case seen[c], c == 'Y' && n != 4, n > 2 && c != 'Y':
			return nil, reject("bad_mapping/dates", "dates", format)
		}
		seen[c] = true
		parts = append(parts, datePart{what: c, digits: max(n, 2)})
	}
	if !seen['Y'] || !seen['M'] || !seen['D'] || seen['h'] != seen['m'] || seen['s'] && !seen['h'] {
		return nil, reject("bad_mapping/dates", "dates", format)
	}
	return parts, nil
}

// date turns a date as the file writes it into one as profiles/import takes it.
func (f formats) date(column, text string) (string, error) {
	text = strings.TrimSpace(text)
	if f.dates == nil {
		return text, nil
	}
	n := map[byte]int{}
	rest := text
	for i, part := range f.dates {
		if part.what == 0 {
			after, ok := strings.CutPrefix(rest, part.literal)
			if !ok {
				return "", reject("bad_cell/date", column, f.sample)
			}
			rest = after
			continue
		}
		digits := 0
		for digits < len(rest) && digits < part.digits && rest[digits] >= '0' && rest[digits] <= '9' {
			n[part.what] = 10*n[part.what] + int(rest[digits]-'0')
			digits++
		}
		adjoins := i > 0 && f.dates[i-1].what != 0 || i+1 < len(f.dates) && f.dates[i+1].what != 0
		if digits == 0 || digits < part.digits && (part.what == 'Y' || adjoins) {
			return "", reject("bad_cell/date", column, f.sample)
		}
		rest = rest[digits:]
	}
	// A day, an hour or a minute that there is none would make it another one.
	t := time.Date(n['Y'], time.Month(n['M']), n['D'], n['h'], n['m'], n['s'], 0, time.UTC)
	if rest != "" || n['Y'] == 0 || t.Month() != time.Month(n['M']) || t.Hour() != n['h'] || t.Minute() != n['m'] || t.Second() != n['s'] {
		return "", reject("bad_cell/date", column, f.sample)
	}
	for _, part := range f.dates {
		if part.what == 'h' {
			return t.Format("2006-01-02T15:04:05"), nil
		}
	}
	return t.Format(time.DateOnly), nil
}

// number reads a number as the file writes it. What a spreadsheet may have made of
// another text is rejected: an exponent, zeros in front.
func (f formats) number(column, text string) (json.Number, error) {
	text = strings.TrimSpace(text)
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, hasFraction := strings.Cut(digits, f.decimal)
	switch {
	case strings.ContainsAny(text, "eE"):
		if _, err := value.Number(strings.Replace(text, ",", ".", 1)); err == nil {
			return "", reject("bad_cell/exponent", column)
		}
		return "", reject("bad_cell/number", column)
	case hasFraction && !isDigits(fraction):
		return "", reject("bad_cell/number", column)
	}
	whole, ok := f.ungroup(whole)
	if !ok {
		return "", reject("bad_cell/number", column)
	}
	if len(whole) > 1 && whole[0] == '0' {
		return "", reject("bad_cell/zeros", column)
	}
	plain := whole
	if hasFraction {
		plain += "." + fraction
	}
	if negative {
		plain = "-" + plain
	}
	n, err := value.Number(plain)
	if err != nil {
		return "", reject("bad_cell/digits", column)
	}
	return n, nil
}

// ungroup takes the separators of groups out of the digits. A blank in the format
// stands for the blanks that do not break, too.
func (f formats) ungroup(text string) (string, bool) {
	if f.group == "" || isDigits(text) {
		return text, isDigits(text)
	}
	separator := f.group
	if strings.TrimSpace(separator) == "" || separator == "\u202f" {
		separator = " "
		text = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
	}
	groups := strings.Split(text, separator)
	for i, group := range groups {
		if !isDigits(group) || i > 0 && len(group) != 3 || len(group) > 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// whole reads a whole number from least up.
func (f formats) whole(column, text string, least int64) (int64, error) {
	n, err := f.number(column, text)
	if err != nil {
		return 0, err
	}
	i, err := n.Int64()
	if err != nil {
		return 0, reject("bad_cell/whole", column)
	}
	if i < least {
		return 0, reject("bad_cell/least", column, least)
	}
	return i, nil
}

// boolean reads true, false, 1 and 0, in any case.
func boolean(column, text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, reject("bad_cell/boolean", column)
}

// list reads the texts between vertical lines; what is blank is none of them.
func list(text string) []any {
	texts := make([]any, 0, strings.Count(text, "|")+1)
	for part := range strings.SplitSeq(text, "|") {
		if part = strings.TrimSpace(part); part != "" {
			texts = append(texts, part)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return texts
}
