package dynamo_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
	"regulars/shared/jobs"
)

var jobTime = time.Date(2026, 5, 1, 12, 0, 0, 123456000, time.UTC)

func newJob(tenant, number int) (jobs.Job, []jobs.Part) {
	id := fmt.Sprintf("20260501T1200%02dZ-ABCDEFGH", number)
	job := jobs.Job{
		Tenant: tenant, ID: id, Kind: "match-field-add", Subject: jobs.Subject{Number: number, Name: "CRM_ID"},
		State: jobs.Planning, Parts: 2, Left: 2, Created: jobTime, NotBefore: jobTime.Add(40 * time.Second), Moved: jobTime,
	}
	parts := []jobs.Part{
		{Ref: jobs.Ref{Tenant: tenant, Job: id, Number: 0}, State: jobs.Waiting, Range: "0", Moved: jobTime},
		{Ref: jobs.Ref{Tenant: tenant, Job: id, Number: 1}, State: jobs.Waiting, Range: "1", Moved: jobTime},
	}
	return job, parts
}

// saveJob saves and returns job and parts as they are then.
func saveJob(t *testing.T, store *dynamo.Store, job jobs.Job, parts ...jobs.Part) (jobs.Job, []jobs.Part) {
	t.Helper()
	id := rand.Text()
	if err := store.SaveJob(t.Context(), jobs.Change{ID: id, Job: &job, Parts: parts}); err != nil {
		t.Fatal(err)
	}
	job.Rev = id
	for i := range parts {
		parts[i].Rev = id
	}
	return job, parts
}

func TestJobIsReadAsSaved(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	job, parts := newJob(5, 1)
	job.Task = "suspend:sms:"
	job, parts = saveJob(t, store, job, parts...)
	job.State, job.Left, job.Tries, job.Trouble = jobs.Running, 1, 2, "A sentence."
	parts[1].State, parts[1].Cursor, parts[1].Attempts = jobs.Parked, "00000ABC", 5
	parts[1].Counts = jobs.Counts{Seen: 3, Changed: 2, Skipped: 1, Subscriptions: 9}
	job, changed := saveJob(t, store, job, parts[1])
	parts[1] = changed[0]

	gotJob, gotParts, err := store.JobAndParts(t.Context(), 5, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(job, gotJob) + cmp.Diff(parts, gotParts); diff != "" {
		t.Errorf("JobAndParts() (-want +got):\n%s", diff)
	}
	gotJob, gotPart, err := store.JobAndPart(t.Context(), parts[1].Ref)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(job, gotJob) + cmp.Diff(parts[1], gotPart); diff != "" {
		t.Errorf("JobAndPart() (-want +got):\n%s", diff)
	}
	open, found, err := store.OpenJob(t.Context(), 5, job.Kind, job.Subject)
	if diff := cmp.Diff(job, open); err != nil || !found || diff != "" {
		t.Errorf("OpenJob() = %t, %v (-want +got):\n%s", found, err, diff)
	}
}

func TestJobThatIsNotThere(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	if _, found, err := store.OpenJob(t.Context(), 5, "x", jobs.Subject{}); found || err != nil {
		t.Errorf("OpenJob() = %t, %v", found, err)
	}
	if job, part, err := store.JobAndPart(t.Context(), jobs.Ref{Tenant: 5, Job: "x"}); job.Rev != "" || part.Rev != "" || err != nil {
		t.Errorf("JobAndPart() = %v, %v, %v", job, part, err)
	}
	if job, parts, err := store.JobAndParts(t.Context(), 5, "x"); job.Rev != "" || len(parts) != 0 || err != nil {
		t.Errorf("JobAndParts() = %v, %v, %v", job, parts, err)
	}
}

// Whatever is not as it was read keeps the whole change from happening.
func TestJobGuards(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	job, parts := newJob(5, 1)
	job, parts = saveJob(t, store, job, parts...)
	twin, _ := newJob(5, 2)
	twin.Subject = job.Subject
	oldJob, oldPart, noPart := job, parts[1], parts[0]
	oldJob.Rev, oldPart.Rev, noPart.Rev = "older", "older", ""
	next := job
	next.State = jobs.Running
	for name, change := range map[string]jobs.Change{
		"another job of the subject": {Job: &twin},
		"a job that moved":           {Job: &oldJob, Parts: parts[:1]},
		"a part that moved":          {Job: &next, Parts: []jobs.Part{oldPart}},
		"a part that exists":         {Parts: []jobs.Part{noPart}},
	} {
		change.ID = rand.Text()
		if err := store.SaveJob(t.Context(), change); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: SaveJob() error = %v, want stale", name, err)
		}
	}
	gotJob, gotParts, err := store.JobAndParts(t.Context(), 5, job.ID)
	if diff := cmp.Diff(job, gotJob) + cmp.Diff(parts, gotParts); err != nil || diff != "" {
		t.Errorf("after that (-want +got), %v:\n%s", err, diff)
	}
}

