package contact

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The lengths that mail systems allow, in bytes (RFC 5321, RFC 1035).
const (
	maxEmail = 254
	maxLocal = 64
	maxLabel = 63
)

// An Email is an address in its two forms.
type Email struct {
	// Text is the address as it is stored and shown: what was written without
	// blanks and default-ignorable characters at both ends, in NFC.
	Text string
	// Key is the canonical form: the part before @ in full case folding, the
	// domain in ASCII as UTS 46 maps it. A dot or a plus tag before the @ makes
	// another address.
	Key string
	// Replaced says that NFC made another character of one (K of U+212A). Such a
	// spelling finds an address and does not change how it is shown.
	Replaced bool
}

// ParseEmail reads an address. Its error is an [*Error]. A text that equals one
// of stored byte for byte is accepted although it would be rejected: an address
// that the customer has may be sent back as it is. Its key is
// [StoredEmailKey]'s.
//
// Lengths are those of the canonical form, so that all spellings of an address
// are accepted or none is.
func ParseEmail(text string, stored ...string) (Email, error) {
	email, reason := parseEmail(text)
	if reason == nil {
		return email, nil
	}
	for _, s := range stored {
		if s == text {
			return Email{Text: text, Key: StoredEmailKey(text)}, nil
		}
	}
	return Email{}, reason
}

// StoredEmailKey is the key of an address as it is stored, also of one that
// [ParseEmail] rejects: of such a one it is [FormerEmailKey]'s.
func StoredEmailKey(text string) string {
	if email, reason := parseEmail(text); reason == nil {
		return email.Key
	}
	return FormerEmailKey(text)
}

// MayBeStored reports whether a text that [ParseEmail] rejects may have been stored
// as an address before there was a canonical form.
func MayBeStored(text string) bool {
	return len(text) <= maxEmail && strings.Contains(text, "@") && (!isASCII(text) || strings.Contains(strings.ToLower(text), "xn--"))
}

// FormerEmailKey is the key that an address had before there was a canonical
// form: lower case.
func FormerEmailKey(text string) string { return strings.ToLower(text) }

func parseEmail(text string) (Email, *Error) {
	if isPlain(text) {
		return Email{Text: text, Key: text}, nil
	}
	s := trim(text)
	if s == "" {
		return Email{}, &Error{Reason: Empty}
	}
	if len(s) > 4*maxEmail { // no character is more than four times as long as what it becomes
		return Email{}, &Error{Reason: EmailTooLong, Limit: maxEmail}
	}
	email := Email{Text: s}
	ascii := isASCII(s)
	if !ascii {
		if !utf8.ValidString(s) {
			return Email{}, &Error{Reason: NotUTF8}
		}
		email.Text = norm.NFC.String(s)
		email.Replaced = email.Text != s && replacesCharacter(s)
	}
	special := false
	for _, r := range email.Text {
		if reason := unfit(r); reason != "" {
			return Email{}, &Error{Reason: reason, Char: r}
		}
		special = special || isSpecial(r)
	}
	at := strings.IndexByte(email.Text, '@')
	if special || at < 0 || at == len(email.Text)-1 || strings.LastIndexByte(email.Text, '@') != at || !dotsInside(email.Text[:at]) {
		return Email{}, &Error{Reason: NotAddress}
	}
	key := email.Text
	if ascii {
		key = strings.ToLower(key)
	}
	local, written := key[:at], key[at+1:]
	if !ascii {
		local = fold(local)
	}
	domain, ok := canonicalDomain(written)
	switch {
	case !ok:
		return Email{}, &Error{Reason: NotDomain}
	case len(local) > maxLocal:
		return Email{}, &Error{Reason: LocalTooLong, Limit: maxLocal}
	case len(local)+1+len(domain) > maxEmail:
		return Email{}, &Error{Reason: EmailTooLong, Limit: maxEmail}
	}
	if email.Key = key; !ascii || domain != written {
		email.Key = local + "@" + domain
	}
	return email, nil
}

// isPlain reports whether s is an address of small letters, digits and - . _ + alone,
// without a domain that is mapped. Nearly all are, and such a one is its own key.
func isPlain(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > maxLocal || len(s) > maxEmail || !dotsInside(s[:at]) {
		return false
	}
	for i := range at {
		if c := s[i]; !isPlainByte(c) && c != '.' && c != '_' && c != '+' {
			return false
		}
	}
	label := at + 1
	for i := label; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			if !isPlainByte(s[i]) {
				return false
			}
			continue
		}
		if i == label || i-label > maxLabel || s[label] == '-' || s[i-1] == '-' || strings.HasPrefix(s[label:i], "xn--") {
			return false
		}
		label = i + 1
	}
	return true
}

func isPlainByte(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' }

// isSpecial reports whether r may stand in an address between quotes only (RFC
// 5322), but for the @.
func isSpecial(r rune) bool {
	switch r {
	case '"', '(', ')', ',', ':', ';', '<', '>', '[', '\\', ']':
		return true
	}
	return false
}

// dotsInside reports whether s has characters before, between and after its
// dots.
func dotsInside(s string) bool {
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

var caseFolder = cases.Fold()

// fold is canonical caseless matching (Unicode 3.13, D145), composed.
func fold(s string) string {
	return norm.NFC.String(strings.Map(cherokee, caseFolder.String(norm.NFD.String(s))))
}

// cherokee makes capitals of Cherokee's small letters, which is how that script
// folds (CaseFolding.txt). golang.org/x/text makes each the other one.
func cherokee(r rune) rune {
	switch {
	case 0xab70 <= r && r <= 0xabbf:
		return r - 0xab70 + 0x13a0
	case 0x13f8 <= r && r <= 0x13fd:
		return r - 0x13f8 + 0x13f0
	}
	return r
}

// uts46 maps a domain as browsers do to look it up; a sharp s stays one. Which
// hyphens are in order is asked of the outcome.
var uts46 = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckHyphens(false))

// canonicalDomain is the domain in ASCII and lower case, and whether it is one.
func canonicalDomain(s string) (string, bool) {
	if isASCII(s) {
		s = strings.ToLower(s)
	}
	if !isASCII(s) || strings.HasPrefix(s, "xn--") || strings.Contains(s, ".xn--") {
		mapped, err := uts46.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = mapped
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return "", false
			}
		}
	}
	return s, true
}

// replacesCharacter reports whether NFC makes another character of one of s,
// taken by itself.
func replacesCharacter(s string) bool {
	for _, r := range s {
		if !norm.NFC.IsNormalString(string(r)) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
