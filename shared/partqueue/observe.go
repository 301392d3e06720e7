package partqueue

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"regulars/shared/audit"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/jobs"
	"regulars/shared/meter"
	"regulars/shared/metrics"
)

// An Observer is told what was done. The zero value hears nothing.
type Observer struct {
	// Metrics has an event of each part and schedule; nil: none.
	Metrics *metrics.Writer
	// Audit has a line for each part that wrote; nil: none.
	Audit *audit.Trail
}

// part has a part processed, and logs, counts and audits that.
func (o Observer) part(ctx context.Context, worker *jobs.Worker, ref jobs.Ref) jobs.Outcome {
	began := time.Now()
	ctx, m := meter.With(audit.WithRequestID(ctx))
	ctx = history.WithAuthor(ctx, history.Author{Request: audit.RequestID(ctx)})
	outcome, err := worker.Process(ctx, ref)
	if errors.Is(ctx.Err(), context.Canceled) {
		return outcome // the process ends; the next one goes on
	}
	report(ctx, ref, outcome, err)
	gaveUp := errors.Is(err, jobs.ErrDeadLettered)
	values := valuesOf(m, began, err)
	if gaveUp {
		delete(values, metrics.Faults) // which the attempts before were
	}
	values[metrics.PartsGivenUp], values[metrics.JobsFailed] = count(outcome.Parked), count(outcome.Failed)
	if outcome.Kind == jobs.Reconcile {
		values[metrics.Reconciled], values[metrics.Flaws] = float64(outcome.Seen), float64(outcome.Found)
	}
	route := "part"
	if outcome.Kind != "" {
		route += " " + outcome.Kind
	}
	o.Metrics.Write(metrics.Event{Route: route, Values: values, Properties: map[string]any{
		"tenant": ref.Tenant, "part": ref.String(), "again": outcome.Retry, "request": audit.RequestID(ctx),
	}})
	o.audit(ctx, m, audit.Entry{Tenant: ref.Tenant, Action: route}, err)
	return outcome
}

// Schedule does what a schedule asks for, counts and audits it.
func (o Observer) Schedule(ctx context.Context, name string, do func(context.Context) error) error {
	began := time.Now()
	ctx, m := meter.With(audit.WithRequestID(ctx))
	err := do(history.WithAuthor(ctx, history.Author{Action: name, Request: audit.RequestID(ctx)}))
	o.Metrics.Write(metrics.Event{Route: name, Values: valuesOf(m, began, err), Properties: map[string]any{"request": audit.RequestID(ctx)}})
	o.audit(ctx, m, audit.Entry{Action: name}, err)
	return err
}

// audit enters what was written.
func (o Observer) audit(ctx context.Context, m *meter.Meter, e audit.Entry, err error) {
	if e.IDs = m.Written(); len(e.IDs) == 0 {
		return
	}
	e.Outcome = "done"
	if err != nil {
		e.Outcome = "failed"
	}
	o.Audit.Write(ctx, e)
}

// valuesOf are the metrics of what was begun then and ended with err.
func valuesOf(m *meter.Meter, began time.Time, err error) map[metrics.Name]float64 {
	use, trouble := m.Use(), m.Trouble()
	values := map[metrics.Name]float64{
		metrics.Requests: 1, metrics.Latency: float64(time.Since(began).Microseconds()) / 1000,
		metrics.ReadUnits: use.Read, metrics.WriteUnits: float64(use.Write),
		metrics.Retries: float64(trouble.Retries), metrics.Throttled: float64(trouble.Throttled), metrics.TableErrors: float64(trouble.Failed),
	}
	if _, isBusy := errs.AsUnavailable(err); isBusy {
		values[metrics.Busy] = 1
	} else if err != nil {
		values[metrics.Faults] = 1
	}
	return values
}

func count(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
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
