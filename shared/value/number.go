package value

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// The limits of a number in DynamoDB: 38 significant digits, magnitudes from
// 1e-130 to 9.9e125.
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
	// plainDigits bounds the canonical form that is written without an exponent.
	plainDigits = maxDigits
	// farOff bounds the exponents that are read, so that sums of them do not overflow.
	farOff = math.MaxInt32
)

var (
	errNotNumber = errors.New("not a number")
	// ErrDigits rejects a number of more than 38 digits.
	ErrDigits = errors.New("a number of more than 38 digits")
	// ErrRange rejects a number outside of the range 1e-130 to 9.9e125.
	ErrRange = errors.New("a number outside of the range 1e-130 to 9.9e125")
)

// Number returns a JSON number in canonical form: no superfluous zeros, no plus
// sign, an exponent only where the decimal form would have more than 38 digits.
// Equal numbers have the same form. The errors are [ErrDigits], [ErrRange] and
// one for a text that is not a number.
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

// split divides a number into its digits and exponent: its value is digits times
// ten to the power of exponent.
func split(text string) (negative bool, digits string, exponent int, err error) {
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil {
			if !errors.Is(err, strconv.ErrRange) {
				return false, "", 0, errNotNumber
			}
			exponent = farOff // zero is zero with any exponent
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

// compose writes digits times ten to the power of exponent, in canonical form.
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
