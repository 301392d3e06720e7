package access

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

// PageSize is how many tenants or tokens a list holds at most.
const PageSize = 100

// The client errors of an [AdminService] that are not about one setting. Compare with
// [errors.Is]; an unknown tenant is [ErrTenantUnknown].
var (
	ErrTenantExists = &errs.Client{Kind: errs.FailedPrecondition, Code: "tenant_exists"}
	ErrTokenUnknown = &errs.Client{Kind: errs.NotFound, Code: "token_unknown"}
)

// An AdminService makes what administrators decide: it loads, decides and commits,
// and does so again after each conflict with another writer.
type AdminService struct {
	store Store
	now   func() time.Time
}

// NewAdminService makes a service on a store.
func NewAdminService(store Store, now func() time.Time) *AdminService {
	return &AdminService{store: store, now: now}
}

// CreateTenant makes a tenant that chose its name and patch (RFC 7396, may be
// nil). It rejects a number that is taken with [ErrTenantExists].
func (r *AdminService) CreateTenant(ctx context.Context, tenant int, name string, patch map[string]any) (Settings, error) {
	settings, err := NewSettings(tenant, name)
	if err != nil {
		return Settings{}, err
	}
	if settings, err = settings.Change(patch); err != nil {
		return Settings{}, err
	}
	err = errs.Retry(ctx, func(int) error {
		_, found, err := r.store.Settings(ctx, tenant)
		if err != nil {
			return err
		}
		if found {
			return errs.New(ErrTenantExists.Kind, "tenant_exists", "tenant", tenant)
		}
		return r.store.SaveSettings(ctx, settings)
	})
	if err != nil {
		return Settings{}, fmt.Errorf("create tenant %d: %w", tenant, err)
	}
	return settings, nil
}

// Tenant returns the settings of a tenant.
func (r *AdminService) Tenant(ctx context.Context, tenant int) (Settings, error) {
	settings, found, err := loadSettings(ctx, r.store, tenant)
	if err == nil && !found {
		return Settings{}, unknownTenant(tenant)
	}
	return settings, err
}

// Tenants returns the settings of up to [PageSize] tenants above after, by
// number.
func (r *AdminService) Tenants(ctx context.Context, after int) ([]Settings, error) {
	var numbers []int
	err := errs.Retry(ctx, func(int) (err error) {
		numbers, err = r.store.Tenants(ctx, after, PageSize)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenants: %w", err)
	}
	tenants := make([]Settings, len(numbers))
	for i, number := range numbers {
		if tenants[i], err = r.Tenant(ctx, number); err != nil {
			return nil, err
		}
	}
	return tenants, nil
}

// ChangeSettings merges a patch (RFC 7396) into a tenant's choices.
func (r *AdminService) ChangeSettings(ctx context.Context, tenant int, patch map[string]any) (Settings, error) {
	return r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.Change(patch) })
}

// DeclareMatchField is [Settings.DeclareMatchField]. Whoever calls it starts the
// job that makes the field ready.
func (r *AdminService) DeclareMatchField(ctx context.Context, tenant int, name string, of customer.Holder, tags bool) (field customer.MatchField, err error) {
	_, err = r.change(ctx, tenant, func(s Settings) (next Settings, err error) {
		next, field, err = s.DeclareMatchField(name, of, tags)
		return next, err
	})
	return field, err
}

// MatchFieldReady is [Settings.MatchFieldReady].
func (r *AdminService) MatchFieldReady(ctx context.Context, tenant, number int) error {
	_, err := r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.MatchFieldReady(number) })
	return err
}

// RemoveMatchField is [Settings.RemoveMatchField]. Whoever calls it starts the
// job that sweeps the field's keys.
func (r *AdminService) RemoveMatchField(ctx context.Context, tenant int, name string, of customer.Holder) (field customer.MatchField, err error) {
	_, err = r.change(ctx, tenant, func(s Settings) (next Settings, err error) {
		next, field, err = s.RemoveMatchField(name, of)
		return next, err
	})
	return field, err
}

// MatchFieldRemoved is [Settings.MatchFieldRemoved].
func (r *AdminService) MatchFieldRemoved(ctx context.Context, tenant, number int) error {
	_, err := r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.MatchFieldRemoved(number) })
	return err
}

// DeclareExtension is [Settings.DeclareExtension].
func (r *AdminService) DeclareExtension(ctx context.Context, tenant int, schema extension.Schema) error {
	_, err := r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.DeclareExtension(schema) })
	return err
}

