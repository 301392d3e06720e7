package dynamo

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
)

// The attributes of a match key, beside its commit.
const (
	attrOwners  = "o" // a map: roles by id, in base 36
	attrCrowded = "x"
)

func newMatchKeyItem(k key, owners customer.Owners, commit string) item {
	it := make(attributes, 5)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setFlag(attrCrowded, owners.Overflowed)
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
		Owners: customer.Owners{Roles: make(map[customer.ID]customer.Roles, len(roles.it)), Overflowed: r.flag(attrCrowded)},
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

// A requestItem is what is remembered of a request. It lies outside of the
// customer's collection, so it holds ids and codes only.
type requestItem struct {
	key
	Commit      string `dynamodbav:"c"`
	Fingerprint string `dynamodbav:"m"`
	ID          string `dynamodbav:"i,omitempty"` // the customer, in base 36; of a batch or a job there is none
	Job         string `dynamodbav:"j,omitempty"`
	Created     bool   `dynamodbav:"n,omitempty"`
	Changed     bool   `dynamodbav:"w,omitempty"`
	TTL         int64  `dynamodbav:"ttl"`
}

func newRequestItem(tenant int, r customer.IdempotencyRecord, commit string, now time.Time) (item, error) {
	row := requestItem{
		key: requestKey(tenant, r.Key), Commit: commit, Fingerprint: r.Fingerprint, Job: r.Job,
		Created: r.Created, Changed: r.Changed, TTL: now.Add(remember).Unix(),
	}
	if r.ID != 0 {
		row.ID = r.ID.Base36()
	}
	it, err := attributevalue.MarshalMap(row)
	if err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	return it, nil
}

// readRequest reads a remembered request; nil where it is remembered no longer.
func readRequest(it item, idempotencyKey string, now time.Time) (*customer.IdempotencyRecord, error) {
	var row requestItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	if row.TTL <= now.Unix() {
		return nil, nil
	}
	first := customer.IdempotencyRecord{
		IdempotencyKey: customer.IdempotencyKey{Key: idempotencyKey, Fingerprint: row.Fingerprint}, Job: row.Job, Created: row.Created, Changed: row.Changed,
	}
	if row.ID == "" {
		return &first, nil
	}
	id, err := customer.ParseBase36(row.ID)
	if err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	first.ID = id
	return &first, nil
}

// indexKeysOf are the places of an item in the indexes.
func indexKeysOf(it item) indexKeys {
	return indexKeys{text(it, attrIndex1PK), text(it, attrIndex1SK), text(it, attrIndex2PK), text(it, attrIndex2SK)}
}
