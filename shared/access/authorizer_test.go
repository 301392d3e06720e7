package access_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

const remembered = 10 * time.Second

func TestAuthorize(t *testing.T) {
	w := newTown(t)
	till, _ := w.token(t, access.LoyWrite)
	both, _, err := w.registrar.CreateToken(t.Context(), access.Token{
		Name: "both", Tenants: []int{6, 5}, Scopes: []access.Scope{access.AltRead}, Expires: noon.Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	revoked, token := w.token(t, access.AltRead)
	if _, err := w.registrar.RevokeToken(t.Context(), token.Hash); err != nil {
		t.Fatal(err)
	}
	demo := access.Token{Name: "demo", Tenants: []int{5}, Scopes: access.Scopes}
	if err := w.registrar.SaveLocalToken(t.Context(), "demo", demo); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name   string
		secret string
		tenant int
		scope  access.Scope
		want   int // tenant
		err    error
	}{
		{"its tenant", till, 5, access.LoyWrite, 5, nil},
		{"write implies read", till, 5, access.LoyRead, 5, nil},
		{"no tenant is its home", both, 0, access.AltRead, 6, nil},
		{"a further tenant", both, 5, access.AltRead, 5, nil},
		{"no token", "", 5, access.LoyRead, 0, access.ErrTokenMissing},
		{"unknown token", "reg_live_X", 5, access.LoyRead, 0, access.ErrTokenInvalid},
		{"revoked token", revoked, 5, access.AltRead, 0, access.ErrTokenInvalid},
		{"local token", "demo", 5, access.AltRead, 0, access.ErrTokenInvalid},
		{"scope missing", till, 5, access.AltRead, 0, access.ErrScopeMissing},
		{"read does not imply write", both, 5, access.AltWrite, 0, access.ErrScopeMissing},
		{"scope is looked at before the tenant", till, 7, access.AltRead, 0, access.ErrScopeMissing},
		{"token is looked at before the scope", revoked, 7, access.AltWrite, 0, access.ErrTokenInvalid},
		{"a tenant out of reach", till, 6, access.LoyRead, 0, access.ErrTenantUnknown},
		{"unknown tenant", till, 7, access.LoyRead, 0, access.ErrTenantUnknown},
		{"no number of a tenant", till, -1, access.LoyRead, 0, access.ErrTenantUnknown},
	}
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // from the store, then from memory
				got, err := guard.Authorize(t.Context(), tt.secret, tt.tenant, tt.scope)
				if !errors.Is(err, tt.err) {
					t.Fatalf("Authorize error = %v, want %v", err, tt.err)
				}
				if err != nil && tt.secret != "" && strings.Contains(err.Error(), tt.secret) && len(tt.secret) > 4 {
					t.Errorf("the error %q contains the secret", err)
				}
				if got.Settings.Tenant != tt.want {
					t.Errorf("tenant = %d, want %d", got.Settings.Tenant, tt.want)
				}
			}
		})
	}
}

// What a client error says must not tell apart what is not there from what is closed.
func TestErrorsDoNotTell(t *testing.T) {
	w := newTown(t)
	secret, _ := w.token(t, access.AltRead)
	revoked, token := w.token(t, access.AltRead)
	if _, err := w.registrar.RevokeToken(t.Context(), token.Hash); err != nil {
		t.Fatal(err)
	}
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	text := func(secret string, tenant int) string {
		_, err := guard.Authorize(t.Context(), secret, tenant, access.AltRead)
		clientErr, ok := errs.AsClient(err)
		if !ok {
			t.Fatalf("Authorize = %v, want a client error", err)
		}
		return clientErr.Error()
	}
	if got, want := text(revoked, 5), text("unknown", 5); got != want {
		t.Errorf("revoked: %q, unknown: %q, want one text", got, want)
	}
	unreached, unknown := text(secret, 6), strings.ReplaceAll(text(secret, 7), "7", "6")
	if unreached != unknown {
		t.Errorf("unreached: %q, unknown: %q, want one text", unreached, unknown)
	}
	_, err := guard.Authorize(t.Context(), secret, 5, access.AltDelete)
	if err == nil || !strings.Contains(err.Error(), "alt.delete") {
		t.Errorf("Authorize = %v, want it to name the scope", err)
	}
}

