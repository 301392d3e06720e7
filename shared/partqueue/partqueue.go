// Package partqueue is how the messages of a work queue, each of which names a part
// of a job, get to a [jobs.Worker]: those of SQS on AWS ([Messages]), those of the
// process on a development machine ([InProcess]).
package partqueue

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"regulars/shared/jobs"
)

// AtOnce bounds how many messages are handled side by side: parts mostly wait for
// the table.
const AtOnce = 4

// A Returner gives messages back to the queue.
type Returner interface {
	// Return makes the delivered message with that receipt come again after
	// some time.
	Return(ctx context.Context, receipt string, after time.Duration) error
}

// Messages are those of SQS that name parts.
type Messages struct {
	worker   *jobs.Worker
	queue    Returner
	observer Observer
}

// NewMessages lets the worker do what messages ask for, which are given back to the
// queue.
func NewMessages(worker *jobs.Worker, queue Returner, o Observer) *Messages {
	return &Messages{worker, queue, o}
}

// Handle does what the message with that receipt asks for and reports whether it
// must come again. Where the queue cannot be told when, that is after its own
// timeout.
func (m *Messages) Handle(ctx context.Context, ref jobs.Ref, receipt string) (again bool) {
	outcome := m.observer.part(ctx, m.worker, ref)
	if !outcome.Retry {
		return false
	}
	if err := m.queue.Return(ctx, receipt, outcome.After); err != nil {
		slog.WarnContext(ctx, "message not returned", "part", ref.String(), "err", err)
	}
	return true
}

// Batch has each message of an event handled, some of them side by side, and names
// those that must come again. An empty list says that all went well.
func Batch(messages []events.SQSMessage, handle func(i int, m events.SQSMessage) (again bool)) events.SQSEventResponse {
	again := make([]bool, len(messages))
	var group errgroup.Group
	group.SetLimit(AtOnce)
	for i, m := range messages {
		group.Go(func() error {
			again[i] = handle(i, m)
			return nil
		})
	}
	_ = group.Wait() // handle logs its errors
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for i, m := range messages {
		if again[i] {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response
}