// RemoveExtension is [Settings.RemoveExtension]. Whoever calls it starts the job
// that removes the records.
func (r *AdminService) RemoveExtension(ctx context.Context, tenant int, name string) (schema extension.Schema, err error) {
	_, err = r.change(ctx, tenant, func(s Settings) (next Settings, err error) {
		next, schema, err = s.RemoveExtension(name)
		return next, err
	})
	return schema, err
}

// ExtensionRemoved is [Settings.ExtensionRemoved].
func (r *AdminService) ExtensionRemoved(ctx context.Context, tenant, number int) error {
	_, err := r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.ExtensionRemoved(number) })
	return err
}

// DeclareIdentKey is [Settings.DeclareIdentKey]. Whoever calls it starts the job
// that makes the key ready, where it is not.
func (r *AdminService) DeclareIdentKey(ctx context.Context, tenant int, key customer.IdentKey) (declared customer.IdentKey, err error) {
	_, err = r.change(ctx, tenant, func(s Settings) (next Settings, err error) {
		next, declared, err = s.DeclareIdentKey(key)
		return next, err
	})
	return declared, err
}

// IdentKeyReady is [Settings.IdentKeyReady].
func (r *AdminService) IdentKeyReady(ctx context.Context, tenant, number int) (key customer.IdentKey, err error) {
	_, err = r.change(ctx, tenant, func(s Settings) (next Settings, err error) {
		next, key, err = s.IdentKeyReady(number)
		return next, err
	})
	return key, err
}

// IdentKeyDuplicate is [Settings.IdentKeyDuplicate].
func (r *AdminService) IdentKeyDuplicate(ctx context.Context, tenant, number int, ids ...customer.ID) error {
	_, err := r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.IdentKeyDuplicate(number, ids...) })
	return err
}

// RemoveIdentKey is [Settings.RemoveIdentKey]. Whoever calls it starts the job
// that sweeps the key's values.
func (r *AdminService) RemoveIdentKey(ctx context.Context, tenant int, name string) (key customer.IdentKey, err error) {
	_, err = r.change(ctx, tenant, func(s Settings) (next Settings, err error) {
		next, key, err = s.RemoveIdentKey(name)
		return next, err
	})
	return key, err
}

// IdentKeyRemoved is [Settings.IdentKeyRemoved].
func (r *AdminService) IdentKeyRemoved(ctx context.Context, tenant, number int) error {
	_, err := r.change(ctx, tenant, func(s Settings) (Settings, error) { return s.IdentKeyRemoved(number) })
	return err
}

// change commits what decide makes of a tenant's settings, unless that is what
// they are. The settings it returns have the Rev that was read.
func (r *AdminService) change(ctx context.Context, tenant int, decide func(Settings) (Settings, error)) (Settings, error) {
	var next Settings
	err := errs.Retry(ctx, func(int) error {
		settings, found, err := r.store.Settings(ctx, tenant)
		if err != nil {
			return err
		}
		if !found {
			return unknownTenant(tenant)
		}
		if next, err = decide(settings); err != nil || reflect.DeepEqual(settings, next) {
			return err
		}
		return r.store.SaveSettings(ctx, next)
	})
	if err != nil {
		return Settings{}, fmt.Errorf("change tenant %d: %w", tenant, err)
	}
	return next, nil
}

// CreateToken makes a token with the name, tenants, scopes and expiry of t, and
// returns its secret, which is kept nowhere.
func (r *AdminService) CreateToken(ctx context.Context, t Token) (secret string, token Token, err error) {
	secret = newSecret()
	t.Hash, t.Created, t.DeletesApart = HashOf(secret), r.instant(), true
	if err := r.checkToken(ctx, t); err != nil {
		return "", Token{}, err
	}
	if err := errs.Retry(ctx, func(int) error { return r.store.SaveToken(ctx, t) }); err != nil {
		return "", Token{}, fmt.Errorf("create token %s: %w", t.Hash.Short(), err)
	}
	return secret, t, nil
}

// SaveLocalToken makes the token t with a secret that is public, and good only
// where the table is a development machine's. Where it exists already it becomes t.
func (r *AdminService) SaveLocalToken(ctx context.Context, secret string, t Token) error {
	t.Hash, t.Created, t.Local, t.DeletesApart = HashOf(secret), r.instant(), true, true
	if err := r.checkToken(ctx, t); err != nil {
		return err
	}
	return errs.Retry(ctx, func(int) error {
		old, found, err := r.store.Token(ctx, t.Hash)
		if err != nil || found && old.same(t) {
			return err
		}
		if found {
			t.Rev, t.Created = old.Rev, old.Created
		}
		return r.store.SaveToken(ctx, t)
	})
}

