package contact_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"regulars/shared/contact"
)

// reasonOf is the reason of an error; empty for none.
func reasonOf(t interface{ Fatalf(string, ...any) }, err error) contact.Reason {
	if err == nil {
		return ""
	}
	var reason *contact.Error
	if !errors.As(err, &reason) || reason == nil || reason.Reason == "" {
		t.Fatalf("error = %v, want one with a reason", err)
	}
	return reason.Reason
}

func TestParseEmail(t *testing.T) {
	local64, label63 := strings.Repeat("l", 64), strings.Repeat("d", 63)
	tests := []struct {
		name, text string
		want       string // as stored
		key        string
		err        contact.Reason
	}{
		{name: "plain", text: "ada@example.com", want: "ada@example.com", key: "ada@example.com"},
		{name: "trimmed, its case kept", text: "\t Ada.Lovelace@Example.COM \n", want: "Ada.Lovelace@Example.COM", key: "ada.lovelace@example.com"},
		{name: "a tag is part of it", text: "ada+shop@gmail.com", want: "ada+shop@gmail.com", key: "ada+shop@gmail.com"},
		{name: "a dot is part of it", text: "a.da@gmail.com", want: "a.da@gmail.com", key: "a.da@gmail.com"},
		{name: "signs that are legal", text: "o'brien_{x}@example.com", want: "o'brien_{x}@example.com", key: "o'brien_{x}@example.com"},
		{name: "digits and hyphen in the domain", text: "a@mail-2.example.co.uk", want: "a@mail-2.example.co.uk", key: "a@mail-2.example.co.uk"},
		{name: "hyphens in third and fourth place", text: "a@r3---sn.example", want: "a@r3---sn.example", key: "a@r3---sn.example"},
		{name: "no dot in the domain", text: "root@localhost", want: "root@localhost", key: "root@localhost"},
		{name: "longest local part", text: local64 + "@example.com", want: local64 + "@example.com", key: local64 + "@example.com"},
		{name: "longest label", text: "a@" + label63 + ".com", want: "a@" + label63 + ".com", key: "a@" + label63 + ".com"},

		{name: "zero-width space at the end", text: "nora@example.com\u200b", want: "nora@example.com", key: "nora@example.com"},
		{name: "byte order mark at the front", text: "\ufeffnora@example.com", want: "nora@example.com", key: "nora@example.com"},
		{name: "blanks and marks at both ends", text: "\u3000\u200e\u00a0nora@example.com\u2003\u2060\u2028", want: "nora@example.com", key: "nora@example.com"},
		{name: "composed", text: "jos\u00e9@example.com", want: "jos\u00e9@example.com", key: "jos\u00e9@example.com"},
		{name: "decomposed", text: "jose\u0301@example.com", want: "jos\u00e9@example.com", key: "jos\u00e9@example.com"},
		{name: "decomposed capital", text: "JOSE\u0301@example.com", want: "JOS\u00c9@example.com", key: "jos\u00e9@example.com"},
		{name: "domain in letters", text: "nora@m\u00fcnchen-shop.example", want: "nora@m\u00fcnchen-shop.example", key: "nora@xn--mnchen-shop-thb.example"},
		{name: "domain in capital letters", text: "nora@M\u00dcNCHEN-Shop.Example", want: "nora@M\u00dcNCHEN-Shop.Example", key: "nora@xn--mnchen-shop-thb.example"},
		{name: "domain in punycode", text: "nora@xn--mnchen-shop-thb.example", want: "nora@xn--mnchen-shop-thb.example", key: "nora@xn--mnchen-shop-thb.example"},
		{name: "domain in punycode, capitals", text: "nora@XN--MNCHEN-SHOP-THB.example", want: "nora@XN--MNCHEN-SHOP-THB.example", key: "nora@xn--mnchen-shop-thb.example"},
		{name: "full-width domain", text: "nora@\uff25\uff58\uff41mple.\uff43om", want: "nora@\uff25\uff58\uff41mple.\uff43om", key: "nora@example.com"},
		{name: "ideographic full stop", text: "nora@example\u3002com", want: "nora@example\u3002com", key: "nora@example.com"},
		{name: "full-width full stop", text: "nora@example\uff0ecom", want: "nora@example\uff0ecom", key: "nora@example.com"},
		{name: "half-width ideographic full stop", text: "nora@example\uff61com", want: "nora@example\uff61com", key: "nora@example.com"},
		{name: "a sharp s in the domain stays one", text: "nora@fa\u00df.example", want: "nora@fa\u00df.example", key: "nora@xn--fa-hia.example"},
		{name: "dotted capital I is not i", text: "\u0130nci@example.com", want: "\u0130nci@example.com", key: "i\u0307nci@example.com"},
		{name: "dotted capital I in the domain is not i", text: "a@\u0130nci.example", want: "a@\u0130nci.example", key: "a@xn--inci-qwc.example"},
		{name: "dotless i is not i", text: "\u0131nci@example.com", want: "\u0131nci@example.com", key: "\u0131nci@example.com"},
		{name: "kelvin sign", text: "\u212aaya@example.com", want: "Kaya@example.com", key: "kaya@example.com"},
		{name: "long s", text: "mu\u017fa@example.com", want: "mu\u017fa@example.com", key: "musa@example.com"},
		{name: "sharp s", text: "stra\u00dfe@example.com", want: "stra\u00dfe@example.com", key: "strasse@example.com"},
		{name: "final sigma", text: "\u03bd\u03af\u03ba\u03bf\u03c2@example.com", want: "\u03bd\u03af\u03ba\u03bf\u03c2@example.com", key: "\u03bd\u03af\u03ba\u03bf\u03c3@example.com"},
		{name: "full-width letters before the at stay others", text: "\uff2eora@example.com", want: "\uff2eora@example.com", key: "\uff4eora@example.com"},

		{name: "nothing", text: "", err: contact.Empty},
		{name: "blanks", text: " \t", err: contact.Empty},
		{name: "invisible characters alone", text: "\u200b\u2060\ufe0f", err: contact.Empty},
		{name: "no at", text: "ada.example.com", err: contact.NotAddress},
		{name: "a full-width at", text: "ada\uff20example.com", err: contact.NotAddress},
		{name: "two ats", text: "ada@x@example.com", err: contact.NotAddress},
		{name: "no local part", text: "@example.com", err: contact.NotAddress},
		{name: "no domain", text: "ada@", err: contact.NotAddress},
		{name: "angle brackets", text: "<ada@example.com>", err: contact.NotAddress},
		{name: "a name beside it", text: "Ada <ada@example.com>", err: contact.Blank},
		{name: "quoted local part", text: `"a.b"@example.com`, err: contact.NotAddress},
		{name: "comment", text: "ada(x)@example.com", err: contact.NotAddress},
		{name: "list", text: "ada@example.com,eve@example.com", err: contact.NotAddress},
		{name: "dot at the front", text: ".ada@example.com", err: contact.NotAddress},
		{name: "dot before the at", text: "ada.@example.com", err: contact.NotAddress},
		{name: "two dots", text: "a..da@example.com", err: contact.NotAddress},
		{name: "address literal", text: "ada@[127.0.0.1]", err: contact.NotAddress},
		{name: "dot at the end", text: "ada@example.com.", err: contact.NotDomain},
		{name: "ideographic full stop at the end", text: "ada@example.com\u3002", err: contact.NotDomain},
		{name: "empty label", text: "ada@example..com", err: contact.NotDomain},
		{name: "hyphen at the front of a label", text: "ada@-example.com", err: contact.NotDomain},
		{name: "hyphen at the end of a label", text: "ada@example-.com", err: contact.NotDomain},
		{name: "full-width hyphen at the end of a label", text: "ada@example\uff0d.com", err: contact.NotDomain},
		{name: "underscore in the domain", text: "ada@exa_mple.com", err: contact.NotDomain},
		{name: "full-width at in the domain", text: "ada@example\uff20com", err: contact.NotDomain},
		{name: "punycode of nothing", text: "ada@xn--.example", err: contact.NotDomain},
		{name: "punycode of ASCII", text: "ada@xn--example-.com", err: contact.NotDomain},
		{name: "punycode of a capital letter", text: "ada@xn--mnchen-shop-z9b.example", err: contact.NotDomain},
		{name: "label of 64 bytes", text: "a@" + label63 + "d.com", err: contact.NotDomain},
		{name: "label of 64 bytes in punycode", text: "a@" + strings.Repeat("\u00fc", 60) + strings.Repeat("e", 10) + ".com", err: contact.NotDomain},
		{name: "local part of 65 bytes", text: local64 + "l@example.com", err: contact.LocalTooLong},
		{name: "255 bytes", text: "a@" + strings.Repeat(label63[:49]+".", 5) + "com", err: contact.EmailTooLong},
		{name: "a megabyte", text: strings.Repeat("a", 1<<20), err: contact.EmailTooLong},
		{name: "no UTF-8", text: "ada\xff@example.com", err: contact.NotUTF8},

		{name: "line break inside", text: "ada@example.com\r\nBcc:eve@example.com", err: contact.Blank},
		{name: "control character", text: "a\x00da@example.com", err: contact.Control},
		{name: "control character of eight bits", text: "a\u0090da@example.com", err: contact.Control},
		{name: "format character that is shown", text: "a\u06ddda@example.com", err: contact.Control},
		{name: "private use", text: "a\ue000da@example.com", err: contact.PrivateUse},
		{name: "private use of the last plane", text: "ada@exam\U0010fffdple.com", err: contact.PrivateUse},
		{name: "unassigned", text: "a\u0378da@example.com", err: contact.Unassigned},
		{name: "non-character", text: "ada@exam\ufdd0ple.com", err: contact.Unassigned},
		{name: "last code point", text: "a\U0010ffffda@example.com", err: contact.Unassigned},
		{name: "Braille blank", text: "a\u2800da@example.com", err: contact.Blank},
	}
	for _, r := range []rune{' ', '\t', '\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u202f', '\u205f', '\u3000'} {
		for _, text := range []string{"no%ra@example.com", "nora%@example.com", "nora@%example.com", "nora@exam%ple.com"} {
			tests = append(tests, struct {
				name, text, want, key string
				err                   contact.Reason
			}{
				name: "blank " + string(r), text: strings.Replace(text, "%", string(r), 1), err: contact.Blank})
		}
	}
	for _, r := range []rune{'\u00ad', '\u034f', '\u115f', '\u180e', '\u200b', '\u200c', '\u200d', '\u200e', '\u202e', '\u2060', '\u2066', '\u3164', '\ufe0f', '\ufeff', '\uffa0', '\U000e0041', '\U000e01ef'} {
		for _, text := range []string{"no%ra@example.com", "nora%@example.com", "nora@%example.com", "nora@exam%ple.com"} {
			tests = append(tests, struct {
				name, text, want, key string
				err                   contact.Reason
			}{
				name: "invisible " + string(r), text: strings.Replace(text, "%", string(r), 1), err: contact.Invisible})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := contact.ParseEmail(tt.text)
			if reason := reasonOf(t, err); reason != tt.err || got.Text != tt.want || got.Key != tt.key {
				t.Errorf("ParseEmail(%+q) = %+q with key %+q, reason %q, want %+q with key %+q, reason %q", tt.text, got.Text, got.Key, reason, tt.want, tt.key, tt.err)
			}
			if key := contact.StoredEmailKey(tt.text); tt.err == "" && key != tt.key || tt.err != "" && key != strings.ToLower(tt.text) {
				t.Errorf("StoredEmailKey = %+q", key)
			}
		})
	}
}

