package console

import (
	"context"
	"net/http"
	"strings"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
)

// jobRoutes are those of jobs.
var jobRoutes = []httpapi.Route[*Console, *call]{
	{Method: "GET", Path: "/console/jobs", Scope: access.JobsRead, Handle: (*Console).listJobs},
	{Method: "GET", Path: "/console/jobs/{job}", Scope: access.JobsRead, Handle: (*Console).showJob},
	{Method: "GET", Path: "/console/jobs/{job}/progress", Scope: access.JobsRead, Handle: (*Console).jobProgress},
	{Method: "GET", Path: "/console/jobs/{job}/cancel", Scope: access.JobsRun, Handle: (*Console).cancelJob},
	{Method: "POST", Path: "/console/jobs/{job}/cancel", Scope: access.JobsRun, Handle: (*Console).cancelJob},
	{Method: "GET", Path: "/console/jobs/{job}/again", Scope: access.JobsRun, Handle: (*Console).startJobAgain},
	{Method: "POST", Path: "/console/jobs/{job}/again", Scope: access.JobsRun, Handle: (*Console).startJobAgain},
}

// A jobLine is one job of the list.
type jobLine struct {
	jobs.Job
	Address string
	Ready   int // parts that are done
	Percent int
}

func (c *call) jobLine(j jobs.Job) jobLine {
	return jobLine{j, c.at("jobs", j.ID), j.Parts - j.Left, (j.Parts - j.Left) * 100 / max(1, j.Parts)}
}

// listJobs shows the latest jobs of the tenant.
func (d *Console) listJobs(c *call) (httpapi.Answer, error) {
	list, err := d.jobs.List(c.Context(), c.Settings.Tenant)
	if err != nil {
		return httpapi.Answer{}, err
	}
	var lines []jobLine
	for _, j := range list {
		lines = append(lines, c.jobLine(j))
	}
	return d.show(http.StatusOK, view{call: c, Template: "jobs", Title: c.say("jobs.title"), Here: "jobs", Data: lines})
}

// A jobView is what is shown of one job.
type jobView struct {
	jobLine
	Progress jobs.Progress
	Findings []jobFinding
	// Import is that which the job is a part of; empty: it is none, or may not be seen.
	Import string
	// CanCancel and CanStart: that button is there.
	CanCancel, CanStart bool
}

// A jobFinding is what a job leaves to a person.
type jobFinding struct {
	Address, ID, Field, Reason string
}

func (d *Console) readJob(c *call) (v jobView, err error) {
	p, err := d.jobs.Show(c.Context(), c.Settings.Tenant, c.PathValue("job"))
	if err != nil {
		return v, err
	}
	v = jobView{jobLine: c.jobLine(p.Job), Progress: p}
	ofImport := strings.HasPrefix(p.Kind, jobs.ImportKinds)
	v.CanCancel = c.may(access.JobsRun) && p.Open() && !ofImport
	v.CanStart = c.may(access.JobsRun) && p.CanStartAgain()
	if ofImport && c.may(access.ImportsRead) {
		v.Import = c.at("imports", p.Subject.Name)
	}
	for _, f := range p.Findings {
		v.Findings = append(v.Findings, jobFinding{c.cardOf(f.Customer), f.Customer.Decimal(), f.Field, f.Reason})
	}
	return v, nil
}

// showJob shows one job.
func (d *Console) showJob(c *call) (httpapi.Answer, error) {
	v, err := d.readJob(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.show(http.StatusOK, view{call: c, Template: "job", Title: v.Kind, Here: "jobs", Data: v})
}

// jobProgress shows the part of the page that moves.
func (d *Console) jobProgress(c *call) (httpapi.Answer, error) {
	v, err := d.readJob(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if !isPart(c.Request) {
		return c.redirect(v.Address), nil
	}
	return d.show(http.StatusOK, view{call: c, Template: "jobbody", Data: v})
}

// jobStep is a step about the job of the route.
func (d *Console) jobStep(c *call, act, note string, may func(v jobView) bool, do func(ctx context.Context, tenant int, id string) (jobs.Job, error)) (httpapi.Answer, error) {
	v, err := d.readJob(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if !may(v) {
		return httpapi.Answer{}, errs.New(errs.FailedPrecondition, "job_state", "job", v.ID, string(v.State))
	}
	return d.step(c, step{
		form: form{Title: c.say("act.job."+act, v.Kind), Action: v.Address + "/" + act, Back: v.Address},
		here: "jobs",
		plan: func(context.Context) (plan, error) { return plan{Notes: []string{note}}, nil },
		do: func(ctx context.Context) (string, error) {
			done, err := do(ctx, v.Tenant, v.ID)
			return c.at("jobs", done.ID), err
		},
	})
}

// cancelJob ends a job; what it did stays done.
func (d *Console) cancelJob(c *call) (httpapi.Answer, error) {
	return d.jobStep(c, "cancel", c.say("jobs.cancel.note"), func(v jobView) bool { return v.CanCancel }, d.jobs.Cancel)
}

// startJobAgain makes parked parts try again, or another job do the same.
func (d *Console) startJobAgain(c *call) (httpapi.Answer, error) {
	return d.jobStep(c, "again", c.say("jobs.again.note"), func(v jobView) bool { return v.CanStart }, d.jobs.Again)
}
