package value

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// What the table keeps of a number: 38 significant digits and exponents from
// -130 to 125.
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
	// plainDigits bounds the canonical form that is written without an exponent.
	plainDigits = maxDigits
	// farOff stands for exponents beyond 64 bits.
	farOff = math.MaxInt32
)

var (
	errNotNumber = errors.New("not a number")
	// ErrDigits rejects a number of more than 38 digits.
	ErrDigits = errors.New("a number of more than 38 digits")
	// ErrRange rejects a number outside of the range 1e-130 to 9.9e125.
	ErrRange = errors.New("a number outside of the range 1e-130 to 9.9e125")
)

// Number makes a JSON number canonical: no needless zeros, no plus sign, an
// exponent only where the plain form would have more than 38 digits. Two equal
// numbers have one canonical form.
func Number(text string) (json.Number, error) {
	negative, digits, exponent, err := split(text)
	if err != nil {
		return "", err
	}
	digits = strings.TrimLeft(digits, "0")
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	digits = trimmed
	if digits == "" {
		return "0", nil
	}
	if len(digits) > maxDigits {
		return "", ErrDigits
	}
	if magnitude := exponent + len(digits) - 1; magnitude > maxExponent || magnitude < minExponent {
		return "", ErrRange
	}
	plain := compose(digits, exponent)
	if negative {
		plain = "-" + plain
	}
	return json.Number(plain), nil
}

// split reads text, whose value is digits times ten to the exponent.
func split(text string) (negative bool, digits string, exponent int, err error) {
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil {
			if !errors.Is(err, strconv.ErrRange) {
				return false, "", 0, errNotNumber
			}
			exponent = farOff // of zero it does not matter
			if text[i+1] == '-' {
				exponent = -farOff
			}
		}
	}
	mantissa, negative = strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false, "", 0, errNotNumber
	}
	return negative, digits, max(-farOff, min(farOff, exponent)) - len(fraction), nil
}

// compose writes digits times ten to the exponent.
func compose(digits string, exponent int) string {
	point := len(digits) + exponent // where the decimal point stands
	switch {
	case exponent >= 0 && point <= plainDigits:
		return digits + strings.Repeat("0", exponent)
	case exponent < 0 && point > 0:
		return digits[:point] + "." + digits[point:]
	case exponent < 0 && len(digits)-point <= plainDigits:
		return "0." + strings.Repeat("0", -point) + digits
	}
	mantissa := digits[:1]
	if len(digits) > 1 {
		mantissa += "." + digits[1:]
	}
	return mantissa + "e" + strconv.Itoa(point-1)
}