func TestErrorNamesTheCharacter(t *testing.T) {
	_, err := contact.ParseEmail("no\u200bra@example.com")
	if err == nil || err.Error() != "invisible_character U+200B" {
		t.Errorf("error = %v, want the character's number", err)
	}
}

func TestErrorNamesTheLimit(t *testing.T) {
	_, tooLong := contact.ParseEmail(strings.Repeat("a", 2000))
	_, local := contact.ParseEmail(strings.Repeat("a", 65) + "@example.com")
	_, few := contact.ParsePhone("+84", "84")
	_, many := contact.ParsePhone("+8490970000912345", "84")
	_, bytes := contact.ParsePhone(strings.Repeat("1 ", 60), "84")
	for err, want := range map[error]int{tooLong: 254, local: 64, few: 7, many: 15, bytes: 100} {
		if e, ok := errors.AsType[*contact.Error](err); !ok || e.Limit != want {
			t.Errorf("error = %v, want one with the limit %d", err, want)
		}
	}
}

func TestEmailsThatAreReplaced(t *testing.T) {
	for text, want := range map[string]bool{
		"Kaya@example.com": false, "\u212aaya@example.com": true, "jose\u0301@example.com": false, "jos\u00e9@example.com": false, "\u2126@example.com": true,
	} {
		if got, err := contact.ParseEmail(text); err != nil || got.Replaced != want {
			t.Errorf("ParseEmail(%+q) = %+v, error %v, want Replaced %v", text, got, err, want)
		}
	}
}

