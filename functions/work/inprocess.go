package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/partqueue"
)

const (
	// resendEvery is how often what got lost is looked for, as on AWS.
	resendEvery = 5 * time.Minute
	// upkeepEvery is how often the upkeep is started, as on AWS.
	upkeepEvery = time.Hour
)

// InProcess is queue and workers in one process. Its messages die with it, so it
// sends those of open jobs again when it starts.
type InProcess struct {
	*partqueue.InProcess
	upkeep *kinds.Upkeep
}

// NewInProcess makes a queue whose messages the worker gets once [InProcess.Run]
// runs. It starts what the upkeep asks for.
func NewInProcess(worker *jobs.Worker, upkeep *kinds.Upkeep, o partqueue.Observer) *InProcess {
	return &InProcess{partqueue.NewInProcess(worker, o), upkeep}
}

// Run works until ctx is done, and has ended all it does when it returns: a step
// under way is broken off, and done again by the next process. The service sends
// through this queue. Run is called once.
func (q *InProcess) Run(ctx context.Context, service *jobs.Service) {
	var running sync.WaitGroup
	running.Go(func() { q.InProcess.Run(ctx) })
	running.Go(func() { resend(ctx, service) })
	running.Go(func() { startUpkeep(ctx, q.upkeep, service) })
	running.Wait()
}

// settleEvery is how often a development server looks for what is due.
const settleEvery = time.Minute

// RunDue settles what is due, now and then, until ctx is done.
func RunDue(ctx context.Context, due ...Due) {
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		if err := settle(ctx, due); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "settling failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// resend sends at once what another process left, and later what got lost.
func resend(ctx context.Context, service *jobs.Service) {
	ticker := time.NewTicker(resendEvery)
	defer ticker.Stop()
	for idle := time.Duration(0); ; idle = jobs.Idle {
		if err := service.Resend(ctx, idle); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "resend failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// startUpkeep starts the jobs that are needed now and every hour until ctx is done.
func startUpkeep(ctx context.Context, upkeep *kinds.Upkeep, service *jobs.Service) {
	ticker := time.NewTicker(upkeepEvery)
	defer ticker.Stop()
	for {
		if err := upkeep.Start(ctx, service); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "upkeep failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
