package customer_test

import (
	"slices"
	"testing"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// What is an address and a number package contact decides; here it gets the form of
// a client error.
func TestContactErrors(t *testing.T) {
	email := func(text string) error { _, err := customer.ParseEmail("data.email", text); return err }
	phone := func(text string) error { _, err := customer.ParsePhone("data.email", text, "84"); return err }
	tests := []struct {
		err  error
		id   string
		args []any
	}{
		{email("ada.example.com"), "bad_email/form", nil},
		{email("nora\u200b@example.com"), "bad_email/invisible_character", []any{"U+200B"}},
		{email("a@" + string(make([]byte, 2000))), "bad_email/too_long", []any{254}},
		{phone("12345"), "bad_phone/too_short", []any{7}},
		{phone("2024-03-15"), "bad_phone/date", nil},
		{phone("phone"), "bad_phone/characters", []any{"U+0070"}},
	}
	for _, tt := range tests {
		clientErr, ok := errs.AsClient(tt.err)
		if !ok || clientErr.Kind != errs.Invalid || clientErr.ID() != tt.id || clientErr.Path != "data.email" || !slices.Equal(clientErr.Args, tt.args) {
			t.Errorf("error = %#v, want %s at data.email: %v", tt.err, tt.id, tt.args)
		}
	}
	if number, err := customer.ParsePhone("phone", "0909 700 009", "84"); err != nil || number != "+84909700009" {
		t.Errorf("ParsePhone() = %s, %v", number, err)
	}
}

// An address that the customer has keeps its spelling where the one that comes has
// characters that NFC replaces.
func TestSpelling(t *testing.T) {
	c := customer.Customer{Emails: []string{"kaya@example.com", "two@example.com"}}
	for text, want := range map[string]string{
		"\u212aaya@example.com": "kaya@example.com", // KELVIN SIGN
		"Kaya@example.com":      "Kaya@example.com",
		"\u212aim@example.com":  "Kim@example.com",
	} {
		address, err := customer.ParseEmail("email", text)
		if got := c.Spelling(address); err != nil || got != want {
			t.Errorf("Spelling(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
}

// An address that would be rejected is accepted where it is sent back as it is
// stored.
func TestStoredEmailIsAccepted(t *testing.T) {
	stored := "nora\u200b@example.com"
	c := customer.Customer{Emails: []string{stored}}
	if !c.HasEmail(stored) || c.HasEmail("nora@example.com") {
		t.Error("HasEmail() goes by something else than the spelling")
	}
	if address, err := customer.ParseEmail("email", stored, c.Emails...); err != nil || address.Text != stored {
		t.Errorf("ParseEmail() = %+v, %v", address, err)
	}
}
