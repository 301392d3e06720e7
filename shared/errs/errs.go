// Package outcome names the ways in which an operation can end other than
// well: a [Client error], which may be shown to the client word for word; [Busy],
// which means that nothing could be decided in time; and every other error, a
// fault, which is logged and never shown. [ErrConflict] never leaves the house: it
// says that a guard broke and that [Retry] must decide again.
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
	// Conflict: the state does not allow it now.
	FailedPrecondition
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
	// Args are what a sentence needs besides, in the order in which [Reject] was
	// given them.
	Args []any
	// DependsOnSettings says that the decision rests on a tenant's settings, which
	// may be cached: read them again before the error is shown.
	DependsOnSettings bool

	// Detail is the sentence of an error that has one of its own.
	Detail string
}

// New makes a client error. code is a code, or a code and a reason with a slash
// between them: bad_email/empty.
func New(kind Kind, code, path string, args ...any) *Client {
	code, reason, _ := strings.Cut(code, "/")
	return &Client{Kind: kind, Code: code, Reason: reason, Path: path, Args: args}
}

// Reject makes a client error of which the detail is a format.
func Reject(kind Kind, code, field, format string, args ...any) *Client {
	return &Client{Kind: kind, Code: code, Path: field, Detail: fmt.Sprintf(format, args...)}
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
	if c.Detail != "" {
		return c.Code + ": " + c.Detail
	}
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

// A Busy operation could not be decided in time. The same request may be sent
// again; whether the first one took effect is unknown unless it bore an
// idempotency key.
type Unavailable struct {
	// Code is one for [Texts], empty for [CodeUnavailable]; Args are its arguments.
	Code string
	Args []any
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

// ErrConflict says that what was loaded is no longer so, or that the table could
// not answer just now (a conflict, throttling). Wrapped in the cause.
var ErrConflict = errors.New("stale")

// CodeUnavailable is the code of an error that says no more than that.
const CodeUnavailable = "unavailable"

// AsUnavailable finds the unavailable in err.
func AsUnavailable(err error) (*Unavailable, bool) {
	return errors.AsType[*Unavailable](err)
}
