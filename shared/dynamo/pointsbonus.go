package dynamo

import (
	"encoding/binary"
	"errors"

	"regulars/shared/points"
)

// packBonuses writes of each bonus the length of its rule's name, the name, money and
// percent.
func packBonuses(bonuses []points.Bonus) []byte {
	var b []byte
	for _, bonus := range bonuses {
		b = binary.AppendVarint(b, int64(len(bonus.Rule)))
		b = append(b, bonus.Rule...)
		b = appendVarints(b, bonus.Money, bonus.Percent)
	}
	return b
}

var errBonuses = errors.New("the bonuses of an order are damaged")

func unpackBonuses(b []byte) (bonuses []points.Bonus, err error) {
	for n := (numbers{b: b}); len(n.b) > 0; {
		size := n.next()
		if size < 0 || size > int64(len(n.b)) {
			return nil, errBonuses
		}
		bonus := points.Bonus{Rule: string(n.b[:size])}
		n.b = n.b[size:]
		bonus.Money, bonus.Percent = n.next(), n.next()
		if bonuses = append(bonuses, bonus); n.bad {
			return nil, errBonuses
		}
	}
	return bonuses, nil
}
