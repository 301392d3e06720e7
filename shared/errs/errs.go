// Package errs names the ways in which an operation can fail: with a [Client]
// error, which the client caused or can resolve and which is shown to it; with
// [Unavailable], where nothing could be decided in time; and with any other error,
// which is an internal one, logged and never shown. [ErrConflict] stays within the
// service: it says that a condition of a write did not hold, and that [Retry] must
// decide again.
package errs

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what the sender of a rejected request can do about it.
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
	// FailedPrecondition: the state does not allow it now.
	FailedPrecondition
	// Limited: there were too many requests; come back later.
	Limited
)

// A Client is an error that the client caused or can resolve. The operation
// changed nothing. It holds no sentence: [Texts] make one of it.
type Client struct {
	Kind Kind
	// Code is snake_case and never changes its meaning; programs switch on it.
	Code string
	// Reason tells the causes of a code apart; empty where it has one.
	Reason string
	// Path leads to the field that is to blame, as the client spells it; empty
	// where no single field is.
	Path string
	// Args are what a sentence needs besides, in the order in which [New] was
	// given them.
	Args []any
	// DependsOnSettings says that the decision rests on a tenant's settings, which
	// may be cached: read them again before the error is shown.
	DependsOnSettings bool
}

// New makes a client error. code is a code, or a code and a reason with a slash
// between them: bad_email/empty.
func New(kind Kind, code, path string, args ...any) *Client {
	code, reason, _ := strings.Cut(code, "/")
	return &Client{Kind: kind, Code: code, Reason: reason, Path: path, Args: args}
}

// DependingOnSettings returns a copy of c that rests on a tenant's settings.
func (c *Client) DependingOnSettings() *Client {
	d := *c
	d.DependsOnSettings = true
	return &d
}

// At returns a copy of c with another path.
func (c *Client) At(path string) *Client {
	d := *c
	d.Path = path
	return &d
}

// ID is the code, with the reason where it has one: bad_email/empty.
func (c *Client) ID() string {
	if c.Reason == "" {
		return c.Code
	}
	return c.Code + "/" + c.Reason
}

// Error is for logs and tests: the code, the reason, the path and the arguments.
func (c *Client) Error() string {
	text := c.ID()
	if c.Path != "" {
		text += " at " + c.Path
	}
	if len(c.Args) > 0 {
		text += fmt.Sprintf(": %v", c.Args)
	}
	return text
}

// Is reports whether target is a client error of the same code, whatever else it
// says.
func (c *Client) Is(target error) bool {
	t, ok := target.(*Client)
	return ok && t.Code == c.Code
}

// AsClient finds the client error in err.
func AsClient(err error) (*Client, bool) {
	return errors.AsType[*Client](err)
}

// An Unavailable operation could not be decided in time. The same request may be
// sent again; whether the first one took effect is unknown unless it bore an
// idempotency key.
type Unavailable struct {
	// Code is one for [Texts], empty for [CodeUnavailable]; Args are its arguments.
	Code string
	Args []any
	// Err is what stood in the way last, for the log.
	Err error
}

// Error is for logs and tests: the code, the arguments and what stood in the way.
func (u *Unavailable) Error() string {
	text := CodeUnavailable
	if u.Code != "" {
		text = u.Code
	}
	if len(u.Args) > 0 {
		text += fmt.Sprintf(": %v", u.Args)
	}
	if u.Err != nil {
		text += ": " + u.Err.Error()
	}
	return text
}

func (u *Unavailable) Unwrap() error { return u.Err }

// ErrConflict says that what was read has changed since, or that the table could
// not answer just now (a transaction conflict, throttling).
var ErrConflict = errors.New("conflict")

// ErrThrottled is an [ErrConflict] of a table that is asked for more than it gives.
var ErrThrottled = fmt.Errorf("throttled: %w", ErrConflict)

// CodeUnavailable is the code of an error that says no more than that.
const CodeUnavailable = "unavailable"

// AsUnavailable finds the [Unavailable] in err.
func AsUnavailable(err error) (*Unavailable, bool) {
	return errors.AsType[*Unavailable](err)
}
