package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		values  []string
		allowed func(rune) bool
		want    string
		sent    bool
		err     error
	}{
		{name: "no header"},
		{name: "one", values: []string{"a b~"}, allowed: idempotency.PrintableASCII, want: "a b~", sent: true},
		{name: "two are joined", values: []string{"a", "b"}, want: "a,b", sent: true},
		{name: "empty", values: []string{""}, sent: true, err: idempotency.ErrBadKey},
		{name: "longest, in characters", values: []string{strings.Repeat("ø", 128)}, want: strings.Repeat("ø", 128), sent: true},
		{name: "too long", values: []string{strings.Repeat("a", 129)}, sent: true, err: idempotency.ErrBadKey},
		{name: "not ASCII", values: []string{"ø"}, allowed: idempotency.PrintableASCII, sent: true, err: idempotency.ErrBadKey},
		{name: "not printable", values: []string{"a\n0"}, allowed: idempotency.PrintableASCII, sent: true, err: idempotency.ErrBadKey},
		{name: "not UTF-8", values: []string{"\xff"}, allowed: idempotency.PrintableASCII, sent: true, err: idempotency.ErrBadKey},
	}
	for _, tt := range tests {
		got, sent, err := idempotency.Parse(tt.values, tt.allowed)
		if got != tt.want || sent != tt.sent || !errors.Is(err, tt.err) {
			t.Errorf("%s: Parse = %q, %t, error %v; want %q, %t, %v", tt.name, got, sent, err, tt.want, tt.sent, tt.err)
		}
	}
}

// Fingerprints are kept for 30 days: another way of making them would reject
// repeats of what was recorded before.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	got, err := idempotency.Fingerprint("POST /api\n", map[string]any{"b": 1, "a": "<"})
	if want := "d5845de8422e17c3"; err != nil || got[:16] != want {
		t.Errorf("Fingerprint = %.16s, error %v, want %s", got, err, want)
	}
	if _, err := idempotency.Fingerprint("", func() {}); err == nil {
		t.Error("Fingerprint of what is not JSON: no error")
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	record := idempotency.Record[string]{Key: idempotency.Key{Value: "k", Fingerprint: "same"}, Outcome: "first"}
	broken := errors.New("broken")
	conflicts := 1
	read := func(_ context.Context, value string) (*idempotency.Record[string], error) {
		switch {
		case value == "none":
			return nil, nil
		case value == "broken":
			return nil, broken
		case conflicts > 0:
			conflicts--
			return nil, fmt.Errorf("throttled: %w", errs.ErrConflict)
		}
		return &record, nil
	}
	tests := []struct {
		name  string
		key   *idempotency.Key
		want  string
		found bool
		err   error
	}{
		{"the same request", &idempotency.Key{Value: "k", Fingerprint: "same"}, "first", true, nil},
		{"another request", &idempotency.Key{Value: "k", Fingerprint: "other"}, "", true, idempotency.ErrKeyReused},
		{"nothing recorded", &idempotency.Key{Value: "none"}, "", false, nil},
		{"no key", nil, "", false, nil},
		{"a read that fails", &idempotency.Key{Value: "broken"}, "", false, broken},
	}
	for _, tt := range tests {
		got, found, err := idempotency.Lookup(t.Context(), tt.key, read)
		if got != tt.want || found != tt.found || !errors.Is(err, tt.err) {
			t.Errorf("%s: Lookup = %q, %t, error %v; want %q, %t, %v", tt.name, got, found, err, tt.want, tt.found, tt.err)
		}
	}
	for _, tt := range tests[:2] {
		got, found, err := idempotency.OfCommit[string](&idempotency.Carried[string]{Record: record}, tt.key)
		if got != tt.want || !found || !errors.Is(err, tt.err) {
			t.Errorf("%s: OfCommit = %q, %t, error %v; want %q, true, %v", tt.name, got, found, err, tt.want, tt.err)
		}
	}
	if _, found, err := idempotency.OfCommit[string](broken, nil); found || !errors.Is(err, broken) {
		t.Errorf("OfCommit of another error = %t, %v, want it as it is", found, err)
	}
}
