package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

func TestCreateTenant(t *testing.T) {
	w := newTown(t)
	settings, err := w.registrar.CreateTenant(t.Context(), 7, "Third", map[string]any{"country": "84"})
	if err != nil || settings.Country != "84" || settings.Name != "Third" {
		t.Errorf("CreateTenant = %+v, %v", settings, err)
	}
	if _, err := w.registrar.CreateTenant(t.Context(), 7, "Third", nil); !errors.Is(err, access.ErrTenantExists) {
		t.Errorf("again = %v, want %v", err, access.ErrTenantExists)
	}
	w.rival = func() {
		if _, err := w.registrar.CreateTenant(t.Context(), 8, "Rival", nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.registrar.CreateTenant(t.Context(), 8, "Fourth", nil); !errors.Is(err, access.ErrTenantExists) {
		t.Errorf("overtaken = %v, want %v", err, access.ErrTenantExists)
	}
	tenants, err := w.registrar.Tenants(t.Context(), 5)
	var names []string
	for _, s := range tenants {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"Shop 6", "Third", "Rival"}, names); err != nil || diff != "" {
		t.Errorf("Tenants = %v (-want +got):\n%s", err, diff)
	}
}

// A change that is overtaken is decided again on what is there then.
func TestOvertakenChangesAreBothKept(t *testing.T) {
	w := newTown(t)
	w.rival = func() {
		if _, err := w.registrar.DeclareMatchField(t.Context(), 5, "CRM_ID", customer.OfCustomer, false); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.registrar.ChangeSettings(t.Context(), 5, map[string]any{"country": "84"}); err != nil {
		t.Fatal(err)
	}
	got, err := w.registrar.Tenant(t.Context(), 5)
	if err != nil || got.Country != "84" || len(got.MatchFields) != 1 {
		t.Errorf("Tenant = %+v, %v, want both changes", got, err)
	}
}

func TestNoChangeIsNotWritten(t *testing.T) {
	w := newTown(t)
	declare := func() (customer.MatchField, error) {
		return w.registrar.DeclareMatchField(t.Context(), 5, "CRM_ID", customer.OfCustomer, false)
	}
	field, err := declare()
	if err != nil {
		t.Fatal(err)
	}
	commits := w.commits
	if again, err := declare(); err != nil || again != field {
		t.Errorf("declared again = %+v, %v, want %+v", again, err, field)
	}
	if _, err := w.registrar.ChangeSettings(t.Context(), 5, map[string]any{"fields": "open"}); err != nil {
		t.Fatal(err)
	}
	if w.commits != commits {
		t.Errorf("%d writes, want none", w.commits-commits)
	}
}

func TestMatchFieldByTheAdminService(t *testing.T) {
	w := newTown(t)
	field, err := w.registrar.DeclareMatchField(t.Context(), 5, "CRM_ID", customer.OfCustomer, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.registrar.MatchFieldReady(t.Context(), 5, field.Number); err != nil {
		t.Fatal(err)
	}
	if removed, err := w.registrar.RemoveMatchField(t.Context(), 5, "CRM_ID", customer.OfCustomer); err != nil || removed.State != customer.FieldRemoving {
		t.Errorf("RemoveMatchField = %+v, %v", removed, err)
	}
	if err := w.registrar.MatchFieldRemoved(t.Context(), 5, field.Number); err != nil {
		t.Fatal(err)
	}
	if _, err := w.registrar.RemoveMatchField(t.Context(), 5, "CRM_ID", customer.OfCustomer); !errors.Is(err, access.ErrMatchFieldUnknown) {
		t.Errorf("removed again = %v, want %v", err, access.ErrMatchFieldUnknown)
	}
	if err := w.registrar.MatchFieldReady(t.Context(), 9, 1); !errors.Is(err, access.ErrTenantUnknown) {
		t.Errorf("in another tenant = %v, want %v", err, access.ErrTenantUnknown)
	}
}

func TestCreateToken(t *testing.T) {
	w := newTown(t)
	secret, token := w.token(t, access.AltRead)
	if !strings.HasPrefix(secret, "reg_live_") || len(secret) < len("reg_live_")+52 {
		t.Errorf("a secret of %d characters, want reg_live_ and 256 bits", len(secret))
	}
	if token.Hash != access.HashOf(secret) || !token.Created.Equal(noon) {
		t.Errorf("token = %+v, want the hash of its secret, created at noon", token)
	}
	if other, _ := w.token(t, access.AltRead); other == secret {
		t.Error("two tokens have one secret")
	}
	parsed, err := access.ParseHash(token.Hash.String())
	if err != nil || parsed != token.Hash {
		t.Errorf("ParseHash = %v, %v, want %v", parsed, err, token.Hash)
	}
	for _, text := range []string{"", "zz", strings.Repeat("z", 64), secret} {
		if _, err := access.ParseHash(text); !errors.Is(err, access.ErrTokenUnknown) {
			t.Errorf("ParseHash(%q) = %v, want %v", text, err, access.ErrTokenUnknown)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error %q repeats what might be a secret", err)
		}
	}
}

func TestCreateTokenRejects(t *testing.T) {
	w := newTown(t)
	read := []access.Scope{access.AltRead}
	tests := []struct {
		name  string
		token access.Token
		field string
	}{
		{"no name", access.Token{Tenants: []int{5}, Scopes: read}, "name"},
		{"no tenant", access.Token{Name: "till", Scopes: read}, "tenants"},
		{"a tenant twice", access.Token{Name: "till", Tenants: []int{5, 5}, Scopes: read}, "tenants"},
		{"too many tenants", access.Token{Name: "till", Tenants: make([]int, 101), Scopes: read}, "tenants"},
		{"unknown tenant", access.Token{Name: "till", Tenants: []int{5, 9}, Scopes: read}, "tenant"},
		{"no scope", access.Token{Name: "till", Tenants: []int{5}}, "scopes"},
		{"unknown scope", access.Token{Name: "till", Tenants: []int{5}, Scopes: []access.Scope{"alt.all"}}, "scopes"},
		{"expired", access.Token{Name: "till", Tenants: []int{5}, Scopes: read, Expires: noon}, "expires"},
	}
	for _, tt := range tests {
		secret, _, err := w.registrar.CreateToken(t.Context(), tt.token)
		if clientErr, ok := errs.AsClient(err); !ok || clientErr.Path != tt.field || secret != "" {
			t.Errorf("%s: CreateToken = %v, want a refusal that names %s", tt.name, err, tt.field)
		}
	}
	if len(w.tokens) != 0 {
		t.Errorf("%d tokens were saved, want none", len(w.tokens))
	}
}

func TestTokensAreListedAndRevoked(t *testing.T) {
	w := newTown(t)
	_, first := w.token(t, access.AltRead)
	w.move(time.Minute)
	_, second := w.token(t, access.AltWrite)
	if _, err := w.registrar.RevokeToken(t.Context(), first.Hash); err != nil {
		t.Fatal(err)
	}
	w.move(time.Minute)
	again, err := w.registrar.RevokeToken(t.Context(), first.Hash)
	if err != nil || !again.Revoked.Equal(noon.Add(time.Minute)) {
		t.Errorf("revoked again at %v, %v, want the first time kept", again.Revoked, err)
	}
	tokens, err := w.registrar.Tokens(t.Context(), 5, time.Time{})
	if err != nil || len(tokens) != 2 || tokens[0].Hash != second.Hash || tokens[1].Revoked.IsZero() {
		t.Errorf("Tokens = %+v, %v, want the newest first, the older one revoked", tokens, err)
	}
	if _, err := w.registrar.Tokens(t.Context(), 9, time.Time{}); !errors.Is(err, access.ErrTenantUnknown) {
		t.Errorf("Tokens of another tenant = %v, want %v", err, access.ErrTenantUnknown)
	}
	if _, err := w.registrar.RevokeToken(t.Context(), access.HashOf("another")); !errors.Is(err, access.ErrTokenUnknown) {
		t.Errorf("RevokeToken of another = %v, want %v", err, access.ErrTokenUnknown)
	}
}
