package dynamo_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/jobs"
)

// subscribe gives a customer a subscription, from somewhere.
func subscribe(t *testing.T, service *customer.Service, id customer.ID) {
	t.Helper()
	ip, url := "8.8.8.8", "https://example.com/join"
	_, err := service.Apply(t.Context(), customer.Request{
		Rules: customer.Rules{Tenant: 5}, Search: customer.Search{ID: id},
		Edit: func(c *customer.Customer, now time.Time) error {
			c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelSMS, Contact: "+79005550001", IP: &ip, URL: &url}, now)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readCustomer(t *testing.T, store *dynamo.Store, id customer.ID) customer.Record {
	t.Helper()
	records, err := store.Customers(t.Context(), 5, []customer.ID{id})
	if err != nil {
		t.Fatal(err)
	}
	return records[id]
}

// No writer of customers may leave the points account behind.
func TestStandingWithoutAccount(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	id := newCustomer(t, customer.NewService(store, time.Now), 5, nil)
	before := readCustomer(t, store, id)
	disable := customer.Commit{ID: rand.Text(), Tenant: 5, Before: before, After: before.Clone()}
	disable.After.Disabled = true
	if err := store.Commit(t.Context(), disable); err == nil {
		t.Error("Commit without the account: no error")
	}
	if err := store.SaveJob(t.Context(), jobs.Change{ID: rand.Text(), Customers: []customer.Commit{disable}}); err == nil {
		t.Error("SaveJob without the account: no error")
	}
	disable.Account = &customer.AccountChange{After: disable.After.Standing()}
	if err := store.Commit(t.Context(), disable); err != nil || !readCustomer(t, store, id).Disabled {
		t.Errorf("Commit with an account that is absent: error %v, want it disabled", err)
	}
}

// Part and customers are saved together: not if either is no longer as it was
// read.
func TestSaveJobWithCustomers(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	service := customer.NewService(store, time.Now)
	id := newCustomer(t, service, 5, nil)
	subscribe(t, service, id)
	if s := readCustomer(t, store, id).Subscriptions[0]; s.IP != "8.8.8.8" || s.URL != "https://example.com/join" || s.Status != customer.Subscribed {
		t.Errorf("subscription = %+v", s)
	}
	job, parts := newJob(5, 1)
	_, parts = saveJob(t, store, job, parts...)

	revise := func() []customer.Commit {
		revision, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: 5}, []customer.ID{id}, upkeep.Suspensions{{}}, time.Now())
		if err != nil || len(revision.Commits) != 1 {
			t.Fatalf("PlanSuspensions() = %+v, %v", revision, err)
		}
		return revision.Commits
	}
	outdated := revise()
	if _, err := service.Apply(t.Context(), customer.Request{Rules: customer.Rules{Tenant: 5}, Search: customer.Search{ID: id}, Edit: func(c *customer.Customer, _ time.Time) error {
		c.City = "Paris"
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	moved, overtaken := parts[0], parts[0]
	moved.Cursor, overtaken.Rev = "1", "older"
	for name, change := range map[string]jobs.Change{
		"the customer changed": {Parts: []jobs.Part{moved}, Customers: outdated},
		"the part moved":       {Parts: []jobs.Part{overtaken}, Customers: revise()},
	} {
		change.ID = rand.Text()
		if err := store.SaveJob(t.Context(), change); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: SaveJob() error = %v, want stale", name, err)
		}
	}
	_, part, err := store.JobAndPart(t.Context(), parts[0].Ref)
	if got := readCustomer(t, store, id); err != nil || part.Cursor != "" || got.Subscriptions[0].Status != customer.Subscribed {
		t.Errorf("after that: %+v, %+v, %v", part, got, err)
	}
	if err := store.SaveJob(t.Context(), jobs.Change{ID: rand.Text(), Parts: []jobs.Part{moved}, Customers: revise()}); err != nil {
		t.Fatal(err)
	}
	_, part, err = store.JobAndPart(t.Context(), parts[0].Ref)
	got := readCustomer(t, store, id)
	if err != nil || part.Cursor != "1" || got.Subscriptions[0].Status != customer.Suspended || got.City != "Paris" {
		t.Errorf("in the end: %+v, %+v, %v", part, got, err)
	}
}

// A job takes the place of the open one, if that is still as it was read.
func TestJobInsteadOfAnother(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	old, oldParts := newJob(5, 1)
	old, oldParts = saveJob(t, store, old, oldParts...)
	next, parts := newJob(5, 2)
	next.Subject = old.Subject
	ended, stale := old, old
	ended.State, ended.Trouble, stale.State, stale.Rev = jobs.Cancelled, "Another goes on.", jobs.Cancelled, "older"
	change := jobs.Change{ID: rand.Text(), Job: &next, Instead: &stale, Parts: append(parts, oldParts...)}
	if err := store.SaveJob(t.Context(), change); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("instead of one that moved: SaveJob() error = %v, want stale", err)
	}
	change.ID, change.Instead = rand.Text(), &ended
	if err := store.SaveJob(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	ended.Rev, next.Rev = change.ID, change.ID
	open, found, err := store.OpenJob(t.Context(), 5, next.Kind, next.Subject)
	if diff := cmp.Diff(next, open); err != nil || !found || diff != "" {
		t.Errorf("OpenJob() = %t, %v (-want +got):\n%s", found, err, diff)
	}
	gone, goneParts, err := store.JobAndParts(t.Context(), 5, old.ID)
	if diff := cmp.Diff(ended, gone); err != nil || diff != "" || goneParts[0].Rev != change.ID {
		t.Errorf("JobAndParts() = %v, %v (-want +got):\n%s", goneParts, err, diff)
	}
	if refs, err := store.OpenJobs(t.Context(), jobs.Ref{}, 10); err != nil || len(refs) != 1 || refs[0].Job != next.ID {
		t.Errorf("OpenJobs() = %v, %v", refs, err)
	}
	// What names the open job of a kind is not a job.
	id := next.Kind + "#1#CRM_ID"
	if job, parts, err := store.JobAndParts(t.Context(), 5, id); err != nil || job.Rev != "" || len(parts) != 0 {
		t.Errorf("JobAndParts(%s) = %+v, %v, %v", id, job, parts, err)
	}
}

func TestRequestOfAJobIsRemembered(t *testing.T) {
	t.Parallel()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	first := customer.IdempotencyRecord{Key: idempotency.Key{Value: "k", Fingerprint: "m"}, Outcome: customer.Recorded{Job: "job"}}
	job, parts := newJob(5, 1)
	for name, change := range map[string]jobs.Change{
		"with a job": {Job: &job, Parts: parts, Request: &first, Tenant: 5},
		"alone":      {Request: &first, Tenant: 6},
	} {
		change.ID = rand.Text()
		if err := store.SaveJob(t.Context(), change); err != nil {
			t.Fatalf("%s: SaveJob() error = %v", name, err)
		}
		if got, err := store.IdempotencyRecord(t.Context(), change.Tenant, "k"); err != nil || got == nil || *got != first {
			t.Errorf("%s: Remembered() = %+v, %v", name, got, err)
		}
		change.ID = rand.Text()
		if change.Job != nil {
			twin, _ := newJob(5, 2)
			change.Job, change.Parts = &twin, nil
		}
		err := store.SaveJob(t.Context(), change)
		if repeated, ok := errors.AsType[*idempotency.Carried[customer.Recorded]](err); !ok || repeated.Record != first {
			t.Errorf("%s, again: SaveJob() error = %v, want repeated", name, err)
		}
	}
	if twin, _, err := store.JobAndParts(t.Context(), 5, "20260501T120002Z-ABCDEFGH"); err != nil || twin.Rev != "" {
		t.Errorf("the job of the repeated request = %+v, %v", twin, err)
	}
}

// A suspension may make a customer larger than others may; what that is is the
// table's own limit.
func TestSuspendedCustomerMayOutgrow(t *testing.T) {
	t.Parallel()
	// Times differ in length, by the zeros they end in: these do not.
	clock := func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC) }
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), clock)
	service := customer.NewService(store, clock)
	id := newCustomer(t, service, 5, nil)
	subscribe(t, service, id)
	fill := customer.MaxBytes - readCustomer(t, store, id).Bytes - 16
	_, err := service.Apply(t.Context(), customer.Request{Rules: customer.Rules{Tenant: 5}, Search: customer.Search{ID: id}, Edit: func(c *customer.Customer, now time.Time) error {
		c.SetCustom("note", string(make([]byte, fill)))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	revision, err := upkeep.PlanSuspensions(t.Context(), store, customer.Rules{Tenant: 5}, []customer.ID{id}, upkeep.Suspensions{{}}, clock())
	if err != nil || len(revision.Commits) != 1 {
		t.Fatalf("PlanSuspensions() = %+v, %v", revision, err)
	}
	job, parts := newJob(5, 1)
	_, parts = saveJob(t, store, job, parts...)
	if err := store.SaveJob(t.Context(), jobs.Change{ID: rand.Text(), Parts: parts[:1], Customers: revision.Commits}); err != nil {
		t.Error(err)
	}
	if got := readCustomer(t, store, id); got.Bytes <= customer.MaxBytes || got.Subscriptions[0].Status != customer.Suspended {
		t.Errorf("%d bytes, %v", got.Bytes, got.Subscriptions)
	}
}
