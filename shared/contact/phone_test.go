package contact_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"regulars/shared/contact"
)

func TestParsePhone(t *testing.T) {
	tests := []struct {
		name, text, country string
		want                string
		err                 contact.Reason
	}{
		{name: "international", text: "+79991234567", want: "+79991234567"},
		{name: "of the document, assigned to nobody", text: "+79000000000", want: "+79000000000"},
		{name: "7 digits", text: "+1234567", want: "+1234567"},
		{name: "12 digits of the document", text: "+790000000000", want: "+790000000000"},
		{name: "15 digits of the document", text: "+508370045348179", want: "+508370045348179"},
		{name: "separators", text: " +7 (999) 123-45.67/89 ", want: "+7999123456789"},
		{name: "hyphens and blanks of a word processor", text: "+7\u00a0999\u2010123\u201145\u201367", want: "+79991234567"},
		{name: "hyphens between blanks", text: "+7 999 - 123 - 4567", want: "+79991234567"},
		{name: "pairs with dots", text: "+33 6.12.34.56.78", want: "+33612345678"},
		{name: "brackets around the calling code", text: "(+84) 909 700 009", country: "84", want: "+84909700009"},
		{name: "a blank after the plus", text: "+ 84 909 700 009", want: "+84909700009"},
		{name: "brackets at the end", text: "0909 700 (009)", country: "84", want: "+84909700009"},
		{name: "two pairs of brackets", text: "(+84)(909)700009", want: "+84909700009"},
		{name: "invisible marks at the ends", text: "\u202a\u200e+84909700009\u202c\ufeff", want: "+84909700009"},
		{name: "no plus", text: "79991234567", want: "+79991234567"},
		{name: "a local 8 is not rewritten", text: "89991234567", want: "+89991234567"},
		{name: "leading 0 with a country", text: "0901234567", country: "84", want: "+84901234567"},
		{name: "leading 0 in brackets with a country", text: "(090) 123-45-67", country: "84", want: "+84901234567"},
		{name: "no leading 0 with a country", text: "901234567", country: "84", want: "+901234567"},
		{name: "the country stands there already", text: "84901234567", country: "84", want: "+84901234567"},
		{name: "plus and country", text: "+84901234567", country: "84", want: "+84901234567"},

		{name: "00 is plus", text: "0084909700009", country: "84", want: "+84909700009"},
		{name: "00 is plus, with separators", text: "00 84 909 700 009", want: "+84909700009"},
		{name: "00 is plus before any code", text: "00909700009", country: "84", want: "+909700009"},
		{name: "(0) after the calling code", text: "+84 (0) 909 700 009", country: "84", want: "+84909700009"},
		{name: "(0) after the calling code, close", text: "+84(0)909700009", country: "84", want: "+84909700009"},
		{name: "(0) after the calling code without plus", text: "84 (0) 909 700 009", country: "84", want: "+84909700009"},
		{name: "(0) after 00 and the calling code", text: "00 84 (0) 909 700 009", want: "+84909700009"},
		{name: "(0) after another country's code", text: "+49 (0) 171 1234567", country: "84", want: "+491711234567"},
		{name: "(0) without a calling code", text: "(0) 909 700 009", country: "84", want: "+84909700009"},
		{name: "(0) with blanks", text: "+84 ( 0 ) 909 700 009", want: "+84909700009"},
		{name: "trunk zero after the country", text: "+84 0909 700 009", country: "84", want: "+84909700009"},
		{name: "trunk zero after the country without plus", text: "840909700009", country: "84", want: "+84909700009"},
		{name: "trunk zero after 00 and the country", text: "00840909700009", country: "84", want: "+84909700009"},
		{name: "zero after another country's code", text: "+4901711234567", country: "84", want: "+4901711234567"},
		{name: "zero after a code where no country is set", text: "+840909700009", want: "+840909700009"},
		{name: "Italy keeps its zero", text: "06 12345678", country: "39", want: "+390612345678"},
		{name: "Italy keeps its zero after its code", text: "+39 06 12345678", country: "39", want: "+390612345678"},
		{name: "Italy keeps its zero in brackets", text: "+39 (0)6 12345678", country: "84", want: "+390612345678"},
		{name: "San Marino", text: "0549 886377", country: "378", want: "+3780549886377"},
		{name: "Ivory Coast", text: "07 07 07 07 07", country: "225", want: "+2250707070707"},
		{name: "Benin", text: "01 95 12 34 56", country: "229", want: "+2290195123456"},
		{name: "Congo", text: "06 123 4567", country: "242", want: "+242061234567"},

		{name: "number of a spreadsheet", text: "84909700009.0", err: contact.Spreadsheet},
		{name: "number of a spreadsheet with a plus", text: "+84909700009.0", err: contact.Spreadsheet},
		{name: "number of a spreadsheet, two decimals", text: "84909700009.00", err: contact.Spreadsheet},
		{name: "number of a spreadsheet, comma", text: "84909700009,0", err: contact.Spreadsheet},
		{name: "a single decimal", text: "84909700009.5", err: contact.Spreadsheet},
		{name: "scientific", text: "8.49097E+10", err: contact.Spreadsheet},
		{name: "scientific, small letter", text: "8.49097e10", err: contact.Spreadsheet},
		{name: "scientific, comma", text: "8,49097E+10", err: contact.Spreadsheet},
		{name: "scientific, no decimals", text: "8E+10", err: contact.Spreadsheet},
		{name: "one digit after a hyphen", text: "(028) 3822 1234 - 5", country: "84", err: contact.ShortLastGroup},
		{name: "two digits after a hyphen with blanks", text: "(028) 3822 1234 - 15", country: "84", err: contact.ShortLastGroup},
		{name: "two digits after a hyphen", text: "(028) 38-22-12-34", country: "84", want: "+842838221234"},
		{name: "one digit after a slash", text: "028 3822 1234/5", country: "84", err: contact.ShortLastGroup},
		{name: "one digit after a blank", text: "028 3822 1234 5", country: "84", err: contact.ShortLastGroup},
		{name: "one digit after a dot", text: "028.3822.1234.5", country: "84", err: contact.ShortLastGroup},
		{name: "one digit in brackets", text: "02838221234(5)", country: "84", err: contact.ShortLastGroup},
		{name: "(0) at the end", text: "+84 909 700 00(0)", country: "84", err: contact.MisplacedZero},
		{name: "date", text: "2024-03-15", err: contact.Date},
		{name: "date with slashes", text: "2024/3/15", err: contact.Date},
		{name: "date, day first", text: "15.03.2024", err: contact.Date},
		{name: "date, month first", text: "03/15/2024", err: contact.Date},
		{name: "date and time", text: "2024-03-15T10:00:00Z", err: contact.Date},
		{name: "date and time with a blank", text: "2024-03-15 10:00", err: contact.Date},
		{name: "no date: no such month", text: "2024-33-15", want: "+20243315"},
		{name: "extension", text: "+79991234567 ext 1", err: contact.Extension},
		{name: "extension, dot", text: "+7 999 123-45-67 Ext. 12", err: contact.Extension},
		{name: "extension, x", text: "+79991234567x12", err: contact.Extension},
		{name: "extension, number sign", text: "+79991234567 #12", err: contact.Extension},
		{name: "extension of RFC 3966", text: "+79991234567;ext=12", err: contact.Extension},
		{name: "extension in Russian", text: "+79991234567 \u0434\u043e\u0431. 12", err: contact.Extension},
		{name: "invisible mark inside", text: "0909\u200b700009", country: "84", err: contact.Invisible},
		{name: "direction mark inside", text: "+84\u200e909700009", err: contact.Invisible},

		{name: "(0) after the calling code and a trunk zero", text: "+84 (0) 0909 700 009", country: "84", err: contact.TwoTrunkZeros},
		{name: "two zeros after the country", text: "+84 00909 700 009", country: "84", err: contact.TwoTrunkZeros},
		{name: "(0) in the middle", text: "+84 909 (0) 700 009", country: "84", err: contact.MisplacedZero},
		{name: "(0) twice", text: "+84 (0)(0) 909 700 009", country: "84", err: contact.MisplacedZero},
		{name: "(0) after a trunk zero", text: "09 (0) 9700 009", country: "84", err: contact.MisplacedZero},
		{name: "(0) after 00", text: "00 (0) 9700 009", country: "84", err: contact.MisplacedZero},
		{name: "(0) after a plus", text: "+(0) 909 700 009", country: "84", err: contact.LeadingZero},
		{name: "(0) without a country", text: "(0) 909 700 009", err: contact.LeadingZero},

		{name: "two hyphens", text: "0909--700009", country: "84", err: contact.Misplaced},
		{name: "a hyphen and a dot", text: "0909-.700009", country: "84", err: contact.Misplaced},
		{name: "hyphen at the front", text: "-0909700009", country: "84", err: contact.Misplaced},
		{name: "hyphen at the end", text: "0909700009-", country: "84", err: contact.Misplaced},
		{name: "dot at the end", text: "0909700009.", country: "84", err: contact.Misplaced},
		{name: "bracket without its other one", text: "(0909 700009", country: "84", err: contact.Misplaced},
		{name: "closing bracket alone", text: "0909) 700009", country: "84", err: contact.Misplaced},
		{name: "brackets in brackets", text: "((0909)) 700009", country: "84", err: contact.Misplaced},
		{name: "empty brackets", text: "0909 () 700009", country: "84", err: contact.Misplaced},
		{name: "two signs", text: "++79991234567", err: contact.Misplaced},
		{name: "sign in the middle", text: "7+9991234567", err: contact.Misplaced},

		{name: "too short of the document", text: "12345", err: contact.TooFewDigits},
		{name: "letters of the document", text: "phone", err: contact.OtherCharacter},
		{name: "zeros of the document", text: "+000000000000", err: contact.LeadingZero},
		{name: "too long of the document", text: "+799912345678901234567890", err: contact.TooManyDigits},
		{name: "6 digits", text: "+123456", err: contact.TooFewDigits},
		{name: "16 digits", text: "+1234567890123456", err: contact.TooManyDigits},
		{name: "leading 0 without a country", text: "0901234567", err: contact.LeadingZero},
		{name: "leading 0 after a plus", text: "+0901234567", country: "84", err: contact.LeadingZero},
		{name: "too long with the country", text: "012345678901234", country: "84", err: contact.TooManyDigits},
		{name: "nothing", text: "", err: contact.Empty},
		{name: "invisible marks alone", text: "\u200e \u202c", err: contact.Empty},
		{name: "plus alone", text: "+", err: contact.TooFewDigits},
		{name: "separators alone", text: "+ (-)", err: contact.Misplaced},
		{name: "digits of another script", text: "+\u0667\u0669\u0669\u0669\u0661\u0662\u0663\u0664\u0665\u0666\u0667", err: contact.OtherCharacter},
		{name: "full-width digits", text: "\uff10909700009", country: "84", err: contact.OtherCharacter},
		{name: "line break", text: "+7999\n1234567", err: contact.OtherCharacter},
		{name: "apostrophe of a spreadsheet", text: "'+79991234567", err: contact.OtherCharacter},
		{name: "a megabyte", text: strings.Repeat("1 ", 1<<19) + "1", err: contact.PhoneTooLong},
		{name: "no UTF-8", text: "+7999123456\xff7", err: contact.NotUTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := contact.ParsePhone(tt.text, tt.country)
			if reason := reasonOf(t, err); got != tt.want || reason != tt.err {
				t.Errorf("ParsePhone(%+q, %q) = %q, reason %q, want %q, reason %q", tt.text, tt.country, got, reason, tt.want, tt.err)
			}
		})
	}
}

