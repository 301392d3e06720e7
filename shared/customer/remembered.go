package customer

import "regulars/shared/outcome"

// Keyed makes a request safe to repeat.
type Keyed struct {
	// Key is what the client sent as its idempotency key.
	Key string
	// Meaning is a hash of method, route and the body's meaning without the token.
	Meaning string
}

// Remembered is the outcome of a request, kept under its idempotency key.
type Remembered struct {
	Keyed
	// ID is the customer the request was about; 0 where it was about no single
	// one.
	ID ID
	// Job is the job that it started, or empty.
	Job string
	// Created and Changed say what it did.
	Created, Changed bool
}

// Repeated says that the request of a commit was carried out before.
type Repeated struct{ First Remembered }

func (r *Repeated) Error() string { return "carried out before" }

// ErrOtherMeaning refuses an idempotency key that came with another request.
var ErrOtherMeaning = outcome.Refuse(outcome.Conflict, "idempotency_key_reused", "Idempotency-Key",
	"Idempotency-Key: this key came before with another request.")

// JobFor is the job that the first request started, for the same request only.
func (r *Repeated) JobFor(again Keyed) (string, error) {
	_, err := r.First.answer(again)
	return r.First.Job, err
}

// answer is the first result again, for the same request only.
func (r Remembered) answer(again Keyed) (Result, error) {
	if r.Meaning != again.Meaning {
		return Result{}, ErrOtherMeaning
	}
	return Result{ID: r.ID, Created: r.Created, Changed: r.Changed, Repeated: true}, nil
}
