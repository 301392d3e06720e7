package access_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A clock stands still until somebody moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A shelf is a store in memory that counts its reads.
type shelf struct {
	mu       sync.Mutex
	tokens   map[access.Hash]access.Token
	settings map[int]access.Settings
	uses     map[access.Hash]time.Time
	saves    int // of uses
	commits  int
	reads    int
	// trouble, unless nil, is what reads return instead of an answer, once each.
	trouble []error
	// rival, unless nil, writes just before the next write.
	rival func()
}

func newShelf() *shelf {
	return &shelf{tokens: map[access.Hash]access.Token{}, settings: map[int]access.Settings{}, uses: map[access.Hash]time.Time{}}
}

func (s *shelf) read() error {
	s.reads++
	if len(s.trouble) == 0 {
		return nil
	}
	err := s.trouble[0]
	s.trouble = s.trouble[1:]
	return err
}

// write reports whether the guard holds and returns the new Rev.
func (s *shelf) write(before, there string) (string, error) {
	if before != there {
		return "", fmt.Errorf("guard: %w", errs.ErrConflict)
	}
	s.commits++
	return fmt.Sprint("commit ", s.commits), nil
}

// overtake lets the rival write.
func (s *shelf) overtake() {
	s.mu.Lock()
	rival := s.rival
	s.rival = nil
	s.mu.Unlock()
	if rival != nil {
		rival()
	}
}

func (s *shelf) Token(_ context.Context, hash access.Hash) (access.Token, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.read(); err != nil {
		return access.Token{}, false, err
	}
	t, ok := s.tokens[hash]
	return t, ok, nil
}

func (s *shelf) SaveToken(_ context.Context, t access.Token) (err error) {
	s.overtake()
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Rev, err = s.write(t.Rev, s.tokens[t.Hash].Rev); err == nil {
		s.tokens[t.Hash] = t
	}
	return err
}

func (s *shelf) Tokens(_ context.Context, home int, before time.Time, limit int) ([]access.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []access.Token
	for _, t := range s.tokens {
		if t.Home() == home && (before.IsZero() || t.Created.Before(before)) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b access.Token) int { return b.Created.Compare(a.Created) })
	return found[:min(limit, len(found))], s.read()
}

func (s *shelf) LastUses(_ context.Context, hashes []access.Hash) (map[access.Hash]time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uses := map[access.Hash]time.Time{}
	for _, hash := range hashes {
		if at, ok := s.uses[hash]; ok {
			uses[hash] = at
		}
	}
	return uses, s.read()
}

func (s *shelf) SaveUse(_ context.Context, hash access.Hash, at time.Time) error {
	s.overtake()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if err := s.read(); err != nil {
		return err
	}
	if s.uses[hash].Before(at) {
		s.uses[hash] = at
	}
	return nil
}

func (s *shelf) Settings(_ context.Context, tenant int) (access.Settings, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.read(); err != nil {
		return access.Settings{}, false, err
	}
	settings, ok := s.settings[tenant]
	return settings, ok, nil
}

func (s *shelf) SaveSettings(_ context.Context, settings access.Settings) (err error) {
	s.overtake()
	s.mu.Lock()
	defer s.mu.Unlock()
	if settings.Rev, err = s.write(settings.Rev, s.settings[settings.Tenant].Rev); err == nil {
		s.settings[settings.Tenant] = settings
	}
	return err
}

func (s *shelf) Tenants(_ context.Context, after, limit int) ([]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []int
	for tenant := range s.settings {
		if tenant > after {
			found = append(found, tenant)
		}
	}
	slices.Sort(found)
	return found[:min(limit, len(found))], s.read()
}

// A town has two tenants, 5 and 6, and an admin service.
type town struct {
	*shelf
	*clock
	registrar *access.AdminService
}

func newTown(t *testing.T) town {
	t.Helper()
	w := town{shelf: newShelf(), clock: &clock{at: noon}}
	w.registrar = access.NewAdminService(w.shelf, w.now)
	for _, tenant := range []int{5, 6} {
		if _, err := w.registrar.CreateTenant(t.Context(), tenant, fmt.Sprint("Shop ", tenant), nil); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w town) guard(o access.AuthorizerOptions) *access.Authorizer {
	return access.NewAuthorizer(w.shelf, w.now, o)
}

// token makes a token of tenant 5 with some scopes and returns its secret.
func (w town) token(t *testing.T, scopes ...access.Scope) (string, access.Token) {
	t.Helper()
	secret, token, err := w.registrar.CreateToken(t.Context(), access.Token{Name: "till", Tenants: []int{5}, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return secret, token
}
