// Package anchor keeps what the last entries of a tenant's ledgers were on a day, and
// one signed line that vouches for it: whoever may write to the table can rewrite a ledger
// and all its hashes, but not the line. [Check] holds ledgers against it.
package anchor

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// Kept is for how long lines and heads stay in the table. An anchor of any day before a
// ledger was rewritten shows that.
const Kept = 90 * 24 * time.Hour

// DayForm is how days are written: 2026-11-29, in UTC.
const DayForm = "2006-01-02"

// A Head is the last entry of a ledger.
type Head struct {
	// Ledger is the number that [points.LedgerOf] gives.
	Ledger customer.ID
	Seq    int64
	Hash   points.Hash
}

// Heads are those of the customers of a shard from one on.
type Heads struct {
	Shard int
	// After comes before the first of the customers, 0 at the begin; To is the last.
	After, To customer.ID
	// Last: the shard has no customers after these.
	Last  bool
	Heads []Head
}

// A Digest is a SHA-256.
type Digest [sha256.Size]byte

// String is 64 lower-case hex digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads what String writes.
func ParseDigest(text string) (d Digest, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(d) {
		return d, fmt.Errorf("%.70q is no digest", text)
	}
	return Digest(b), nil
}

// With is the digest of d and of heads after it: their ledgers, numbers (8 bytes each, the
// highest first) and hashes.
func (d Digest) With(heads []Head) Digest {
	b := append(make([]byte, 0, len(d)+len(heads)*(16+sha256.Size)), d[:]...)
	for _, h := range heads {
		b = binary.BigEndian.AppendUint64(b, uint64(h.Ledger))
		b = binary.BigEndian.AppendUint64(b, uint64(h.Seq))
		b = append(b, h.Hash[:]...)
	}
	return sha256.Sum256(b)
}

// Together is the digest of those of all shards, in their order.
func Together(shards [customer.Shards]Digest) Digest {
	var b []byte
	for _, d := range shards {
		b = append(b, d[:]...)
	}
	return sha256.Sum256(b)
}

// An Anchor is what its line says.
type Anchor struct {
	Tenant int
	Day    string
	// Ledgers is how many there were, Heads the digest of [Together].
	Ledgers int
	Heads   Digest
	// PreviousDay and Previous, the digest of its line, are of the anchor before; empty
	// for the first.
	PreviousDay string
	Previous    Digest
}

// text is what is signed.
func (a Anchor) text() string {
	previous := "-"
	if a.PreviousDay != "" {
		previous = a.PreviousDay + ":" + a.Previous.String()
	}
	return fmt.Sprintf("regulars-anchor/1 tenant=%d day=%s ledgers=%d heads=%s previous=%s", a.Tenant, a.Day, a.Ledgers, a.Heads, previous)
}

// A Signer signs with ECDSA on P-256 over the SHA-256 of a message.
type Signer interface {
	// Sign returns a signature in ASN.1.
	Sign(ctx context.Context, message []byte) ([]byte, error)
	// PublicKey is the other half of the key, in PKIX.
	PublicKey(ctx context.Context) ([]byte, error)
}

// Line is the signed line of an anchor.
func (a Anchor) Line(ctx context.Context, signer Signer) (string, error) {
	signature, err := signer.Sign(ctx, []byte(a.text()))
	if err != nil {
		return "", fmt.Errorf("sign an anchor: %w", err)
	}
	return a.text() + " signature=" + base64.StdEncoding.EncodeToString(signature), nil
}

var lineForm = regexp.MustCompile(`^(regulars-anchor/1 tenant=([0-9]{1,9}) day=(\d{4}-\d\d-\d\d) ledgers=([0-9]{1,15}) heads=([0-9a-f]{64}) previous=(?:-|(\d{4}-\d\d-\d\d):([0-9a-f]{64}))) signature=([A-Za-z0-9+/]{1,200}={0,2})$`)

// Parse reads a line, which says nothing about its signature.
func Parse(line string) (Anchor, error) {
	m := lineForm.FindStringSubmatch(line)
	if m == nil {
		return Anchor{}, fmt.Errorf("%.200q is no line of an anchor", line)
	}
	a := Anchor{Day: m[3], PreviousDay: m[6]}
	a.Tenant, _ = strconv.Atoi(m[2]) // by the form they are numbers and digests
	a.Ledgers, _ = strconv.Atoi(m[4])
	a.Heads, _ = ParseDigest(m[5])
	if a.PreviousDay != "" {
		a.Previous, _ = ParseDigest(m[7])
	}
	return a, nil
}

// Signed reports whether a line was signed by the owner of a key.
func Signed(line string, key *ecdsa.PublicKey) bool {
	m := lineForm.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(m[8])
	sum := sha256.Sum256([]byte(m[1]))
	return err == nil && ecdsa.VerifyASN1(key, sum[:], signature)
}

// ParseKey reads a public key in PKIX.
func ParseKey(der []byte) (*ecdsa.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("the key of anchors: %w", err)
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("the key of anchors is a %T, want one of ECDSA", key)
	}
	return ec, nil
}

// DigestOfLine is what the next line names as Previous.
func DigestOfLine(line string) Digest { return sha256.Sum256([]byte(line)) }
