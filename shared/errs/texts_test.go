package errs_test

import (
	"errors"
	"strings"
	"testing"

	"regulars/shared/errs"
)

func TestTexts(t *testing.T) {
	texts := errs.Texts{
		Path: strings.ToUpper,
		Spell: func(arg any) any {
			if arg == true {
				return "yes"
			}
			return arg
		},
		Formats: map[string]string{
			"unavailable":    "Later.",
			"taken":          "It is taken.",
			"too_long":       "%[1]v: %v characters; %v is the limit.",
			"too_long/bytes": "%v bytes; %v is the limit.",
			"quoted":         "%.3q: %v.",
			"nested":         "%[1]v is rejected: %v",
		},
	}
	short := errs.New(errs.Invalid, "too_long/bytes", "b", 7, 5)
	for _, tt := range []struct {
		id, path string
		args     []any
		want     string
	}{
		{"taken", "a", nil, "It is taken."},
		{"taken", "a", []any{1, 2}, "It is taken."},
		{"too_long", "a.b", []any{7, 5}, "A.B: 7 characters; 5 is the limit."},
		{"too_long/bytes", "a.b", []any{7, 5}, "7 bytes; 5 is the limit."},
		{"quoted", "", []any{"abcdef", true}, `"abc": yes.`},
		{"nested", "a", []any{short}, "A is rejected: 7 bytes; 5 is the limit."},
		{"unknown/reason", "a", []any{7}, "unknown/reason at a: [7]"},
	} {
		if got := texts.Of(errs.New(errs.Invalid, tt.id, tt.path, tt.args...)); got != tt.want {
			t.Errorf("Of(%s) = %q, want %q", tt.id, got, tt.want)
		}
	}

	more := texts.With(map[string]string{"taken": "Another has it."})
	taken := errs.New(errs.Invalid, "taken", "")
	if got, before := more.Of(taken), texts.Of(taken); got != "Another has it." || before != "It is taken." {
		t.Errorf("With: %q, and before %q", got, before)
	}
	for want, u := range map[string]*errs.Unavailable{
		"Later.":                   {Err: errors.New("throttled")},
		"7 bytes; 5 is the limit.": {Code: "too_long/bytes", Args: []any{7, 5}},
	} {
		if got := texts.OfUnavailable(u); got != want {
			t.Errorf("OfUnavailable(%+v) = %q, want %q", u, got, want)
		}
	}
}
