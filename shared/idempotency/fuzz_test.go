package idempotency_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"regulars/shared/idempotency"
)

// A key that is taken is what was sent, and within its bounds.
func FuzzKey(f *testing.F) {
	f.Add("k-1", "")
	f.Add("a", "b, c")
	f.Add("\x00", "é")
	f.Fuzz(func(t *testing.T, one, two string) {
		got, sent, err := idempotency.Parse([]string{one, two}, idempotency.PrintableASCII)
		if !sent {
			t.Fatal("it was sent")
		}
		fits := utf8.RuneCountInString(one+","+two) <= idempotency.MaxLength && !strings.ContainsFunc(one+two, func(r rune) bool { return r < ' ' || r > '~' })
		if (err == nil) != fits || err == nil && got != one+","+two {
			t.Errorf("%q, %q: %q, %v", one, two, got, err)
		}
	})
}
