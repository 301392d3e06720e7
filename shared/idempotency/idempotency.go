// Package idempotency lets a client repeat a request without its being carried out
// twice. The client sends a key; the first request with it is recorded in the
// transaction that carries it out, and the same request with the same key answers
// the recorded outcome for [Retention]. The key with another request is
// [ErrKeyReused]. A rejected request is not recorded.
//
// (Altcraft, decisions in force: retries; Haravan, decisions in force: idempotency.)
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"regulars/shared/errs"
)

const (
	// Header is the request header that holds the key, in canonical form.
	Header = "Idempotency-Key"
	// MaxLength is the longest key, in characters.
	MaxLength = 128
	// Retention is how long a record is kept.
	Retention = 30 * 24 * time.Hour
)

var (
	// ErrBadKey rejects a key that is empty, too long or has other characters than
	// the dialect takes. Its argument is MaxLength.
	ErrBadKey = errs.New(errs.Invalid, "bad_idempotency_key", Header, MaxLength)
	// ErrKeyReused rejects a key that was recorded with another request.
	ErrKeyReused = errs.New(errs.FailedPrecondition, "idempotency_key_reused", Header)
)

// A Key makes a request idempotent.
type Key struct {
	// Value tells requests apart. It is what the client sent, with what narrows its
	// scope: a route, or a position in a batch.
	Value string
	// Fingerprint is a hash of the request; see [Fingerprint].
	Fingerprint string
}

// Parse returns the key in the values of a request's [Header], which are joined
// with commas, as API Gateway joins them; sent is false where there are none. A
// nil allowed allows all characters.
func Parse(values []string, allowed func(rune) bool) (value string, sent bool, err error) {
	if len(values) == 0 {
		return "", false, nil
	}
	value = strings.Join(values, ",")
	if n := utf8.RuneCountInString(value); n < 1 || n > MaxLength {
		return "", true, ErrBadKey
	}
	if allowed != nil && strings.ContainsFunc(value, func(r rune) bool { return !allowed(r) }) {
		return "", true, ErrBadKey
	}
	return value, true, nil
}

// PrintableASCII reports whether r is a printable ASCII character or a space.
func PrintableASCII(r rune) bool { return ' ' <= r && r <= '~' }

// Fingerprint returns a hash by which two requests are compared: of where it was
// sent, unless the key's value says that, and of its meaning as JSON, without its
// token and what only shapes the answer.
func Fingerprint(where string, meaning any) (string, error) {
	text, err := json.Marshal(meaning)
	if err != nil {
		return "", fmt.Errorf("fingerprint of a request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(where), text...))
	return hex.EncodeToString(sum[:]), nil
}

// A Record is the outcome of a request, kept under its key.
type Record[T any] struct {
	Key
	Outcome T
}

// Replay returns the recorded outcome if again is the same request, or
// [ErrKeyReused].
func (r Record[T]) Replay(again Key) (T, error) {
	if r.Fingerprint != again.Fingerprint {
		var none T
		return none, ErrKeyReused
	}
	return r.Outcome, nil
}

// A Carried is the error of a commit whose request was carried out before.
type Carried[T any] struct{ Record Record[T] }

func (*Carried[T]) Error() string { return "the request was carried out before" }

// Lookup returns what is recorded of the request with the key: found is false
// where nothing is, or key is nil. read reads the record of a key's value, or nil.
func Lookup[T any](ctx context.Context, key *Key, read func(ctx context.Context, value string) (*Record[T], error)) (outcome T, found bool, err error) {
	if key == nil {
		return outcome, false, nil
	}
	var first *Record[T]
	err = errs.Retry(ctx, func(int) (err error) {
		first, err = read(ctx, key.Value)
		return err
	})
	if err != nil || first == nil {
		return outcome, false, err
	}
	outcome, err = first.Replay(*key)
	return outcome, true, err
}

// OfCommit returns what the first request with the key came to if err, of the
// commit that was to record it, is a [Carried]; else found is false and err is
// returned as it is.
func OfCommit[T any](err error, key *Key) (outcome T, found bool, _ error) {
	carried, ok := errors.AsType[*Carried[T]](err)
	if !ok {
		return outcome, false, err
	}
	outcome, err = carried.Record.Replay(*key)
	return outcome, true, err
}
