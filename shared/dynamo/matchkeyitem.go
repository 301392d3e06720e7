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
	attrRebuiltBy  = "rb" // the job that rebuilds it
	attrCollected  = "rc" // a map as of owners
	attrWalked     = "rw" // a bit for each shard
)

func newMatchKeyItem(k key, owners customer.Owners, commit string) item {
	it := make(attributes, 5)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setFlag(attrOverflowed, owners.Overflowed)
	it.setRoles(attrOwners, owners.Roles)
	it.setText(attrRebuiltBy, owners.RebuiltBy)
	it.setRoles(attrCollected, owners.Collected)
	it.setCount(attrWalked, int64(owners.Walked))
	return item(it)
}

func (it attributes) setRoles(name string, owners map[customer.ID]customer.Roles) {
	if len(owners) == 0 {
		return
	}
	roles := make(attributes, len(owners))
	for id, r := range owners {
		roles.setNumber(id.Base36(), int64(r))
	}
	it[name] = &types.AttributeValueMemberM{Value: roles}
}

// readMatchKey reads a match key's item; none is a key that nobody holds.
func readMatchKey(it item) (customer.KeyRecord, error) {
	if it == nil {
		return customer.KeyRecord{}, nil
	}
	r := reader{it: it}
	record := customer.KeyRecord{
		Owners: customer.Owners{
			Roles: r.roles(attrOwners), Overflowed: r.flag(attrOverflowed),
			RebuiltBy: r.text(attrRebuiltBy), Walked: uint8(r.number(attrWalked)),
		},
		Rev: customer.Rev{Commit: r.text(attrCommit), Bytes: sizeOf(it)},
	}
	if it[attrCollected] != nil {
		record.Collected = r.roles(attrCollected)
	}
	if r.err != nil {
		return customer.KeyRecord{}, fmt.Errorf("item of a match key: %w", r.err)
	}
	return record, nil
}

// roles reads a map of roles by id.
func (r *reader) roles(name string) map[customer.ID]customer.Roles {
	members := reader{it: r.object(name)}
	roles := make(map[customer.ID]customer.Roles, len(members.it))
	for text := range members.it {
		id, err := customer.ParseBase36(text)
		if err != nil && members.err == nil {
			members.err = err
		}
		roles[id] = customer.Roles(members.number(text))
	}
	r.err = cmp.Or(r.err, members.err)
	return roles
}

// indexKeysOf are the places of an item in the indexes.
func indexKeysOf(it item) indexKeys {
	return indexKeys{text(it, attrIndex1PK), text(it, attrIndex1SK), text(it, attrIndex2PK), text(it, attrIndex2SK)}
}
