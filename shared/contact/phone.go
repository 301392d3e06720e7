package contact

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Digits of a number with its calling code (E.164); the least and the bytes are
// ours.
const (
	minDigits = 7
	maxDigits = 15
	maxPhone  = 100 // bytes with separators
)

// ParsePhone returns the number in E.164: + and 7 to 15 digits, the first of
// them not 0. It need not be assigned to anybody. Its error is an [*Error].
//
// country is the tenant's calling code, 1 to 3 digits, or empty. Without + or 00
// a leading 0 is the trunk prefix and becomes country where that is set; else +
// is put before. (0) after a calling code is dropped, without one it is the
// trunk prefix. So is a 0 after the tenant's own calling code. The countries of
// keepsZero have no trunk prefix: there the 0 belongs to the number.
//
// Separators stand between two digits: blanks, or a hyphen, dot or slash with or
// without blanks; brackets stand in pairs.
func ParsePhone(text, country string) (string, error) {
	s := trim(text)
	if s == "" {
		return "", &Error{Reason: Empty}
	}
	if len(s) > maxPhone {
		return "", &Error{Reason: PhoneTooLong, Limit: maxPhone}
	}
	digits, ok := strings.CutPrefix(s, "+")
	international := ok
	if !onlyDigits(digits) {
		var err *Error
		if digits, international, err = readNumber(s); err != nil {
			return "", err
		}
	}
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !international {
		digits, international = rest, true // how + is dialled
	}
	if country != "" {
		var err *Error
		if digits, err = withoutTrunkZero(digits, international, country); err != nil {
			return "", err
		}
	}
	switch n := len(digits); {
	case n < minDigits:
		return "", &Error{Reason: TooFewDigits, Limit: minDigits}
	case n > maxDigits:
		return "", &Error{Reason: TooManyDigits, Limit: maxDigits}
	case digits[0] == '0':
		return "", &Error{Reason: LeadingZero}
	}
	return "+" + digits, nil
}

// withoutTrunkZero puts the calling code in place of a trunk prefix and drops
// one that follows the calling code.
func withoutTrunkZero(digits string, international bool, country string) (string, *Error) {
	national, ok := strings.CutPrefix(digits, country)
	if !ok {
		if international || !strings.HasPrefix(digits, "0") {
			return digits, nil
		}
		national = digits
	}
	if keepsZero(country) {
		return country + national, nil
	}
	national, ok = strings.CutPrefix(national, "0")
	if ok && strings.HasPrefix(national, "0") {
		return "", &Error{Reason: TwoTrunkZeros}
	}
	return country + national, nil
}

// National returns a number in E.164 as it is dialled within the country of its
// calling code: with a leading 0 instead of the code, or without either where the
// country has no trunk prefix. Numbers of other countries stay as they are.
func National(number, country string) string {
	rest, ok := strings.CutPrefix(number, "+"+country)
	switch {
	case !ok || country == "":
		return number
	case keepsZero(country):
		return rest
	}
	return "0" + rest
}

// keepsZero reports whether numbers of the calling code begin with a 0 that is
// dialled from abroad as well: Italy, San Marino, Ivory Coast, Benin, Congo.
func keepsZero(code string) bool {
	switch code {
	case "39", "378", "225", "229", "242":
		return true
	}
	return false
}

// Texts of other things that consist of digits and separators.
const (
	year = `(?:19|20)\d\d`
	day  = `(?:0?[1-9]|[12]\d|3[01])` // or month
)

var (
	scientific = lazily(`^[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+$`)
	decimal    = lazily(`^[+-]?\d{4,}[.,](?:\d|0+)$`)
	date       = lazily(`^(?:` + year + `[-./]` + day + `[-./]` + day + `|` + day + `[-./]` + day + `[-./]` + year + `)(?:[T ]+\d\d?:.*)?$`)
	extension  = lazily(`(?i)\d[\s().,;/-]*(?:#|(?:x|ext|extn|extension|доб)[\s.:=]*\d)`)
)

// lazily compiles at the first use, which saves each start 0.1 ms.
func lazily(form string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(form) })
}

