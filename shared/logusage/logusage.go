// Package logusage reads usage out of the log of all functions, where each event of
// package metrics is a line: CloudWatch Logs Insights sums them up. No metric is kept by
// tenant, which would be one more on the bill for each.
package logusage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"regulars/shared/usage"
)

// Logs is what is used of CloudWatch Logs.
type Logs interface {
	StartQuery(context.Context, *cloudwatchlogs.StartQueryInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartQueryOutput, error)
	GetQueryResults(context.Context, *cloudwatchlogs.GetQueryResultsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetQueryResultsOutput, error)
}

const (
	// Remembered is for how long a report stands: each query costs by the bytes of a day's
	// log.
	Remembered = 5 * time.Minute
	// maxRows is how many rows a query returns: one for each tenant and outcome.
	maxRows = 10_000
	// pause is how long it waits between two looks at a query.
	pause = 500 * time.Millisecond
)

// A Source asks the log of a group.
type Source struct {
	logs  Logs
	group string
	now   func() time.Time
	pause time.Duration

	mutex sync.Mutex
	known map[string]usage.Report // by tenants
}

// New makes a source.
func New(logs Logs, group string, now func() time.Time) *Source {
	return &Source{logs: logs, group: group, now: now, pause: pause, known: map[string]usage.Report{}}
}

// LastDay implements [usage.Source]. What it returns is up to [Remembered] old.
func (s *Source) LastDay(ctx context.Context, tenants []int) (usage.Report, error) {
	if len(tenants) == 0 {
		return usage.Report{}, nil
	}
	numbers := make([]string, len(tenants))
	for i, number := range slices.Sorted(slices.Values(tenants)) {
		numbers[i] = strconv.Itoa(number)
	}
	of := strings.Join(numbers, ",")
	until := s.now()
	s.mutex.Lock()
	known := s.known[of]
	s.mutex.Unlock()
	if until.Sub(known.Until) < Remembered {
		return known, nil
	}
	report := usage.Report{Since: until.Add(-usage.Window), Until: until}
	rows, err := s.query(ctx, report, of)
	if err != nil {
		return usage.Report{}, fmt.Errorf("usage: %w", err)
	}
	if report.Tenants, err = summed(rows); err != nil {
		return usage.Report{}, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.known) // a function is asked for few
	s.known[of] = report
	return report, nil
}

// query sums up the lines of tenants.
func (s *Source) query(ctx context.Context, r usage.Report, tenants string) ([][]types.ResultField, error) {
	started, err := s.logs.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{
		LogGroupName: aws.String(s.group), StartTime: aws.Int64(r.Since.Unix()), EndTime: aws.Int64(r.Until.Unix()), Limit: aws.Int32(maxRows),
		QueryString: aws.String("filter ispresent(Requests) and tenant in [" + tenants + "] " +
			"| stats sum(Requests) as requests, sum(Busy) as busy, sum(Faults) as faults, sum(ReadUnits) as reads, sum(WriteUnits) as writes, " +
			"sum(Latency) as took by tenant, outcome"),
	})
	if err != nil {
		return nil, err
	}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.pause):
		}
		found, err := s.logs.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId})
		if err != nil {
			return nil, err
		}
		switch found.Status {
		case types.QueryStatusComplete:
			return found.Results, nil
		case types.QueryStatusScheduled, types.QueryStatusRunning:
		default:
			return nil, fmt.Errorf("the query ended as %s", found.Status)
		}
	}
}

// summed are the tenants of the rows, by number. A sum of nothing is empty.
func summed(rows [][]types.ResultField) (tenants []usage.Tenant, err error) {
	byNumber := map[int]*usage.Tenant{}
	for _, row := range rows {
		fields := map[string]string{}
		for _, f := range row {
			fields[aws.ToString(f.Field)] = aws.ToString(f.Value)
		}
		sums := map[string]float64{}
		for _, name := range []string{"tenant", "requests", "busy", "faults", "reads", "writes", "took"} {
			if sums[name], err = strconv.ParseFloat(cmp.Or(fields[name], "0"), 64); err != nil {
				return nil, fmt.Errorf("%s of a row of the log: %w", name, err)
			}
		}
		number := int(sums["tenant"])
		if byNumber[number] == nil {
			byNumber[number] = &usage.Tenant{Number: number}
		}
		byNumber[number].Add(fields["outcome"], usage.Counts{
			Requests: int64(sums["requests"]), Busy: int64(sums["busy"]), Faults: int64(sums["faults"]),
			ReadUnits: sums["reads"], WriteUnits: sums["writes"], Milliseconds: sums["took"],
		})
	}
	for _, t := range byNumber {
		tenants = append(tenants, *t)
	}
	slices.SortFunc(tenants, func(a, b usage.Tenant) int { return cmp.Compare(a.Number, b.Number) })
	return tenants, nil
}
