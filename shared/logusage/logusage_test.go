package logusage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"regulars/shared/usage"
)

// logs answer one query, after some looks at it.
type logs struct {
	queries []*cloudwatchlogs.StartQueryInput
	running int
	status  types.QueryStatus
	rows    [][]types.ResultField
	err     error
}

func (l *logs) StartQuery(_ context.Context, in *cloudwatchlogs.StartQueryInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartQueryOutput, error) {
	l.queries = append(l.queries, in)
	return &cloudwatchlogs.StartQueryOutput{QueryId: aws.String("q")}, l.err
}

func (l *logs) GetQueryResults(context.Context, *cloudwatchlogs.GetQueryResultsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetQueryResultsOutput, error) {
	if l.running--; l.running >= 0 {
		return &cloudwatchlogs.GetQueryResultsOutput{Status: types.QueryStatusRunning}, nil
	}
	return &cloudwatchlogs.GetQueryResultsOutput{Status: l.status, Results: l.rows}, nil
}

func row(pairs ...string) (fields []types.ResultField) {
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, types.ResultField{Field: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return fields
}

// The log is asked for the tenants alone, once in five minutes, and its rows are summed.
func TestLastDay(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	l := &logs{running: 2, status: types.QueryStatusComplete, rows: [][]types.ResultField{
		row("tenant", "6", "outcome", "done", "requests", "10", "reads", "1.5", "writes", "80", "took", "1.2E2"),
		row("tenant", "5", "outcome", "email_taken", "requests", "3", "reads", "6", "took", "30", "busy", "", "faults", ""),
		row("tenant", "5", "requests", "1", "faults", "1"), // a part of a job has no outcome
	}}
	s := New(l, "group", func() time.Time { return now })
	s.pause = time.Millisecond
	want := usage.Report{Since: now.Add(-24 * time.Hour), Until: now, Tenants: []usage.Tenant{
		{Number: 5, Rejected: map[string]int64{"email_taken": 3}, Counts: usage.Counts{Requests: 4, Faults: 1, ReadUnits: 6, Milliseconds: 30}},
		{Number: 6, Counts: usage.Counts{Requests: 10, ReadUnits: 1.5, WriteUnits: 80, Milliseconds: 120}},
	}}
	for range 2 {
		got, err := s.LastDay(t.Context(), []int{6, 5})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("report (-want +got): %v\n%s", err, diff)
		}
	}
	if len(l.queries) != 1 {
		t.Fatalf("the log was asked %d times", len(l.queries))
	}
	q := l.queries[0]
	if *q.LogGroupName != "group" || !strings.Contains(*q.QueryString, "tenant in [5,6]") || *q.EndTime-*q.StartTime != 86_400 {
		t.Errorf("the query is %s of %s", *q.QueryString, *q.LogGroupName)
	}
	if _, err := s.LastDay(t.Context(), []int{5}); err != nil || len(l.queries) != 2 {
		t.Errorf("of other tenants: %v, %d queries", err, len(l.queries))
	}
	now = now.Add(Remembered)
	if _, err := s.LastDay(t.Context(), []int{5}); err != nil || len(l.queries) != 3 {
		t.Errorf("later: %v, %d queries", err, len(l.queries))
	}
	if r, err := s.LastDay(t.Context(), nil); err != nil || len(r.Tenants) != 0 || len(l.queries) != 3 {
		t.Errorf("of no tenants: %v %v", r, err)
	}
}

// What fails is an error, and is asked again.
func TestLastDayFails(t *testing.T) {
	throttled := errors.New("throttled")
	for name, l := range map[string]*logs{
		"the query": {err: throttled}, "its end": {status: types.QueryStatusFailed}, "its time": {running: 1 << 30},
		"a row": {status: types.QueryStatusComplete, rows: [][]types.ResultField{row("tenant", "five")}},
	} {
		s := New(l, "group", time.Now)
		s.pause = time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		for range 2 {
			if _, err := s.LastDay(ctx, []int{5}); err == nil {
				t.Errorf("%s fails and is no error", name)
			}
		}
	}
}
