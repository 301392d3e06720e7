package admin

import (
	"context"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/jobs"
)

// Jobs is the work over many customers that actions start and watch.
type Jobs interface {
	// StartMatchField starts the job that the field's state calls for, or goes
	// on with it.
	StartMatchField(ctx context.Context, tenant int, field customer.MatchField) (jobs.Job, error)
	// StartRekey starts the job about a tenant's contacts, or goes on with it.
	StartRekey(ctx context.Context, tenant int) (jobs.Job, error)
	// StartRebuild starts the job about an overflowed match key, or goes on with it.
	StartRebuild(ctx context.Context, tenant int, key customer.Key) (jobs.Job, error)
	// StartClaimOrders starts the job about a tenant's orders, or goes on with it.
	StartClaimOrders(ctx context.Context, tenant int) (jobs.Job, error)
	// StartFindDuplicates starts the job about a tenant's duplicates, or goes on with it:
	// about all, or but for those who are not the same person.
	StartFindDuplicates(ctx context.Context, tenant int, all bool) (jobs.Job, error)
	// StartErase starts, or goes on with, the job that erases a customer.
	StartErase(ctx context.Context, tenant int, id customer.ID, by string) (jobs.Job, error)
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
	// Found is how many findings there are, and Findings the first of them.
	Found    int           `json:"found,omitempty"`
	Findings []findingBody `json:"findings,omitempty"`
}

// A findingBody is what a job leaves to a person.
type findingBody struct {
	// Customer and Other are ids in decimal.
	Customer uint64 `json:"customer"`
	Field    string `json:"field"`
	Reason   string `json:"reason"`
	Other    uint64 `json:"other,omitempty"`
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

func rekeyContacts(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant := arg[int](a, "tenant")
	if _, err := h.registrar.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	job, err := h.jobs.StartRekey(ctx, tenant)
	return newJobBody(job), err
}

// rebuildKey starts the job about the key of an e-mail, a phone, or a value of a match
// field.
func rebuildKey(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant, value := arg[int](a, "tenant"), arg[string](a, "value")
	settings, err := h.registrar.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	key := customer.EmailKey(value)
	switch name := arg[string](a, "kind"); name {
	case "email":
	case "phone":
		number, err := customer.ParsePhone("value", value, settings.Country)
		if err != nil {
			return nil, err
		}
		key = customer.PhoneKey(number)
	default:
		field, found := settings.MatchFields.Find(holder(a), name)
		if !found {
			return nil, errs.New(errs.NotFound, "match_field_unknown/name", "kind", name, holder(a))
		}
		key = field.Key(value)
	}
	job, err := h.jobs.StartRebuild(ctx, tenant, key)
	return newJobBody(job), err
}

func claimOrders(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant := arg[int](a, "tenant")
	if _, err := h.registrar.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	job, err := h.jobs.StartClaimOrders(ctx, tenant)
	return newJobBody(job), err
}

func findDuplicates(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant := arg[int](a, "tenant")
	if _, err := h.registrar.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	job, err := h.jobs.StartFindDuplicates(ctx, tenant, arg[bool](a, "all"))
	return newJobBody(job), err
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
	body := progressBody{
		jobBody: newJobBody(p.Job), PartsParked: p.Parked,
		Seen: p.Seen, Changed: p.Changed, Skipped: p.Skipped, Subscriptions: p.Subscriptions, Found: p.Found,
	}
	for _, f := range p.Findings {
		body.Findings = append(body.Findings, findingBody{uint64(f.Customer), f.Field, f.Reason, uint64(f.Other)})
	}
	return body, err
}

func cancelJob(ctx context.Context, h *Handler, a arguments) (any, error) {
	job, err := h.jobs.Cancel(ctx, arg[int](a, "tenant"), arg[string](a, "job"))
	return newJobBody(job), err
}
