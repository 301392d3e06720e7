package admin

import (
	"context"
	"time"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// Jobs is the work over many customers that actions start and watch.
type Jobs interface {
	// StartMatchField starts the job that the field's state calls for, or goes
	// on with it.
	StartMatchField(ctx context.Context, tenant int, field customer.MatchField) (jobs.Job, error)
	// Show returns a job and how far it is, or rejects with [jobs.ErrUnknown].
	Show(ctx context.Context, tenant int, id string) (jobs.Progress, error)
	// List returns a tenant's jobs, the newest first.
	List(ctx context.Context, tenant int) ([]jobs.Job, error)
	// Cancel ends a job, or rejects with [jobs.ErrUnknown].
	Cancel(ctx context.Context, tenant int, id string) (jobs.Job, error)
}

var _ Jobs = (*jobs.Service)(nil)

type jobBody struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	// Task says what exactly is done, where kind and subject do not.
	Task    string     `json:"task,omitempty"`
	State   jobs.State `json:"state"`
	Created time.Time  `json:"created"`
	// Begins is when its parts may start.
	Begins    time.Time `json:"begins"`
	Parts     int       `json:"parts"`
	PartsDone int       `json:"parts_done"`
	// Trouble says why the job failed.
	Trouble string `json:"trouble,omitempty"`
}

type progressBody struct {
	jobBody
	// PartsParked got nowhere; the action that started the job starts them again.
	PartsParked int `json:"parts_parked"`
	// Seen are the customers looked at, Changed and Skipped are of these.
	Seen    int `json:"seen"`
	Changed int `json:"changed"`
	Skipped int `json:"skipped"`
	// Subscriptions are those of customers that were changed.
	Subscriptions int `json:"subscriptions,omitempty"`
}

type jobsBody struct {
	Jobs []jobBody `json:"jobs"`
}

func newJobBody(j jobs.Job) jobBody {
	return jobBody{
		ID: j.ID, Kind: j.Kind, Subject: j.Subject.Name, Task: j.Task, State: j.State, Created: j.Created, Begins: j.NotBefore,
		Parts: j.Parts, PartsDone: j.Parts - j.Left, Trouble: j.Trouble,
	}
}

func listJobs(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant := arg[int](a, "tenant")
	if _, err := h.registrar.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	list, err := h.jobs.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	body := jobsBody{Jobs: []jobBody{}}
	for _, j := range list {
		body.Jobs = append(body.Jobs, newJobBody(j))
	}
	return body, nil
}

func showJob(ctx context.Context, h *Handler, a arguments) (any, error) {
	p, err := h.jobs.Show(ctx, arg[int](a, "tenant"), arg[string](a, "job"))
	return progressBody{newJobBody(p.Job), p.Parked, p.Seen, p.Changed, p.Skipped, p.Subscriptions}, err
}

func cancelJob(ctx context.Context, h *Handler, a arguments) (any, error) {
	job, err := h.jobs.Cancel(ctx, arg[int](a, "tenant"), arg[string](a, "job"))
	return newJobBody(job), err
}
