package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	domain "regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/partqueue"
)

// A Queue takes messages of SQS: what the bucket tells of files, and parts.
type Queue struct {
	imports Imports
	parts   *partqueue.Messages
}

// NewQueue makes the function of the two queues.
func NewQueue(i Imports, parts *partqueue.Messages) *Queue { return &Queue{i, parts} }

// Handle handles each message of an event by itself and names those that must come
// again. One that cannot be understood fails alone, until its queue gives it up.
func (q *Queue) Handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	if len(e.Records) == 0 {
		return events.SQSEventResponse{}, errors.New("the event has no messages")
	}
	return partqueue.Batch(e.Records, func(_ int, m events.SQSMessage) (again bool) {
		if ref, err := jobs.ParseRef(m.Body); err == nil {
			return q.parts.Handle(ctx, ref, m.ReceiptHandle)
		}
		if err := q.receive(ctx, m.Body); err != nil {
			slog.ErrorContext(ctx, "message not handled", "message", m.MessageId, "err", err)
			return true
		}
		return false
	}), nil
}

// A notification is what S3 sends: records, or the test that it sends when it is told
// of the queue.
type notification struct {
	events.S3Event
	Event string
}

// Where files are uploaded, and what S3 calls it.
const (
	inputFolder = "imports/"
	created     = "ObjectCreated:"
	testEvent   = "s3:TestEvent"
)

// receive hands on the files that a message of S3 tells of.
func (q *Queue) receive(ctx context.Context, body string) error {
	var n notification
	if err := json.Unmarshal([]byte(body), &n); err != nil {
		return fmt.Errorf("neither a part nor an event of S3: %w", err)
	}
	if n.Event == testEvent {
		return nil
	}
	if len(n.Records) == 0 {
		return errors.New("neither a part nor an event of S3")
	}
	for _, r := range n.Records {
		o := r.S3.Object
		// Of anything else a summary would be written, of which S3 would tell again.
		if !strings.HasPrefix(strings.TrimPrefix(r.EventName, "s3:"), created) || !strings.HasPrefix(o.URLDecodedKey, inputFolder) {
			continue
		}
		err := q.imports.Receive(ctx, domain.Event{
			Bucket: r.S3.Bucket.Name, Key: o.URLDecodedKey, Version: o.VersionID, Sequencer: o.Sequencer, Size: o.Size,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// An API answers the events of an HTTP API.
type API func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Function is the Lambda function: it tells events of the queues from those of the
// API.
func Function(q *Queue, api API) func(ctx context.Context, raw json.RawMessage) (any, error) {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var e struct {
			Records json.RawMessage
			Version string
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("event: %w", err)
		}
		if e.Records != nil {
			var messages events.SQSEvent
			if err := json.Unmarshal(raw, &messages); err != nil {
				return nil, fmt.Errorf("event: %w", err)
			}
			return q.Handle(ctx, messages)
		}
		var request events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(raw, &request); err != nil {
			return nil, fmt.Errorf("event: %w", err)
		}
		return api(ctx, request)
	}
}
