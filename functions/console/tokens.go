package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// tokenRoutes are those of tokens and tenants.
var tokenRoutes = []httpapi.Route[*Console, *call]{
	{Method: "GET", Path: "/console/tenants", Scope: signedIn, Handle: (*Console).listTenants},
	{Method: "GET", Path: "/console/tokens", Scope: access.TokensRead, Reads: []string{"before", "done"}, Handle: (*Console).listTokens},
	{Method: "GET", Path: "/console/tokens/{token}/rotate", Scope: access.TokensRotate, Handle: (*Console).rotateToken},
	{Method: "POST", Path: "/console/tokens/{token}/rotate", Scope: access.TokensRotate, Handle: (*Console).rotateToken},
	{Method: "GET", Path: "/console/tokens/{token}/revoke", Scope: access.TokensRotate, Handle: (*Console).revokeToken},
	{Method: "POST", Path: "/console/tokens/{token}/revoke", Scope: access.TokensRotate, Handle: (*Console).revokeToken},
	{Method: "POST", Path: "/console/program", Scope: access.LoyRead, Handle: (*Console).simulate},
}

// A tokenLine is one token of the list.
type tokenLine struct {
	access.Token
	Address string
	State   string // good, revoked or expired
	Own     bool   // it is that of the session
	// May: the session's token may replace and revoke it.
	May bool
}

// A tokensPage is some tokens at home in the tenant, the newest first.
type tokensPage struct {
	Tokens []tokenLine
	// Next is when the oldest of them was made; empty: there are no more.
	Next string
}

// listTokens shows the tokens of the tenant.
func (d *Console) listTokens(c *call) (httpapi.Answer, error) {
	var before time.Time
	if text := c.query.Get("before"); text != "" {
		var err error
		if before, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return httpapi.Answer{}, errs.New(errs.Invalid, "bad_date", "before")
		}
	}
	list, err := d.registrar.Tokens(c.Context(), c.Settings.Tenant, before)
	if err != nil {
		return httpapi.Answer{}, err
	}
	var page tokensPage
	for _, t := range list {
		line := tokenLine{t, c.at("tokens", t.Hash.String()), "good", t.Hash == c.Token.Hash, false}
		switch {
		case !t.Revoked.IsZero():
			line.State = "revoked"
		case !t.Expires.IsZero() && !d.now().Before(t.Expires):
			line.State = "expired"
		default:
			line.May = c.may(access.TokensRotate) && c.Token.Covers(t)
		}
		page.Tokens = append(page.Tokens, line)
	}
	if len(list) == access.PageSize {
		page.Next = list[len(list)-1].Created.Format(time.RFC3339Nano)
	}
	return d.show(http.StatusOK, view{call: c, Template: "tokens", Title: c.say("tokens.title"), Here: "tokens", Data: page})
}

// token is the token of the route, which the session's may replace.
func (d *Console) token(c *call) (access.Token, error) {
	hash, err := access.ParseHash(c.PathValue("token"))
	if err != nil {
		return access.Token{}, errs.New(errs.NotFound, "unknown_path", "")
	}
	var before time.Time
	for {
		list, err := d.registrar.Tokens(c.Context(), c.Settings.Tenant, before)
		if err != nil {
			return access.Token{}, err
		}
		if i := slices.IndexFunc(list, func(t access.Token) bool { return t.Hash == hash }); i >= 0 {
			if !c.Token.Covers(list[i]) {
				return access.Token{}, errs.New(errs.Forbidden, "token_may_more", "")
			}
			return list[i], nil
		}
		if len(list) < access.PageSize {
			return access.Token{}, errs.New(errs.NotFound, "unknown_path", "")
		}
		before = list[len(list)-1].Created
	}
}

// overlap is for how long two tokens are good side by side.
const overlap = 24 * time.Hour

// A newToken is shown once.
type newToken struct {
	Name, Secret, Back string
	Ends               time.Time // of the old one
}

// rotateToken replaces a token by one that may do the same.
func (d *Console) rotateToken(c *call) (httpapi.Answer, error) {
	old, err := d.token(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	// A second press finds that the old one ends.
	seen := strconv.FormatInt(old.Expires.UnixMicro(), 10)
	if c.Method != http.MethodPost || c.field(stepField) != stepDo {
		notes := []string{c.say("tokens.rotate.note", int(overlap.Hours())), c.say("tokens.once.note")}
		if !old.LastUsed.IsZero() {
			notes = append(notes, c.say("tokens.used.note", old.Hash.Short(), c.moment(old.LastUsed)))
		}
		return d.show(http.StatusOK, view{call: c, Template: "plan", Title: c.say("act.rotate.title", old.Name), Here: "tokens", Data: form{
			Title: c.say("act.rotate.title", old.Name), Action: c.at("tokens", old.Hash.String(), "rotate"), Back: c.at("tokens"),
			Inputs: []input{{Name: seenField, Kind: "hidden"}}, Values: url.Values{seenField: {seen}},
			Plan: &plan{Notes: notes},
		}})
	}
	if c.field(seenField) != seen {
		return httpapi.Answer{}, errs.New(errs.FailedPrecondition, "token_rotated", "")
	}
	secret, made, old, err := d.registrar.RotateToken(c.Context(), old.Hash, overlap)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.show(http.StatusOK, view{call: c, Template: "newtoken", Title: c.say("tokens.new"), Here: "tokens", Data: newToken{made.Name, secret, c.at("tokens"), old.Expires}})
}

// revokeToken ends a token at once.
func (d *Console) revokeToken(c *call) (httpapi.Answer, error) {
	token, err := d.token(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.step(c, step{
		form: form{Title: c.say("act.revoke.title", token.Name), Action: c.at("tokens", token.Hash.String(), "revoke"), Back: c.at("tokens")},
		here: "tokens",
		plan: func(context.Context) (plan, error) {
			notes := []string{c.say("tokens.revoke.note")}
			if !token.LastUsed.IsZero() {
				notes = append(notes, c.say("tokens.used.note", token.Hash.Short(), c.moment(token.LastUsed)))
			}
			return plan{Notes: notes}, nil
		},
		do: func(ctx context.Context) (string, error) {
			_, err := d.registrar.RevokeToken(ctx, token.Hash)
			return c.at("tokens") + "?done=revoked", err
		},
	})
}

// listTenants shows the tenants that the session's token reaches.
func (d *Console) listTenants(c *call) (httpapi.Answer, error) {
	var tenants []access.Settings
	for _, number := range c.Token.Tenants {
		settings, err := d.registrar.Tenant(c.Context(), number)
		if err != nil {
			return httpapi.Answer{}, err
		}
		tenants = append(tenants, settings)
	}
	return d.show(http.StatusOK, view{call: c, Template: "tenants", Title: c.say("tenants.title"), Here: "tenants", Data: tenants})
}