// drawGroups cuts digits into groups, the last of at least three.
func drawGroups(t *rapid.T, digits string) []string {
	var groups []string
	for len(digits) > 5 {
		n := rapid.IntRange(1, len(digits)-3).Draw(t, "digits of the group")
		groups, digits = append(groups, digits[:n]), digits[n:]
	}
	return append(groups, digits)
}

func TestSpellingsOfAPhone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"84", "49", "7", "971", "39", "225"}).Draw(t, "country")
		national := rapid.StringMatching(`[1-9][0-9]{7,10}`).Draw(t, "national number")
		keeps := country == "39" || country == "225"
		want := "+" + country + national
		prefixes := []string{"+" + country, "00" + country, country, "+" + country + "0", "00" + country + "0", country + "0", "0", "(0)", "+" + country + " (0) ", country + "(0)", "(+" + country + ")", "(+" + country + ") (0)"}
		if keeps {
			national = "0" + national
			want = "+" + country + national
			prefixes = []string{"+" + country, "00" + country, country, "", "(+" + country + ") "}
		}
		prefix := rapid.SampledFrom(prefixes).Draw(t, "prefix")
		if strings.HasPrefix(national, country) && prefix == "0" {
			t.Skip("the trunk prefix stands before it")
		}
		groups := drawGroups(t, national)
		var spelling strings.Builder
		spelling.WriteString(rapid.SampledFrom([]string{"", " ", "\u200e", "\ufeff "}).Draw(t, "front") + prefix)
		if strings.HasSuffix(prefix, country) && rapid.Bool().Draw(t, "a blank after the code") {
			spelling.WriteString(" ")
		}
		for i, group := range groups {
			bracketed := i < len(groups)-1 && group != "0" && rapid.IntRange(0, 4).Draw(t, "brackets") == 0
			if bracketed {
				group = "(" + group + ")"
			}
			if i > 0 {
				group = rapid.SampledFrom([]string{"", " ", "-", ".", "/", " - ", "\u00a0", "\u2011", "  "}).Draw(t, "separator") + group
			}
			spelling.WriteString(group)
		}
		spelling.WriteString(rapid.SampledFrom([]string{"", " ", "\u202c"}).Draw(t, "end"))
		got, err := contact.ParsePhone(spelling.String(), country)
		if reason := reasonOf(t, err); reason == contact.Date || reason == contact.Spreadsheet {
			t.Skip("it could be something else")
		}
		if err != nil || got != want {
			t.Fatalf("%+q in %s is %q, error %v, want %q", spelling.String(), country, got, err, want)
		}

		other := []byte(want)
		i := rapid.IntRange(len(country)+1, len(other)-1).Draw(t, "place")
		other[i] = rapid.SampledFrom(slices.DeleteFunc([]byte("123456789"), func(c byte) bool { return c == other[i] })).Draw(t, "other digit")
		if got, err := contact.ParsePhone(string(other), country); err != nil || got == want {
			t.Fatalf("%s and %s are one number, error %v", other, want, err)
		}
	})
}

