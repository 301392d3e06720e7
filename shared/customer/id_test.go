package customer_test

import (
	"cmp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/customer"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const highestID = customer.ID(1<<53 - 1)

func TestIDSurvivesItsSpellings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := customer.ID(rapid.Uint64Range(1, uint64(highestID)).Draw(t, "id"))
		for _, spelling := range []struct {
			name  string
			text  string
			width int
			parse func(string) (customer.ID, error)
		}{
			{"decimal", id.Decimal(), len(strconv.FormatUint(uint64(id), 10)), customer.ParseDecimal},
			{"base 36", id.Base36(), 16, customer.ParseBase36},
			{"hex", id.Hex(), 24, customer.ParseHex},
			{"hex in capitals", strings.ToUpper(id.Hex()), 24, customer.ParseHex},
		} {
			got, err := spelling.parse(spelling.text)
			if err != nil || got != id {
				t.Fatalf("%s: %q is read as %d, error %v, want %d", spelling.name, spelling.text, got, err, id)
			}
			if len(spelling.text) != spelling.width {
				t.Fatalf("%s: %q has %d characters, want %d", spelling.name, spelling.text, len(spelling.text), spelling.width)
			}
		}
		if !strings.HasPrefix(id.Base36(), "00000") {
			t.Fatalf("Base36 = %q, want five zeros first", id.Base36())
		}
	})
}

// Ids sort by time of creation, as numbers and as texts of fixed width.
func TestIDSortsByTime(t *testing.T) {
	const year = int64(366 * 24 * time.Hour / time.Millisecond)
	epoch := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		when := rapid.Int64Range(1, 60*year)
		a, b := when.Draw(t, "a"), when.Draw(t, "b")
		first := customer.NewID(epoch.Add(time.Duration(a)*time.Millisecond), rapid.Uint64().Draw(t, "random a"))
		second := customer.NewID(epoch.Add(time.Duration(b)*time.Millisecond), rapid.Uint64().Draw(t, "random b"))
		if want := cmp.Compare(a, b); want != 0 {
			if got := cmp.Compare(first, second); got != want {
				t.Fatalf("ids compare as %d, their times as %d", got, want)
			}
			if got := strings.Compare(first.Base36(), second.Base36()); got != want {
				t.Fatalf("%s and %s compare as %d, their times as %d", first.Base36(), second.Base36(), got, want)
			}
			if got := strings.Compare(first.Hex(), second.Hex()); got != want {
				t.Fatalf("%s and %s compare as %d, their times as %d", first.Hex(), second.Hex(), got, want)
			}
		}
		if got, want := first.Created(), epoch.Add(time.Duration(a)*time.Millisecond); !got.Equal(want) {
			t.Fatalf("Created = %v, want %v", got, want)
		}
	})
}

func TestNewID(t *testing.T) {
	tests := []struct {
		name   string
		now    time.Time
		random uint64
		want   customer.ID
	}{
		{name: "a millisecond after the epoch", now: time.Date(2020, 1, 1, 0, 0, 0, 1e6, time.UTC), want: 1 << 12},
		{name: "of random the lowest bits count", now: time.Date(2020, 1, 1, 0, 0, 0, 1e6, time.UTC), random: 0xfffff005, want: 1<<12 | 5},
		{name: "at the epoch it is no zero", now: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), want: 1 << 12},
		{name: "a clock before the epoch", now: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), random: 7, want: 1<<12 | 7},
		{name: "another zone", now: time.Date(2020, 1, 1, 7, 0, 0, 1e6, time.FixedZone("", 7*3600)), want: 1 << 12},
		{name: "the last that fits", now: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add((1<<41 - 1) * time.Millisecond), random: 1<<12 - 1, want: highestID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := customer.NewID(tt.now, tt.random); got != tt.want {
				t.Errorf("NewID = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestParseIDRejects(t *testing.T) {
	zeros := strings.Repeat("0", 24)
	tests := []struct {
		name  string
		parse func(string) (customer.ID, error)
		text  string
	}{
		{"decimal: nothing", customer.ParseDecimal, ""},
		{"decimal: zero", customer.ParseDecimal, "0"},
		{"decimal: leading zero", customer.ParseDecimal, "0123"},
		{"decimal: plus", customer.ParseDecimal, "+123"},
		{"decimal: minus", customer.ParseDecimal, "-123"},
		{"decimal: blank", customer.ParseDecimal, " 123"},
		{"decimal: underscore", customer.ParseDecimal, "1_000"},
		{"decimal: fraction", customer.ParseDecimal, "123.0"},
		{"decimal: exponent", customer.ParseDecimal, "1e3"},
		{"decimal: 2^53", customer.ParseDecimal, "9007199254740992"},
		{"decimal: 2^64 and one", customer.ParseDecimal, "18446744073709551617"},
		{"base 36: zero", customer.ParseBase36, zeros[:16]},
		{"base 36: small letters", customer.ParseBase36, strings.ToLower(highestID.Base36())},
		{"base 36: too short", customer.ParseBase36, highestID.Base36()[1:]},
		{"base 36: too long", customer.ParseBase36, "0" + highestID.Base36()},
		{"base 36: no padding", customer.ParseBase36, strings.TrimLeft(highestID.Base36(), "0")},
		{"base 36: the next", customer.ParseBase36, (highestID + 1).Base36()},
		{"base 36: sign", customer.ParseBase36, "+" + highestID.Base36()[1:]},
		{"base 36: all Z", customer.ParseBase36, strings.Repeat("Z", 16)},
		{"hex: zero", customer.ParseHex, zeros},
		{"hex: too short", customer.ParseHex, highestID.Hex()[1:]},
		{"hex: too long", customer.ParseHex, "0" + highestID.Hex()},
		{"hex: the next", customer.ParseHex, (highestID + 1).Hex()},
		{"hex: prefix", customer.ParseHex, "0x" + highestID.Hex()[2:]},
		{"hex: an id of another system", customer.ParseHex, "5a61f87d69d42678a8dc6dd9"},
		{"hex: no digit", customer.ParseHex, highestID.Hex()[:23] + "g"},
		{"hex: letter that lowers to two bytes", customer.ParseHex, highestID.Hex()[:23] + "K"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tt.parse(tt.text); err == nil || got != 0 {
				t.Errorf("%q is read as %d, error %v, want an error", tt.text, got, err)
			}
		})
	}
}
