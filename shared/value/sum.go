package value

import (
	"encoding/json"
	"math/big"
	"strconv"
)

// Add returns the exact sum of two numbers. It fails where the table could not
// keep it exactly: more than 38 digits, or out of range.
func Add(a, b json.Number) (json.Number, error) {
	x, xPlace, err := whole(a)
	if err != nil {
		return "", err
	}
	y, yPlace, err := whole(b)
	if err != nil {
		return "", err
	}
	place := min(xPlace, yPlace)
	sum := new(big.Int).Add(raised(x, xPlace-place), raised(y, yPlace-place))
	return Number(sum.String() + "e" + strconv.Itoa(place))
}

// whole is a number as a whole one times ten to the power of place.
func whole(n json.Number) (digits *big.Int, place int, err error) {
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

// raised is n times ten to the power.
func raised(n *big.Int, power int) *big.Int {
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil)
	return factor.Mul(factor, n)
}
