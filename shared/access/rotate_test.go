package access_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/errs"
)

// Both tokens are good for the overlap, then the new one alone, which may do the same
// and is good for as long as the old one was.
func TestRotateToken(t *testing.T) {
	w := newTown(t)
	secret, first, err := w.registrar.CreateToken(t.Context(), access.Token{
		Name: "till", Tenants: []int{5, 6}, Scopes: []access.Scope{access.AltRead}, Expires: noon.Add(30 * 24 * time.Hour), Limit: 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.move(29 * 24 * time.Hour)
	fresh, second, old, err := w.registrar.RotateToken(t.Context(), first.Hash, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Hash, want.Rev, want.Created, want.Expires = second.Hash, second.Rev, w.now(), w.now().Add(30*24*time.Hour)
	if diff := cmp.Diff(want, second); diff != "" || fresh == secret {
		t.Errorf("the new token (-want +got):\n%s", diff)
	}
	if !old.Expires.Equal(w.now().Add(time.Hour)) {
		t.Errorf("the old one ends at %v, want an hour from now", old.Expires)
	}
	opens := func(secret string) bool {
		_, err := w.guard(access.AuthorizerOptions{}).Authorize(t.Context(), secret, 6, access.AltRead)
		return err == nil
	}
	if !opens(secret) || !opens(fresh) {
		t.Error("a token is not good during the overlap")
	}
	w.move(time.Hour)
	if opens(secret) || !opens(fresh) {
		t.Error("after the overlap the old one opens, or the new one does not")
	}

	rejected := func(name string, hash access.Hash, overlap time.Duration, want string) {
		t.Helper()
		_, _, _, err := w.registrar.RotateToken(t.Context(), hash, overlap)
		if client, ok := errs.AsClient(err); !ok || client.ID() != want {
			t.Errorf("%s: error = %v, want %s", name, err, want)
		}
	}
	rejected("one that has ended", first.Hash, time.Hour, "bad_token/ended")
	rejected("one that nobody has", access.HashOf("nobody's"), time.Hour, "token_unknown")
	rejected("no overlap", second.Hash, 0, "bad_token/overlap")

	// An overlap that ends behind the old token's own end is cut by that.
	_, _, old, err = w.registrar.RotateToken(t.Context(), second.Hash, 365*24*time.Hour)
	if err != nil || !old.Expires.Equal(second.Expires) {
		t.Errorf("the old one ends at %v, %v, want %v as before", old.Expires, err, second.Expires)
	}
}

// A token from before deleting with Genesys had a scope of its own goes on deleting, and
// so does the one that it is rotated to; a new one does not.
func TestOldTokensDelete(t *testing.T) {
	w := newTown(t)
	may := func(secret string) error {
		_, err := w.guard(access.AuthorizerOptions{}).Authorize(t.Context(), secret, 5, access.UCSDelete)
		return err
	}
	secret, token := w.token(t, access.UCSWrite)
	if err := may(secret); !errors.Is(err, access.ErrScopeMissing) {
		t.Errorf("a new token: error = %v, want %v", err, access.ErrScopeMissing)
	}
	deleter, _ := w.token(t, access.UCSDelete)
	if err := may(deleter); err != nil {
		t.Errorf("one with the scope: %v", err)
	}
	token.DeletesApart = false // as an earlier version wrote it
	token.Rev = w.tokens[token.Hash].Rev
	if err := w.SaveToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if err := may(secret); err != nil {
		t.Errorf("an old token: %v", err)
	}
	fresh, _, _, err := w.registrar.RotateToken(t.Context(), token.Hash, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := may(fresh); err != nil {
		t.Errorf("the one that it was rotated to: %v", err)
	}
}
