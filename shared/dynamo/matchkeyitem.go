package dynamo

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"regulars/shared/customer"
)

// A matchKeyItem is a match key in the table: who owns a value.
type matchKeyItem struct {
	key
	Commit  string           `dynamodbav:"c"`
	Owners  map[string]uint8 `dynamodbav:"o,omitempty"` // roles by id, in base 36
	Crowded bool             `dynamodbav:"x,omitempty"`
}

func newMatchKeyItem(k key, owners customer.Owners, commit string) (item, error) {
	row := matchKeyItem{key: k, Commit: commit, Crowded: owners.Crowded, Owners: make(map[string]uint8, len(owners.Roles))}
	for id, roles := range owners.Roles {
		row.Owners[id.Base36()] = uint8(roles)
	}
	it, err := attributevalue.MarshalMap(row)
	if err != nil {
		return nil, fmt.Errorf("item of a match key: %w", err)
	}
	return it, nil
}

// readMatchKey reads a match key's item; none is a key that nobody holds.
func readMatchKey(it item) (customer.KeyRecord, error) {
	if it == nil {
		return customer.KeyRecord{}, nil
	}
	var row matchKeyItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return customer.KeyRecord{}, fmt.Errorf("item of a match key: %w", err)
	}
	owners := customer.Owners{Roles: make(map[customer.ID]customer.Roles, len(row.Owners)), Crowded: row.Crowded}
	for text, roles := range row.Owners {
		id, err := customer.ParseBase36(text)
		if err != nil {
			return customer.KeyRecord{}, fmt.Errorf("item of a match key: %w", err)
		}
		owners.Roles[id] = customer.Roles(roles)
	}
	return customer.KeyRecord{Owners: owners, Rev: customer.Rev{Commit: row.Commit, Bytes: sizeOf(it)}}, nil
}

// A requestItem is what is remembered of a request. It lies outside of the
// customer's collection, so it holds ids and codes only.
type requestItem struct {
	key
	Commit  string `dynamodbav:"c"`
	Meaning string `dynamodbav:"m"`
	ID      string `dynamodbav:"i"` // the customer, in base 36
	Created bool   `dynamodbav:"n,omitempty"`
	Changed bool   `dynamodbav:"w,omitempty"`
	TTL     int64  `dynamodbav:"ttl"`
}

func newRequestItem(tenant int, r customer.Remembered, commit string, now time.Time) (item, error) {
	it, err := attributevalue.MarshalMap(requestItem{
		key: requestKey(tenant, r.Key), Commit: commit, Meaning: r.Meaning, ID: r.ID.Base36(),
		Created: r.Created, Changed: r.Changed, TTL: now.Add(remember).Unix(),
	})
	if err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	return it, nil
}

// readRequest reads a remembered request; nil where it is remembered no longer.
func readRequest(it item, idempotencyKey string, now time.Time) (*customer.Remembered, error) {
	var row requestItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	if row.TTL <= now.Unix() {
		return nil, nil
	}
	id, err := customer.ParseBase36(row.ID)
	if err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	keyed := customer.Keyed{Key: idempotencyKey, Meaning: row.Meaning}
	return &customer.Remembered{Keyed: keyed, ID: id, Created: row.Created, Changed: row.Changed}, nil
}

// indexKeysOf are the places of an item in the indexes.
func indexKeysOf(it item) indexKeys {
	return indexKeys{text(it, "gsi1pk"), text(it, "gsi1sk"), text(it, "gsi2pk"), text(it, "gsi2sk")}
}