// otherThing says what a text is instead of a number, as far as it can be told.
// char is its first character that no number has; 0 where there is none.
func otherThing(s string, char rune) *Error {
	switch {
	case !utf8.ValidString(s):
		return &Error{Reason: NotUTF8}
	case strings.ContainsAny(s, ".,eE") && (decimal().MatchString(s) || scientific().MatchString(s)):
		return &Error{Reason: Spreadsheet}
	case (char != 0 || len(s) <= len("2006-01-02")) && date().MatchString(s):
		return &Error{Reason: Date}
	case char == 0:
		return nil
	case extension().MatchString(s):
		return &Error{Reason: Extension}
	case DefaultIgnorable(char):
		return &Error{Reason: Invisible, Char: char}
	}
	return &Error{Reason: OtherCharacter, Char: char}
}

// separators maps what people put between digits to fewer characters, and (0)
// to z.
var separators = strings.NewReplacer("\u00a0", " ", "\u2010", "-", "\u2011", "-", "\u2013", "-", "(0)", "z", "( 0 )", "z")

// readNumber reads a text with separators: its digits, and whether they begin
// with a calling code for certain. A group is the digits between two separators.
func readNumber(s string) (digits string, international bool, err *Error) {
	var char rune
	if i := strings.IndexFunc(s, foreign); i >= 0 {
		char, _ = utf8.DecodeRuneInString(s[i:])
	}
	if err := otherThing(s, char); err != nil {
		return "", false, err
	}
	rest := separators.Replace(s)
	if !bracketsInPairs(rest) {
		return "", false, &Error{Reason: Misplaced}
	}
	groups, length := 0, 0 // the length of the last group
	gap := ""              // what stands before it
	for {
		start := strings.IndexAny(rest, "0123456789z")
		if start < 0 {
			break
		}
		gap, rest = rest[:start], rest[start:]
		switch groups++; {
		case groups == 1 && !fits(gap, "+"), groups > 1 && !fits(gap, "-./"):
			return "", false, &Error{Reason: Misplaced}
		case groups == 1:
			international = strings.Contains(gap, "+")
		}
		if rest[0] == 'z' {
			rest, length = rest[1:], 1
			if digits, international, err = trunkZero(digits, international, rest); err != nil {
				return "", false, err
			}
			continue
		}
		length = len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		digits, rest = digits+rest[:length], rest[length:]
	}
	switch {
	case groups == 0:
		return "", false, &Error{Reason: TooFewDigits, Limit: minDigits}
	case !fits(rest, ""):
		return "", false, &Error{Reason: Misplaced}
	case groups > 1 && (length == 1 || length == 2 && strings.Contains(gap, "-") && strings.Contains(gap, " ")):
		return "", false, &Error{Reason: ShortLastGroup} // an extension by its looks
	}
	return digits, international, nil
}

// foreign reports whether r is neither digit, sign nor separator.
func foreign(r rune) bool {
	return !strings.ContainsRune("+0123456789 ().-/\u00a0\u2010\u2011\u2013", r)
}

// fits reports whether gap is one of marks or none, with blanks and brackets.
func fits(gap, marks string) bool {
	gap = strings.Trim(gap, " ()")
	return gap == "" || len(gap) == 1 && strings.Contains(marks, gap)
}

// trunkZero reads (0) between digits and rest: the trunk prefix, or what is not
// dialled after a calling code.
func trunkZero(digits string, international bool, rest string) (string, bool, *Error) {
	code := digits
	if !international {
		code = strings.TrimPrefix(code, "00")
	}
	switch {
	case strings.Contains(rest, "z"):
		return "", false, &Error{Reason: MisplacedZero}
	case digits == "":
		return "0", international, nil
	case code == "" || len(code) > 3 || code[0] == '0':
		return "", false, &Error{Reason: MisplacedZero}
	case strings.HasPrefix(strings.TrimLeft(rest, " -./()"), "0"):
		return "", false, &Error{Reason: TwoTrunkZeros}
	case keepsZero(code):
		code += "0"
	}
	return code, true, nil
}

// bracketsInPairs reports whether each bracket has its other one, with digits
// and no other bracket between them.
func bracketsInPairs(s string) bool {
	open, digits := false, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(' && open, c == ')' && !(open && digits):
			return false
		case c == '(', c == ')':
			open, digits = c == '(', false
		case '0' <= c && c <= '9':
			digits = true
		}
	}
	return !open
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
