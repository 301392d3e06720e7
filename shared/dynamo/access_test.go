package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
	"regulars/shared/meter"
)

func newAccessStore(t *testing.T) *dynamo.Store {
	t.Helper()
	return dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
}

func newTenant(t *testing.T, tenant int) access.Settings {
	t.Helper()
	settings, err := access.NewSettings(tenant, fmt.Sprintf("Shop %d", tenant))
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func TestSettingsAreReadAsSaved(t *testing.T) {
	t.Parallel()
	store := newAccessStore(t)
	settings, err := newTenant(t, 5).Change(map[string]any{
		"country": "84", "declared_fields": map[string]any{"SIZE": map[string]any{"type": "enum", "options": []any{"S", "M"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if settings, _, err = settings.DeclareMatchField("CRM_ID", customer.OfSubscription, true); err != nil {
		t.Fatal(err)
	}
	settings.Extensions = extension.Schemas{{
		Name: "Card", Number: 8, Multi: true, Unique: [][]string{{"n", "m"}, {"m"}}, Form: json.RawMessage(`{"name":"Card"}`), Removing: true,
		Attributes: []extension.Attribute{{Name: "n", Type: "long", Default: json.Number("9007199254740993"), Length: 19, Mandatory: true}, {Name: "m", Type: "boolean", Default: true}},
	}}
	settings.IdentKeys = customer.IdentKeys{{
		Name: "CardKey", Number: 9, Extension: 8, Source: "Card", Attributes: []string{"n"}, Unique: true, State: customer.FieldFailed, Duplicates: []customer.ID{7, 1<<53 - 1},
	}}

	if _, found, err := store.Settings(t.Context(), 5); found || err != nil {
		t.Fatalf("Settings before = %t, %v, want none", found, err)
	}
	if err := store.SaveSettings(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	got, found, err := store.Settings(t.Context(), 5)
	if !found || err != nil {
		t.Fatalf("Settings = %t, %v, want found", found, err)
	}
	if got.Rev == "" {
		t.Error("Rev is empty, want the commit's id")
	}
	settings.Rev = got.Rev
	if diff := cmp.Diff(settings, got); diff != "" {
		t.Errorf("Settings (-want +got):\n%s", diff)
	}
}

func TestSettingsAreGuarded(t *testing.T) {
	t.Parallel()
	store := newAccessStore(t)
	if err := store.SaveSettings(t.Context(), newTenant(t, 5)); err != nil {
		t.Fatal(err)
	}
	if err := store.SaveSettings(t.Context(), newTenant(t, 5)); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("creating it twice = %v, want stale", err)
	}
	read, _, err := store.Settings(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SaveSettings(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	if err := store.SaveSettings(t.Context(), read); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("saving what was replaced meanwhile = %v, want stale", err)
	}
}

func TestTenantsAreListedByNumber(t *testing.T) {
	t.Parallel()
	store := newAccessStore(t)
	for _, tenant := range []int{10, 9, access.MaxTenant, 1} {
		if err := store.SaveSettings(t.Context(), newTenant(t, tenant)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name         string
		after, limit int
		want         []int
	}{
		{"all", 0, 100, []int{1, 9, 10, access.MaxTenant}},
		{"a page", 0, 2, []int{1, 9}},
		{"the next", 9, 2, []int{10, access.MaxTenant}},
		{"none", access.MaxTenant, 2, []int{}},
	}
	for _, tt := range tests {
		got, err := store.Tenants(t.Context(), tt.after, tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTokensAreKeptAndListed(t *testing.T) {
	t.Parallel()
	store := newAccessStore(t)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 123_000, time.UTC)
	want := make([]access.Token, 3) // the newest first
	for i := range want {
		want[i] = access.Token{
			Hash: access.HashOf(fmt.Sprint("secret ", i)), Name: fmt.Sprint("token ", i), Tenants: []int{5, 6},
			Scopes: []access.Scope{access.AltRead}, Created: noon.Add(-time.Duration(i) * time.Second),
			Expires: noon.Add(time.Hour), Local: i == 1,
		}
		if err := store.SaveToken(t.Context(), want[i]); err != nil {
			t.Fatal(err)
		}
		if err := store.SaveToken(t.Context(), want[i]); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("creating it twice = %v, want stale", err)
		}
		got, found, err := store.Token(t.Context(), want[i].Hash)
		if !found || err != nil {
			t.Fatalf("Token = %t, %v, want found", found, err)
		}
		want[i].Rev = got.Rev
	}
	want[0].Revoked = noon
	if err := store.SaveToken(t.Context(), want[0]); err != nil {
		t.Fatal(err)
	}
	revoked, _, err := store.Token(t.Context(), want[0].Hash)
	if err != nil {
		t.Fatal(err)
	}
	want[0].Rev = revoked.Rev
	tests := []struct {
		name   string
		home   int
		before time.Time
		limit  int
		want   []access.Token
	}{
		{"all", 5, time.Time{}, 100, want},
		{"a page", 5, time.Time{}, 2, want[:2]},
		{"the next", 5, want[1].Created, 2, want[2:]},
		{"reached, but not at home", 6, time.Time{}, 100, nil},
	}
	for _, tt := range tests {
		got, err := store.Tokens(t.Context(), tt.home, tt.before, tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if _, found, err := store.Token(t.Context(), access.HashOf("another")); found || err != nil {
		t.Errorf("another token = %t, %v, want none", found, err)
	}
}

func TestAccessIsNotCounted(t *testing.T) {
	t.Parallel()
	store := newAccessStore(t)
	ctx, m := meter.With(t.Context())
	if err := store.SaveSettings(ctx, newTenant(t, 5)); err != nil {
		t.Fatal(err)
	}
	guard := access.NewAuthorizer(store, time.Now, access.AuthorizerOptions{})
	if _, err := guard.Reload(ctx, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Authorize(ctx, "unknown", 5, access.AltRead); !errors.Is(err, access.ErrTokenInvalid) {
		t.Errorf("Authorize = %v, want %v", err, access.ErrTokenInvalid)
	}
	if _, err := store.Tenants(ctx, 0, 10); err != nil {
		t.Fatal(err)
	}
	if use := m.Use(); use != (meter.Use{}) {
		t.Errorf("counted %v, want nothing", use)
	}
}

// Administrators who declare at the same time all get their field, each with a
// number of its own.
func TestDeclarationsAtTheSameTime(t *testing.T) {
	t.Parallel()
	registrar := access.NewAdminService(newAccessStore(t), time.Now)
	if _, err := registrar.CreateTenant(t.Context(), 5, "Shop", nil); err != nil {
		t.Fatal(err)
	}
	const administrators = 8
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for i := range administrators {
		group.Go(func() {
			if _, err := registrar.DeclareMatchField(ctx, 5, fmt.Sprint("field ", i), customer.OfCustomer, false); err != nil {
				t.Errorf("DeclareMatchField = %v", err)
			}
		})
	}
	group.Wait()
	settings, err := registrar.Tenant(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(map[int]bool)
	for _, f := range settings.MatchFields {
		numbers[f.Number] = true
	}
	if len(numbers) != administrators || settings.LastNumber != administrators {
		t.Errorf("%d fields with different numbers, the last %d, want %d", len(numbers), settings.LastNumber, administrators)
	}
}
