package value_test

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"regulars/shared/value"
)

const (
	nines38 = "99999999999999999999999999999999999999"
	zeros37 = "0000000000000000000000000000000000000"
)

func TestNumber(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string
		err  string
	}{
		{name: "whole", text: "120", want: "120"},
		{name: "negative", text: "-250", want: "-250"},
		{name: "zero", text: "0", want: "0"},
		{name: "negative zero", text: "-0", want: "0"},
		{name: "zero with a fraction", text: "0.000", want: "0"},
		{name: "negative zero with a fraction and an exponent", text: "-0.0E-7", want: "0"},
		{name: "zero with an exponent beyond the range", text: "0e400", want: "0"},
		{name: "zero with an exponent beyond 64 bits", text: "0e99999999999999999999", want: "0"},
		{name: "needless zeros after the point", text: "10.50", want: "10.5"},
		{name: "nothing left after the point", text: "10.00", want: "10"},
		{name: "exponent with a plus sign", text: "1E+2", want: "100"},
		{name: "negative exponent", text: "1e-2", want: "0.01"},
		{name: "exponent that moves the point", text: "-1.50e1", want: "-15"},
		{name: "exponent within the digits", text: "12345e-2", want: "123.45"},
		{name: "exponent of zero", text: "7e0", want: "7"},
		{name: "beyond what a float keeps", text: "9007199254740993", want: "9007199254740993"},
		{name: "38 digits", text: nines38, want: nines38},
		{name: "38 digits with a point", text: "-0.1" + zeros37[1:] + "1", want: "-0.1" + zeros37[1:] + "1"},
		{name: "39 digits", text: nines38 + "9", err: "more than 38 digits"},
		{name: "39 digits on both sides of the point", text: nines38 + ".1", err: "more than 38 digits"},
		{name: "39 digits of which the last is a zero", text: nines38 + "0", want: "9." + nines38[1:] + "e38"},
		{name: "39 digits of which the first is a zero", text: "0" + nines38, want: nines38},
		{name: "38 places", text: "0." + zeros37 + "1", want: "0." + zeros37 + "1"},
		{name: "39 places", text: "0.0" + zeros37 + "1", want: "1e-39"},
		{name: "the longest plain form", text: "1e37", want: "1" + zeros37},
		{name: "the shortest form with an exponent", text: "1" + zeros37 + "0", want: "1e38"},
		{name: "largest", text: "9." + nines38[1:] + "e125", want: "9." + nines38[1:] + "e125"},
		{name: "smallest", text: "-1e-130", want: "-1e-130"},
		{name: "too large", text: "1e126", err: "outside of the range"},
		{name: "too small", text: "1e-131", err: "outside of the range"},
		{name: "beyond a float", text: "1e400", err: "outside of the range"},
		{name: "exponent beyond 64 bits", text: "1e9223372036854775808", err: "outside of the range"},
		{name: "lowest exponent of 64 bits and places", text: "1.05e-9223372036854775808", err: "outside of the range"},
		{name: "highest exponent of 64 bits and zeros", text: "1000e9223372036854775807", err: "outside of the range"},

		{name: "nothing", text: "", err: "not a number"},
		{name: "sign alone", text: "-", err: "not a number"},
		{name: "point alone", text: ".", err: "not a number"},
		{name: "plus sign", text: "+1", err: "not a number"},
		{name: "two signs", text: "--1", err: "not a number"},
		{name: "exponent without digits", text: "1e", err: "not a number"},
		{name: "exponent alone", text: "e1", err: "not a number"},
		{name: "exponent with a point", text: "1e1.5", err: "not a number"},
		{name: "two exponents", text: "1e1e1", err: "not a number"},
		{name: "two points", text: "1.2.3", err: "not a number"},
		{name: "letter among digits", text: "1x2", err: "not a number"},
		{name: "hexadecimal", text: "0x10", err: "not a number"},
		{name: "underscore", text: "1_000", err: "not a number"},
		{name: "blank", text: " 1", err: "not a number"},
		{name: "digits of another script", text: "١٢", err: "not a number"},
		{name: "no number at all", text: "NaN", err: "not a number"},
		{name: "infinity", text: "Infinity", err: "not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := value.Number(tt.text)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("Number(%q) = %q, error %v, want an error with %q", tt.text, got, err, tt.err)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Fatalf("Number(%q) = %q, error %v, want %q", tt.text, got, err, tt.want)
			}
			again, err := value.Number(tt.want)
			if err != nil || again != got {
				t.Errorf("Number(%q) = %q, error %v, want it unchanged", tt.want, again, err)
			}
		})
	}
}

