package filter

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"regulars/shared/value"
)

// A set holds the values that a query compares with for equality. Scalars are
// found without a walk over all of them: a query may name many, and asks about
// thousands of documents.
type set struct {
	scalars map[any]bool       // texts, numbers, booleans and null
	times   map[time.Time]bool // of the texts that are dates, in UTC
	others  []any
}

func setOf(values []any) set {
	s := set{scalars: map[any]bool{}, times: map[time.Time]bool{}}
	for _, v := range values {
		switch v := v.(type) {
		case []any, map[string]any:
			s.others = append(s.others, v)
		default:
			s.scalars[v] = true
			if t, ok := dateOf(v); ok {
				s.times[t.UTC()] = true
			}
		}
	}
	return s
}

// has reports whether v equals one of the set: numbers as numbers, dates as
// instants, all else exactly.
func (s set) has(v any) bool {
	switch v := v.(type) {
	case []any, map[string]any:
		for _, other := range s.others {
			if value.Equal(v, other) {
				return true
			}
		}
		return false
	}
	if s.scalars[v] {
		return true
	}
	if len(s.times) == 0 {
		return false
	}
	t, ok := dateOf(v)
	return ok && s.times[t.UTC()]
}

// null reports whether null is in the set, which also means what is not there.
func (s set) null() bool { return s.scalars[nil] }

// A bound is what values are ordered against: a number, a date or another text.
type bound struct {
	number *big.Rat
	text   string
	date   time.Time
	isDate bool
}

func boundOf(v any) (bound, bool) {
	switch v := v.(type) {
	case json.Number:
		return bound{number: rational(v)}, true
	case string:
		b := bound{text: v}
		b.date, b.isDate = dateOf(v)
		return b, true
	}
	return bound{}, false
}

// compare orders v against the bound: below 0 where v is less. Values of another
// type are not ordered.
func (b bound) compare(v any) (order int, ordered bool) {
	switch v := v.(type) {
	case json.Number:
		if b.number == nil {
			return 0, false
		}
		return rational(v).Cmp(b.number), true
	case string:
		if b.number != nil {
			return 0, false
		}
		if b.isDate {
			if t, ok := dateOf(v); ok {
				return t.Compare(b.date), true
			}
		}
		return strings.Compare(v, b.text), true
	}
	return 0, false
}

// rational is the number exactly. Those that package value keeps have exponents
// that are small enough for that.
func rational(n json.Number) *big.Rat {
	if whole, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return new(big.Rat).SetInt64(whole)
	}
	r, _ := new(big.Rat).SetString(string(n))
	return r
}

// dateOf reads a text that is a date, or a date and time.
func dateOf(v any) (time.Time, bool) {
	text, ok := v.(string)
	const shortest, longest = len("2001-12-31"), len("2001-12-31T23:59:59.123456789+00:00")
	if !ok || len(text) < shortest || len(text) > longest || text[4] != '-' || text[7] != '-' {
		return time.Time{}, false
	}
	t, _, err := value.ParseTime("", text)
	return t, err == nil
}
