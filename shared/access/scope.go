// Package access knows who may do what: tenants with their settings, tokens and
// their scopes. A [Authorizer] answers each request, a [AdminService] makes what
// administrators decide. It knows neither HTTP nor DynamoDB: where a token stands
// in a request is the dialect's business, where it is kept the [Store]'s.
package access

import (
	"slices"
	"strings"

	"regulars/shared/errs"
)

// A Scope is a right that a token may have.
type Scope string

// The scopes.
const (
	AltRead      Scope = "alt.read"
	AltWrite     Scope = "alt.write"
	AltDelete    Scope = "alt.delete"
	UCSRead      Scope = "ucs.read_profiles"
	UCSWrite     Scope = "ucs.write_profiles"
	UCSDelete    Scope = "ucs.delete_profiles"
	UCSReadMeta  Scope = "ucs.read_schema"
	UCSWriteMeta Scope = "ucs.write_schema"
	LoyRead      Scope = "loy.read_profiles"
	LoyWrite     Scope = "loy.write_profiles"
	Backoffice   Scope = "backoffice"
	Scheduler    Scope = "scheduler"
	ImportsRead  Scope = "imports.read"
	ImportsRun   Scope = "imports.run"

	// Of no dialect: what people do with customers in the console. CustomersMerge is to
	// merge two and to part them, CustomersPrivacy to export and to erase one.
	CustomersMerge   Scope = "customers.merge"
	CustomersPrivacy Scope = "customers.privacy"
	// JobsRead and JobsRun are to see jobs, and to cancel them and start them again;
	// TokensRead and TokensRotate to see tokens of the tenant, and to replace and revoke
	// those that may do no more.
	JobsRead     Scope = "jobs.read"
	JobsRun      Scope = "jobs.run"
	TokensRead   Scope = "tokens.read"
	TokensRotate Scope = "tokens.rotate"
)

// Scopes lists all scopes.
var Scopes = []Scope{
	AltRead, AltWrite, AltDelete, UCSRead, UCSWrite, UCSDelete, UCSReadMeta, UCSWriteMeta,
	LoyRead, LoyWrite, Backoffice, Scheduler, ImportsRead, ImportsRun, CustomersMerge, CustomersPrivacy,
	JobsRead, JobsRun, TokensRead, TokensRotate,
}

// implied names the scope that a scope includes. The Haravan contract alone says
// that write implies read.
var implied = map[Scope]Scope{LoyWrite: LoyRead}

// grants reports whether the token may do what s stands for. One from before deleting
// profiles with Genesys had a scope of its own may do so where it may write them.
func (t Token) grants(s Scope) bool {
	if s == UCSDelete && !t.DeletesApart && t.grants(UCSWrite) {
		return true
	}
	return slices.ContainsFunc(t.Scopes, func(h Scope) bool { return h == s || implied[h] == s })
}

// Covers reports whether the token may do all that u may, in all of its tenants.
func (t Token) Covers(u Token) bool {
	for _, s := range Scopes {
		if u.grants(s) && !t.grants(s) {
			return false
		}
	}
	return !slices.ContainsFunc(u.Tenants, func(tenant int) bool { return !slices.Contains(t.Tenants, tenant) })
}

// Demand rejects with [ErrScopeMissing] what the token may not do.
func (t Token) Demand(s Scope) error {
	if !t.grants(s) {
		return errs.New(ErrScopeMissing.Kind, "scope_missing", "", s)
	}
	return nil
}

func checkScopes(scopes []Scope) error {
	if len(scopes) == 0 {
		return badToken("no_scope", "scopes", scopeNames())
	}
	for _, s := range scopes {
		if !slices.Contains(Scopes, s) {
			return badToken("unknown_scope", "scopes", string(s), scopeNames())
		}
	}
	return nil
}

func scopeNames() string {
	names := make([]string, len(Scopes))
	for i, s := range Scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func badToken(reason, path string, args ...any) error {
	return errs.New(errs.Invalid, "bad_token/"+reason, path, args...)
}