// FuzzPhone: what is accepted has the canonical form, which has the digits of
// the text in their order, and reading it changes nothing.
func FuzzPhone(f *testing.F) {
	for _, seed := range []string{
		"+79991234567", "0901234567", "12345", "phone", "+000000000000", "+799912345678901234567890", "(090) 123-45-67", "+84 (0) 909 700 009", "00 84 (0)909700009",
		"84909700009.0", "8.49097E+10", "(028) 3822 1234 - 5", "2024-03-15", "0909700009 ext 5", "+39 (0)6 12345678", "\u200e0909\u00a0700\u2011009",
	} {
		f.Add(seed, "84")
		f.Add(seed, "")
		f.Add(seed, "39")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		if strings.Trim(country, "0123456789") != "" || len(country) > 3 || strings.HasPrefix(country, "0") {
			t.Skip("no calling code that settings allow")
		}
		got, err := contact.ParsePhone(text, country)
		if reasonOf(t, err) != "" {
			if got != "" {
				t.Fatalf("ParsePhone(%+q) = %q beside an error", text, got)
			}
			return
		}
		digits := strings.TrimPrefix(got, "+")
		if len(digits) != len(got)-1 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' || len(digits) < 7 || len(digits) > 15 {
			t.Fatalf("ParsePhone(%+q) = %q, want + and 7 to 15 digits", text, got)
		}
		if again, err := contact.ParsePhone(got, country); err != nil || again != got {
			t.Fatalf("ParsePhone(%q) = %q, error %v, want it unchanged", got, again, err)
		}
		written := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		if !strings.HasSuffix(written, digits[len(digits)-4:]) {
			t.Fatalf("ParsePhone(%+q) = %q, want the last digits written", text, got)
		}
		noZero := func(s string) string { return strings.ReplaceAll(s, "0", "") }
		if kept := noZero(digits); kept != noZero(written) && kept != noZero(country+written) {
			t.Fatalf("ParsePhone(%+q) = %q, want the digits written", text, got)
		}
	})
}
