// Package metrics writes what CloudWatch makes metrics of: lines in its Embedded
// Metric Format (EMF), which a function prints and the log group turns into figures.
// [All] are the metrics there are; template.yaml has alarms on them, and
// docs/runbook.md says what each alarm means.
package metrics

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Name is a metric.
type Name string

// The metrics.
const (
	Requests     Name = "Requests"     // requests, messages of the queue, schedules, admin actions
	ClientErrors Name = "ClientErrors" // requests that were rejected
	Limited      Name = "Limited"      // of these, for going over a budget or a rate limit
	Busy         Name = "Busy"         // requests, and items of batches, that were not decided in time
	Faults       Name = "Faults"       // requests, and items of batches, that ended with an internal error
	Retries      Name = "Retries"      // attempts that were made again
	Throttled    Name = "Throttled"    // calls that the table throttled
	TableErrors  Name = "TableErrors"  // calls that the table rejected: access denied, no such table
	Latency      Name = "Latency"      // from the first byte to the answer
	ReadUnits    Name = "ReadUnits"    // of the table
	WriteUnits   Name = "WriteUnits"   // of the table and its indexes
	PartsGivenUp Name = "PartsGivenUp" // parts of jobs that were parked
	JobsFailed   Name = "JobsFailed"   // jobs that ended as failed
	Flaws        Name = "Flaws"        // what the reconciliation found wrong
	Reconciled   Name = "Reconciled"   // customers that the reconciliation looked at
)

// A Metric is how one is written.
type Metric struct {
	Unit string // as CloudWatch names it
	// ByRoute: it is kept for each route, too. Each is one more metric on the bill.
	ByRoute bool
}

// All are the metrics by name.
var All = map[Name]Metric{
	Requests:     {"Count", true},
	ClientErrors: {"Count", false},
	Limited:      {"Count", false},
	Busy:         {"Count", false},
	Faults:       {"Count", true},
	Retries:      {"Count", false},
	Throttled:    {"Count", false},
	TableErrors:  {"Count", false},
	Latency:      {"Milliseconds", true},
	ReadUnits:    {"Count", false},
	WriteUnits:   {"Count", false},
	PartsGivenUp: {"Count", false},
	JobsFailed:   {"Count", false},
	Flaws:        {"Count", false},
	Reconciled:   {"Count", false},
}

// The dimensions. Each metric is kept without any, for alarms over all functions, and
// by function. Nothing else is a dimension: a tenant or a token would be a metric each.
const (
	FunctionDimension = "Function"
	RouteDimension    = "Route"
)

// A Writer writes lines. A nil one writes nothing. It is safe for concurrent use.
type Writer struct {
	namespace, function string
	now                 func() time.Time

	mutex sync.Mutex
	out   io.Writer
	told  func(Event)
}

// New makes a writer of a function's metrics; without an out it only tells of them.
func New(out io.Writer, namespace, function string, now func() time.Time) *Writer {
	return &Writer{namespace: namespace, function: function, now: now, out: out}
}

// Tell tells somebody else of each event, too. It is called before the first one.
func (w *Writer) Tell(other func(Event)) *Writer {
	w.told = other
	return w
}

// An Event is what became of one request, message or schedule.
type Event struct {
	// Route is the pattern of the route, the kind of the job or the action; never
	// what a client sent.
	Route string
	// Values are the metrics. Those that are 0 are left out: they would be on the
	// bill and say nothing.
	Values map[Name]float64
	// Properties are kept beside them, to search for in the log: tenant, outcome,
	// the id of the request.
	Properties map[string]any
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct{ Name, Unit string }

// Write writes an event as one line.
func (w *Writer) Write(e Event) {
	if w == nil {
		return
	}
	if w.told != nil {
		w.told(e)
	}
	if w.out == nil {
		return
	}
	line := map[string]any{FunctionDimension: w.function, RouteDimension: e.Route}
	maps.Copy(line, e.Properties)
	all := directive{Namespace: w.namespace, Dimensions: [][]string{{}, {FunctionDimension}}}
	routes := directive{Namespace: w.namespace, Dimensions: [][]string{{FunctionDimension, RouteDimension}}}
	for _, name := range slices.Sorted(maps.Keys(e.Values)) {
		v, m := e.Values[name], All[name]
		if v == 0 {
			continue
		}
		line[string(name)] = v
		all.Metrics = append(all.Metrics, definition{string(name), m.Unit})
		if m.ByRoute {
			routes.Metrics = append(routes.Metrics, definition{string(name), m.Unit})
		}
	}
	directives := []directive{all}
	if len(routes.Metrics) > 0 {
		directives = append(directives, routes)
	}
	line["_aws"] = map[string]any{"Timestamp": w.now().UnixMilli(), "CloudWatchMetrics": directives}
	text, err := json.Marshal(line)
	if err != nil {
		return // a property that is no JSON: the figures are not worth a request
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	_, _ = w.out.Write(append(text, '\n')) // stdout, which Lambda reads
}
