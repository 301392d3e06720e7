// Package sqsqueue is the work queue on SQS. A message is the name of a part of
// a job, as text; it bears nothing else.
package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"regulars/shared/errs"
	"regulars/shared/jobs"
)

const (
	// attemptTimeout ends one call, which SQS answers within milliseconds or not
	// at all.
	attemptTimeout = 3 * time.Second
	// maxBatch is how many messages SQS takes in one call.
	maxBatch = 10
	// maxDelay is the longest that SQS keeps a message back, maxInvisible the
	// longest that it hides one. What comes too early is given back.
	maxDelay     = 15 * time.Minute
	maxInvisible = 12 * time.Hour
)

// A Queue is one queue of SQS.
type Queue struct {
	client *sqs.Client
	url    string
}

var _ jobs.Queue = (*Queue)(nil)

// New makes the queue at a URL.
func New(cfg aws.Config, url string) *Queue {
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	})
	return &Queue{client, url}
}

// Send implements [jobs.Queue]. It returns once all messages are accepted, or
// busy; then some may have been, which does no harm.
func (q *Queue) Send(ctx context.Context, refs []jobs.Ref, delay time.Duration) error {
	for start := 0; start < len(refs); start += maxBatch {
		if err := q.sendBatch(ctx, refs[start:min(start+maxBatch, len(refs))], delay); err != nil {
			return fmt.Errorf("send %d messages: %w", len(refs), err)
		}
	}
	return nil
}

// sendBatch sends until SQS has accepted every message: it takes some of a batch
// and leaves others.
func (q *Queue) sendBatch(ctx context.Context, refs []jobs.Ref, delay time.Duration) error {
	rest := make([]types.SendMessageBatchRequestEntry, len(refs))
	for i, ref := range refs {
		rest[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(ref.String()), DelaySeconds: seconds(delay, maxDelay),
		}
	}
	for n := 0; ; n++ {
		out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: rest})
		if err != nil {
			return err
		}
		if rest, err = left(rest, out.Failed); err != nil || len(rest) == 0 {
			return err
		}
		if !errs.Pause(ctx, n) {
			return &errs.Unavailable{Err: fmt.Errorf("%d messages were not accepted", len(rest))}
		}
	}
}

// left are the entries that failed and may be sent again. Those that are wrong
// themselves are an error.
func left(sent []types.SendMessageBatchRequestEntry, failed []types.BatchResultErrorEntry) ([]types.SendMessageBatchRequestEntry, error) {
	var rest []types.SendMessageBatchRequestEntry
	for _, f := range failed {
		if f.SenderFault {
			return nil, errors.New("message refused: " + aws.ToString(f.Code))
		}
		for _, entry := range sent {
			if aws.ToString(entry.Id) == aws.ToString(f.Id) {
				rest = append(rest, entry)
			}
		}
	}
	return rest, nil
}

// Return makes a message that was received come again after some time. The
// receipt is that of its delivery.
func (q *Queue) Return(ctx context.Context, receipt string, after time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: &receipt, VisibilityTimeout: seconds(after, maxInvisible),
	})
	if err != nil {
		return fmt.Errorf("return a message: %w", err)
	}
	return nil
}

// seconds is a duration in whole seconds, rounded up, and at most limit.
func seconds(d, limit time.Duration) int32 {
	return int32((min(max(d, 0), limit) + time.Second - 1) / time.Second)
}
