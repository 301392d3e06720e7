package anchor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"regulars/shared/anchor"
	"regulars/shared/customer"
)

// A notary signs.
type notary struct{ key *ecdsa.PrivateKey }

func (n notary) Sign(_ context.Context, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, n.key, sum[:])
}

func (n notary) PublicKey(context.Context) ([]byte, error) { return nil, nil }

func newNotary(t testing.TB) notary {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return notary{key}
}

// A line says all of an anchor, and another anchor has another line.
func TestLine(t *testing.T) {
	t.Parallel()
	n := newNotary(t)
	a := anchor.Anchor{Tenant: 5, Day: "2026-11-29", Ledgers: 7, Heads: anchor.Digest{1}, PreviousDay: "2026-11-28", Previous: anchor.Digest{2}}
	line, err := a.Line(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := anchor.Parse(line); err != nil || got != a || !anchor.Signed(line, &n.key.PublicKey) {
		t.Errorf("%s is read as %+v, %v", line, got, err)
	}
	if anchor.Signed(line, &newNotary(t).key.PublicKey) {
		t.Error("another key signed it too")
	}
	for i := range line {
		changed := []byte(line)
		if changed[i] = '1'; line[i] == '1' {
			changed[i] = '2'
		}
		if anchor.Signed(string(changed), &n.key.PublicKey) {
			t.Errorf("with another byte at %d it counts as signed", i)
		}
	}
}

// The digest tells each head, their order and where one ends.
func TestDigest(t *testing.T) {
	t.Parallel()
	a, b := anchor.Head{Ledger: 1, Seq: 2}, anchor.Head{Ledger: 2, Seq: 1}
	seen := map[anchor.Digest]string{}
	for name, heads := range map[string][]anchor.Head{
		"none": nil, "one": {a}, "both": {a, b}, "both, otherwise": {b, a}, "another hash": {{Ledger: 1, Seq: 2, Hash: [32]byte{1}}},
	} {
		d := anchor.Digest{}.With(heads)
		if other, there := seen[d]; there {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
	}
	if anchor.Together([customer.Shards]anchor.Digest{0: {1}}) == anchor.Together([customer.Shards]anchor.Digest{1: {1}}) {
		t.Error("shards may change places")
	}
}

func FuzzParse(f *testing.F) {
	n := newNotary(f)
	for _, a := range []anchor.Anchor{{Tenant: 5, Day: "2026-11-29"}, {Tenant: 1, Day: "2026-11-29", PreviousDay: "2026-11-28"}} {
		line, err := a.Line(f.Context(), n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, err := anchor.Parse(line)
		if err != nil {
			if anchor.Signed(line, &n.key.PublicKey) {
				t.Errorf("%q is no line, and signed", line)
			}
			return
		}
		again, err := a.Line(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := anchor.Parse(again); err != nil || a != b {
			t.Errorf("%q is read as %+v, that as %+v, %v", line, a, b, err)
		}
	})
}
