// Package customer is the domain of the customer: who a person is, by which
// values they are found, on which channels they are written to, and what an
// import, an update or a deletion decides. It knows neither HTTP nor DynamoDB:
// everything is decided over what was loaded, and the clock is an argument
// (docs/design.md).
package customer

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An ID is the number of a customer, below 2^53: milliseconds since 2020-01-01
// UTC in the high 41 bits, 12 random bits below. It sorts by time of creation
// and is written three ways without loss: [ID.Decimal], [ID.Base36], [ID.Hex].
// Zero is no customer.
type ID uint64

const (
	idRandomBits = 12
	idLimit      = 1 << 53
	base36Width  = 16
	hexWidth     = 24
)

// LastID is the highest id there can be.
const LastID ID = idLimit - 1

var idEpoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// NewID makes the id of a customer created at now. Of random the lowest 12 bits
// count; draw them again at each attempt to create.
func NewID(now time.Time, random uint64) ID {
	ms := max(now.Sub(idEpoch).Milliseconds(), 1)
	return ID(uint64(ms)<<idRandomBits | random&(1<<idRandomBits-1))
}

// Created is when the id was drawn, to the millisecond.
func (id ID) Created() time.Time {
	return idEpoch.Add(time.Duration(id>>idRandomBits) * time.Millisecond)
}

// Decimal is the spelling of Haravan.
func (id ID) Decimal() string { return strconv.FormatUint(uint64(id), 10) }

// Base36 is the spelling of Genesys: 16 capitals and digits. It starts with five
// zeros.
func (id ID) Base36() string {
	return pad(strings.ToUpper(strconv.FormatUint(uint64(id), 36)), base36Width)
}

// Hex is the spelling of Altcraft and Mojodex: 24 lower-case hex digits.
func (id ID) Hex() string { return pad(strconv.FormatUint(uint64(id), 16), hexWidth) }

func pad(digits string, width int) string {
	const zeros = "000000000000000000000000"
	return zeros[:width-len(digits)] + digits
}

// ParseDecimal reads what [ID.Decimal] writes.
func ParseDecimal(s string) (ID, error) { return parseID(s, 10, 0) }

// ParseBase36 reads what [ID.Base36] writes.
func ParseBase36(s string) (ID, error) { return parseID(s, 36, base36Width) }

// ParseHex reads what [ID.Hex] writes, in any case.
func ParseHex(s string) (ID, error) { return parseID(strings.ToLower(s), 16, hexWidth) }

// parseID accepts only the spelling itself: no sign, no other width.
func parseID(s string, base, width int) (ID, error) {
	n, err := strconv.ParseUint(s, base, 64)
	id := ID(n)
	switch {
	case err != nil, n == 0, n >= idLimit:
	case width == 0 && id.Decimal() == s, width == base36Width && id.Base36() == s, width == hexWidth && id.Hex() == s:
		return id, nil
	}
	return 0, fmt.Errorf("%.40q is not the id of a customer", s)
}
