package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"regulars/shared/customer"
	"regulars/shared/idempotency"
	"regulars/shared/points"
)

// recorded returns an [idempotency.Carried] where err is the broken guard of a
// request's record, which is the first write of its transaction, else err.
func recorded[T any](err error, read func(found item) (*idempotency.Record[T], error)) error {
	broken, ok := errors.AsType[*errGuard](err)
	if !ok || broken.found == nil {
		return err
	}
	first, readErr := read(broken.found)
	switch {
	case readErr != nil:
		return readErr
	case first == nil:
		return err
	}
	return &idempotency.Carried[T]{Record: *first}
}

// requestRecorded is recorded for a request outside of a customer's collection;
// without a request it returns err.
func (s *Store) requestRecorded(err error, request *customer.IdempotencyRecord) error {
	if request == nil {
		return err
	}
	return recorded(err, func(found item) (*customer.IdempotencyRecord, error) {
		return readRequest(found, request.Value, s.now())
	})
}

// IdempotencyRecord implements [customer.Store].
func (s *Store) IdempotencyRecord(ctx context.Context, tenant int, value string) (*customer.IdempotencyRecord, error) {
	it, err := s.getOne(ctx, "read idempotency record", requestKey(tenant, value))
	if err != nil || it == nil {
		return nil, err
	}
	return readRequest(it, value, s.now())
}

// IdempotentAnswer implements [points.Store].
func (s *Store) IdempotentAnswer(ctx context.Context, tenant int, id customer.ID, value string) (*points.IdempotencyRecord, error) {
	it, err := s.getOne(ctx, "read idempotent answer", answerKey(tenant, id, value))
	if err != nil {
		return nil, err
	}
	return readAnswer(it, s.now())
}

// A requestItem is an idempotency record outside of a customer's collection, so it
// holds ids and codes only.
type requestItem struct {
	key
	indexKeys
	Commit      string `dynamodbav:"c"`
	Fingerprint string `dynamodbav:"m"`
	ID          string `dynamodbav:"i,omitempty"` // the customer, in base 36; of a batch or a job there is none
	Job         string `dynamodbav:"j,omitempty"`
	Numbers     string `dynamodbav:"k,omitempty"`
	Created     bool   `dynamodbav:"n,omitempty"`
	Changed     bool   `dynamodbav:"w,omitempty"`
	TTL         int64  `dynamodbav:"ttl"`
}

func newRequestItem(tenant int, r customer.IdempotencyRecord, commit string, now time.Time) (item, error) {
	row := requestItem{
		key: requestKey(tenant, r.Value), Commit: commit, Fingerprint: r.Fingerprint, Job: r.Outcome.Job, Numbers: r.Outcome.Numbers,
		Created: r.Outcome.Created, Changed: r.Outcome.Changed, TTL: now.Add(idempotency.Retention).Unix(),
	}
	if id := r.Outcome.ID; id != 0 {
		row.ID = id.Base36()
		row.GSI1PK, row.GSI1SK = rememberedPK(tenant, id), rememberedSK
	}
	it, err := attributevalue.MarshalMap(row)
	if err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	return it, nil
}

// putRequest writes an idempotency record, unless there is one that has not expired.
func (t *tx) putRequest(tenant int, r customer.IdempotencyRecord, now time.Time) error {
	it, err := newRequestItem(tenant, r, t.id, now)
	if err != nil {
		return err
	}
	t.put(it, absentOrExpired(now), 0, indexUnits(indexKeys{}, indexKeysOf(it)))
	return nil
}

// readRequest reads an idempotency record; nil where it has expired.
func readRequest(it item, value string, now time.Time) (*customer.IdempotencyRecord, error) {
	var row requestItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	if row.TTL <= now.Unix() {
		return nil, nil
	}
	first := customer.IdempotencyRecord{
		Key:     idempotency.Key{Value: value, Fingerprint: row.Fingerprint},
		Outcome: customer.Recorded{Job: row.Job, Numbers: row.Numbers, Created: row.Created, Changed: row.Changed},
	}
	if row.ID == "" {
		return &first, nil
	}
	id, err := customer.ParseBase36(row.ID)
	if err != nil {
		return nil, fmt.Errorf("item of a request: %w", err)
	}
	first.Outcome.ID = id
	return &first, nil
}

// newAnswerItem makes the item of an answer: of a request under its idempotency key,
// which has a ttl, or of what may happen once.
func newAnswerItem(k key, commit, fingerprint string, answer []byte, ttl time.Time) (item, error) {
	it := make(attributes, 6)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setText(attrFingerprint, fingerprint)
	if !ttl.IsZero() {
		it.setNumber(attrTTL, ttl.Unix())
	}
	packed, err := compress(answer)
	it.setBytes(attrAnswer, packed)
	return item(it), err
}

// readAnswer reads what was answered; nil where it has expired.
func readAnswer(it item, now time.Time) (*points.IdempotencyRecord, error) {
	if it == nil {
		return nil, nil
	}
	r := reader{it: it}
	if ttl := r.number(attrTTL); ttl != 0 && ttl <= now.Unix() {
		return nil, nil
	}
	answer, err := decompress(r.bytes(attrAnswer))
	if err = errors.Join(r.err, err); err != nil {
		return nil, fmt.Errorf("item of an answer: %w", err)
	}
	return &points.IdempotencyRecord{Key: idempotency.Key{Fingerprint: r.text(attrFingerprint)}, Outcome: answer}, nil
}
