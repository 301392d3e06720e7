package dynamo

import (
	"cmp"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
)

// The attributes of a match key, beside its commit.
const (
	attrOwners     = "o" // a map: roles by id, in base 36
	attrOverflowed = "x"
)

func newMatchKeyItem(k key, owners customer.Owners, commit string) item {
	it := make(attributes, 5)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setFlag(attrOverflowed, owners.Overflowed)
	if len(owners.Roles) > 0 {
		roles := make(attributes, len(owners.Roles))
		for id, r := range owners.Roles {
			roles.setNumber(id.Base36(), int64(r))
		}
		it[attrOwners] = &types.AttributeValueMemberM{Value: roles}
	}
	return item(it)
}

// readMatchKey reads a match key's item; none is a key that nobody holds.
func readMatchKey(it item) (customer.KeyRecord, error) {
	if it == nil {
		return customer.KeyRecord{}, nil
	}
	r := reader{it: it}
	roles := reader{it: r.object(attrOwners)}
	record := customer.KeyRecord{
		Owners: customer.Owners{Roles: make(map[customer.ID]customer.Roles, len(roles.it)), Overflowed: r.flag(attrOverflowed)},
		Rev:    customer.Rev{Commit: r.text(attrCommit), Bytes: sizeOf(it)},
	}
	for text := range roles.it {
		id, err := customer.ParseBase36(text)
		if err != nil {
			return customer.KeyRecord{}, fmt.Errorf("item of a match key: %w", err)
		}
		record.Roles[id] = customer.Roles(roles.number(text))
	}
	if err := cmp.Or(r.err, roles.err); err != nil {
		return customer.KeyRecord{}, fmt.Errorf("item of a match key: %w", err)
	}
	return record, nil
}

// indexKeysOf are the places of an item in the indexes.
func indexKeysOf(it item) indexKeys {
	return indexKeys{text(it, attrIndex1PK), text(it, attrIndex1SK), text(it, attrIndex2PK), text(it, attrIndex2SK)}
}
