// Package outcome names the ways in which an operation can end other than
// well: a [Refusal], which may be shown to the client word for word; [Busy],
// which means that nothing could be decided in time; and every other error, a
// fault, which is logged and never shown. [ErrStale] never leaves the house: it
// says that a guard broke and that [Retry] must decide again.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what the sender of a refused request can do about it.
type Kind int

const (
	// Invalid: as sent, the request can never succeed.
	Invalid Kind = iota + 1
	// Unauthenticated: it bears no token.
	Unauthenticated
	// Forbidden: its token may not do this.
	Forbidden
	// NotFound: name something that exists.
	NotFound
	// Conflict: the state does not allow it now.
	FailedPrecondition
)

// A Refusal is a decision against a request. It changed nothing.
type Client struct {
	Kind Kind
	// Code is snake_case and never changes its meaning; programs switch on it.
	Code string
	// Field names what the client sent wrong, as the client spells it; empty
	// where no single field is to blame.
	Field string
	// Detail is a sentence for a person. It names field and reason.
	Detail string
	// OfSettings says that the refusal rests on a tenant's settings, which are
	// remembered: read them anew before showing it.
	DependsOnSettings bool
}

// Refuse makes a refusal of which the detail is a format.
func Reject(kind Kind, code, field, format string, args ...any) *Client {
	return &Client{Kind: kind, Code: code, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// BySettings returns a copy of r that says it rests on settings.
func (r *Client) DependingOnSettings() *Client {
	c := *r
	c.DependsOnSettings = true
	return &c
}

func (r *Client) Error() string { return r.Code + ": " + r.Detail }

// Is reports whether target is a refusal of the same code, whatever its detail.
func (r *Client) Is(target error) bool {
	t, ok := target.(*Client)
	return ok && t.Code == r.Code
}

// AsRefusal finds the refusal in err.
func AsClient(err error) (*Client, bool) {
	return errors.AsType[*Client](err)
}

// A Busy operation could not be decided in time. The same request may be sent
// again; whether the first one took effect is unknown unless it bore an
// idempotency key.
type Unavailable struct {
	// Detail is a sentence for a person, or empty for the usual one.
	Detail string
	// Err is what stood in the way last, for the log.
	Err error
}

func (b *Unavailable) Error() string {
	if b.Err == nil {
		return "busy: " + b.Text()
	}
	return "busy: " + b.Text() + ": " + b.Err.Error()
}

func (b *Unavailable) Unwrap() error { return b.Err }

// Text is what the client may be told.
func (b *Unavailable) Text() string {
	if b.Detail == "" {
		return "The service is busy. Send the same request again."
	}
	return b.Detail
}

// ErrStale says that what was loaded is no longer so, or that the table could
// not answer just now (a conflict, throttling). Wrapped in the cause.
var ErrConflict = errors.New("stale")

// AsBusy finds the busy in err.
func AsUnavailable(err error) (*Unavailable, bool) {
	return errors.AsType[*Unavailable](err)
}