func TestEmailThatIsStored(t *testing.T) {
	const stored = "No\u200bra@example.com"
	got, err := contact.ParseEmail(stored, "other@example.com", stored)
	if want := (contact.Email{Text: stored, Key: "no\u200bra@example.com"}); err != nil || got != want {
		t.Errorf("got %+v, error %v, want %+v", got, err, want)
	}
	if _, err := contact.ParseEmail(strings.ToLower(stored), stored); reasonOf(t, err) != contact.Invisible {
		t.Errorf("another spelling: error = %v, want invisible", err)
	}
}

// Nothing but the characters' case and composition makes a spelling.
func TestEveryCharacter(t *testing.T) {
	keys := map[string]rune{}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if 0xd800 <= r && r < 0xe000 {
			continue
		}
		text := "a" + string(r) + "b@example.com"
		email, err := contact.ParseEmail(text)
		// NFC makes a semicolon of the Greek question mark, U+037E.
		if fine := unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) && !contact.DefaultIgnorable(r) && r != 0x2800 && r != 0x37e; fine != (err == nil) {
			t.Fatalf("%U: error %v", r, err)
		}
		if err != nil {
			continue
		}
		if again, err := contact.ParseEmail(email.Text); err != nil || again.Text != email.Text || again.Key != email.Key {
			t.Fatalf("%U: stored as %+q and read as %+v, error %v", r, email.Text, again, err)
		}
		if again, err := contact.ParseEmail(email.Key); err != nil || again.Key != email.Key {
			t.Fatalf("%U: the key %+q has the key %+q, error %v", r, email.Key, again.Key, err)
		}
		if other, ok := keys[email.Key]; ok && !sameLetter(r, other) {
			t.Fatalf("%U and %U have one key %+q", r, other, email.Key)
		}
		keys[email.Key] = r
		for _, same := range []string{string(unicode.ToUpper(r)), norm.NFD.String(string(r))} {
			if unicode.ToLower(unicode.ToUpper(r)) != unicode.ToLower(r) {
				continue // dotless i
			}
			if other, err := contact.ParseEmail("A" + same + "B@EXAMPLE.com"); err != nil || other.Key != email.Key {
				t.Fatalf("%U: %+q has the key %+q, error %v, want %+q", r, same, other.Key, err, email.Key)
			}
		}
	}
}

