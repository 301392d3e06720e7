package value_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"regulars/shared/value"
)

func TestAdd(t *testing.T) {
	tests := []struct {
		name string
		a, b json.Number
		want json.Number
		err  string
	}{
		{name: "whole numbers", a: "2", b: "3", want: "5"},
		{name: "below zero", a: "2", b: "-3", want: "-1"},
		{name: "to zero", a: "-0.5", b: "0.5", want: "0"},
		{name: "what a float gets wrong", a: "0.1", b: "0.2", want: "0.3"},
		{name: "a whole number to a fraction", a: "7.25", b: "-10", want: "-2.75"},
		{name: "beyond what a float keeps", a: "9007199254740993", b: "1", want: "9007199254740994"},
		{name: "beyond 64 bits", a: "9223372036854775807", b: "1", want: "9223372036854775808"},
		{name: "38 digits", a: json.Number(nines38[1:]), b: "1", want: "1" + zeros37},
		{name: "one more digit, a zero", a: nines38, b: "1", want: "1e38"},
		{name: "one more digit", a: nines38, b: "2", err: "more than 38 digits"},
		{name: "too far apart", a: "1e38", b: "0.1", err: "more than 38 digits"},
		{name: "as far apart as can be", a: "1e125", b: "1e-130", err: "more than 38 digits"},
		{name: "out of range", a: "9e125", b: "1e125", err: "outside of the range"},
		{name: "the smallest difference", a: "1.1e-130", b: "-1e-130", err: "outside of the range"},
		{name: "zero to the largest", a: "9.9e125", b: "0", want: "9.9e125"},
		{name: "not canonical", a: "1.50e1", b: "5e0", want: "20"},
		{name: "an exponent without end", a: "1e2000000000", b: "1", err: "outside of the range"},
		{name: "no number", a: "1", b: "x", err: "not a number"},
		{name: "nothing", a: "", b: "1", err: "not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := value.Add(tt.a, tt.b)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("Add(%s, %s) = %q, error %v, want an error with %q", tt.a, tt.b, got, err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("Add(%s, %s) = %q, error %v, want %q", tt.a, tt.b, got, err, tt.want)
			}
		})
	}
}

// A sum is what math/big says, or it is rejected because it cannot be kept.
func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, errA := value.Number(anyNumber.Draw(t, "a"))
		b, errB := value.Number(anyNumber.Draw(t, "b"))
		if errA != nil || errB != nil {
			return
		}
		want := new(big.Rat).Add(rat(t, string(a)), rat(t, string(b)))
		got, err := value.Add(a, b)
		if err != nil {
			if kept, keptErr := value.Number(want.FloatString(400)); keptErr == nil {
				t.Fatalf("Add(%s, %s) error = %v, want %s", a, b, err, kept)
			}
			return
		}
		if rat(t, string(got)).Cmp(want) != 0 {
			t.Fatalf("Add(%s, %s) = %s, want %s", a, b, got, want)
		}
		if other, err := value.Add(b, a); err != nil || other != got {
			t.Fatalf("Add(%s, %s) = %s, error %v, want %s both ways", b, a, other, err, got)
		}
		if back, err := value.Add(got, negative(b)); err == nil && back != a {
			t.Fatalf("%s + %s - %s = %s, want %s", a, b, b, back, a)
		}
	})
}

func negative(n json.Number) json.Number {
	if text, below := strings.CutPrefix(string(n), "-"); below {
		return json.Number(text)
	}
	return "-" + n
}
