package contact_test

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"regulars/shared/contact"
)

// defaultIgnorable is Default_Ignorable_Code_Point of DerivedCoreProperties.txt
// (Unicode 15.0): 4174 code points.
var defaultIgnorable = [][2]rune{
	{0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
	{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
}

func TestDefaultIgnorable(t *testing.T) {
	want, n := map[rune]bool{}, 0
	for _, span := range defaultIgnorable {
		for r := span[0]; r <= span[1]; r++ {
			want[r] = true
		}
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		got := contact.DefaultIgnorable(r)
		if got != want[r] {
			t.Errorf("DefaultIgnorable(%U) = %v, want %v", r, got, want[r])
		}
		if got {
			n++
		}
	}
	if n != 4174 {
		t.Errorf("%d code points, want 4174", n)
	}
}

func TestOneVersionOfUnicode(t *testing.T) {
	for name, version := range map[string]string{"norm": norm.Version, "cases": cases.UnicodeVersion, "idna": idna.UnicodeVersion} {
		if version != contact.UnicodeVersion {
			t.Errorf("%s has Unicode %s, want %s as the standard library", name, version, contact.UnicodeVersion)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"as it is", "70001", "70001"},
		{"blanks at both ends", " 70001\t", "70001"},
		{"blanks of other scripts", "\u3000\u00a070001\u2003\u2028", "70001"},
		{"invisible marks at both ends", "\ufeff\u200e70001\u200b\u2060\ufe0f", "70001"},
		{"inside they count", "70 \u200b001", "70 \u200b001"},
		{"case counts", "Ab", "Ab"},
		{"composition counts", "e\u0301", "e\u0301"},
		{"no blank at all", "a\u2800", "a\u2800"},
		{"not UTF-8", " \xff ", "\xff"},
		{"nothing", "", ""},
		{"blanks alone", " \u3000 ", ""},
		{"a zero-width space alone", "\u200b", ""},
		{"fillers alone", "\u3164\u115f\uffa0\u00ad", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := contact.Match(tt.text); got != tt.want {
				t.Errorf("Match(%+q) = %+q, want %+q", tt.text, got, tt.want)
			}
		})
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		want := unicode.Is(unicode.White_Space, r) || contact.DefaultIgnorable(r)
		if got := contact.Match(string(r) + "x" + string(r)); (got == "x") != want || !strings.Contains(got, "x") {
			t.Fatalf("Match with %U at both ends = %+q, want it trimmed: %v", r, got, want)
		}
	}
}

// The common case is ASCII, and a number in E.164.
func BenchmarkEmail(b *testing.B) {
	for name, text := range map[string]string{"ascii": "ada.lovelace@example.com", "capitals": "Ada.Lovelace@Example.com", "letters": "jos\u00e9@example.com", "domain": "nora@m\u00fcnchen-shop.example"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = contact.ParseEmail(text)
			}
		})
	}
}

func BenchmarkPhone(b *testing.B) {
	for name, text := range map[string]string{"canonical": "+84909700009", "national": "0909700009", "separators": "+84 (0) 909 700 009"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = contact.ParsePhone(text, "84")
			}
		})
	}
}
