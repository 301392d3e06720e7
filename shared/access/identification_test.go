package access_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

func cardSchema() extension.Schema {
	return extension.Schema{Name: "Card", Multi: true, Attributes: []extension.Attribute{{Name: "n", Type: "string"}}}
}

// codeOf is the code of a client error, or empty.
func codeOf(err error) string {
	if clientErr, ok := errs.AsClient(err); ok {
		return clientErr.Code
	}
	return ""
}

func TestExtensionDeclarations(t *testing.T) {
	s, err := access.NewSettings(5, "Shop")
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.DeclareExtension(cardSchema()); err != nil {
		t.Fatal(err)
	}
	first, _ := s.Extensions.Find("CARD")
	if _, err := s.DeclareExtension(cardSchema()); codeOf(err) != "extension_exists" {
		t.Errorf("declared twice: %v", err)
	}
	s, key, err := s.DeclareIdentKey(customer.IdentKey{Name: "CardKey", Source: "card", Attributes: []string{"n"}})
	if err != nil || key.Source != "Card" || key.Extension != first.Number || key.State != customer.FieldBuilding {
		t.Fatalf("key = %+v, %v", key, err)
	}
	if _, _, err := s.RemoveExtension("Card"); codeOf(err) != "extension_in_use" {
		t.Errorf("removed under a key: %v", err)
	}
	if _, err := s.ExtensionRemoved(first.Number); codeOf(err) != "extension_in_use" {
		t.Errorf("forgotten though nobody deleted it: %v", err)
	}
	if s, _, err = s.RemoveIdentKey("cardkey"); err != nil {
		t.Fatal(err)
	}
	if s, _, err = s.RemoveExtension("card"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.RemoveExtension("card"); !errors.Is(err, access.ErrExtensionUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	// Declared again it has another number, beside the one that is going.
	if s, err = s.DeclareExtension(cardSchema()); err != nil {
		t.Fatal(err)
	}
	second, _ := s.Extensions.Find("Card")
	if second.Number <= key.Number || len(s.Extensions) != 2 {
		t.Errorf("declared again it is %+v among %d", second, len(s.Extensions))
	}
	if s, err = s.ExtensionRemoved(first.Number); err != nil || len(s.Extensions) != 1 {
		t.Errorf("forgotten: %v, %v", s.Extensions, err)
	}
	if _, err := s.ExtensionRemoved(first.Number); err != nil {
		t.Errorf("forgotten twice: %v", err)
	}
	for i := range 49 {
		schema := cardSchema()
		schema.Name = fmt.Sprint("More", i)
		if s, err = s.DeclareExtension(schema); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.DeclareExtension(extension.Schema{Name: "TooMany"}); codeOf(err) != "too_many_extensions" {
		t.Errorf("a 51st: %v", err)
	}
}

func TestIdentKeyStates(t *testing.T) {
	s, err := access.NewSettings(5, "Shop")
	if err != nil {
		t.Fatal(err)
	}
	s, email, err := s.DeclareIdentKey(customer.IdentKey{Name: "EmailKey", Attributes: []string{customer.AttributeEmail}})
	if err != nil || email.State != customer.FieldReady {
		t.Errorf("a key that stores nothing is %s, %v, want ready", email.State, err)
	}
	s, key, err := s.DeclareIdentKey(customer.IdentKey{Name: "Name", Attributes: []string{"a"}, Unique: true})
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := s.DeclareIdentKey(customer.IdentKey{Name: "Name", Attributes: []string{"a"}, Unique: true})
	if err != nil || same.Number != key.Number || again.LastNumber != s.LastNumber {
		t.Errorf("declared again while it is built: %+v, %v", same, err)
	}
	if _, _, err := s.DeclareIdentKey(customer.IdentKey{Name: "NAME", Attributes: []string{"a"}}); codeOf(err) != "ident_key_exists" {
		t.Errorf("declared otherwise: %v", err)
	}
	if _, err := s.IdentKeyRemoved(key.Number); codeOf(err) != "ident_key_in_use" {
		t.Errorf("forgotten though nobody deleted it: %v", err)
	}
	failing := s
	for i := range 30 {
		if failing, err = failing.IdentKeyDuplicate(key.Number, customer.ID(100-i), customer.ID(99-i)); err != nil {
			t.Fatal(err)
		}
	}
	failing, failed, err := failing.IdentKeyReady(key.Number)
	if err != nil || failed.State != customer.FieldFailed || !slices.IsSorted(failed.Duplicates) || len(failed.Duplicates) != 10 || failed.Duplicates[0] != 70 {
		t.Errorf("with duplicates it is %+v, %v", failed, err)
	}
	if after, err := failing.IdentKeyDuplicate(key.Number, 7); err != nil || slices.Contains(after.IdentKeys[1].Duplicates, 7) {
		t.Errorf("a failed key learns of more: %+v, %v", after.IdentKeys, err)
	}
	s, ready, err := s.IdentKeyReady(key.Number)
	if err != nil || ready.State != customer.FieldReady {
		t.Errorf("it is %s, %v, want ready", ready.State, err)
	}
	s, removing, err := s.RemoveIdentKey("name")
	if err != nil || removing.State != customer.FieldRemoving {
		t.Errorf("deleted it is %s, %v", removing.State, err)
	}
	if _, _, err := s.IdentKeyReady(key.Number); !errors.Is(err, access.ErrIdentKeyUnknown) {
		t.Errorf("a deleted one becomes ready: %v", err)
	}
	s, second, err := s.DeclareIdentKey(customer.IdentKey{Name: "Name", Attributes: []string{"a"}, Unique: true})
	if err != nil || second.Number == key.Number {
		t.Errorf("declared again while the old one goes: %+v, %v", second, err)
	}
	if s, err = s.IdentKeyRemoved(key.Number); err != nil || len(s.IdentKeys) != 2 {
		t.Errorf("left are %+v, %v", s.IdentKeys, err)
	}
	if s, _, err = s.RemoveIdentKey("EmailKey"); err != nil || len(s.IdentKeys) != 1 {
		t.Errorf("a key that stores nothing leaves %+v, %v", s.IdentKeys, err)
	}
}

// Settings with all that is declared survive being kept.
func TestDeclarationsAreKept(t *testing.T) {
	r := access.NewAdminService(newShelf(), time.Now)
	if _, err := r.CreateTenant(t.Context(), 5, "Shop", nil); err != nil {
		t.Fatal(err)
	}
	if err := r.DeclareExtension(t.Context(), 5, cardSchema()); err != nil {
		t.Fatal(err)
	}
	key, err := r.DeclareIdentKey(t.Context(), 5, customer.IdentKey{Name: "CardKey", Source: "Card", Attributes: []string{"n"}, Unique: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.IdentKeyDuplicate(t.Context(), 5, key.Number, 7, 8); err != nil {
		t.Fatal(err)
	}
	if key, err = r.IdentKeyReady(t.Context(), 5, key.Number); err != nil || key.State != customer.FieldFailed {
		t.Errorf("key = %+v, %v", key, err)
	}
	if _, err := r.RemoveIdentKey(t.Context(), 5, "CardKey"); err != nil {
		t.Fatal(err)
	}
	if err := r.IdentKeyRemoved(t.Context(), 5, key.Number); err != nil {
		t.Fatal(err)
	}
	schema, err := r.RemoveExtension(t.Context(), 5, "Card")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.ExtensionRemoved(t.Context(), 5, schema.Number); err != nil {
		t.Fatal(err)
	}
	settings, err := r.Tenant(t.Context(), 5)
	if err != nil || len(settings.Extensions) != 0 || len(settings.IdentKeys) != 0 || settings.LastNumber != 2 {
		t.Errorf("settings = %+v, %v", settings, err)
	}
}
