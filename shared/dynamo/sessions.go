package dynamo

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"regulars/shared/access"
	"regulars/shared/meter"
	"regulars/shared/session"
)

var _ session.Store = (*Store)(nil)

// A sessionItem is a session in the table. Times are microseconds since 1970 UTC, the
// ttl is in seconds.
type sessionItem struct {
	key
	Commit  string `dynamodbav:"c"`
	Token   string `dynamodbav:"h"` // its hash
	Tenant  int    `dynamodbav:"t"`
	Created int64  `dynamodbav:"d"`
	Seen    int64  `dynamodbav:"s"`
	TTL     int64  `dynamodbav:"ttl"`
}

// Session implements [session.Store].
func (s *Store) Session(ctx context.Context, hash access.Hash) (session.Session, bool, error) {
	it, err := s.getOne(meter.Without(ctx), "read session", sessionKey(hash))
	if err != nil || it == nil {
		return session.Session{}, false, err
	}
	var row sessionItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return session.Session{}, false, fmt.Errorf("item of session %s: %w", hash.Short(), err)
	}
	token, err := access.ParseHash(row.Token)
	if err != nil {
		return session.Session{}, false, fmt.Errorf("item of session %s: %w", hash.Short(), err)
	}
	return session.Session{
		Hash: hash, Token: token, Tenant: row.Tenant, Created: fromMicros(row.Created), Seen: fromMicros(row.Seen), Rev: row.Commit,
	}, true, nil
}

// SaveSession implements [session.Store]. One that begins is counted, for the audit trail.
func (s *Store) SaveSession(ctx context.Context, saved session.Session) error {
	commit := rand.Text()
	it, err := attributevalue.MarshalMap(sessionItem{
		key: sessionKey(saved.Hash), Commit: commit, Token: saved.Token.String(), Tenant: saved.Tenant,
		Created: micros(saved.Created), Seen: micros(saved.Seen), TTL: saved.Ends().Unix() + 1,
	})
	if err != nil {
		return fmt.Errorf("item of session %s: %w", saved.Hash.Short(), err)
	}
	if saved.Rev != "" {
		ctx = meter.Without(ctx)
	}
	t := &tx{id: commit}
	t.put(it, writtenBy(saved.Rev), 0, 0)
	return s.putOne(ctx, "save session", t)
}

// EndSession implements [session.Store].
func (s *Store) EndSession(ctx context.Context, ended session.Session) error {
	t := &tx{id: rand.Text()}
	t.delete(sessionKey(ended.Hash), writtenBy(ended.Rev), 0)
	return s.commit(ctx, "end session", t)
}
