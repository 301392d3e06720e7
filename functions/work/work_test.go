package work_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"regulars/functions/work"
	"regulars/shared/audit"
	"regulars/shared/errs"
	"regulars/shared/jobs"
	"regulars/shared/metrics"
	"regulars/shared/partqueue"
)

const scheduled = `{"version":"0","id":"x","detail-type":"Scheduled Event","source":"aws.events","detail":{},"resources":[]}`

// A desk takes messages back, or is out of order.
type desk struct {
	mu       sync.Mutex
	returned map[string]time.Duration
	err      error
}

func (d *desk) Return(_ context.Context, receipt string, after time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.returned[receipt] = after
	return d.err
}

// sqsEvent is an event with a message for each text; the n-th has the id and
// receipt m0, m1 and so on.
func sqsEvent(t *testing.T, bodies ...string) json.RawMessage {
	t.Helper()
	var e events.SQSEvent
	for i, body := range bodies {
		id := "m" + string(rune('0'+i))
		e.Records = append(e.Records, events.SQSMessage{MessageId: id, ReceiptHandle: id, Body: body, EventSource: "aws:sqs"})
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestFunction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.start(t)
	messages := &desk{returned: map[string]time.Duration{}}
	observer, metrics, trail := observe()
	function := work.NewFunction(w.worker, w.service, nil, messages, observer)

	var bodies []string
	for _, ref := range w.queue.messages {
		bodies = append(bodies, ref.String())
	}
	bodies = append(bodies, "5/20200101T000000Z-ABCDEFGH/0") // a job that is not there
	for range 20 {
		response, err := function.Handle(t.Context(), sqsEvent(t, bodies...))
		if err != nil {
			t.Fatal(err)
		}
		if len(response.BatchItemFailures) != len(messages.returned) {
			t.Fatalf("%v come again, %v were returned", response.BatchItemFailures, messages.returned)
		}
		if len(response.BatchItemFailures) == 0 {
			break
		}
		var left []string
		for _, failure := range response.BatchItemFailures {
			left = append(left, bodies[failure.ItemIdentifier[1]-'0'])
		}
		bodies = left
		clear(messages.returned)
		time.Sleep(settled)
	}
	if got := w.show(t, job); got.State != jobs.Done || got.Seen != parts*steps {
		t.Errorf("job = %+v", got)
	}
	if lines := metrics.String(); strings.Contains(lines, "PartsGivenUp") || strings.Contains(lines, "Faults") || !strings.Contains(lines, `"Route":"part counting"`) {
		t.Errorf("metrics = %s", lines)
	}
	if lines := trail.String(); !strings.Contains(lines, `"action":"part counting","outcome":"done","tenant":5,"ids":["job:`+job.ID+`"]`) {
		t.Errorf("audit = %s", lines)
	}
}

// A message comes again even where the queue cannot be told when.
func TestFunctionThatCannotReturn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.start(t)
	later := jobs.NewWorker(w.store, nil, func() time.Time { return job.NotBefore.Add(-7 * time.Second) })
	messages := &desk{returned: map[string]time.Duration{}, err: errors.New("out of order")}
	function := work.NewFunction(later, w.service, nil, messages, partqueue.Observer{})
	response, err := function.Handle(t.Context(), sqsEvent(t, w.queue.messages[0].String()))
	if err != nil || len(response.BatchItemFailures) != 1 || response.BatchItemFailures[0].ItemIdentifier != "m0" {
		t.Errorf("Handle() = %+v, %v", response, err)
	}
	if messages.returned["m0"] != 7*time.Second {
		t.Errorf("returned = %v", messages.returned)
	}
}

func TestFunctionCountsWhatIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.start(t)
	time.Sleep(settled)
	// It knows no kind, so each visit fails.
	helpless := jobs.NewWorker(w.store, nil, time.Now)
	observer, metrics, _ := observe()
	function := work.NewFunction(helpless, w.service, nil, &desk{returned: map[string]time.Duration{}}, observer)
	for range 6 {
		if _, err := function.Handle(t.Context(), sqsEvent(t, w.queue.messages[0].String())); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.show(t, job); got.Parked != 1 {
		t.Errorf("job = %+v", got)
	}
	// Five visits failed; the sixth gave the part up, and is no fault of its own.
	got := map[string]float64{}
	for line := range strings.Lines(metrics.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		for name, v := range e {
			if n, ok := v.(float64); ok && name != "Latency" && name != "tenant" {
				got[name] += n
			}
		}
	}
	if got["Requests"] != 6 || got["Faults"] != 5 || got["PartsGivenUp"] != 1 {
		t.Errorf("metrics = %v", got)
	}
}

// A job that cannot be finished ends as failed, and is counted once.
func TestFunctionCountsFailedJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.start(t)
	time.Sleep(settled)
	unfinished := jobs.NewWorker(w.store, map[string]jobs.Kind{counting: unfinishable{}}, time.Now)
	observer, metrics, _ := observe()
	function := work.NewFunction(unfinished, w.service, nil, &desk{returned: map[string]time.Duration{}}, observer)
	for _, ref := range w.queue.messages {
		if _, err := function.Handle(t.Context(), sqsEvent(t, ref.String())); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.show(t, job); got.State != jobs.Failed || strings.Count(metrics.String(), `"JobsFailed":1`) != 1 {
		t.Errorf("job = %+v, metrics = %s", got, metrics.String())
	}
}

// unfinishable is a kind of job whose last step is rejected.
type unfinishable struct{}

func (unfinishable) Step(context.Context, jobs.Job, jobs.Part) (jobs.Step, error) {
	return jobs.Step{Done: true}, nil
}

func (unfinishable) Finish(context.Context, jobs.Job) error {
	return errs.New(errs.FailedPrecondition, "ident_key_failed", "")
}

// observe is an observer, and the lines that it writes.
func observe() (o partqueue.Observer, lines, trail *bytes.Buffer) {
	lines, trail = new(bytes.Buffer), new(bytes.Buffer)
	return partqueue.Observer{
		Metrics: metrics.New(lines, "Regulars", "work", time.Now),
		Audit:   audit.New(slog.New(slog.NewJSONHandler(trail, nil))),
	}, lines, trail
}

func TestFunctionResends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	w.queue.messages = nil
	service := jobs.NewService(w.store, w.queue, func() time.Time { return time.Now().Add(jobs.Idle) }, settled)
	function := work.NewFunction(w.worker, service, nil, &desk{}, partqueue.Observer{})
	if _, err := function.Handle(t.Context(), json.RawMessage(scheduled)); err != nil {
		t.Fatal(err)
	}
	if len(w.queue.messages) != parts {
		t.Errorf("messages = %v", w.queue.messages)
	}
}

func TestFunctionRejectsWhatItDoesNotKnow(t *testing.T) {
	function := work.NewFunction(nil, nil, nil, nil, partqueue.Observer{})
	for name, event := range map[string]json.RawMessage{
		"not JSON":              json.RawMessage("{"),
		"an event of a gateway": json.RawMessage(`{"version":"2.0","routeKey":"GET /"}`),
		"no messages":           json.RawMessage(`{"Records":[]}`),
		"another message":       sqsEvent(t, "hello"),
	} {
		if _, err := function.Handle(t.Context(), event); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The answer of a batch in which all went well must be an empty list.
func TestResponseForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	function := work.NewFunction(w.worker, w.service, nil, &desk{}, partqueue.Observer{})
	response, err := function.Handle(t.Context(), sqsEvent(t, "5/20200101T000000Z-ABCDEFGH/0"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(response)
	if err != nil || string(raw) != `{"batchItemFailures":[]}` {
		t.Errorf("response = %s, %v", raw, err)
	}
}

// A failure of what is due is told, so that the alarm hears of it.
func TestScheduleTellsFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	function := work.NewFunction(w.worker, w.service, nil, &desk{}, partqueue.Observer{}, broken{})
	if _, err := function.Handle(t.Context(), json.RawMessage(scheduled)); !errors.Is(err, errBroken) {
		t.Errorf("Handle() = %v, want what broke", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Settle(context.Context) error { return errBroken }