func TestLocalTokens(t *testing.T) {
	w := newTown(t)
	token := access.Token{Name: "demo", Tenants: []int{5}, Scopes: []access.Scope{access.AltRead}}
	for range 2 { // the second start on the same table
		if err := w.registrar.SaveLocalToken(t.Context(), "demo", token); err != nil {
			t.Fatal(err)
		}
	}
	if w.commits != 3 {
		t.Errorf("%d writes, want 2 tenants and 1 token", w.commits)
	}
	token.Scopes = []access.Scope{access.AltRead, access.AltWrite}
	if err := w.registrar.SaveLocalToken(t.Context(), "demo", token); err != nil {
		t.Fatal(err)
	}
	local := w.guard(access.AuthorizerOptions{Remember: time.Second, LocalTokens: true})
	if _, err := local.Authorize(t.Context(), "demo", 0, access.AltWrite); err != nil {
		t.Errorf("on a laptop = %v, want a grant", err)
	}
	aws := w.guard(access.AuthorizerOptions{Remember: remembered})
	if _, err := aws.Authorize(t.Context(), "demo", 0, access.AltWrite); !errors.Is(err, access.ErrTokenInvalid) {
		t.Errorf("on AWS = %v, want %v", err, access.ErrTokenInvalid)
	}
}

