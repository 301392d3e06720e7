package customer_test

import (
	"strings"
	"testing"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

func TestParsePhone(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		country string
		want    string
		err     string // part of the detail
	}{
		{name: "international", text: "+79991234567", want: "+79991234567"},
		{name: "7 digits", text: "+1234567", want: "+1234567"},
		{name: "12 digits of the document", text: "+790000000000", want: "+790000000000"},
		{name: "15 digits of the document", text: "+508370045348179", want: "+508370045348179"},
		{name: "separators", text: " +7 (999) 123-45.67/8 ", want: "+799912345678"},
		{name: "hyphens and blanks of a word processor", text: "+7\u00a0999\u2010123\u201145\u201367", want: "+79991234567"},
		{name: "no plus", text: "79991234567", want: "+79991234567"},
		{name: "a local 8 is not rewritten", text: "89991234567", want: "+89991234567"},
		{name: "leading 0 with a country", text: "0901234567", country: "84", want: "+84901234567"},
		{name: "leading 0 in brackets with a country", text: "(090) 123-45-67", country: "84", want: "+84901234567"},
		{name: "no leading 0 with a country", text: "901234567", country: "84", want: "+901234567"},
		{name: "the country stands there already", text: "84901234567", country: "84", want: "+84901234567"},
		{name: "plus and country", text: "+84901234567", country: "84", want: "+84901234567"},

		{name: "too short of the document", text: "12345", err: "bad_phone/too_short"},
		{name: "letters of the document", text: "phone", err: "bad_phone/characters"},
		{name: "zeros of the document", text: "+000000000000", err: "bad_phone/no_country"},
		{name: "too long of the document", text: "+799912345678901234567890", err: "bad_phone/too_long"},
		{name: "6 digits", text: "+123456", err: "bad_phone/too_short"},
		{name: "16 digits", text: "+1234567890123456", err: "bad_phone/too_long"},
		{name: "leading 0 without a country", text: "0901234567", err: "bad_phone/no_country"},
		{name: "leading 0 after a plus", text: "+0901234567", country: "84", err: "bad_phone/no_country"},
		{name: "too long with the country", text: "012345678901234", country: "84", want: "", err: "bad_phone/too_long"},
		{name: "nothing", text: "", err: "bad_phone/characters"},
		{name: "plus alone", text: "+", err: "bad_phone/characters"},
		{name: "separators alone", text: "+ (-)", err: "bad_phone/characters"},
		{name: "two signs", text: "++79991234567", err: "bad_phone/characters"},
		{name: "sign in the middle", text: "7+9991234567", err: "bad_phone/characters"},
		{name: "extension", text: "+79991234567 ext 1", err: "bad_phone/characters"},
		{name: "digits of another script", text: "+٧٩٩٩١٢٣٤٥٦٧", err: "bad_phone/characters"},
		{name: "line break", text: "+7999\n1234567", err: "bad_phone/characters"},
		{name: "no UTF-8", text: "+7999123456\xff7", err: "bad_phone/characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := customer.ParsePhone("data.phones", tt.text, tt.country)
			checkContact(t, got, err, tt.want, tt.err)
		})
	}
}

func checkContact(t *testing.T, got string, err error, want, wantErr string) {
	t.Helper()
	if wantErr == "" {
		if err != nil || got != want {
			t.Errorf("got %q, error %v, want %q", got, err, want)
		}
		return
	}
	clientErr, ok := errs.AsClient(err)
	if !ok || got != "" {
		t.Fatalf("got %q, error %v, want a refusal", got, err)
	}
	if clientErr.Kind != errs.Invalid || clientErr.ID() != wantErr || clientErr.Path == "" {
		t.Errorf("error = %+v, want an invalid %s with its path", clientErr, wantErr)
	}
}

