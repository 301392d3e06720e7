package customer

import "regulars/shared/errs"

// Keyed makes a request safe to repeat.
type IdempotencyKey struct {
	// Key is what the client sent as its idempotency key.
	Key string
	// Meaning is a hash of method, route and the body's meaning without the token.
	Fingerprint string
}

// Remembered is the outcome of a request, kept under its idempotency key.
type IdempotencyRecord struct {
	IdempotencyKey
	// ID is the customer the request was about; 0 where it was about no single
	// one.
	ID ID
	// Job is the job that it started, or empty.
	Job string
	// Created and Changed say what it did.
	Created, Changed bool
}

// Repeated says that the request of a commit was carried out before.
type Replay struct{ Record IdempotencyRecord }

func (r *Replay) Error() string { return "carried out before" }

// ErrOtherMeaning refuses an idempotency key that came with another request.
var ErrKeyReused = errs.New(errs.FailedPrecondition, "idempotency_key_reused", "Idempotency-Key")

// JobFor is the job that the first request started, for the same request only.
func (r *Replay) JobFor(again IdempotencyKey) (string, error) {
	_, err := r.Record.answer(again)
	return r.Record.Job, err
}

// answer is the first result again, for the same request only.
func (r IdempotencyRecord) answer(again IdempotencyKey) (Result, error) {
	if r.Fingerprint != again.Fingerprint {
		return Result{}, ErrKeyReused
	}
	return Result{ID: r.ID, Created: r.Created, Changed: r.Changed, Replayed: true}, nil
}
