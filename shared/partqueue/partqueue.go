// Package partqueue is how the messages of a work queue, each of which names a part
// of a job, get to a [jobs.Worker]: those of SQS on AWS ([Messages]), those of the
// process on a development machine ([InProcess]).
package partqueue

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	worker  *jobs.Worker
	queue   Returner
	metrics io.Writer
}

// NewMessages lets the worker do what messages ask for, which are given back to the
// queue. It writes metrics as CloudWatch finds them in a log (EMF), a line each.
func NewMessages(worker *jobs.Worker, queue Returner, metrics io.Writer) *Messages {
	return &Messages{worker, queue, metrics}
}

// deadLettered is the line of the metric that an alarm watches; it takes the time in
// milliseconds.
const deadLettered = `{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"Regulars","Dimensions":[[]],` +
	`"Metrics":[{"Name":"PartsGivenUp","Unit":"Count"}]}]},"PartsGivenUp":1}` + "\n"

// Handle does what the message with that receipt asks for and reports whether it
// must come again. Where the queue cannot be told when, that is after its own
// timeout.
func (m *Messages) Handle(ctx context.Context, ref jobs.Ref, receipt string) (again bool) {
	outcome, err := m.worker.Process(ctx, ref)
	report(ctx, ref, outcome, err)
	if errors.Is(err, jobs.ErrDeadLettered) {
		fmt.Fprintf(m.metrics, deadLettered, time.Now().UnixMilli())
	}
	if !outcome.Retry {
		return false
	}
	if err := m.queue.Return(ctx, receipt, outcome.After); err != nil {
		slog.WarnContext(ctx, "message not returned", "part", ref.String(), "err", err)
	}
	return true
}

// report logs how a part was processed.
func report(ctx context.Context, ref jobs.Ref, outcome jobs.Outcome, err error) {
	switch {
	case errors.Is(err, jobs.ErrDeadLettered):
		slog.ErrorContext(ctx, "part given up", "part", ref.String(), "err", err)
	case err != nil:
		slog.ErrorContext(ctx, "visit failed", "part", ref.String(), "err", err)
	default:
		slog.InfoContext(ctx, "visit", "part", ref.String(), "again", outcome.Retry)
	}
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