func TestParseEmail(t *testing.T) {
	local64, label63 := strings.Repeat("l", 64), strings.Repeat("d", 63)
	tests := []struct {
		name string
		text string
		want string
		err  string // part of the detail
	}{
		{name: "plain", text: "ada@example.com", want: "ada@example.com"},
		{name: "trimmed, its case kept", text: "\t Ada.Lovelace@Example.COM \n", want: "Ada.Lovelace@Example.COM"},
		{name: "tag", text: "ada+shop@example.com", want: "ada+shop@example.com"},
		{name: "signs that are legal", text: "o'brien_{x}@example.com", want: "o'brien_{x}@example.com"},
		{name: "digits and hyphen in the domain", text: "a@mail-2.example.co.uk", want: "a@mail-2.example.co.uk"},
		{name: "letters of other scripts", text: "jürgen@müller.example", want: "jürgen@müller.example"},
		{name: "no dot in the domain", text: "root@localhost", want: "root@localhost"},
		{name: "longest local part", text: local64 + "@example.com", want: local64 + "@example.com"},
		{name: "longest label", text: "a@" + label63 + ".com", want: "a@" + label63 + ".com"},

		{name: "nothing", text: "", err: "bad_email/empty"},
		{name: "blanks", text: " \t", err: "bad_email/empty"},
		{name: "no at", text: "ada.example.com", err: "bad_email/form"},
		{name: "two ats", text: "ada@x@example.com", err: "bad_email/form"},
		{name: "no local part", text: "@example.com", err: "bad_email/form"},
		{name: "no domain", text: "ada@", err: "bad_email/form"},
		{name: "a name beside it", text: "Ada <ada@example.com>", err: "bad_email/form"},
		{name: "angle brackets", text: "<ada@example.com>", err: "bad_email/form"},
		{name: "quoted local part", text: `"a b"@example.com`, err: "bad_email/form"},
		{name: "comment", text: "ada(x)@example.com", err: "bad_email/form"},
		{name: "list", text: "ada@example.com,eve@example.com", err: "bad_email/form"},
		{name: "blank inside", text: "ada lovelace@example.com", err: "bad_email/form"},
		{name: "line break inside", text: "ada@example.com\r\nBcc: eve@example.com", err: "bad_email/form"},
		{name: "dot at the front", text: ".ada@example.com", err: "bad_email/form"},
		{name: "two dots", text: "a..da@example.com", err: "bad_email/form"},
		{name: "address literal", text: "ada@[127.0.0.1]", err: "bad_email/form"},
		{name: "dot at the end", text: "ada@example.com.", err: "bad_email/form"},
		{name: "empty label", text: "ada@example..com", err: "bad_email/form"},
		{name: "hyphen at the front of a label", text: "ada@-example.com", err: "bad_email/domain"},
		{name: "hyphen at the end of a label", text: "ada@example-.com", err: "bad_email/domain"},
		{name: "underscore in the domain", text: "ada@exa_mple.com", err: "bad_email/domain"},
		{name: "label of 64 bytes", text: "a@" + label63 + "d.com", err: "bad_email/domain"},
		{name: "local part of 65 bytes", text: local64 + "l@example.com", err: "bad_email/local_too_long"},
		{name: "255 bytes", text: "a@" + strings.Repeat(label63[:49]+".", 5) + "com", err: "bad_email/too_long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := customer.ParseEmail("data.email", tt.text)
			checkContact(t, got, err, tt.want, tt.err)
		})
	}
}

// FuzzPhone: what is accepted has the kept form, and reading that changes nothing.
func FuzzPhone(f *testing.F) {
	for _, seed := range []string{"+79991234567", "0901234567", "12345", "phone", "+000000000000", "+799912345678901234567890", "(090) 123-45-67"} {
		f.Add(seed, "84")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		if strings.Trim(country, "0123456789") != "" || len(country) > 3 || strings.HasPrefix(country, "0") {
			t.Skip("no calling code that settings allow")
		}
		got, err := customer.ParsePhone("phone", text, country)
		if err != nil {
			if _, ok := errs.AsClient(err); !ok {
				t.Fatalf("ParsePhone(%q) error = %v, want a refusal", text, err)
			}
			return
		}
		digits := strings.TrimPrefix(got, "+")
		if len(digits) != len(got)-1 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' || len(digits) < 7 || len(digits) > 15 {
			t.Fatalf("ParsePhone(%q) = %q, want + and 7 to 15 digits", text, got)
		}
		for _, other := range []string{country, "", "1"} {
			if again, err := customer.ParsePhone("phone", got, other); err != nil || again != got {
				t.Fatalf("ParsePhone(%q) = %q, error %v, want it unchanged", got, again, err)
			}
		}
	})
}

// FuzzEmail: what is accepted is one address, and reading it changes nothing.
func FuzzEmail(f *testing.F) {
	for _, seed := range []string{"ada@example.com", " Ada@EXAMPLE.com ", "a@b", `"a b"@c`, "=?utf-8?q?a?=@b.c", "İ@ex.com", "a@b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := customer.ParseEmail("email", text)
		if err != nil {
			if _, ok := errs.AsClient(err); !ok {
				t.Fatalf("ParseEmail(%q) error = %v, want a refusal", text, err)
			}
			return
		}
		if strings.Count(got, "@") != 1 || strings.ContainsAny(got, " \t\r\n\"<>,;") {
			t.Fatalf("ParseEmail(%q) = %q, want one address", text, got)
		}
		if again, err := customer.ParseEmail("email", got); err != nil || again != got {
			t.Fatalf("ParseEmail(%q) = %q, error %v, want it unchanged", got, again, err)
		}
		if v := customer.EmailValue(got); customer.EmailValue(v) != v {
			t.Fatalf("EmailValue(%q) = %q, want it to stay so", v, customer.EmailValue(v))
		}
	})
}
