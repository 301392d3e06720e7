// Package audit copies the lines of the audit trail (shared/audit) out of the log of
// all functions into a log group of their own, which keeps them longer. A subscription
// of the log invokes it.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"regulars/shared/audit"
)

// Logs is what is used of CloudWatch Logs.
type Logs interface {
	CreateLogStream(context.Context, *cloudwatchlogs.CreateLogStreamInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogStreamOutput, error)
	PutLogEvents(context.Context, *cloudwatchlogs.PutLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutLogEventsOutput, error)
}

// What CloudWatch Logs takes in one call: bytes, each event counted with 26 more, and
// the time between its first and last event.
const (
	maxBytes = 1 << 20
	overhead = 26
	maxEvent = 10_000
	maxSpan  = 24 * time.Hour
)

// A Function copies lines.
type Function struct {
	logs   Logs
	group  string
	stream string // the part of its name after the day: one process writes to it

	mutex   sync.Mutex
	created string // the stream that is known to be there
}

// NewFunction makes the function that copies to a group. The instance names the
// process.
func NewFunction(logs Logs, group, instance string) *Function {
	return &Function{logs: logs, group: group, stream: instance}
}

// Handle copies the lines of an event. It returns an error unless all are accepted, and
// is then invoked with the same again: a line may be there twice, and has the id of its
// request.
func (f *Function) Handle(ctx context.Context, e events.CloudwatchLogsEvent) error {
	data, err := e.AWSLogs.Parse()
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	var lines []types.InputLogEvent
	for _, line := range data.LogEvents {
		if isAudit(line.Message) {
			lines = append(lines, types.InputLogEvent{Message: aws.String(line.Message), Timestamp: aws.Int64(line.Timestamp)})
		}
	}
	slices.SortStableFunc(lines, func(a, b types.InputLogEvent) int { return int(*a.Timestamp - *b.Timestamp) })
	for len(lines) > 0 {
		n := fitting(lines)
		if err := f.put(ctx, lines[:n]); err != nil {
			return fmt.Errorf("copy %d lines: %w", n, err)
		}
		lines = lines[n:]
	}
	return nil
}

// isAudit reports whether a line is one of the trail. The filter of the subscription
// says so, too; but nothing else may get into the group.
func isAudit(line string) bool {
	var head struct {
		Message string `json:"msg"`
	}
	return json.Unmarshal([]byte(line), &head) == nil && head.Message == audit.Message
}

// fitting is how many of the lines one call takes, at least one.
func fitting(lines []types.InputLogEvent) int {
	bytes := 0
	for n, line := range lines {
		bytes += len(*line.Message) + overhead
		tooLong := time.Duration(*line.Timestamp-*lines[0].Timestamp)*time.Millisecond >= maxSpan
		if n > 0 && (bytes > maxBytes || n == maxEvent || tooLong) {
			return n
		}
	}
	return len(lines)
}

// put writes lines to the stream of the day of the first.
func (f *Function) put(ctx context.Context, lines []types.InputLogEvent) error {
	stream := time.UnixMilli(*lines[0].Timestamp).UTC().Format("2006/01/02/") + f.stream
	if err := f.create(ctx, stream); err != nil {
		return err
	}
	out, err := f.logs.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &f.group, LogStreamName: &stream, LogEvents: lines})
	if err != nil {
		return err
	}
	if out.RejectedLogEventsInfo != nil {
		return fmt.Errorf("some of them were not accepted, as too old or too new: %+v", *out.RejectedLogEventsInfo)
	}
	return nil
}

func (f *Function) create(ctx context.Context, stream string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.created == stream {
		return nil
	}
	_, err := f.logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &f.group, LogStreamName: &stream})
	if _, exists := errors.AsType[*types.ResourceAlreadyExistsException](err); err != nil && !exists {
		return err
	}
	f.created = stream
	return nil
}
