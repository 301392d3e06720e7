package audit_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"regulars/functions/audit"
)

// A group keeps what is put into its streams, by the rules of CloudWatch Logs.
type group struct {
	streams  map[string][]string
	puts     int
	rejected *types.RejectedLogEventsInfo
}

func (g *group) CreateLogStream(_ context.Context, in *cloudwatchlogs.CreateLogStreamInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	if _, ok := g.streams[*in.LogStreamName]; ok {
		return nil, &types.ResourceAlreadyExistsException{}
	}
	g.streams[*in.LogStreamName] = nil
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (g *group) PutLogEvents(_ context.Context, in *cloudwatchlogs.PutLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutLogEventsOutput, error) {
	g.puts++
	if _, ok := g.streams[*in.LogStreamName]; !ok || *in.LogGroupName != "trail" {
		return nil, &types.ResourceNotFoundException{}
	}
	bytes, last := 0, int64(0)
	for _, e := range in.LogEvents {
		bytes += len(*e.Message) + 26
		if *e.Timestamp < last {
			return nil, errors.New("not in order")
		}
		last = *e.Timestamp
	}
	if bytes > 1<<20 || len(in.LogEvents) > 10_000 || last-*in.LogEvents[0].Timestamp >= 24*3600*1000 {
		return nil, errors.New("too much for one call")
	}
	for _, e := range in.LogEvents {
		g.streams[*in.LogStreamName] = append(g.streams[*in.LogStreamName], *e.Message)
	}
	return &cloudwatchlogs.PutLogEventsOutput{RejectedLogEventsInfo: g.rejected}, nil
}

// sent is an event with lines, as a subscription sends it.
func sent(t *testing.T, lines ...events.CloudwatchLogsLogEvent) events.CloudwatchLogsEvent {
	t.Helper()
	text, err := json.Marshal(events.CloudwatchLogsData{MessageType: "DATA_MESSAGE", LogEvents: lines})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return events.CloudwatchLogsEvent{AWSLogs: events.CloudwatchLogsRawData{Data: base64.StdEncoding.EncodeToString(packed.Bytes())}}
}

// noon is noon of 15 January 2027.
const noon = 1_800_014_400_000

func line(at int64, text string) events.CloudwatchLogsLogEvent {
	return events.CloudwatchLogsLogEvent{Timestamp: at, Message: text}
}

func TestLinesAreCopied(t *testing.T) {
	g := &group{streams: map[string][]string{}}
	f := audit.NewFunction(g, "trail", "a")
	for range 2 { // delivered twice, it is there twice
		err := f.Handle(t.Context(), sent(t,
			line(noon+2, `{"msg":"audit","request":"2"}`), line(noon, `{"msg":"audit","request":"1"}`),
			line(noon, `{"msg":"request"}`), line(noon, `no JSON`)))
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `{"msg":"audit","request":"1"} {"msg":"audit","request":"2"}`
	if got := strings.Join(g.streams["2027/01/15/a"], " "); len(g.streams) != 1 || got != want+" "+want {
		t.Errorf("streams = %v", g.streams)
	}
	// Another process that was given the same name by chance goes on.
	if err := audit.NewFunction(g, "trail", "a").Handle(t.Context(), sent(t, line(noon, `{"msg":"audit"}`))); err != nil {
		t.Error(err)
	}
}

func TestManyLinesAreSeveralCalls(t *testing.T) {
	for name, lines := range map[string]struct {
		line func(n int) events.CloudwatchLogsLogEvent
		n    int
		puts int
	}{
		"bytes": {func(n int) events.CloudwatchLogsLogEvent {
			return line(noon, fmt.Sprintf(`{"msg":"audit","x":%q}`, strings.Repeat("x", 200_000)))
		}, 12, 3},
		"number": {func(n int) events.CloudwatchLogsLogEvent { return line(noon, `{"msg":"audit"}`) }, 10_001, 2},
		"days":   {func(n int) events.CloudwatchLogsLogEvent { return line(noon+int64(n)*13*3600*1000, `{"msg":"audit"}`) }, 4, 2},
	} {
		g := &group{streams: map[string][]string{}}
		var all []events.CloudwatchLogsLogEvent
		for n := range lines.n {
			all = append(all, lines.line(n))
		}
		if err := audit.NewFunction(g, "trail", "a").Handle(t.Context(), sent(t, all...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		copied := 0
		for _, stream := range g.streams {
			copied += len(stream)
		}
		if g.puts != lines.puts || copied != lines.n {
			t.Errorf("%s: %d of %d lines in %d calls, want %d", name, copied, lines.n, g.puts, lines.puts)
		}
	}
}

func TestWhatIsNotAcceptedFails(t *testing.T) {
	g := &group{streams: map[string][]string{}, rejected: &types.RejectedLogEventsInfo{}}
	if err := audit.NewFunction(g, "trail", "a").Handle(t.Context(), sent(t, line(noon, `{"msg":"audit"}`))); err == nil {
		t.Error("no error")
	}
	if err := audit.NewFunction(g, "trail", "a").Handle(t.Context(), events.CloudwatchLogsEvent{AWSLogs: events.CloudwatchLogsRawData{Data: "!"}}); err == nil {
		t.Error("no error of an event that cannot be read")
	}
}
