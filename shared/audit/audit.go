// Package audit says who did what: a line for each request, part of a job and admin
// action that wrote something. It never holds contacts, tokens or anything else that
// a client sent. On AWS the lines go to a log group of their own, which keeps them
// longer than others (docs/operating.md).
package audit

import (
	"context"
	"crypto/rand"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Message is the msg of every line, by which they are told from others.
const Message = "audit"

// idsALine is how many subjects a line has at most, so that it stays below what a
// log takes (256 KB).
const idsALine = 1000

// An Entry is one thing that was done.
type Entry struct {
	// Tenant that it was about; 0: none.
	Tenant int
	// Token is the name of the token, TokenID the first eight digits of its SHA-256;
	// empty where nobody showed one.
	Token, TokenID string
	// By is who called the admin function, as the caller says.
	By string
	// Action is the route, the kind of the job or the name of the admin action.
	Action string
	// Outcome is done, or the code of the error that it ended with nevertheless.
	Outcome string
	// IDs are the subjects that were written, such as customer:0000008RRT98P3VS.
	IDs []string
}

// A Trail writes entries. A nil one writes nothing.
type Trail struct{ log *slog.Logger }

// New makes a trail that writes lines of a log.
func New(log *slog.Logger) *Trail { return &Trail{log} }

// Write writes an entry, in several lines where it has very many subjects.
func (t *Trail) Write(ctx context.Context, e Entry) {
	if t == nil {
		return
	}
	for first := 0; first == 0 || first < len(e.IDs); first += idsALine {
		ids := e.IDs[first:min(first+idsALine, len(e.IDs))]
		attrs := []slog.Attr{slog.String("request", RequestID(ctx)), slog.String("action", e.Action), slog.String("outcome", e.Outcome)}
		if e.Tenant != 0 {
			attrs = append(attrs, slog.Int("tenant", e.Tenant))
		}
		for _, text := range []struct{ name, value string }{{"token", e.Token}, {"token_id", e.TokenID}, {"by", e.By}} {
			if text.value != "" {
				attrs = append(attrs, slog.String(text.name, text.value))
			}
		}
		t.log.LogAttrs(ctx, slog.LevelInfo, Message, append(attrs, slog.Any("ids", ids))...)
	}
}

type requestKey struct{}

// WithRequestID returns ctx where its request has an id, as that of Lambda, else a
// context with a random one. An id that a client sent is none.
func WithRequestID(ctx context.Context) context.Context {
	if RequestID(ctx) != "" {
		return ctx
	}
	return context.WithValue(ctx, requestKey{}, rand.Text())
}

// RequestID is the id of the request of ctx: Lambda's, which its log lines have as
// well, or that of [WithRequestID]; empty where it has none.
func RequestID(ctx context.Context) string {
	if l, ok := lambdacontext.FromContext(ctx); ok && l.AwsRequestID != "" {
		return l.AwsRequestID
	}
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