// anyNumber draws a number and spells it in some way that JSON allows.
var anyNumber = rapid.Custom(func(t *rapid.T) string {
	text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?`).Draw(t, "mantissa")
	if rapid.Bool().Draw(t, "has exponent") {
		text += rapid.SampledFrom([]string{"e", "E", "e+", "e-"}).Draw(t, "sign") +
			strconv.Itoa(rapid.IntRange(0, 180).Draw(t, "exponent"))
	}
	return text
})

func rat(t interface{ Fatalf(string, ...any) }, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number to math/big", text)
	}
	return r
}

func TestNumberKeepsTheValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyNumber.Draw(t, "text")
		got, err := value.Number(text)
		if err != nil {
			return
		}
		if rat(t, string(got)).Cmp(rat(t, text)) != 0 {
			t.Fatalf("Number(%q) = %q, want the same value", text, got)
		}
		again, err := value.Number(string(got))
		if err != nil || again != got {
			t.Fatalf("Number(%q) = %q, error %v, want it unchanged", got, again, err)
		}
		if !json.Valid([]byte(got)) {
			t.Fatalf("Number(%q) = %q, want JSON", text, got)
		}
	})
}

// What fits is never rejected: whether it does math/big says.
func TestNumberRejectsOnlyWhatDoesNotFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-9]([0-9]{0,36}[1-9])?`).Draw(t, "digits")
		magnitude := rapid.IntRange(-130, 125).Draw(t, "magnitude")
		text := digits + "e" + strconv.Itoa(magnitude-len(digits)+1)
		got, err := value.Number(text)
		if err != nil {
			t.Fatalf("Number(%q) error = %v, want none", text, err)
		}
		if rat(t, string(got)).Cmp(rat(t, text)) != 0 {
			t.Fatalf("Number(%q) = %q, want the same value", text, got)
		}
	})
}

func TestEqualNumbersHaveOneForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-9][0-9]{0,20}`).Draw(t, "digits")
		exponent := rapid.IntRange(-100, 80).Draw(t, "exponent")
		point := rapid.IntRange(0, len(digits)).Draw(t, "point")
		zeros := strings.Repeat("0", rapid.IntRange(0, 50).Draw(t, "zeros"))

		one := digits + "e" + strconv.Itoa(exponent)
		other := "0" + digits[:point] + "." + digits[point:] + zeros + "E" + strconv.Itoa(exponent+len(digits)-point)
		a, errA := value.Number(one)
		b, errB := value.Number(other)
		if errA != nil || errB != nil || a != b {
			t.Fatalf("Number(%q) = %q, Number(%q) = %q, errors %v, %v, want one form", one, a, other, b, errA, errB)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0", "1E+2", "0.000", "1e400", "0e99999999999999999999", nines38, "12.50e-3", "1e", "+1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := value.Number(text)
		if err != nil {
			return
		}
		again, err := value.Number(string(got))
		if err != nil || again != got {
			t.Fatalf("Number(%q) = %q, error %v, want it unchanged", got, again, err)
		}
		if !json.Valid([]byte(got)) {
			t.Fatalf("Number(%q) = %q, want JSON", text, got)
		}
		mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
		if isZero := strings.Trim(mantissa, "-0.") == ""; isZero != (got == "0") {
			t.Fatalf("Number(%q) = %q, and one of the two is zero", text, got)
		}
		if got != "0" && len(text) < 400 && rat(t, string(got)).Cmp(rat(t, text)) != 0 {
			t.Fatalf("Number(%q) = %q, want the same value", text, got)
		}
	})
}
