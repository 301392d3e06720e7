package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// secretPrefix makes a secret known for what it is, to people and to scanners.
const secretPrefix = "reg_live_"

// A Hash is the SHA-256 of a token's secret, which is all that is kept of it. The
// secret is 256 random bits, so it needs neither salt nor pepper.
type Hash [sha256.Size]byte

// HashOf returns the hash of a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// String is 64 lower-case hex digits: the id of the token for administrators.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short is the first eight digits, for the audit.
func (h Hash) Short() string { return hex.EncodeToString(h[:4]) }

// ParseHash reads what [Hash.String] writes. It rejects with token_unknown.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(len(h)) {
		return Hash{}, unknownToken()
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil || h.String() != s { // it has one spelling
		return Hash{}, unknownToken()
	}
	return h, nil
}

// newSecret returns 260 random bits after the prefix, in capitals and digits.
func newSecret() string { return secretPrefix + rand.Text() + rand.Text() }

// longestSecret bounds the secrets that are looked for, local ones as well.
const longestSecret = 200

// secretLength is how long the secrets are that [newSecret] makes.
var secretLength = len(secretPrefix) + 2*len(rand.Text())

// wellFormed reports whether a secret can be a token's, other than a local one's.
func wellFormed(secret string) bool {
	random, ok := strings.CutPrefix(secret, secretPrefix)
	return ok && len(secret) == secretLength && strings.Trim(random, base32Digits) == ""
}

// base32Digits are those of [rand.Text].
const base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// A Token opens tenants to whoever holds its secret. But for its revocation it
// never changes, so that one in a cache rejects nothing wrongly.
type Token struct {
	Hash Hash
	// Name says to people what the token is for, up to 100 bytes.
	Name string
	// Tenants it reaches, at least one; the first is the one
	// that requests mean which name no tenant.
	Tenants []int
	Scopes  []Scope
	Created time.Time
	// Expires is the first instant at which the token is no longer good; zero
	// is never.
	Expires time.Time
	// Revoked is when it was revoked; zero is not.
	Revoked time.Time
	// Local: its secret is public, so it is good only on a table of a devserver.
	Local bool
	// DeletesApart: that it may write profiles with Genesys does not mean that it may
	// delete them. Tokens made before there was a scope for that have it not set.
	DeletesApart bool
	// Limit is how many requests a second it may send; 0: as many as its tenant.
	Limit int
	// LastUsed is the begin of the hour in which it was last used; zero: in none that is
	// known. Only [AdminService.Tokens] tells it.
	LastUsed time.Time
	// Rev is the id of the commit that wrote the token; empty: not saved yet.
	Rev string
}

// Home is the tenant that requests mean which name none.
func (t Token) Home() int { return t.Tenants[0] }

// good reports whether the token opens anything at that time.
func (t Token) good(now time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

// check rejects what a new token may not be.
func (t Token) check(now time.Time) error {
	if err := checkName("name", t.Name); err != nil {
		return err
	}
	if len(t.Tenants) == 0 || len(t.Tenants) > maxTenantsOfToken {
		return badToken("tenants", "tenants", maxTenantsOfToken)
	}
	for i, tenant := range t.Tenants {
		if slices.Contains(t.Tenants[:i], tenant) {
			return badToken("tenant_twice", "tenants", tenant)
		}
	}
	if t.Limit < 0 {
		return badToken("limit", "limit")
	}
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		return badToken("expires", "expires", t.Expires.UTC().Format(time.RFC3339))
	}
	return checkScopes(t.Scopes)
}

// maxTenantsOfToken bounds what is checked, one read each, when a token is made.
const maxTenantsOfToken = 100

// same reports whether two tokens open the same.
func (t Token) same(u Token) bool {
	return t.Name == u.Name && slices.Equal(t.Tenants, u.Tenants) && slices.Equal(t.Scopes, u.Scopes) &&
		t.Expires.Equal(u.Expires) && t.Revoked.Equal(u.Revoked) && t.Local == u.Local &&
		t.DeletesApart == u.DeletesApart && t.Limit == u.Limit
}
