package customer

import "regulars/shared/idempotency"

// Recorded is what is kept of a request under its idempotency key: ids and what it
// did, nothing of the customer.
type Recorded struct {
	// ID is the customer that the request was about; 0 where it was about no single
	// one.
	ID ID
	// Job is the job that it started, or empty.
	Job string
	// Numbers are those that it gave out, with commas between, or empty.
	Numbers string
	// Created and Changed say what it did.
	Created, Changed bool
}

// An IdempotencyRecord is [Recorded] under its key.
type IdempotencyRecord = idempotency.Record[Recorded]

// result is the answer to a repeat of the recorded request.
func (r Recorded) result() Result {
	return Result{ID: r.ID, Created: r.Created, Changed: r.Changed, Replayed: true}
}
