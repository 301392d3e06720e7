package kinds

import "testing"

// The cursor of an anchor's part is read as it is written; one of purchases that expire is
// the start where it is none.
func FuzzCursors(f *testing.F) {
	for _, seed := range []string{"", "/0/" + anchoredSoFar{}.digest.String(), "0000007UFDDTF9QF/12/" + anchoredSoFar{}.digest.String(), "3/2026-11-29#0000007UFDDTF9QF#0000000001", "x/y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parseProgress(text); err == nil {
			again, err := parseProgress(p.String())
			if err != nil || again != p {
				t.Errorf("%q is read as %+v, that as %+v, %v", text, p, again, err)
			}
		}
		if c := parseCursor(text); c.Product == 0 && c.Position != "" && text[0] != '0' && text[0] != '-' && text[0] != '+' {
			t.Errorf("%q is read as %+v", text, c)
		}
	})
}
