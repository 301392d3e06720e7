package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/session"
)

// A shelf keeps a token, its tenants and sessions in memory.
type shelf struct {
	access.Store
	tokens   map[access.Hash]access.Token
	sessions map[access.Hash]session.Session
	writes   int
}

func (s *shelf) Token(_ context.Context, hash access.Hash) (access.Token, bool, error) {
	token, ok := s.tokens[hash]
	return token, ok, nil
}

func (s *shelf) Settings(_ context.Context, tenant int) (access.Settings, bool, error) {
	settings, err := access.NewSettings(tenant, "Shop")
	return settings, true, err
}

func (s *shelf) Session(_ context.Context, hash access.Hash) (session.Session, bool, error) {
	found, ok := s.sessions[hash]
	return found, ok, nil
}

func (s *shelf) SaveSession(_ context.Context, saved session.Session) error {
	if s.sessions[saved.Hash].Rev != saved.Rev {
		return errs.ErrConflict
	}
	s.writes++
	saved.Rev = strings.Repeat("r", s.writes)
	s.sessions[saved.Hash] = saved
	return nil
}

func (s *shelf) EndSession(_ context.Context, ended session.Session) error {
	delete(s.sessions, ended.Hash)
	return nil
}

const secretOfToken = "reg_local_test"

// newService makes a service with one token that reaches two tenants, and a clock.
func newService() (*session.Service, *shelf, *time.Time) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hash := access.HashOf(secretOfToken)
	s := &shelf{
		tokens:   map[access.Hash]access.Token{hash: {Hash: hash, Name: "till", Tenants: []int{5, 6}, Scopes: access.Scopes, Local: true}},
		sessions: map[access.Hash]session.Session{},
	}
	clock := func() time.Time { return now }
	guard := access.NewAuthorizer(s, clock, access.AuthorizerOptions{LocalTokens: true})
	return session.NewService(s, guard, clock), s, &now
}

func TestSessionEnds(t *testing.T) {
	tests := []struct {
		name  string
		every time.Duration // between requests
		until time.Duration
		open  bool
	}{
		{"at once", 0, 0, true},
		{"idle for almost an hour", 0, session.Idle - time.Second, true},
		{"idle for an hour", 0, session.Idle, false},
		{"busy for two hours", 5 * time.Minute, 2 * time.Hour, true},
		{"busy for almost its longest", 5 * time.Minute, session.Longest - time.Second, true},
		{"busy for its longest", 5 * time.Minute, session.Longest, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			service, _, now := newService()
			began := *now
			secret, _, err := service.Begin(t.Context(), secretOfToken, 0)
			if err != nil {
				t.Fatal(err)
			}
			for tt.every > 0 && now.Add(tt.every).Before(began.Add(tt.until)) {
				*now = now.Add(tt.every)
				if _, _, err := service.Open(t.Context(), secret); err != nil {
					t.Fatalf("after %v: %v", now.Sub(began), err)
				}
			}
			*now = began.Add(tt.until)
			_, grant, err := service.Open(t.Context(), secret)
			if open := err == nil; open != tt.open || !open && !errors.Is(err, session.ErrEnded) {
				t.Errorf("Open() error = %v, want open %t", err, tt.open)
			}
			if tt.open && (grant.Token.Name != "till" || grant.Settings.Tenant != 5) {
				t.Errorf("Open() = %+v", grant)
			}
		})
	}
}

// A session is renewed now and then, not with each request.
func TestRenewalsAreFew(t *testing.T) {
	service, s, now := newService()
	secret, _, err := service.Begin(t.Context(), secretOfToken, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		*now = now.Add(time.Minute)
		if _, _, err := service.Open(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	if s.writes != 7 {
		t.Errorf("%d writes in an hour, want 1 and 6", s.writes)
	}
}

func TestEndAndMove(t *testing.T) {
	service, s, _ := newService()
	secret, _, err := service.Begin(t.Context(), secretOfToken, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Move(t.Context(), secret, 6); err != nil {
		t.Fatal(err)
	}
	if _, grant, err := service.Open(t.Context(), secret); err != nil || grant.Settings.Tenant != 6 {
		t.Errorf("after Move() = %d, %v", grant.Settings.Tenant, err)
	}
	if err := service.Move(t.Context(), secret, 7); !errors.Is(err, access.ErrTenantUnknown) {
		t.Errorf("Move() to a tenant out of reach = %v", err)
	}
	for range 2 {
		if err := service.End(t.Context(), secret); err != nil {
			t.Errorf("End() = %v", err)
		}
	}
	if _, _, err := service.Open(t.Context(), secret); !errors.Is(err, session.ErrEnded) || len(s.sessions) != 0 {
		t.Errorf("after End() = %v, %d sessions", err, len(s.sessions))
	}
	if err := service.Move(t.Context(), secret, 5); !errors.Is(err, session.ErrEnded) {
		t.Errorf("Move() of an ended one = %v", err)
	}
}

func TestBeginAsksForAToken(t *testing.T) {
	service, s, _ := newService()
	for secret, want := range map[string]error{"": access.ErrTokenMissing, "another": access.ErrTokenInvalid} {
		if _, _, err := service.Begin(t.Context(), secret, 0); !errors.Is(err, want) {
			t.Errorf("Begin(%q) = %v, want %v", secret, err, want)
		}
	}
	if _, _, err := service.Begin(t.Context(), secretOfToken, 7); !errors.Is(err, access.ErrTenantUnknown) {
		t.Errorf("Begin() in a tenant out of reach = %v", err)
	}
	if len(s.sessions) != 0 {
		t.Errorf("%d sessions", len(s.sessions))
	}
}

func TestFormToken(t *testing.T) {
	a, b := session.FormToken("a"), session.FormToken("b")
	if a == b || !session.OwnForm("a", a) || session.OwnForm("a", b) || session.OwnForm("a", "") {
		t.Errorf("form tokens %q and %q do not tell sessions apart", a, b)
	}
}
