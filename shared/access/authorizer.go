package access

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"regulars/shared/errs"
)

// The client errors of an [Authorizer]. Compare with [errors.Is].
var (
	ErrTokenMissing  = errs.New(errs.Unauthenticated, "token_missing", "")
	ErrTokenInvalid  = errs.New(errs.Forbidden, "token_invalid", "")
	ErrScopeMissing  = &errs.Client{Kind: errs.Forbidden, Code: "scope_missing"}
	ErrTenantUnknown = &errs.Client{Kind: errs.NotFound, Code: "tenant_unknown"}
)

// AuthorizerOptions is how an [Authorizer] differs between AWS and a devserver.
type AuthorizerOptions struct {
	// Remember is how long a token or settings that were read count as true.
	Remember time.Duration
	// LocalTokens: tokens with public secrets are good.
	LocalTokens bool
}

// An Authorizer says for each request whether its token may do what it asks. It is safe
// for concurrent use.
type Authorizer struct {
	store       Store
	now         func() time.Time
	localTokens bool
	tokens      *cache[Hash, Token]
	// closed are hashes that were read and open nothing.
	closed   *cache[Hash, struct{}]
	settings *cache[int, Settings]
}

// NewAuthorizer makes an authorizer with empty caches.
func NewAuthorizer(store Store, now func() time.Time, o AuthorizerOptions) *Authorizer {
	return &Authorizer{
		store: store,
		// A sandbox that is frozen between requests stops the monotonic clock,
		// so what is cached ages by the wall clock: Round(0) leaves that alone.
		now:         func() time.Time { return now().Round(0) },
		localTokens: o.LocalTokens,
		tokens:      newCache[Hash, Token](o.Remember),
		closed:      newCache[Hash, struct{}](o.Remember),
		settings:    newCache[int, Settings](o.Remember),
	}
}

// A Grant is what a request may do, and for whom.
type Grant struct {
	// Token that opened; its name and the short form of its hash are for the
	// audit.
	Token Token
	// Settings of the tenant that the request is about.
	Settings Settings
}

// Authorize lets a request pass that bears the secret, wants to do what scope
// stands for, and names the tenant (0: none, so the token's home is meant). It
// looks at token, scope and tenant, in this order, and rejects with
// [ErrTokenMissing], [ErrTokenInvalid], [ErrScopeMissing] or [ErrTenantUnknown].
// The texts do not tell apart what is unknown from what is merely out of reach.
func (g *Authorizer) Authorize(ctx context.Context, secret string, tenant int, scope Scope) (Grant, error) {
	if secret == "" {
		return Grant{}, ErrTokenMissing
	}
	token, err := g.token(ctx, secret)
	if err != nil {
		return Grant{}, err
	}
	if err := token.Demand(scope); err != nil {
		return Grant{}, err
	}
	return g.inTenant(ctx, token, tenant)
}

// Reaches is [Authorizer.Authorize] for who was known before by the secret of a token and
// now names its hash: whatever the token may do.
func (g *Authorizer) Reaches(ctx context.Context, hash Hash, tenant int) (Grant, error) {
	token, err := g.tokenOf(ctx, hash)
	if err != nil {
		return Grant{}, err
	}
	return g.inTenant(ctx, token, tenant)
}

func (g *Authorizer) inTenant(ctx context.Context, token Token, tenant int) (Grant, error) {
	if tenant == 0 {
		tenant = token.Home()
	}
	if !slices.Contains(token.Tenants, tenant) {
		return Grant{}, unreachedTenant(tenant)
	}
	settings, err := g.Settings(ctx, tenant)
	if err != nil {
		return Grant{}, err
	}
	return Grant{Token: token, Settings: settings}, nil
}

// Known rejects a secret that opens nothing, with [ErrTokenMissing] or
// [ErrTokenInvalid]. It says nothing of what another may do.
func (g *Authorizer) Known(ctx context.Context, secret string) error {
	if secret == "" {
		return ErrTokenMissing
	}
	_, err := g.token(ctx, secret)
	return err
}

// Settings returns a tenant's settings from the cache, or reads them. It is
// for tenants that a token reaches, and rejects with [ErrTenantUnknown].
func (g *Authorizer) Settings(ctx context.Context, tenant int) (Settings, error) {
	if settings, ok := g.settings.get(tenant, g.now()); ok {
		return settings, nil
	}
	return g.Reload(ctx, tenant)
}

// Reload reads a tenant's settings and replaces those in the cache. A client error
// that depends on settings must rest on these. It rejects with [ErrTenantUnknown].
func (g *Authorizer) Reload(ctx context.Context, tenant int) (Settings, error) {
	began := g.now()
	settings, found, err := loadSettings(ctx, g.store, tenant)
	if err != nil {
		return Settings{}, err
	}
	if !found {
		return Settings{}, unreachedTenant(tenant)
	}
	g.settings.put(tenant, settings, began)
	return settings, nil
}

// token returns the token of a secret if it is good now. A secret that cannot be a
// token's costs no read, and one that was read and opens nothing none for a while.
func (g *Authorizer) token(ctx context.Context, secret string) (Token, error) {
	if len(secret) > longestSecret || !g.localTokens && !wellFormed(secret) {
		return Token{}, ErrTokenInvalid
	}
	return g.tokenOf(ctx, HashOf(secret))
}

func (g *Authorizer) tokenOf(ctx context.Context, hash Hash) (Token, error) {
	now := g.now()
	token, ok := g.tokens.get(hash, now)
	if !ok {
		if _, closed := g.closed.get(hash, now); closed {
			return Token{}, ErrTokenInvalid
		}
		var err error
		if token, ok, err = loadToken(ctx, g.store, hash); err != nil {
			return Token{}, err
		}
		// The first answer of the table may have set the clock.
		if !ok || token.Local && !g.localTokens || !token.good(g.now()) {
			g.closed.put(hash, struct{}{}, now)
			return Token{}, ErrTokenInvalid
		}
		g.tokens.put(hash, token, now)
	}
	if !token.good(g.now()) {
		return Token{}, ErrTokenInvalid
	}
	return token, nil
}

// loadToken reads until the store can answer.
func loadToken(ctx context.Context, store Store, hash Hash) (token Token, found bool, err error) {
	err = errs.Retry(ctx, func(int) error {
		token, found, err = store.Token(ctx, hash)
		return err
	})
	if err != nil {
		return Token{}, false, fmt.Errorf("token %s: %w", hash.Short(), err)
	}
	return token, found, nil
}

// loadSettings reads until the store can answer.
func loadSettings(ctx context.Context, store Store, tenant int) (settings Settings, found bool, err error) {
	err = errs.Retry(ctx, func(int) error {
		settings, found, err = store.Settings(ctx, tenant)
		return err
	})
	if err != nil {
		return Settings{}, false, fmt.Errorf("settings of tenant %d: %w", tenant, err)
	}
	return settings, found, nil
}

func unreachedTenant(tenant int) error { return UnreachedTenant(strconv.Itoa(tenant)) }

// UnreachedTenant is the [ErrTenantUnknown] of a tenant as a client spelled it:
// one text for those that do not exist and those that are out of reach.
func UnreachedTenant(tenant string) *errs.Client {
	return errs.New(ErrTenantUnknown.Kind, "tenant_unknown/unreached", "", tenant)
}
