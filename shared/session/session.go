// Package session keeps what a browser is let in by: a token is exchanged once for the
// secret of a session, which ends by itself, with the token, or when somebody ends it. It
// knows neither HTTP nor DynamoDB.
package session

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

const (
	// Idle is how long a session lasts without a request, and Longest how long it lasts
	// at most.
	Idle    = time.Hour
	Longest = 12 * time.Hour
	// renewal is how much older than a request the last renewal must be for it to be
	// renewed, so that not each request writes.
	renewal = 10 * time.Minute
)

// ErrEnded rejects a secret that opens no session, or none any more.
var ErrEnded = errs.New(errs.Unauthenticated, "session_ended", "")

// A Session is what a secret opens.
type Session struct {
	// Hash is that of the secret, which is all that is kept of it.
	Hash access.Hash
	// Token is the hash of the token that it was exchanged for.
	Token access.Hash
	// Tenant that its requests are about.
	Tenant int
	// Created is when it began, Seen when it was last renewed, to the microsecond.
	Created, Seen time.Time
	// Rev is the id of the commit that wrote it; empty: not saved yet.
	Rev string
}

// Ends is the first instant at which the session is no longer good, unless it is renewed.
func (s Session) Ends() time.Time {
	idle, longest := s.Seen.Add(Idle), s.Created.Add(Longest)
	if longest.Before(idle) {
		return longest
	}
	return idle
}

// A Store keeps sessions until they end; they are read strongly. What returns
// [errs.ErrConflict] did nothing.
type Store interface {
	// Session returns the session with that hash, and false where there is none.
	Session(ctx context.Context, hash access.Hash) (Session, bool, error)

	// SaveSession creates the session if its Rev is empty, else it replaces the one that
	// was read with that Rev.
	SaveSession(ctx context.Context, s Session) error

	// EndSession removes the session that was read.
	EndSession(ctx context.Context, s Session) error
}

// A Service begins, opens and ends sessions.
type Service struct {
	store Store
	guard *access.Authorizer
	now   func() time.Time
}

// NewService makes a service whose tokens the guard knows.
func NewService(store Store, guard *access.Authorizer, now func() time.Time) *Service {
	return &Service{store, guard, now}
}

// Begin exchanges the secret of a token for that of a session, in a tenant that the
// token reaches (0: its home).
func (s *Service) Begin(ctx context.Context, token string, tenant int) (secret string, grant access.Grant, err error) {
	if err := s.guard.Known(ctx, token); err != nil {
		return "", access.Grant{}, err
	}
	hash := access.HashOf(token)
	if grant, err = s.guard.Reaches(ctx, hash, tenant); err != nil {
		return "", access.Grant{}, err
	}
	secret = rand.Text() + rand.Text()
	now := s.now().UTC().Truncate(time.Microsecond)
	begun := Session{Hash: access.HashOf(secret), Token: hash, Tenant: grant.Settings.Tenant, Created: now, Seen: now}
	err = errs.Retry(ctx, func(int) error { return s.store.SaveSession(ctx, begun) })
	if err != nil {
		return "", access.Grant{}, fmt.Errorf("session: %w", err)
	}
	return secret, grant, nil
}

// Open returns the session of a secret and what its token may do, and renews it. It
// rejects with [ErrEnded].
func (s *Service) Open(ctx context.Context, secret string) (Session, access.Grant, error) {
	found, err := s.load(ctx, secret)
	if err != nil {
		return Session{}, access.Grant{}, err
	}
	grant, err := s.guard.Reaches(ctx, found.Token, found.Tenant)
	if clientErr, rejected := errs.AsClient(err); rejected && clientErr.Is(access.ErrTokenInvalid) {
		err = ErrEnded
	}
	if err != nil {
		return Session{}, access.Grant{}, err
	}
	if now := s.now(); now.Sub(found.Seen) >= renewal {
		renewed := found
		renewed.Seen = now.UTC().Truncate(time.Microsecond)
		// Where another request renewed or ended it meanwhile, that stands.
		if err := s.store.SaveSession(ctx, renewed); err == nil {
			found = renewed
		}
	}
	return found, grant, nil
}

// Move makes the requests of a session be about another tenant that its token reaches.
func (s *Service) Move(ctx context.Context, secret string, tenant int) error {
	return errs.Retry(ctx, func(int) error {
		found, err := s.load(ctx, secret)
		if err != nil {
			return err
		}
		if _, err := s.guard.Reaches(ctx, found.Token, tenant); err != nil {
			return err
		}
		found.Tenant = tenant
		return s.store.SaveSession(ctx, found)
	})
}

// End ends a session; one that has ended stays so.
func (s *Service) End(ctx context.Context, secret string) error {
	return errs.Retry(ctx, func(int) error {
		found, err := s.load(ctx, secret)
		if clientErr, rejected := errs.AsClient(err); rejected && clientErr.Is(ErrEnded) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.store.EndSession(ctx, found)
	})
}

func (s *Service) load(ctx context.Context, secret string) (found Session, err error) {
	if len(secret) != secretLength {
		return Session{}, ErrEnded
	}
	there := false
	err = errs.Retry(ctx, func(int) error {
		found, there, err = s.store.Session(ctx, access.HashOf(secret))
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}
	if !there || !s.now().Before(found.Ends()) {
		return Session{}, ErrEnded
	}
	return found, nil
}

// secretLength is how long the secrets of sessions are.
var secretLength = 2 * len(rand.Text())

// FormToken is what a page of the session puts into its forms, so that a form of another
// page is known. It follows from the secret, and does not tell it.
func FormToken(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// OwnForm reports whether a form bore the token of the session.
func OwnForm(secret, token string) bool {
	return hmac.Equal([]byte(FormToken(secret)), []byte(token))
}