func TestRevocationTakesTenSeconds(t *testing.T) {
	w := newTown(t)
	secret, token := w.token(t, access.AltRead)
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	ask := func() error {
		_, err := guard.Authorize(t.Context(), secret, 5, access.AltRead)
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.registrar.RevokeToken(t.Context(), token.Hash); err != nil {
		t.Fatal(err)
	}
	w.move(remembered - 1)
	if err := ask(); err != nil {
		t.Errorf("while it is remembered = %v, want a grant", err)
	}
	w.move(1)
	if err := ask(); !errors.Is(err, access.ErrTokenInvalid) {
		t.Errorf("after ten seconds = %v, want %v", err, access.ErrTokenInvalid)
	}
}

func TestExpiryIsExact(t *testing.T) {
	w := newTown(t)
	secret, _, err := w.registrar.CreateToken(t.Context(), access.Token{
		Name: "short", Tenants: []int{5}, Scopes: []access.Scope{access.AltRead}, Expires: noon.Add(3 * time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	for _, step := range []struct {
		wait time.Duration
		want error
	}{{0, nil}, {3*time.Second - 1, nil}, {1, access.ErrTokenInvalid}} {
		w.move(step.wait)
		if _, err := guard.Authorize(t.Context(), secret, 5, access.AltRead); !errors.Is(err, step.want) {
			t.Errorf("at %v = %v, want %v", w.now(), err, step.want)
		}
	}
}

func TestWhatIsRemembered(t *testing.T) {
	w := newTown(t)
	secret, _ := w.token(t, access.AltRead)
	revoked, token := w.token(t, access.AltRead)
	if _, err := w.registrar.RevokeToken(t.Context(), token.Hash); err != nil {
		t.Fatal(err)
	}
	nobodys := "reg_live_" + strings.Repeat("A", len(secret)-len("reg_live_"))
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	tests := []struct {
		name   string
		wait   time.Duration
		secret string
		want   int // reads
	}{
		{"the first time", 0, secret, 2},
		{"again", 5 * time.Second, secret, 0},
		{"too long ago", 5 * time.Second, secret, 2},
		{"the clock was set back", -time.Hour, secret, 2},
		{"unknown", 0, nobodys, 1},
		{"unknown again", 9 * time.Second, nobodys, 0},
		{"unknown, too long ago", time.Second, nobodys, 1},
		{"revoked", 0, revoked, 1},
		{"revoked again", 0, revoked, 0},
		{"none", 0, "", 0},
		{"no prefix", 0, secret[len("reg_live_"):], 0},
		{"too short", 0, secret[:len(secret)-1], 0},
		{"too long", 0, secret + "A", 0},
		{"other characters", 0, secret[:len(secret)-1] + "a", 0},
		{"five megabytes", 0, strings.Repeat("reg_live_", 600_000), 0},
	}
	for _, tt := range tests {
		w.move(tt.wait)
		before := w.reads
		_, _ = guard.Authorize(t.Context(), tt.secret, 5, access.AltRead)
		if got := w.reads - before; got != tt.want {
			t.Errorf("%s: %d reads, want %d", tt.name, got, tt.want)
		}
	}
}

func TestFreshReplacesWhatIsRemembered(t *testing.T) {
	w := newTown(t)
	secret, _ := w.token(t, access.AltRead)
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	country := func() string {
		grant, err := guard.Authorize(t.Context(), secret, 5, access.AltRead)
		if err != nil {
			t.Fatal(err)
		}
		return grant.Settings.Country
	}
	country()
	if _, err := w.registrar.ChangeSettings(t.Context(), 5, map[string]any{"country": "84"}); err != nil {
		t.Fatal(err)
	}
	if got := country(); got != "" {
		t.Errorf("country = %q, want what is remembered", got)
	}
	if settings, err := guard.Reload(t.Context(), 5); err != nil || settings.Country != "84" {
		t.Errorf("Fresh = %q, %v, want 84", settings.Country, err)
	}
	if got := country(); got != "84" {
		t.Errorf("country = %q after Fresh, want 84", got)
	}
	if _, err := guard.Reload(t.Context(), 7); !errors.Is(err, access.ErrTenantUnknown) {
		t.Errorf("Fresh of another = %v, want %v", err, access.ErrTenantUnknown)
	}
}

// Trouble with the table is neither a client error nor stale to the one who asks.
func TestTroubleIsNoClientError(t *testing.T) {
	w := newTown(t)
	secret, _ := w.token(t, access.AltRead)
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})

	w.trouble = []error{errs.ErrConflict, errs.ErrConflict}
	if _, err := guard.Authorize(t.Context(), secret, 5, access.AltRead); err != nil {
		t.Errorf("throttled twice = %v, want a grant", err)
	}
	w.move(remembered)
	broken := errors.New("no such table")
	w.trouble = []error{broken}
	_, err := guard.Authorize(t.Context(), secret, 5, access.AltRead)
	if _, rejected := errs.AsClient(err); rejected || !errors.Is(err, broken) {
		t.Errorf("broken = %v, want the fault", err)
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the fault %q contains the secret", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	w := newTown(t)
	secret, token := w.token(t, access.AltRead)
	guard := w.guard(access.AuthorizerOptions{Remember: time.Millisecond})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for range 200 {
				_, err := guard.Authorize(t.Context(), secret, 5, access.AltRead)
				if err != nil && !errors.Is(err, access.ErrTokenInvalid) {
					t.Errorf("Authorize = %v", err)
				}
				if i == 0 {
					w.move(time.Millisecond / 3)
				}
			}
		})
	}
	group.Go(func() {
		if _, err := w.registrar.RevokeToken(t.Context(), token.Hash); err != nil {
			t.Errorf("RevokeToken = %v", err)
		}
	})
	group.Wait()
	w.move(time.Millisecond)
	if _, err := guard.Authorize(t.Context(), secret, 5, access.AltRead); !errors.Is(err, access.ErrTokenInvalid) {
		t.Errorf("after the revocation = %v, want %v", err, access.ErrTokenInvalid)
	}
}

// The way of a remembered token is that of every request.
func TestRememberedTokenAllocatesNothing(t *testing.T) {
	w := newTown(t)
	secret, _ := w.token(t, access.AltRead)
	guard := w.guard(access.AuthorizerOptions{Remember: remembered})
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := guard.Authorize(t.Context(), secret, 5, access.AltRead); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 1 { // the secret as bytes
		t.Errorf("%v allocations, want at most 1", allocations)
	}
}
