package jobs

import "testing"

// The text of a message names one part, in one spelling.
func FuzzRef(f *testing.F) {
	for _, seed := range []string{"5/20260301T093456Z-ABCDEFGH/0", "05/a/0", "5/a/-1", "5//1", "5/a/b/1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParseRef(text); err == nil && (r.String() != text || r.Tenant < 1 || r.Number < 0) {
			t.Errorf("%q is read as %+v", text, r)
		}
	})
}
