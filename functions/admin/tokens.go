package admin

import (
	"context"
	"time"

	"regulars/shared/access"
)

type tokenBody struct {
	// Token is the secret, shown when it is made and never again.
	Token   string         `json:"token,omitempty"`
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Tenants []int          `json:"tenants"` // the first is its home
	Scopes  []access.Scope `json:"scopes"`
	Created time.Time      `json:"created"`
	Expires time.Time      `json:"expires,omitzero"`
	Revoked time.Time      `json:"revoked,omitzero"`
	// LastUsed is the hour in which it was last used, where that is known; only list-tokens shows it.
	LastUsed time.Time `json:"last_used,omitzero"`
	Local    bool      `json:"local,omitempty"`
	// Limit is how many requests a second it may send.
	Limit int `json:"limit,omitempty"`
}

type tokensBody struct {
	Tokens []tokenBody `json:"tokens"`
	// Next, unless zero, shows the further ones: before=next.
	Next time.Time `json:"next,omitzero"`
}

func newTokenBody(t access.Token) tokenBody {
	return tokenBody{
		ID: t.Hash.String(), Name: t.Name, Tenants: t.Tenants, Scopes: t.Scopes,
		Created: t.Created, Expires: t.Expires, Revoked: t.Revoked, LastUsed: t.LastUsed, Local: t.Local, Limit: t.Limit,
	}
}

func createToken(ctx context.Context, h *Handler, a arguments) (any, error) {
	wanted := access.Token{
		Name:    arg[string](a, "name"),
		Tenants: append([]int{arg[int](a, "tenant")}, arg[[]int](a, "tenants")...),
		Expires: arg[time.Time](a, "expires"),
		Limit:   arg[int](a, "limit"),
	}
	for _, scope := range arg[[]string](a, "scopes") {
		wanted.Scopes = append(wanted.Scopes, access.Scope(scope))
	}
	secret, token, err := h.registrar.CreateToken(ctx, wanted)
	if err != nil {
		return nil, err
	}
	body := newTokenBody(token)
	body.Token = secret
	return body, nil
}

func listTokens(ctx context.Context, h *Handler, a arguments) (any, error) {
	tokens, err := h.registrar.Tokens(ctx, arg[int](a, "tenant"), arg[time.Time](a, "before"))
	if err != nil {
		return nil, err
	}
	body := tokensBody{Tokens: []tokenBody{}}
	for _, t := range tokens {
		body.Tokens = append(body.Tokens, newTokenBody(t))
	}
	if len(tokens) == access.PageSize {
		body.Next = tokens[len(tokens)-1].Created
	}
	return body, nil
}

func revokeToken(ctx context.Context, h *Handler, a arguments) (any, error) {
	hash, err := access.ParseHash(arg[string](a, "id"))
	if err != nil {
		return nil, err
	}
	token, err := h.registrar.RevokeToken(ctx, hash)
	if err != nil {
		return nil, err
	}
	return newTokenBody(token), nil
}

// A rotatedBody is the new token, and the one that it replaces.
type rotatedBody struct {
	tokenBody
	Replaces tokenBody `json:"replaces"`
}

// usualOverlap is for how many hours two tokens are good side by side.
const usualOverlap = 24

func rotateToken(ctx context.Context, h *Handler, a arguments) (any, error) {
	hash, err := access.ParseHash(arg[string](a, "id"))
	if err != nil {
		return nil, err
	}
	hours := usualOverlap
	if _, given := a["overlap"]; given {
		hours = arg[int](a, "overlap")
	}
	secret, token, old, err := h.registrar.RotateToken(ctx, hash, time.Duration(hours)*time.Hour)
	if err != nil {
		return nil, err
	}
	body := rotatedBody{newTokenBody(token), newTokenBody(old)}
	body.Token = secret
	return body, nil
}
