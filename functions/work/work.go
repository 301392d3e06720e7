// Package work does the parts of jobs: those that messages of the work queue
// name, and on a schedule it sends again what got lost and settles what is due. On AWS it is a function
// ([Function]), locally it runs in the process ([InProcess]).
package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/partqueue"
)

// A Function is the Lambda function.
type Function struct {
	messages *partqueue.Messages
	service  *jobs.Service
	upkeep   *kinds.Upkeep
	observer partqueue.Observer
	due      []Due
}

// Due is what is looked after on the schedule.
type Due interface {
	// Settle does what has fallen due until ctx ends. What is left is due at the
	// next call.
	Settle(ctx context.Context) error
}

// NewFunction makes the function.
func NewFunction(worker *jobs.Worker, service *jobs.Service, upkeep *kinds.Upkeep, messages partqueue.Returner, o partqueue.Observer, due ...Due) *Function {
	return &Function{partqueue.NewMessages(worker, messages, o), service, upkeep, o, due}
}

// upkeepEvent is what the hourly schedule sends instead of the event of any other.
const upkeepEvent = "Upkeep"

// An event is what its triggers send: messages of SQS, or that of a schedule.
type event struct {
	events.SQSEvent
	DetailType string `json:"detail-type"`
}

// Handle works through the messages of an event and names those that must come
// again; on the scheduled events it sends again what got lost and settles what is
// due, or starts the upkeep. The error of an
// event that cannot be understood makes the whole of it come again, until the
// queue gives it up.
func (f *Function) Handle(ctx context.Context, raw json.RawMessage) (events.SQSEventResponse, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return events.SQSEventResponse{}, fmt.Errorf("event: %w", err)
	}
	if e.DetailType == "Scheduled Event" {
		return events.SQSEventResponse{}, f.observer.Schedule(ctx, "schedule stalled", func(ctx context.Context) error {
			return errors.Join(f.service.Resend(ctx, jobs.Idle), settle(ctx, f.due))
		})
	}
	if e.DetailType == upkeepEvent {
		return events.SQSEventResponse{}, f.observer.Schedule(ctx, "schedule upkeep", func(ctx context.Context) error {
			return f.upkeep.Start(ctx, f.service)
		})
	}
	if len(e.Records) == 0 {
		return events.SQSEventResponse{}, errors.New("the event is neither of SQS nor of a schedule")
	}
	return f.process(ctx, e.Records)
}

// toAnswer is kept of the deadline of a scheduled call.
const toAnswer = 5 * time.Second

// settle does what is due. What is not done in time is due at the next call.
func settle(ctx context.Context, due []Due) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-toAnswer))
		defer cancel()
	}
	var failed error
	for _, d := range due {
		if err := d.Settle(ctx); err != nil && ctx.Err() == nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// process does the parts that messages name, some of them side by side.
func (f *Function) process(ctx context.Context, messages []events.SQSMessage) (events.SQSEventResponse, error) {
	refs := make([]jobs.Ref, len(messages))
	for i, m := range messages {
		var err error
		if refs[i], err = jobs.ParseRef(m.Body); err != nil {
			return events.SQSEventResponse{}, fmt.Errorf("message %s: %w", m.MessageId, err)
		}
	}
	return partqueue.Batch(messages, func(i int, m events.SQSMessage) bool {
		return f.messages.Handle(ctx, refs[i], m.ReceiptHandle)
	}), nil
}
