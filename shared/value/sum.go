package value

import (
	"encoding/json"
	"math/big"
	"strconv"
)

// Add returns the exact sum of two numbers. The errors are
// [ErrDigits] and [ErrRange], as of [Number].
func Add(a, b json.Number) (json.Number, error) {
	x, xPlace, err := integer(a)
	if err != nil {
		return "", err
	}
	y, yPlace, err := integer(b)
	if err != nil {
		return "", err
	}
	place := min(xPlace, yPlace)
	sum := new(big.Int).Add(scale(x, xPlace-place), scale(y, yPlace-place))
	return Number(sum.String() + "e" + strconv.Itoa(place))
}

// integer returns n as an integer times ten to the power of place.
func integer(n json.Number) (digits *big.Int, place int, err error) {
	canonical, err := Number(string(n)) // bounds the exponent
	if err != nil {
		return nil, 0, err
	}
	negative, text, place, err := split(string(canonical))
	if err != nil {
		return nil, 0, err
	}
	digits, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil, 0, errNotNumber
	}
	if negative {
		digits.Neg(digits)
	}
	return digits, place, nil
}

// scale returns n times ten to the given power.
func scale(n *big.Int, power int) *big.Int {
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil)
	return factor.Mul(factor, n)
}
