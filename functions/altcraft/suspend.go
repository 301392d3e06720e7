package altcraft

import (
	"context"
	"net/http"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
)

// Jobs is the work over many customers that methods start and watch.
type Jobs interface {
	// StartSuspension makes the job of an order, or answers the open one.
	StartSuspension(ctx context.Context, o jobs.SuspensionSpec) (jobs.Started, error)
	// Show returns a job and how far it is, or rejects with [jobs.ErrUnknown].
	Show(ctx context.Context, tenant int, id string) (jobs.Progress, error)
}

// A Worker works on the parts of a job for as long as ctx has time.
type Worker interface {
	WorkOn(ctx context.Context, job jobs.Job) error
}

var (
	_ Jobs   = (*jobs.Service)(nil)
	_ Worker = (*jobs.Worker)(nil)
)

const (
	// atOnce is for how long a request works on the job that it started, and
	// toAnswer what it keeps of its deadline to say how far the job is.
	atOnce   = 20 * time.Second
	toAnswer = 4 * time.Second
	// later is when the job's messages come: the request is done with it then.
	later = atOnce + 2*time.Second
)

// suspendAll suspends the subscriptions of all profiles that are subscribed;
// unsuspendAll subscribes those again that are suspended (Altcraft 6.11).
func (d Dialect) suspendAll(c *call) (httpapi.Answer, error) {
	return d.suspend(c, upkeep.Suspension{})
}

func (d Dialect) unsuspendAll(c *call) (httpapi.Answer, error) {
	return d.suspend(c, upkeep.Suspension{Lift: true})
}

// suspend starts the job of an order, works on it for as long as the request may
// take, and answers how far it came.
func (d Dialect) suspend(c *call, order upkeep.Suspension) (httpapi.Answer, error) {
	err := c.readSuspension(&order)
	if clientErr, rejected := errs.AsClient(err); rejected && !c.Retried(err) {
		// Where it was carried out before, starting it answers that.
		_, err = d.customers.RejectUnlessReplayed(c.Context(), c.Settings.Tenant, c.key, clientErr)
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	started, err := d.jobs.StartSuspension(c.Context(), jobs.SuspensionSpec{
		Tenant: c.Settings.Tenant, Suspension: order, IdempotencyKey: c.key, Settle: d.settle, Later: later,
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	if started.Unsent != nil {
		d.log.ErrorContext(c.Context(), "messages of a job not sent", "job", started.ID, "err", started.Unsent)
	}
	if started.New { // else somebody is at it
		d.workOn(c.Context(), started.Job)
	}
	progress, err := d.jobs.Show(c.Context(), c.Settings.Tenant, started.ID)
	if err != nil {
		return httpapi.Answer{}, err
	}
	body := struct {
		outcome
		Updated int    `json:"updated"`
		Job     string `json:"job,omitempty"`
	}{outcome{0, success}, progress.Subscriptions, progress.ID}
	if progress.State == jobs.Done {
		body.Job = ""
	}
	return answer(customer.Result{Replayed: started.Replayed}, body)
}

// workOn works on a job as long as the request may. What it leaves the job's
// messages do, so that its trouble is only logged.
func (d Dialect) workOn(ctx context.Context, job jobs.Job) {
	until := time.Now().Add(atOnce)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-toAnswer).Before(until) {
		until = deadline.Add(-toAnswer)
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	if err := d.worker.WorkOn(ctx, job); err != nil {
		d.log.WarnContext(ctx, "job left to its messages", "job", job.ID, "err", err)
	}
}

// ofOneProfile are members that would narrow other methods to one profile or
// subscription. Here they would do more than was meant.
var ofOneProfile = []string{
	"profile_id", "matching", "email", "phone", "field_name", "field_value", "provider", "subscription_id",
	"email_data", "phone_data", "push_data", "cc_data",
}

// readSuspension reads which subscriptions a call is about.
func (c *call) readSuspension(order *upkeep.Suspension) error {
	for _, member := range ofOneProfile {
		if c.body[member] != nil {
			return errs.New(errs.Invalid, "not_for_one", member)
		}
	}
	channel, err := optionalText(c.body, "channel")
	if err != nil {
		return err
	}
	order.Channel = customer.Channel(channel)
	if channel != "" && !slices.Contains(customer.Channels, order.Channel) {
		return badChannel("channel", channel)
	}
	if order.Resource, err = optionalWhole(c.body, "resource_id", 1); err != nil {
		return err
	}
	if _, declared := c.Settings.DeclaredResources[order.Resource]; order.Resource != 0 && !declared && c.Settings.Resources == access.Declared {
		return undeclaredResource("resource_id", order.Resource)
	}
	return nil
}

// getJob shows how far a job is. It is a method of our own.
func (d Dialect) getJob(c *call) (httpapi.Answer, error) {
	id, err := optionalText(c.body, "id")
	if err != nil {
		return httpapi.Answer{}, err
	}
	if id == "" {
		return httpapi.Answer{}, errs.New(errs.Invalid, "missing/job", "id")
	}
	progress, err := d.jobs.Show(c.Context(), c.Settings.Tenant, id)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data shownJob `json:"data"`
		outcome
	}{showJob(progress), outcome{0, success}})
}

// A shownJob is the read form of a job.
type shownJob struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"`
	Task    string     `json:"task,omitempty"`
	State   jobs.State `json:"state"`
	Created string     `json:"created"`
	// Parts are into how many pieces it is cut; parked ones got nowhere.
	Parts       int `json:"parts"`
	PartsDone   int `json:"parts_done"`
	PartsParked int `json:"parts_parked"`
	// Seen are profiles looked at, Changed and Skipped are of these.
	Seen    int `json:"profiles_seen"`
	Changed int `json:"profiles_changed"`
	Skipped int `json:"profiles_skipped"`
	// Updated are subscriptions.
	Updated int    `json:"updated"`
	Trouble string `json:"trouble,omitempty"`
}

func showJob(p jobs.Progress) shownJob {
	return shownJob{
		ID: p.ID, Kind: p.Kind, Task: p.Task, State: p.State, Created: formDate(p.Created),
		Parts: p.Parts, PartsDone: p.Done, PartsParked: p.Parked,
		Seen: p.Seen, Changed: p.Changed, Skipped: p.Skipped, Updated: p.Subscriptions, Trouble: p.Trouble,
	}
}
