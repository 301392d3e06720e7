package points

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"regulars/shared/customer"
)

// A Kind says what an entry is.
type Kind string

// The kinds of entries.
const (
	KindAdd      Kind = "add"
	KindSubtract Kind = "subtract"
	// KindOrder is what an order earns, KindRedeem what was paid for it in points,
	// KindReturn what a return of it takes back and gives back.
	KindOrder  Kind = "order"
	KindRedeem Kind = "redeem"
	KindReturn Kind = "return"
	// KindBonus is what a rule gave beside what the order earned.
	KindBonus Kind = "bonus"
	// KindReverse undoes an add, a subtract or a commit, or a part of it.
	KindReverse Kind = "reverse"
	// KindHold sets points aside. One of the next three ends it: KindCommit spends
	// them or a part of them, KindVoid gives them back, KindRelease gives them back
	// because their time is over.
	KindHold    Kind = "hold"
	KindCommit  Kind = "commit"
	KindVoid    Kind = "void"
	KindRelease Kind = "release"
	// KindTransferOut is what went to another account, KindTransferIn what came from one.
	KindTransferOut Kind = "transfer_out"
	KindTransferIn  Kind = "transfer_in"
	// KindActivate ends the waiting time of points, KindExpire their life.
	KindActivate Kind = "activate"
	KindExpire   Kind = "expire"
)

// A Text is what an entry says in words. It is erased with the customer.
type Text struct {
	Reason, RefID string
	// Actor is who did it: a token, or the system.
	Actor string
	// PeerID is the other customer of a transfer or a merge; else 0.
	PeerID customer.ID
}

// systemActor is the actor of what falls due.
const systemActor = "system"

// A Hash is a SHA-256.
type Hash [sha256.Size]byte

// String is 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// A Salt keeps a digest from telling a text that can be guessed.
type Salt [16]byte

// An Entry is one immutable line of an account's ledger.
type Entry struct {
	// Seq counts the entries of the account from 1.
	Seq  int64
	Kind Kind
	// Change is what it did to the figures, Balance what they came to.
	Change, Balance Figures
	// Time is when, to the microsecond, and never before that of the entry before.
	Time time.Time
	// PaidAt is when the order was paid, of a KindOrder; of a KindMerge when the latest
	// order was that it brought, and of a KindUnmerge that of those which are left.
	PaidAt time.Time
	// Reverses is the entry that is undone, of a KindReverse; else 0.
	Reverses int64
	// Expires is the day on which the points expire that it gave; 0: it gave none, or
	// some that expire on several days, or is from before all entries said so. Usable is from when on they are available
	// where they wait, else 0.
	Expires Day
	Usable  Hour
	// Campaign is the one by whose terms an add gave, or empty.
	Campaign string
	// NotTaken is how many points a return could not take back, because they were
	// spent and the tenant allows no debt.
	NotTaken int64
	// Hold is the hold that the entry ends, else 0. Ends is when one that the entry
	// makes ends by itself, of a KindHold.
	Hold int64
	Ends time.Time
	// Rules is the version of the rules by which an order earned, where there are any
	// beside the base ([access.Preferences.RulesVersion]).
	Rules string
	// Level is the level that the entry led to and PreviousLevel the one before,
	// where it changed; else both are 0.
	Level, PreviousLevel int64
	// Peer is the number of the other account of a transfer or a merge, and PeerSeq the
	// entry of it there.
	Peer    string
	PeerSeq int64

	Text
	// Salt goes into Digest, which stands for the text in the hash. Without its
	// salt the digest of an erased text tells nothing.
	Salt   Salt
	Digest Hash
	// Hash covers the account's number, all of the above but text and salt, and
	// the hash of the entry before.
	Hash Hash
}

// Erased reports whether the text is gone for good.
func (e Entry) Erased() bool { return e.Salt == Salt{} }

// Erase is the entry without text and salt. Its hash stays true.
func (e Entry) Erase() Entry {
	e.Text, e.Salt = Text{}, Salt{}
	return e
}

func newSalt() (s Salt) {
	_, _ = rand.Read(s[:]) // never fails: crypto/rand
	return s
}

// digest stands for the text in the hash.
func (e Entry) digest() Hash {
	b := append([]byte(nil), e.Salt[:]...)
	for _, text := range []string{e.Reason, e.RefID, e.Actor} {
		b = appendText(b, text)
	}
	if e.PeerID != 0 { // entries from before there were transfers keep their digest
		b = binary.AppendUvarint(b, uint64(e.PeerID))
	}
	return sha256.Sum256(b)
}

// hash is what Hash should be after an entry with the hash before.
func (e Entry) hash(number string, before Hash) Hash {
	b := make([]byte, 0, 256)
	b = appendText(b, "regulars entry 1")
	b = appendText(b, number)
	b = binary.AppendVarint(b, e.Seq)
	b = appendText(b, string(e.Kind))
	for _, f := range []Figures{e.Change, e.Balance} {
		for _, n := range []int64{f.Available, f.Used, f.Incoming, f.Ranking, f.Spent, f.Orders} {
			b = binary.AppendVarint(b, n)
		}
	}
	for _, n := range []int64{micros(e.Time), micros(e.PaidAt), e.Reverses, int64(e.Expires), e.Level, e.PreviousLevel} {
		b = binary.AppendVarint(b, n)
	}
	if e.NotTaken != 0 { // entries from before there was such a thing keep their hash
		b = appendText(b, "not taken")
		b = binary.AppendVarint(b, e.NotTaken)
	}
	if e.Change.Held != 0 || e.Balance.Held != 0 {
		b = appendText(b, "held")
		b = binary.AppendVarint(b, e.Change.Held)
		b = binary.AppendVarint(b, e.Balance.Held)
	}
	if e.Hold != 0 || !e.Ends.IsZero() {
		b = appendText(b, "hold")
		b = binary.AppendVarint(b, e.Hold)
		b = binary.AppendVarint(b, micros(e.Ends))
	}
	if e.Usable != 0 || e.Campaign != "" {
		b = appendText(b, "terms")
		b = binary.AppendVarint(b, int64(e.Usable))
		b = appendText(b, e.Campaign)
	}
	if e.Rules != "" {
		b = appendText(appendText(b, "rules"), e.Rules)
	}
	if e.Peer != "" {
		b = appendText(appendText(b, "transfer"), e.Peer)
		b = binary.AppendVarint(b, e.PeerSeq)
	}
	b = append(b, e.Digest[:]...)
	return sha256.Sum256(append(b, before[:]...))
}

// appendText puts the length before the text, so that no two lists of texts look
// alike.
func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
