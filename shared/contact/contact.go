// Package contact reads what customers are found by: e-mail addresses, phone
// numbers and the other values that are compared as text. Each has a form that
// is shown and a canonical form; two spellings of one address, number or value
// have the same canonical form, and no other has it.
//
// The characters are those of Unicode [UnicodeVersion], in the standard library
// and in golang.org/x alike. A later version assigns characters that are
// unassigned today; it changes no canonical form of what is accepted today.
package contact

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// UnicodeVersion is the version of the tables that the rules read.
const UnicodeVersion = unicode.Version

// Reason says why a text is no address or number. It is a stable code in
// snake_case, which the callers' bad_email and bad_phone bear as their reason;
// the sentences for it are the dialects'.
type Reason string

// Reasons for addresses and numbers.
const (
	Empty      Reason = "empty"
	NotUTF8    Reason = "not_utf8"
	Invisible  Reason = "invisible_character"   // a default-ignorable character inside
	Blank      Reason = "blank"                 // inside an address
	Control    Reason = "control_character"     // also one that formats text
	PrivateUse Reason = "private_use_character" // its meaning is a private agreement
	Unassigned Reason = "unassigned_character"  // non-characters as well
)

// Reasons for addresses.
const (
	NotAddress   Reason = "form"   // unlike name@example.com
	NotDomain    Reason = "domain" // the part after @
	EmailTooLong Reason = "too_long"
	LocalTooLong Reason = "local_too_long"
)

// Reasons for numbers.
const (
	PhoneTooLong   Reason = "too_many_bytes"
	OtherCharacter Reason = "characters"              // neither digit nor separator
	Misplaced      Reason = "misplaced_separator"     // not between two digits, or a bracket without its other one
	Spreadsheet    Reason = "number_of_a_spreadsheet" // 84909700009.0, 8.49097E+10
	Date           Reason = "date"                    // 2024-03-15
	Extension      Reason = "extension"               // ext 12, x12, #12
	ShortLastGroup Reason = "short_last_group"        // an extension by its looks: 3822 1234 - 5
	MisplacedZero  Reason = "misplaced_trunk_zero"    // (0) neither first nor after a calling code
	LeadingZero    Reason = "no_country"              // no calling code begins with 0
	TwoTrunkZeros  Reason = "two_trunk_zeros"         // after the tenant's calling code
	TooFewDigits   Reason = "too_short"               // with the calling code
	TooManyDigits  Reason = "too_long"                // with the calling code
)

// An Error says what is wrong with an address or a number.
type Error struct {
	Reason Reason
	// Char is the character that Reason is about; 0 where it is about none.
	Char rune
	// Limit is the bound in bytes or digits that Reason is about; 0 where it is
	// about none.
	Limit int
}

func (e *Error) Error() string {
	if e.Char == 0 {
		return string(e.Reason)
	}
	return fmt.Sprintf("%s %U", e.Reason, e.Char)
}

// Match returns the form in which values are compared that are neither
// addresses nor numbers: of custom fields, subscriptions' fields, tags and push
// ids. Blanks and default-ignorable characters at both ends do not count. Empty
// is no value.
func Match(text string) string { return trim(text) }

// trim removes Unicode's blanks and default-ignorable characters at both ends.
func trim(s string) string {
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if !ignoredAtEnds(r) {
			break
		}
		s = s[size:]
	}
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		if !ignoredAtEnds(r) {
			break
		}
		s = s[:len(s)-size]
	}
	return s
}

func ignoredAtEnds(r rune) bool {
	if r < utf8.RuneSelf {
		return r == ' ' || '\t' <= r && r <= '\r'
	}
	return unicode.IsSpace(r) || DefaultIgnorable(r)
}

// DefaultIgnorable reports whether r has Unicode's derived property
// Default_Ignorable_Code_Point (DerivedCoreProperties.txt): it is not shown
// where it is not supported, such as a zero-width space, a direction mark or a
// variation selector.
func DefaultIgnorable(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	case !unicode.Is(unicode.Cf, r), unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	// The marks of interlinear annotations and of hieroglyphs are not ignored.
	return !(0xfff9 <= r && r <= 0xfffb || 0x13430 <= r && r <= 0x13440)
}

const brailleBlank = '\u2800' // a symbol by its category, and nothing to see

// unfit says why a character may not be in an address, or nothing.
func unfit(r rune) Reason {
	switch {
	case r < utf8.RuneSelf:
		if r == ' ' || '\t' <= r && r <= '\r' {
			return Blank
		}
		if r < ' ' || r == 0x7f {
			return Control
		}
		return ""
	case DefaultIgnorable(r):
		return Invisible
	case unicode.IsSpace(r), r == brailleBlank:
		return Blank
	case unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S):
		return ""
	case unicode.In(r, unicode.Cc, unicode.Cf):
		return Control
	case unicode.Is(unicode.Co, r):
		return PrivateUse
	}
	return Unassigned
}