// sameLetter reports whether a and b are canonically the same but for their
// case, by the standard library's own folding or by their capitals.
func sameLetter(a, b rune) bool {
	x, y := norm.NFD.String(string(a)), norm.NFD.String(string(b))
	return strings.EqualFold(x, y) || foldsFurther[a] || foldsFurther[b]
}

// foldsFurther are the ones of several letters (Unicode's CaseFolding.txt, F),
// which the standard library does not fold.
var foldsFurther = func() map[rune]bool {
	fold := map[rune]bool{}
	for _, r := range "\u00df\u0149\u01f0\u0390\u03b0\u0587\u1e96\u1e97\u1e98\u1e99\u1e9a\u1e9e\u1f50\u1f52\u1f54\u1f56" {
		fold[r] = true
	}
	for r := rune(0x1f80); r <= 0x1fff; r++ {
		fold[r] = true
	}
	for r := rune(0xfb00); r <= 0xfb17; r++ {
		fold[r] = true
	}
	return fold
}()

// letters are drawn from for addresses; no two of them are one letter.
var letters = []rune("abcdefghijklmnopqrstuvwxyz0123456789\u00e9\u00fc\u00e7\u0131\u0430\u0431\u0432\u03b1\u03b2\u05d0\u0e01\u4e2d\u6587\uac00\u1ea5")

func drawSpelling(t *rapid.T, label, text string) string {
	s := text
	if rapid.Bool().Draw(t, label+" upper") {
		s = strings.Map(func(r rune) rune {
			if r == '\u0131' { // has the capital of another letter
				return r
			}
			return unicode.ToUpper(r)
		}, s)
	}
	if rapid.Bool().Draw(t, label+" decomposed") {
		s = norm.NFD.String(s)
	}
	return s
}