func TestJobThatEndsGivesWay(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	job, parts := newJob(5, 1)
	job, _ = saveJob(t, store, job, parts...)
	job.State = jobs.Cancelled
	job, _ = saveJob(t, store, job)
	if _, found, err := store.OpenJob(t.Context(), 5, job.Kind, job.Subject); found || err != nil {
		t.Errorf("OpenJob() = %t, %v", found, err)
	}
	twin, parts := newJob(5, 2)
	twin.Subject = job.Subject
	saveJob(t, store, twin, parts...)
	if open, _, err := store.OpenJob(t.Context(), 5, job.Kind, job.Subject); open.ID != twin.ID || err != nil {
		t.Errorf("OpenJob() = %v, %v", open, err)
	}
}

func TestListsOfJobs(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	var all []jobs.Job
	for n, tenant := range []int{5, 5, 6, 5} {
		job, _ := newJob(tenant, n+1)
		job, _ = saveJob(t, store, job)
		all = append(all, job)
	}
	all[1].State = jobs.Done
	all[1], _ = saveJob(t, store, all[1])

	list, err := store.Jobs(t.Context(), 5, 2)
	if diff := cmp.Diff([]jobs.Job{all[3], all[1]}, list); err != nil || diff != "" {
		t.Errorf("Jobs() (-want +got), %v:\n%s", err, diff)
	}
	var open []string
	var after jobs.Ref
	for {
		refs, err := store.OpenJobs(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(refs) == 0 {
			break
		}
		for _, ref := range refs {
			open = append(open, ref.String())
		}
		after = refs[len(refs)-1]
	}
	want := []string{"5/" + all[0].ID + "/0", "6/" + all[2].ID + "/0", "5/" + all[3].ID + "/0"}
	if diff := cmp.Diff(want, open); diff != "" {
		t.Errorf("OpenJobs() (-want +got):\n%s", diff)
	}
}

func TestCustomerIDs(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	service := customer.NewService(store, time.Now)
	var made []customer.ID
	for range 30 {
		made = append(made, newCustomer(t, service, 5, nil))
	}
	newCustomer(t, service, 6, nil)
	var listed []customer.ID
	for shard := range customer.Shards {
		var after customer.ID
		for {
			ids, err := store.CustomerIDs(t.Context(), 5, shard, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(ids) == 0 {
				break
			}
			if !slices.IsSorted(ids) || ids[0] <= after {
				t.Errorf("ids of shard %d after %d = %v", shard, after, ids)
			}
			listed, after = append(listed, ids...), ids[len(ids)-1]
		}
	}
	slices.Sort(made)
	slices.Sort(listed)
	if diff := cmp.Diff(made, listed); diff != "" {
		t.Errorf("CustomerIDs() (-want +got):\n%s", diff)
	}
	if _, err := store.CustomerIDs(t.Context(), 5, customer.Shards, 0, 2); err == nil {
		t.Error("a shard that does not exist is listed")
	}
}

// newCustomer creates a customer with custom fields.
func newCustomer(t *testing.T, service *customer.Service, tenant int, custom map[string]any) customer.ID {
	t.Helper()
	id := customer.NewID(time.Now(), uint64(time.Now().UnixNano()))
	result, err := service.Apply(t.Context(), customer.Request{
		Rules: customer.Rules{Tenant: tenant}, Create: true,
		Search: customer.Search{Any: []customer.Lookup{{Key: customer.EmailKey(id.Hex() + "@example.com"), Roles: customer.Primary}}},
		Edit: func(c *customer.Customer, _ time.Time) error {
			c.Custom = custom
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.ID
}