// checkToken rejects a token that may not be made.
func (r *AdminService) checkToken(ctx context.Context, t Token) error {
	if err := t.check(r.now()); err != nil {
		return err
	}
	for _, tenant := range t.Tenants {
		if _, err := r.Tenant(ctx, tenant); err != nil {
			return err
		}
	}
	return nil
}

// Tokens returns up to [PageSize] tokens at home in a tenant, the newest first,
// of those created before the given time (zero: all), with when they were last used.
func (r *AdminService) Tokens(ctx context.Context, home int, before time.Time) ([]Token, error) {
	if _, err := r.Tenant(ctx, home); err != nil {
		return nil, err
	}
	var tokens []Token
	err := errs.Retry(ctx, func(int) (err error) {
		tokens, err = r.store.Tokens(ctx, home, before, PageSize)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tokens of tenant %d: %w", home, err)
	}
	if err := r.addLastUses(ctx, tokens); err != nil {
		return nil, fmt.Errorf("uses of tokens of tenant %d: %w", home, err)
	}
	return tokens, nil
}

// addLastUses says of each token when it was last used.
func (r *AdminService) addLastUses(ctx context.Context, tokens []Token) error {
	hashes := make([]Hash, len(tokens))
	for i, t := range tokens {
		hashes[i] = t.Hash
	}
	return errs.Retry(ctx, func(int) error {
		uses, err := r.store.LastUses(ctx, hashes)
		for i := range tokens {
			tokens[i].LastUsed = uses[tokens[i].Hash]
		}
		return err
	})
}

// RevokeToken ends a token. Authorizers that have it in their cache accept it until it
// leaves the cache. Revoking it again changes nothing.
func (r *AdminService) RevokeToken(ctx context.Context, hash Hash) (Token, error) {
	var token Token
	err := errs.Retry(ctx, func(int) error {
		var found bool
		var err error
		if token, found, err = r.store.Token(ctx, hash); err != nil {
			return err
		}
		if !found {
			return unknownToken()
		}
		if !token.Revoked.IsZero() {
			return nil
		}
		token.Revoked = r.instant()
		return r.store.SaveToken(ctx, token)
	})
	if err != nil {
		return Token{}, fmt.Errorf("revoke token %s: %w", hash.Short(), err)
	}
	return token, nil
}

// RotateToken makes a token that opens what the one with that hash does, and ends that
// one after the overlap, so that its users have the time to change over. The new one is
// good for as long as the old one was when it was made. A token that opens nothing any
// more is rejected; after a call that failed the old one is good as before, and a new one
// that nobody has seen may be there.
func (r *AdminService) RotateToken(ctx context.Context, hash Hash, overlap time.Duration) (secret string, token, old Token, err error) {
	fail := func(err error) (string, Token, Token, error) {
		return "", Token{}, Token{}, fmt.Errorf("rotate token %s: %w", hash.Short(), err)
	}
	if overlap < MinOverlap {
		return fail(badToken("overlap", "overlap"))
	}
	old, found, err := loadToken(ctx, r.store, hash)
	switch {
	case err != nil:
		return fail(err)
	case !found:
		return fail(unknownToken())
	case !old.good(r.now()):
		return fail(badToken("ended", "id"))
	}
	next := Token{Name: old.Name, Tenants: old.Tenants, Scopes: slices.Clone(old.Scopes), Limit: old.Limit}
	if old.grants(UCSDelete) && !slices.Contains(next.Scopes, UCSDelete) {
		next.Scopes = append(next.Scopes, UCSDelete)
	}
	if !old.Expires.IsZero() {
		next.Expires = r.instant().Add(old.Expires.Sub(old.Created))
	}
	if secret, token, err = r.CreateToken(ctx, next); err != nil {
		return fail(err)
	}
	err = errs.Retry(ctx, func(int) error {
		if old, found, err = r.store.Token(ctx, hash); err != nil || !found {
			return err
		}
		if ends := r.instant().Add(overlap); old.Expires.IsZero() || ends.Before(old.Expires) {
			old.Expires = ends
			return r.store.SaveToken(ctx, old)
		}
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return secret, token, old, nil
}

// MinOverlap is the shortest overlap of two tokens: every process knows that the old one
// ends by then.
const MinOverlap = time.Minute

// instant is the time to the precision that is kept.
func (r *AdminService) instant() time.Time { return r.now().UTC().Truncate(time.Microsecond) }

func unknownToken() error {
	return errs.New(ErrTokenUnknown.Kind, "token_unknown", "id")
}

func unknownTenant(tenant int) error {
	return errs.New(ErrTenantUnknown.Kind, "tenant_unknown/absent", "tenant", tenant)
}