func TestSpellingsOfAnEmail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := func(label string, from []rune) string {
			return string(rapid.SliceOfN(rapid.SampledFrom(from), 1, 8).Draw(t, label))
		}
		local, name := word("local", letters), word("domain", letters[:36])
		if rapid.Bool().Draw(t, "international") {
			name = word("domain", []rune("a\u00fc\u00e9\u4e2d\u6587\u0430\u0431"))
		}
		ends := rapid.StringOfN(rapid.SampledFrom([]rune(" \t\n\u00a0\u3000\u200b\ufeff\u2060\u00ad\ufe0f")), 0, 3, -1)
		base, err := contact.ParseEmail(local + "@" + name + ".example")
		if err != nil {
			t.Fatalf("ParseEmail(%q): %v", local+"@"+name+".example", err)
		}

		host := drawSpelling(t, "domain", name)
		switch rapid.IntRange(0, 2).Draw(t, "domain as") {
		case 1: // as it goes over the wire
			_, host, _ = strings.Cut(strings.TrimSuffix(base.Key, ".example"), "@")
		case 2:
			host = strings.Map(func(r rune) rune {
				if '!' <= r && r <= '~' {
					return r + 0xfee0 // full width
				}
				return r
			}, host)
		}
		dot := rapid.SampledFrom([]string{".", "\u3002", "\uff0e", "\uff61"}).Draw(t, "dot")
		spelling := ends.Draw(t, "front") + drawSpelling(t, "local", local) + "@" + host + dot + "eXample" + ends.Draw(t, "end")
		got, err := contact.ParseEmail(spelling)
		if err != nil || got.Key != base.Key {
			t.Fatalf("%+q has the key %+q, error %v, want %+q", spelling, got.Key, err, base.Key)
		}

		changed := []rune(local)
		i := rapid.IntRange(0, len(changed)-1).Draw(t, "place")
		other := rapid.SampledFrom(letters).Filter(func(r rune) bool { return r != changed[i] }).Draw(t, "other letter")
		changed[i] = other
		if got, err := contact.ParseEmail(string(changed) + "@" + name + ".example"); err != nil || got.Key == base.Key {
			t.Fatalf("%q and %q have one key %q, error %v", local, string(changed), base.Key, err)
		}
	})
}

// FuzzEmail: what is accepted is one address, reading its forms changes neither,
// and net/mail takes it for the same address.
func FuzzEmail(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", " Ada@EXAMPLE.com ", "a@b", `"a b"@c`, "=?utf-8?q?a?=@b.c", "\u0130@ex.com", "a@b@c", "\u212a@x.example\u200b", "jose\u0301@m\u00fcnchen.example",
		"a@xn--mnchen-shop-thb.example", "a@\uff25x\u3002com", "\u1fb3\u0345\u0301@a.b", "a@\u05d0.example", "a@1\u05d0.example", "\u0345\u03b1@a.b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := contact.ParseEmail(text)
		if reasonOf(t, err) != "" {
			if got != (contact.Email{}) {
				t.Fatalf("ParseEmail(%+q) = %+v beside an error", text, got)
			}
			return
		}
		if !utf8.ValidString(got.Text) || strings.Count(got.Text, "@") != 1 || strings.ContainsFunc(got.Text, func(r rune) bool { return unicode.IsSpace(r) || contact.DefaultIgnorable(r) }) {
			t.Fatalf("ParseEmail(%+q) = %+q, want one address", text, got.Text)
		}
		if again, err := contact.ParseEmail(got.Text); err != nil || again.Text != got.Text || again.Key != got.Key || again.Replaced {
			t.Fatalf("ParseEmail(%+q) = %+v, error %v, want it unchanged", got.Text, again, err)
		}
		if again, err := contact.ParseEmail(got.Key); err != nil || again.Key != got.Key {
			t.Fatalf("the key %+q has the key %+q, error %v", got.Key, again.Key, err)
		}
		if _, domain, _ := strings.Cut(got.Key, "@"); len(got.Key) > 254 || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
			t.Fatalf("the key %+q of %+q is too long or its domain is not ASCII", got.Key, text)
		}
		if address, err := mail.ParseAddress(got.Text); err != nil || address.Name != "" || address.Address != got.Text {
			t.Fatalf("net/mail reads %+q as %+v, error %v", got.Text, address, err)
		}
	})
}
