package customer

import (
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"strings"

	"regulars/shared/errs"
)

// The lengths that mail systems (RFC 5321) and E.164 allow, in bytes and digits.
const (
	maxEmail       = 254
	maxEmailLocal  = 64
	minPhoneDigits = 7
	maxPhoneDigits = 15
)

// ParseEmail returns the address as it is kept: trimmed, its spelling otherwise
// untouched. Its errors are bad_email with the path field.
func ParseEmail(field, text string) (string, error) {
	s := strings.TrimSpace(text)
	if s == "" {
		return "", errs.New(errs.Invalid, "bad_email/empty", field)
	}
	if len(s) > maxEmail {
		return "", errs.New(errs.Invalid, "bad_email/too_long", field, maxEmail)
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Name != "" || strings.ContainsAny(s, "<>\" \t\r\n(),:;[]\\") {
		return "", errs.New(errs.Invalid, "bad_email/form", field)
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > maxEmailLocal {
		return "", errs.New(errs.Invalid, "bad_email/local_too_long", field, maxEmailLocal)
	}
	if !domainName(domain) {
		return "", errs.New(errs.Invalid, "bad_email/domain", field)
	}
	return s, nil
}

func domainName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsAny(label, "@!#$%&'*+/=?^_`{|}~") {
			return false
		}
	}
	return true
}

// EmailValue is what addresses are compared by: lower case.
func EmailValue(email string) string { return strings.ToLower(email) }

// ParsePhone returns the number as it is kept: + and 7 to 15 digits, the first
// of them not 0. Separators are dropped. Without + (or 00, which is how
// it is dialled) a leading 0 becomes the calling code country where that is set,
// else + is put before. Its errors are bad_phone with the path field.
func ParsePhone(field, text, country string) (string, error) {
	digits, international, ok := phoneDigits(text)
	if !ok {
		return "", errs.New(errs.Invalid, "bad_phone/characters", field)
	}
	if !international && country != "" && strings.HasPrefix(digits, "0") {
		digits = country + digits[1:]
	}
	switch n := len(digits); {
	case n < minPhoneDigits:
		return "", errs.New(errs.Invalid, "bad_phone/too_short", field, minPhoneDigits)
	case n > maxPhoneDigits:
		return "", errs.New(errs.Invalid, "bad_phone/too_long", field, maxPhoneDigits)
	case digits[0] == '0':
		return "", errs.New(errs.Invalid, "bad_phone/no_country", field)
	}
	return "+" + digits, nil
}

// phoneDigits drops the separators: blanks, brackets, hyphens, dots, slashes.
func phoneDigits(text string) (digits string, international, ok bool) {
	s, international := strings.CutPrefix(strings.TrimSpace(text), "+")
	if rest, ok := strings.CutPrefix(s, "00"); ok && !international {
		s, international = rest, true // how + is dialled
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" \u00a0-().\u2010\u2011\u2013/", r):
		default:
			return "", false, false
		}
	}
	return b.String(), international, b.Len() > 0
}

// Same reports whether two spellings of an address are one.
func sameEmail(a, b string) bool { return EmailValue(a) == EmailValue(b) }

// shortHash is the first n bytes of the SHA-256 of s, in hex.
func shortHash(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:n])
}
